//! The raster's panels of behaviour and other signals.

use std::ops::Range;

use super::PlotError;
use super::axis::{in_brackets, padded};
use super::chart::Sheet;
use super::palette;
use super::raster::{Place, shade};
use super::scale::Axis;
use super::traces::{curve, gap};
use crate::spikes::{IntervalTable, Signal};

/// The samples of a signal within a window, and one more on either side: the curve goes on to the edges.
pub(crate) fn around(signal: &Signal, (from, to): (f64, f64)) -> Range<usize> {
    let rows = signal.times.len().min(signal.data.len() / signal.width.max(1));
    let times = &signal.times[..rows];
    let (first, end) = (times.partition_point(|t| *t < from), times.partition_point(|t| *t <= to));
    first.saturating_sub(1)..(end + 1).min(rows)
}

/// What the columns of a signal are called, if they are several and few.
pub(crate) fn names(width: usize) -> Vec<String> {
    match width {
        2 | 3 => ["x", "y", "z"][..width].iter().map(|name| (*name).to_owned()).collect(),
        4..=8 => (0..width).map(|k| k.to_string()).collect(),
        _ => Vec::new(),
    }
}

/// A signal within a window: times, and the values of each column, to the edges where the curve goes through them.
fn within(signal: &Signal, (from, to): (f64, f64)) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (width, times, rows) = (signal.width.max(1), &signal.times, around(signal, (from, to)));
    let most = gap(times);
    // A moment, the samples around it, and how far it is on the way from one to the other.
    let edge = |a: usize, b: usize, at: f64| {
        let crosses = times[a] < at && at < times[b] && times[b] - times[a] <= most;
        crosses.then(|| (at, a, b, (at - times[a]) / (times[b] - times[a])))
    };
    let point = |i: usize| match times[i] {
        time if time < from => edge(i, (i + 1).min(rows.end - 1), from),
        time if time > to => edge(i.saturating_sub(1).max(rows.start), i, to),
        time => Some((time, i, i, 0.0)),
    };
    let points: Vec<(f64, usize, usize, f64)> = rows.clone().filter_map(point).collect();
    let column = |k: usize| {
        let value = |i: usize| signal.data[i * width + k];
        points.iter().map(|&(_, a, b, share)| value(a) + share * (value(b) - value(a))).collect()
    };
    (points.iter().map(|point| point.0).collect(), (0..width).map(column).collect())
}

/// The upright axis of a signal over a window.
pub(crate) fn signal_axis(signal: &Signal, window: (f64, f64)) -> Axis {
    let values = within(signal, window).1.into_iter().flatten();
    let label = signal.name.replace('_', " ") + &in_brackets(&signal.unit);
    Axis::numbers(padded(values), label).every(1.5)
}

/// Draws the signal's columns as curves.
pub(crate) fn signal_chart(
    sheet: &Sheet,
    place: Place,
    signal: &Signal,
    intervals: Option<&IntervalTable>,
) -> Result<(), PlotError> {
    let window = place.time.range;
    let axes = (place.time, signal_axis(signal, window));
    let mut chart = sheet.chart(&signal.name, place.pixels, place.left, axes)?;
    shade(&chart, intervals)?;
    let (times, columns) = within(signal, window);
    let gap = gap(&signal.times);
    for (column, values) in columns.iter().enumerate() {
        curve(&mut chart, &times, values, gap, (1.4, palette::color(column)))?;
    }
    let names = names(signal.width);
    if names.is_empty() {
        return Ok(());
    }
    let labels = names.iter().enumerate().map(|(k, name)| (name.as_str(), palette::color(k)));
    chart.legend(&labels.collect::<Vec<_>>(), 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_on_to_the_edges_of_a_window() {
        let signal = |times: &[f64]| Signal {
            name: "a".into(),
            times: times.to_vec(),
            data: times.iter().flat_map(|t| [10.0 * t, -t]).collect(),
            width: 2,
            ..Signal::default()
        };
        let even = signal(&[0.0, 1.0, 2.0, 3.0]);
        assert_eq!(within(&even, (0.5, 2.5)).0, [0.5, 1.0, 2.0, 2.5]);
        // Between two samples, on one, beyond all.
        assert_eq!(within(&even, (1.25, 1.75)), (vec![1.25, 1.75], vec![vec![12.5, 17.5], vec![-1.25, -1.75]]));
        assert_eq!(within(&even, (1.0, 1.0)).0, [1.0]);
        assert!(within(&even, (-2.0, -1.0)).0.is_empty() && within(&even, (4.0, 5.0)).0.is_empty());
        assert_eq!(within(&even, (-1.0, 9.0)).0, [0.0, 1.0, 2.0, 3.0]);
        // Not through a gap.
        let gone = signal(&[0.0, 1.0, 2.0, 50.0, 51.0]);
        assert_eq!([within(&gone, (10.0, 20.0)).0, within(&gone, (1.5, 20.0)).0], [vec![], vec![1.5, 2.0]]);
    }
}
