//! Ticks, labels, frames and gridlines of a panel, and the sizes they are drawn in.

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

use super::PlotError;
use super::figure::{Anchor, Figure, Mark, Panel};
use super::font;
use super::palette::{FRAME, GRID, Ink, MUTED, TEXT};

/// Sizes that follow from that of the picture \[pixels\].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Em of axis labels and names.
    pub em: f64,
    /// Em of tick labels and captions.
    pub small: f64,
    /// A thin line.
    pub hair: f64,
}

impl Style {
    pub fn of((width, height): (u32, u32)) -> Result<Style, PlotError> {
        if !(240..=20_000).contains(&width) || !(160..=20_000).contains(&height) {
            return Err(PlotError::Size(width, height));
        }
        let em = (f64::from(width).min(1.5 * f64::from(height)) / 64.0).clamp(9.0, 120.0).round();
        Ok(Style { em, small: (0.85 * em).round(), hair: (em / 18.0).round().max(1.0) })
    }

    /// An empty figure with its title, and the y where panels may begin.
    pub fn figure(&self, (width, height): (u32, u32), title: &str) -> (Figure, f64) {
        let mut figure = Figure { width, height, title: title.to_string(), ..Figure::default() };
        if title.is_empty() {
            return (figure, self.em);
        }
        let text = font::fit(title, 1.15 * self.em, f64::from(width) - 3.0 * self.em);
        let (x, y) = (self.em, 1.7 * self.em);
        let (size, ink) = (1.15 * self.em, TEXT);
        figure.marks.push(Mark::Text { x, y, size, text, ink, anchor: Anchor::Start, bold: true, upward: false });
        (figure, 2.7 * self.em)
    }

    /// Breaks a caption into lines that fit the picture.
    pub fn caption_lines(&self, width: u32, caption: &str) -> Vec<String> {
        let room = f64::from(width) - 2.0 * self.em;
        let mut lines: Vec<String> = Vec::new();
        for word in caption.split(' ').filter(|word| !word.is_empty()) {
            match lines.last_mut() {
                Some(line) if font::width(&format!("{line} {word}"), self.small, false) <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(font::fit(word, self.small, room)),
            }
        }
        lines
    }

    /// Writes the caption along the lower edge.
    pub fn caption(&self, figure: &mut Figure, lines: &[String]) {
        for (i, line) in lines.iter().rev().enumerate() {
            let y = f64::from(figure.height) - 0.8 * self.em - i as f64 * 1.35 * self.small;
            figure.text((self.em, y), self.small, line, MUTED, Anchor::Start);
        }
    }

    /// Room that so many lines of caption need.
    pub fn caption_height(&self, lines: usize) -> f64 {
        if lines == 0 { 0.5 * self.em } else { 1.2 * self.em + lines as f64 * 1.35 * self.small }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten within `low..=high`, about `wanted` of them; with their step.
pub(crate) fn ticks(low: f64, high: f64, wanted: usize) -> (Vec<f64>, f64) {
    let step = nice_step((high - low) / wanted.max(1) as f64);
    // Ranges that are empty, or so narrow that neighbours are one number.
    if !(high - low > 1e-12 * low.abs().max(high.abs()) && (high - low).is_finite()) {
        return (if low.is_finite() { vec![low] } else { vec![] }, step);
    }
    let points = RangedCoordf64::from(low..high).key_points(wanted.max(1) + 1);
    let step = points.windows(2).next().map_or(step, |pair| nice_step((pair[1] - pair[0]) * (1.0 - 1e-6)));
    // As multiples, free of what repeated addition leaves.
    (points.into_iter().map(|point| (point / step).round() * step).collect(), step)
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
    if value.abs() >= 1e6 || (step < 1e-4 && value != 0.0) {
        return format!("{value:.2e}");
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
    /// (time \[s\], label) of each tick, and the axis label.
    pub fn ticks(&self, wanted: usize) -> (Vec<(f64, String)>, String) {
        let (unit, per_s) = time_unit(self.start, self.stop);
        let (values, step) = ticks(self.start * per_s, self.stop * per_s, wanted);
        (values.into_iter().map(|v| (v / per_s, number(v, step))).collect(), format!("time ({unit})"))
    }
}

/// Gridlines below the data; `xs` and `ys` are data.
pub(crate) fn grid(figure: &mut Figure, style: Style, panel: &Panel, xs: &[f64], ys: &[f64]) {
    let [left, top, right, bottom] = panel.pixels;
    for &x in xs {
        figure.rect(panel.px(x).round() - (style.hair / 2.0).floor(), top, style.hair, bottom - top, GRID);
    }
    for &y in ys {
        figure.rect(left, panel.py(y).round() - (style.hair / 2.0).floor(), right - left, style.hair, GRID);
    }
}

/// The left and lower edge.
pub(crate) fn frame(figure: &mut Figure, style: Style, panel: &Panel) {
    let [left, top, right, bottom] = panel.pixels;
    let h = style.hair;
    figure.rect(left - h, top, h, bottom - top + h, FRAME);
    figure.rect(left - h, bottom, right - left + h, h, FRAME);
}

/// Tick marks and their labels below the panel; labels that would touch are left out.
pub(crate) fn x_ticks(figure: &mut Figure, style: Style, panel: &Panel, at: &[(f64, String)], labels: bool) {
    let bottom = panel.pixels[3];
    let mut free_from = f64::NEG_INFINITY;
    for (value, label) in at {
        let x = panel.px(*value).round();
        figure.rect(x - (style.hair / 2.0).floor(), bottom, style.hair, 0.3 * style.em, FRAME);
        let half = font::width(label, style.small, false) / 2.0;
        if labels && x - half >= free_from {
            figure.text((x, bottom + 0.45 * style.em + style.small), style.small, label, MUTED, Anchor::Middle);
            free_from = x + half + 0.5 * style.small;
        }
    }
}

/// The label under the tick labels.
pub(crate) fn x_label(figure: &mut Figure, style: Style, panel: &Panel, text: &str) {
    let [left, _, right, bottom] = panel.pixels;
    let y = bottom + 0.45 * style.em + style.small + 1.35 * style.em;
    figure.text(((left + right) / 2.0, y), style.em, text, TEXT, Anchor::Middle);
}

/// Room below a panel for tick labels and a label.
pub(crate) fn x_room(style: Style) -> f64 {
    0.45 * style.em + style.small + 1.35 * style.em + 0.3 * style.em
}

/// Tick marks and labels on the left.
pub(crate) fn y_ticks(figure: &mut Figure, style: Style, panel: &Panel, at: &[(f64, String)]) {
    let left = panel.pixels[0];
    for (value, label) in at {
        let y = panel.py(*value).round();
        figure.rect(left - 0.3 * style.em, y - (style.hair / 2.0).floor(), 0.3 * style.em, style.hair, FRAME);
        let baseline = y + 0.36 * style.small;
        figure.text((left - 0.45 * style.em, baseline), style.small, label, MUTED, Anchor::End);
    }
}

/// By how many ems an upright label may be longer than its panel is high.
const SPILL: f64 = 0.6;

/// Whether a label fits the panel's height.
pub(crate) fn fits(style: Style, panel: &Panel, text: &str) -> bool {
    let [_, top, _, bottom] = panel.pixels;
    font::width(text, style.em, false) <= bottom - top + SPILL * style.em
}

/// A label that reads upwards, centred on the panel, its baseline at `x`; shortened to what fits.
pub(crate) fn y_label(figure: &mut Figure, style: Style, panel: &Panel, x: f64, text: &str, ink: Ink) {
    let [_, top, _, bottom] = panel.pixels;
    // A low panel's label is set smaller before it is shortened.
    let room = bottom - top + SPILL * style.em;
    let size = style.em * (room / font::width(text, style.em, false)).clamp(0.8, 1.0);
    let text = font::fit(text, size, room);
    let y = (top + bottom) / 2.0;
    figure.marks.push(Mark::Text { x, y, size, text, ink, anchor: Anchor::Middle, bold: false, upward: true });
}

/// Ticks of a linear axis with their labels.
pub(crate) fn labelled(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    let (values, step) = ticks(low, high, wanted);
    values.into_iter().map(|v| (v, number(v, step))).collect()
}

/// How many ticks look right along so many pixels, `per` of them to a tick.
pub(crate) fn wanted(pixels: f64, per: f64) -> usize {
    (pixels / per).floor().clamp(1.0, 12.0) as usize
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
        assert!(ticks(f64::NAN, 1.0, 4).0.len() <= 1);
    }

    #[test]
    fn labels_have_the_decimals_of_their_step() {
        assert_eq!(number(0.30000000000000004, 0.1), "0.3");
        assert_eq!(number(-65.0, 5.0), "\u{2212}65");
        assert_eq!(number(-1e-17, 0.2), "0.0");
        assert_eq!(number(1500.0, 500.0), "1500");
        assert_eq!(number(0.25, 0.05), "0.25");
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
    fn counts_are_grouped_by_three() {
        assert_eq!(grouped(1234567), "1\u{2009}234\u{2009}567");
        assert_eq!(grouped(1234), "1234");
    }
}
