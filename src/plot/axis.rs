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
    // Far from 0 rounding would be taken for a part of a step: from a round number nearby on it is not.
    let round = 10f64.powf((high - low).log10().ceil());
    let from = if low.abs() > 1e3 * (high - low) { (low / round).floor() * round } else { 0.0 };
    let (low, high) = (low - from, high - from);
    // plotters compares with the precision of numbers about 1, so it is asked about such.
    let unit = 10f64.powf((high - low).log10().floor());
    let points = RangedCoordf64::from(low / unit..high / unit).key_points(wanted.max(1) + 1);
    let step = points.windows(2).next().map_or(step, |pair| nice_step(unit * (pair[1] - pair[0]) * (1.0 - 1e-6)));
    // As multiples, free of what repeated addition leaves.
    (points.into_iter().map(|point| from + (unit * point / step).round() * step).collect(), step)
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

/// Values that are multiples of `step`, with the decimals that takes: no two that differ are written alike.
pub(crate) fn numbers(values: &[f64], step: f64) -> Vec<String> {
    let most = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    values.iter().map(|value| number(*value, step, most)).collect()
}

/// A value of an axis on which none is further from 0 than `most`.
fn number(value: f64, step: f64, most: f64) -> String {
    let power = |value: f64| (value * (1.0 + 1e-9)).log10().floor();
    let value = if value.abs() < 1e-9 * step { 0.0 } else { value };
    if value == 0.0 && step < 1e-4 {
        return "0".into();
    }
    // Digits behind the first that tell a value from the next.
    let digits = |value: f64| if value > 0.0 { (power(value) - power(step)).clamp(0.0, 15.0) as usize } else { 0 };
    // Three digits and a power are short, more are read more easily in full: 1.25e7, but 1000002.
    let short = digits(most) <= 2 || most >= 1e15 || step < 1e-12;
    if (value.abs() >= 1e6 || step < 1e-4) && short {
        let text = format!("{value:.*e}", digits(value.abs()).max(2));
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
        return format!("{digits}e{power}").replace('-', "\u{2212}");
    }
    let decimals = (-power(step)).clamp(0.0, 12.0) as usize;
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
        let written = numbers(&values, step);
        values.into_iter().map(|v| from + v / per_s).zip(written).collect()
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
    let written = numbers(&values, step);
    values.into_iter().zip(written).collect()
}

/// Widens a range of data by a few percent, so that no curve lies on the frame; a single value gets room around it.
pub(crate) fn padded(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return (0.0, 1.0);
    }
    let room = if high - low > 1e-12 * (high.abs() + low.abs()) { 0.05 * (high - low) } else { 0.1 * high.abs() };
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
        let number = |value: f64, step| numbers(&[value], step).remove(0);
        assert_eq!(number(0.30000000000000004, 0.1), "0.3");
        assert_eq!(number(-65.0, 5.0), "\u{2212}65");
        assert_eq!(number(-1e-17, 0.2), "0.0");
        assert_eq!(number(1500.0, 500.0), "1500");
        assert_eq!(number(0.25, 0.05), "0.25");
        assert_eq!([-5e-17, 0.0, 1.25e7].map(|v| number(v, 2.5e-17)), ["\u{2212}5e\u{2212}17", "0", "1.25e7"]);
        assert_eq!(numbers(&[0.0, 5e5, 1e6, 1.5e6], 5e5), ["0", "500000", "1e6", "1.5e6"]);
    }

    #[test]
    fn neighbouring_ticks_can_be_told_apart_wherever_an_axis_lies() {
        let texts = |low, high| labelled(low, high, 5).into_iter().map(|tick| tick.1).collect::<Vec<_>>();
        assert_eq!(texts(999_995.0, 1_000_005.0), ["999996", "999998", "1000000", "1000002", "1000004"]);
        let time = TimeAxis { start: 999_995.0, stop: 1_000_005.0 };
        assert_eq!(time.ticks(5).into_iter().map(|tick| tick.1).collect::<Vec<_>>(), texts(time.start, time.stop));
        for (low, high) in [
            (999_998.9, 1_000_001.1),
            (1e9 - 1.1, 1e9 + 1.1),
            (-1e9 - 1.1, 1.1 - 1e9),
            (1e10 - 1.1, 1e10 + 1.1),
            (1e6, 1.02e6),
            (0.5 - 1e-6, 0.5 + 1e-6),
            (1e-3, 1e-3 + 1e-9),
            (-3e-8, 2.1e-5),
            (1e15, 1e15 + 1e5),
            (0.0, 3e6),
        ] {
            let mut texts = texts(low, high);
            let count = texts.len();
            texts.dedup();
            assert!(count > 2 && texts.len() == count, "{low} to {high}: {texts:?}");
        }
    }

    #[test]
    fn a_small_wave_on_a_large_number_fills_its_axis() {
        let (low, high) = padded([1e9 - 1.0, 1e9, 1e9 + 1.0].into_iter());
        assert!(low > 1e9 - 1.2 && high < 1e9 + 1.2, "{low} {high}");
        assert_eq!(padded([5.0, 5.0].into_iter()), (4.5, 5.5));
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
}
