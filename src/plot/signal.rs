//! The raster's panels of behaviour and other signals.

use super::PlotError;
use super::axis::{in_brackets, padded};
use super::chart::Sheet;
use super::palette;
use super::raster::{Place, shade};
use super::scale::Axis;
use super::traces::curve;
use crate::spikes::{IntervalTable, Signal};

/// The samples of a signal within a window.
fn inside(signal: &Signal, (from, to): (f64, f64)) -> Vec<usize> {
    let rows = signal.times.len().min(signal.data.len() / signal.width.max(1));
    (0..rows).filter(|i| signal.times[*i] >= from && signal.times[*i] <= to).collect()
}

/// The upright axis of a signal over a window.
pub(crate) fn signal_axis(signal: &Signal, window: (f64, f64)) -> Axis {
    let width = signal.width.max(1);
    let values = inside(signal, window).into_iter().flat_map(|i| &signal.data[i * width..(i + 1) * width]);
    let label = signal.name.replace('_', " ") + &in_brackets(&signal.unit);
    Axis::numbers(padded(values.copied()), label).every(1.5)
}

/// Draws the signal's columns as curves.
pub(crate) fn signal_chart(
    sheet: &Sheet,
    place: Place,
    signal: &Signal,
    intervals: Option<&IntervalTable>,
) -> Result<(), PlotError> {
    let (width, window) = (signal.width.max(1), place.time.range);
    let axes = (place.time, signal_axis(signal, window));
    let mut chart = sheet.chart(&signal.name, place.pixels, place.left, axes)?;
    shade(&chart, intervals)?;
    let inside = inside(signal, window);
    let times: Vec<f64> = inside.iter().map(|i| signal.times[*i]).collect();
    for column in 0..width {
        let values: Vec<f64> = inside.iter().map(|i| signal.data[i * width + column]).collect();
        curve(&mut chart, &times, &values, 1.4, palette::color(column))?;
    }
    if width == 1 || width > 8 {
        return Ok(());
    }
    let named = |k: usize| if width <= 3 { ["x", "y", "z"][k].to_string() } else { k.to_string() };
    let names: Vec<String> = (0..width).map(named).collect();
    let labels = names.iter().enumerate().map(|(k, name)| (name.as_str(), palette::color(k)));
    chart.legend(&labels.collect::<Vec<_>>(), 0.0)
}
