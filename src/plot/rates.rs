//! The raster's panel of population rates.

use plotters::prelude::AreaSeries;

use super::chart::Sheet;
use super::raster::{Place, shade};
use super::rows::{Band, Rows};
use super::scale::Axis;
use super::{PlotError, palette};
use crate::analysis::BinnedRate;
use crate::spikes::IntervalTable;

/// Bands with their rates. A population of which no neuron was chosen has no name in the picture.
fn drawn<'a>(rates: &'a [BinnedRate], rows: &'a Rows) -> impl Iterator<Item = (&'a BinnedRate, &'a Band)> {
    rates.iter().zip(&rows.bands).filter(|(_, band)| !band.ids.is_empty())
}

/// The upright axis.
pub(crate) fn rate_axis(rates: &[BinnedRate], rows: &Rows) -> Axis {
    let top = drawn(rates, rows).flat_map(|(rate, _)| &rate.hz).copied().fold(0.0, f64::max);
    Axis::numbers((0.0, if top > 0.0 { 1.08 * top } else { 1.0 }), "rate (Hz)").every(1.5)
}

/// Draws the rate of each band as steps in its colour.
pub(crate) fn rate_chart(
    sheet: &Sheet,
    place: Place,
    (rates, rows): (&[BinnedRate], &Rows),
    intervals: Option<&IntervalTable>,
) -> Result<(), PlotError> {
    let drawn = || drawn(rates, rows);
    let y = rate_axis(rates, rows);
    let mut chart = sheet.chart("rate", place.pixels, place.left, (place.time, y))?;
    shade(&chart, intervals)?;
    let alone = drawn().count() == 1;
    for (rate, band) in drawn() {
        let ink = palette::color(band.color);
        let fill = ink.fade(if alone { 0.3 } else { 0.0 });
        // Where nothing was observed there is nothing to draw.
        let known: Vec<(usize, f64)> = rate.hz.iter().copied().enumerate().collect();
        for run in known.split(|(_, hz)| hz.is_nan()).filter(|run| !run.is_empty()) {
            let steps = run.iter().flat_map(|(bin, hz)| {
                let (from, to) = rate.edges(*bin);
                [(from, *hz), (to, *hz)]
            });
            chart.plot.draw_series(AreaSeries::new(steps, 0.0, fill).border_style(chart.stroke(1.2, ink)))?;
        }
    }
    Ok(())
}
