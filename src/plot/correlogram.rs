//! A cross-correlogram: the rate of one train around the spikes of another.

use plotters::prelude::AreaSeries;

use super::axis::trimmed;
use super::chart::Sheet;
use super::figure::Figure;
use super::scale::Axis;
use super::{PlotError, palette};
use crate::analysis::Correlogram;
use crate::counted::counted;

/// Draws the rate of `names[1]` around the spikes of `names[0]`, over what was observed, with its mean rate \[Hz\] as a dashed line.
///
/// # Errors
/// If the picture is too small.
pub fn cross_correlogram(
    title: &str,
    names: [&str; 2],
    table: &Correlogram,
    mean_hz: f64,
    size: (u32, u32),
) -> Result<Figure, PlotError> {
    let pairs = counted(table.counts.iter().sum::<u64>(), "pair");
    let (width, spikes) = (trimmed(table.bin * 1e3), counted(table.references, "spike"));
    let hz = table.hz();
    let mut caption =
        format!("{pairs} of spikes, {spikes} of {}; bins of {width} ms; dashed: mean rate of {}", names[0], names[1]);
    if !table.is_whole() {
        caption += "; rates are over the time that was observed";
    }
    if hz.iter().any(|hz| hz.is_nan()) {
        caption += ", none where that is less than a tenth of the lags";
    }
    caption += ".";
    let sheet = Sheet::new(title, &caption, size)?;
    let most = hz.iter().copied().fold(mean_hz, f64::max);
    let edge = 1e3 * table.lag(hz.len() - 1) + 500.0 * table.bin;
    let x = Axis::numbers((-edge, edge), format!("time since a spike of {} (ms)", names[0]));
    let y = Axis::numbers((0.0, if most > 0.0 { 1.08 * most } else { 1.0 }), format!("rate of {} (Hz)", names[1]));
    let mut chart = sheet.chart_in(&sheet.area, "correlogram", (x, y))?;
    let ink = palette::color(0);
    let steps: Vec<(f64, f64)> = hz.iter().enumerate().map(|(index, hz)| (1e3 * table.lag(index), *hz)).collect();
    for known in steps.split(|(_, hz)| hz.is_nan()).filter(|known| !known.is_empty()) {
        let half = 500.0 * table.bin;
        let edges = known.iter().flat_map(|&(middle, hz)| [(middle - half, hz), (middle + half, hz)]);
        let area = AreaSeries::new(edges, 0.0, ink.fade(0.3)).border_style(chart.stroke(1.5, ink));
        chart.plot.draw_series(area)?;
    }
    chart.level(mean_hz)?;
    if table.counts.iter().all(|n| *n == 0) {
        chart.say("no pairs of spikes")?;
    }
    Ok(sheet.finish())
}
