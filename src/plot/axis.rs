//! Round numbers for the ticks of an axis, how they are written, and from where to where an axis goes.

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

/// Multiples of 1, 2 or 5 times a power of ten within `low..=high`, about `wanted` of them; with their step.
pub(crate) fn ticks(low: f64, high: f64, wanted: usize) -> (Vec<f64>, f64) {
    let step = nice_step((high - low) / wanted.max(1) as f64);
    // Ranges that are empty, or so narrow that neighbours are one number.
    if !(high - low > 1e-12 * low.abs().max(high.abs()) && (high - low).is_finite()) {
        return (if low.is_finite() { vec![low] } else { vec![] }, step);
    }
    // plotters compares with the precision of numbers about 1, so it is asked about such.
    let unit = 10f64.powf((high - low).log10().floor());
    let points = RangedCoordf64::from(low / unit..high / unit).key_points(wanted.max(1) + 1);
    let step = points.windows(2).next().map_or(step, |pair| nice_step(unit * (pair[1] - pair[0]) * (1.0 - 1e-6)));
    // As multiples, free of what repeated addition leaves.
    (points.into_iter().map(|point| (unit * point / step).round() * step).collect(), step)
}

/// The smallest of 1, 2 and 5 times a power of ten that is at least `raw`.
pub(crate) fn nice_step(raw: f64) -> f64 {
    if !(raw > 0.0 && raw.is_finite()) {
        return 1.0;
    }
    let power = 10f64.powi(raw.log10().floor() as i32);
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * power >= raw * (1.0 - 1e-9)).unwrap_or(10.0);
    factor * power
}

/// A value that is a multiple of `step`, with the decimals that takes.
pub(crate) fn number(value: f64, step: f64) -> String {
    let value = if value.abs() < 1e-9 * step { 0.0 } else { value };
    if value == 0.0 && step < 1e-4 {
        return "0".into();
    }
    if value.abs() >= 1e6 || step < 1e-4 {
        let text = format!("{value:.2e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", trimmed(digits.parse().unwrap_or(value))).replace('-', "\u{2212}");
    }
    let decimals = (-(step * (1.0 + 1e-9)).log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}").replace('-', "\u{2212}")
}

/// A value to six decimals at most, without zeros at its end.
pub(crate) fn trimmed(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_string() } else { text.replace('-', "\u{2212}") }
}

/// How a time axis counts: its unit and how many of them a second has.
pub(crate) fn time_unit(start: f64, stop: f64) -> (&'static str, f64) {
    if stop - start <= 2.0 && start.abs() < 100.0 { ("ms", 1000.0) } else { ("s", 1.0) }
}

/// A window of time whose axis is drawn in s or ms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeAxis {
    pub start: f64,
    pub stop: f64,
}

impl TimeAxis {
    /// (time \[s\], label) of each tick.
    pub fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let (from, start, stop) = self.counted();
        let (_, per_s) = time_unit(start, stop);
        let (values, step) = ticks(start * per_s, stop * per_s, wanted);
        values.into_iter().map(|v| (from + v / per_s, number(v, step))).collect()
    }

    /// The axis label.
    pub fn label(&self) -> String {
        let (from, start, stop) = self.counted();
        let since = if from == 0.0 { String::new() } else { format!(" since {from} s") };
        format!("time ({}){since}", time_unit(start, stop).0)
    }

    /// The round time from which times are counted, and the window from there \[s\]: 0, unless labels would have many digits that are the same, as of a
    /// clock that counts from 1970.
    fn counted(&self) -> (f64, f64, f64) {
        let length = self.stop - self.start;
        let far = self.start.abs().min(self.stop.abs());
        if !(far >= 1e6 && length > 0.0 && length < 0.01 * far) {
            return (0.0, self.start, self.stop);
        }
        let round = 10f64.powf(length.log10().ceil()).max(1.0);
        let from = (self.start / round).floor() * round;
        (from, self.start - from, self.stop - from)
    }
}

/// Ticks of a linear axis with their labels.
pub(crate) fn labelled(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    let (values, step) = ticks(low, high, wanted);
    values.into_iter().map(|v| (v, number(v, step))).collect()
}

/// A count with thin spaces between groups of three digits.
pub(crate) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// Widens a range of data by a few percent, so that no curve lies on the frame; a single value gets room around it.
pub(crate) fn padded(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return (0.0, 1.0);
    }
    let room = if high - low > 1e-9 * (high.abs() + low.abs()) { 0.05 * (high - low) } else { 0.1 * high.abs() };
    let room = if room > 0.0 { room } else { 1.0 };
    (low - room, high + room)
}

/// [`padded`], but what is never negative gets an axis that is not either.
pub(crate) fn padded_from_zero(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut least, mut any) = (f64::INFINITY, false);
    let (low, high) = padded(values.inspect(|v| (least, any) = (least.min(*v), true)));
    if any && least >= 0.0 { (low.max(0.0), high) } else { (low, high) }
}

/// ` (mV)`, or nothing for no unit.
pub(crate) fn in_brackets(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" ({unit})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks(0.0, 1.0, 5).0, [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(-70.0, -50.0, 4).0, [-70.0, -65.0, -60.0, -55.0, -50.0]);
        assert_eq!(ticks(3.0, 3.0, 4).0, [3.0]);
        let tiny = ticks(-2.6e-16, 2.4e-16, 8).0;
        assert!(tiny.len() > 4 && tiny.iter().all(|v| (-2.6e-16..=2.4e-16).contains(v)), "{tiny:?}");
        assert!(ticks(f64::NAN, 1.0, 4).0.len() <= 1);
    }

    #[test]
    fn labels_have_the_decimals_of_their_step() {
        assert_eq!(number(0.30000000000000004, 0.1), "0.3");
        assert_eq!(number(-65.0, 5.0), "\u{2212}65");
        assert_eq!(number(-1e-17, 0.2), "0.0");
        assert_eq!(number(1500.0, 500.0), "1500");
        assert_eq!(number(0.25, 0.05), "0.25");
        assert_eq!([-5e-17, 0.0, 1.25e7].map(|v| number(v, 2.5e-17)), ["\u{2212}5e\u{2212}17", "0", "1.25e7"]);
    }

    #[test]
    fn trimming_zeros_changes_no_number() {
        for (value, text) in [(2282.6, "2282.6"), (100.0, "100"), (0.000001, "0.000001"), (1000000.5, "1000000.5")] {
            assert_eq!(trimmed(value), text);
        }
        assert_eq!(trimmed(-1e-9), "0");
        assert_eq!(trimmed(-0.25), "\u{2212}0.25");
    }

    #[test]
    fn short_windows_count_in_milliseconds() {
        assert_eq!(time_unit(0.0, 1.0).0, "ms");
        assert_eq!(time_unit(0.0, 10.0).0, "s");
        assert_eq!(time_unit(3600.0, 3601.0).0, "s");
    }

    #[test]
    fn times_far_from_0_are_counted_from_a_round_one_nearby() {
        let axis = TimeAxis { start: 1_700_000_005.0, stop: 1_700_000_045.0 };
        assert_eq!(axis.label(), "time (s) since 1700000000 s");
        let (at, text): (Vec<f64>, Vec<String>) = axis.ticks(4).into_iter().unzip();
        assert_eq!((at[0], &text[..]), (1_700_000_010.0, &["10", "20", "30", "40"].map(String::from)[..]));
        assert_eq!(TimeAxis { start: 2283.0, stop: 2284.0 }.label(), "time (s)");
    }

    #[test]
    fn counts_are_grouped_by_three() {
        assert_eq!(grouped(1234567), "1\u{2009}234\u{2009}567");
        assert_eq!(grouped(1234), "1234");
    }
}
