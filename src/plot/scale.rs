//! The axes of a chart: plotters' coordinates, and what is written along them.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{IntoLogRange, LogCoord};

use super::axis::{TimeAxis, labelled};
use super::rows::numbered;

/// What stands along an axis.
#[derive(Clone, Debug, PartialEq)]
enum Ticks {
    /// Round numbers.
    Numbers,
    /// Whole powers of ten, on a logarithmic axis.
    Decades,
    /// Round times \[s\], written in s or ms.
    Times,
    /// Rows or columns by their numbers from 0, so far after the edge where each begins.
    Counts(f64),
    /// Rows or columns that have these numbers, in the middle of each.
    Units(Vec<i64>),
    /// These.
    At(Vec<(f64, String)>),
}

/// An axis, before it is known how long it will be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// Data at its beginning (left, bottom) and end.
    pub range: (f64, f64),
    /// What it is, with its unit.
    pub label: String,
    ticks: Ticks,
    /// Are there gridlines?
    pub grid: bool,
    /// Do the ticks have labels?
    pub written: bool,
    /// Room for each tick \[ems\].
    room: f64,
}

impl Axis {
    fn new(range: (f64, f64), label: impl Into<String>, ticks: Ticks) -> Axis {
        Axis { range, label: label.into(), ticks, grid: true, written: true, room: 0.0 }
    }

    /// Of numbers.
    pub fn numbers(range: (f64, f64), label: impl Into<String>) -> Axis {
        Axis::new(range, label, Ticks::Numbers)
    }

    /// Of positive numbers, as their logarithms.
    pub fn decades(range: (f64, f64), label: impl Into<String>) -> Axis {
        Axis::new(range, label, Ticks::Decades)
    }

    /// Of time.
    pub fn time(time: TimeAxis) -> Axis {
        Axis::new((time.start, time.stop), time.label(), Ticks::Times)
    }

    /// Of rows or columns, the number of each so far after the edge where it begins; without gridlines.
    pub fn counts(range: (f64, f64), label: impl Into<String>, after: f64) -> Axis {
        Axis { grid: false, ..Axis::new(range, label, Ticks::Counts(after)) }
    }

    /// Of rows or columns that have these numbers; without gridlines.
    pub fn units(range: (f64, f64), label: impl Into<String>, ids: Vec<i64>) -> Axis {
        Axis { grid: false, ..Axis::new(range, label, Ticks::Units(ids)) }
    }

    /// With these ticks; without gridlines.
    pub fn at(range: (f64, f64), label: impl Into<String>, ticks: Vec<(f64, String)>) -> Axis {
        Axis { grid: false, ..Axis::new(range, label, Ticks::At(ticks)) }
    }

    /// The same axis with only its ticks: another one below it says what they are.
    #[must_use]
    pub fn unwritten(self, unwritten: bool) -> Axis {
        if unwritten { Axis { written: false, label: String::new(), ..self } } else { self }
    }

    /// The same axis, with its label or without: another one beside it says what it is.
    #[must_use]
    pub fn named(self, named: bool) -> Axis {
        if named { self } else { Axis { label: String::new(), ..self } }
    }

    /// The same axis without gridlines.
    #[must_use]
    pub fn without_grid(self) -> Axis {
        Axis { grid: false, ..self }
    }

    /// The same axis with so much room for each tick \[ems\].
    #[must_use]
    pub fn every(self, room: f64) -> Axis {
        Axis { room, ..self }
    }

    /// Whether its ticks are names.
    pub fn is_named(&self) -> bool {
        matches!(self.ticks, Ticks::At(_))
    }

    /// Whether it is logarithmic.
    pub fn is_logarithmic(&self) -> bool {
        self.ticks == Ticks::Decades
    }

    /// The ticks that suit a length \[pixels\], on which each needs `usual` ems of `em` pixels.
    pub fn places(&self, pixels: f64, em: f64, usual: f64) -> Vec<(f64, String)> {
        let room = if self.room > 0.0 { self.room } else { usual };
        let wanted = (pixels / (room * em)).floor().clamp(1.0, 12.0) as usize;
        let (low, high) = (self.range.0.min(self.range.1), self.range.0.max(self.range.1));
        match &self.ticks {
            Ticks::Numbers => {
                // A number alone is no scale: on a low axis two stand closer than one would like, if a line fits between.
                let apart = |ticks: &Vec<(f64, String)>| match (ticks.first(), ticks.last()) {
                    (Some(first), Some(last)) => (last.0 - first.0) * pixels >= 0.95 * em * (high - low),
                    _ => false,
                };
                let more = (wanted..wanted + 4).map(|wanted| labelled(low, high, wanted));
                more.filter(|ticks| ticks.len() > 1).find(apart).unwrap_or_else(|| labelled(low, high, wanted))
            }
            Ticks::Times => TimeAxis { start: low, stop: high }.ticks(wanted),
            Ticks::Decades => {
                let points = LogCoord::from((low..high).log_scale()).key_points(wanted);
                // Within few decades plotters adds what lies between.
                let whole = points.into_iter().filter(|v| (v.log10() - v.log10().round()).abs() < 1e-6);
                whole.map(|v| (v, power_of_ten(v.log10().round() as i32))).collect()
            }
            Ticks::Counts(after) => {
                let whole = labelled(low, high, wanted).into_iter().filter(|t| t.0.fract() == 0.0 && t.0 < high);
                whole.map(|(at, _)| (at + after, format!("{at:.0}"))).collect()
            }
            Ticks::Units(ids) => {
                numbered(ids, wanted).into_iter().map(|(at, id)| (at as f64 + 0.5, id.to_string())).collect()
            }
            Ticks::At(ticks) => ticks.clone(),
        }
    }

    /// plotters' coordinate with these ticks.
    pub fn scale(&self, ticks: Vec<(f64, String)>) -> Scale {
        let (from, to) = self.range;
        let coord = if self.is_logarithmic() {
            Coord::Logarithmic((from..to).log_scale().into())
        } else {
            Coord::Linear((from..to).into())
        };
        Scale { coord, range: self.range, ticks }
    }
}

enum Coord {
    Linear(RangedCoordf64),
    Logarithmic(LogCoord<f64>),
}

/// A coordinate of plotters that knows its ticks and how they are written.
pub(crate) struct Scale {
    coord: Coord,
    range: (f64, f64),
    ticks: Vec<(f64, String)>,
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        match &self.coord {
            Coord::Linear(coord) => {
                // plotters holds what lies beyond the edges at them; far beyond, its whole numbers would not reach.
                let (low, high) = (self.range.0.min(self.range.1), self.range.0.max(self.range.1));
                coord.map(&value.max(2.0 * low - high).min(2.0 * high - low), limit)
            }
            Coord::Logarithmic(coord) => coord.map(value, limit),
        }
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Fine gridlines between the ticks would say no more.
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.iter().map(|t| t.0).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.range.0..self.range.1
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        self.ticks.iter().find(|t| t.0 == *value).map_or_else(String::new, |t| t.1.clone())
    }
}

/// 10 to a power, as one writes it: in full as long as it is short.
fn power_of_ten(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    if (-3..=4).contains(&exponent) {
        return 10f64.powi(exponent).to_string();
    }
    let digits = exponent.unsigned_abs().to_string();
    let raised = digits.chars().filter_map(|digit| Some(DIGITS[digit.to_digit(10)? as usize]));
    let sign = (exponent < 0).then_some('⁻');
    "10".chars().chain(sign).chain(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(axis: &Axis, pixels: f64) -> Vec<String> {
        axis.places(pixels, 10.0, 6.0).into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn powers_of_ten_are_written_as_one_writes_them() {
        let written = |exponents: &[i32]| exponents.iter().map(|e| power_of_ten(*e)).collect::<Vec<_>>().join(" ");
        assert_eq!(written(&[-12, -4, -3, -1, 0, 1, 4, 5, 10]), "10⁻¹² 10⁻⁴ 0.001 0.1 1 10 10000 10⁵ 10¹⁰");
    }

    #[test]
    fn an_axis_has_as_many_ticks_as_there_is_room_for() {
        let axis = Axis::numbers((0.0, 10.0), "x");
        assert_eq!(written(&axis, 90.0).len(), 2);
        assert_eq!(written(&axis, 360.0), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(written(&axis.every(12.0), 360.0), ["0", "5", "10"]);
        assert_eq!(written(&Axis::counts((3.0, 0.0), "row", 0.5), 700.0), ["0", "1", "2"]);
        assert_eq!(written(&Axis::numbers((0.0, 4.2), "x"), 20.0), ["0", "2", "4"], "0 alone would be no scale");
        assert_eq!(written(&Axis::numbers((0.0, 1.9), "x"), 16.0), ["0.0", "0.5", "1.0", "1.5"]);
    }

    #[test]
    fn decades_are_whole_powers_of_ten() {
        assert_eq!(
            written(&Axis::decades((2e-3, 3e4), "t"), 700.0),
            ["0.01", "0.1", "1", "10", "100", "1000", "10000"]
        );
        let scale = Axis::decades((1e-2, 1e2), "t").scale(Vec::new());
        assert_eq!([1e-2, 1.0, 1e2].map(|v| scale.map(&v, (0, 4000))), [0, 2000, 4000]);
    }

    #[test]
    fn values_far_beyond_an_axis_are_not_wrapped_around() {
        let scale = Axis::numbers((0.0, 1.0), "x").scale(Vec::new());
        assert!(scale.map(&1e300, (0, 20_000_000)) >= 20_000_000);
        assert!(scale.map(&-1e300, (0, 20_000_000)) <= 0);
        assert_eq!(scale.map(&0.25, (0, 20_000_000)), 5_000_000);
    }
}
