//! The raster's panel at the side: how fast each unit fires, in the rows of the raster.

use plotters::prelude::Polygon;

use super::chart::Sheet;
use super::rows::Rows;
use super::scale::Axis;
use super::{PlotError, palette};

/// Draws the rate of each row's unit \[Hz\] as a bar in its population's colour.
pub(crate) fn unit_rate_chart(sheet: &Sheet, pixels: [f64; 4], rows: &Rows, hz: &[f64]) -> Result<(), PlotError> {
    let [_, top, _, bottom] = pixels;
    // No more bars than pixels: the mean of the units that share one.
    let pack = (rows.count as f64 / (bottom - top).max(1.0)).ceil().max(1.0) as usize;
    let mean = |from: usize, to: usize| hz[from..to].iter().sum::<f64>() / (to - from) as f64;
    let mut bars = Vec::new();
    for band in rows.bands.iter().filter(|b| !b.ids.is_empty()) {
        let end = band.first_row + band.ids.len();
        let spans = (band.first_row..end).step_by(pack).map(|from| (from, (from + pack).min(end)));
        bars.push((band, spans.map(|(from, to)| (from, to, mean(from, to))).collect::<Vec<_>>()));
    }
    let most = bars.iter().flat_map(|(_, bars)| bars).map(|bar| bar.2).fold(0.0, f64::max);
    let name = if pack > 1 { format!("{pack}-unit mean (Hz)") } else { "unit rate (Hz)".to_owned() };
    let x = Axis::numbers((0.0, if most > 0.0 { 1.05 * most } else { 1.0 }), name).every(3.5);
    let y = Axis::at((rows.count.max(1) as f64, 0.0), "", Vec::new());
    let chart = sheet.chart("unit rates", pixels, 0.5 * sheet.style.em, (x, y))?;
    for (band, bars) in bars {
        let mut corners = vec![(0.0, band.first_row as f64)];
        corners.extend(bars.iter().flat_map(|&(from, to, mean)| [(mean, from as f64), (mean, to as f64)]));
        corners.push((0.0, (band.first_row + band.ids.len()) as f64));
        chart.plot.plotting_area().draw(&Polygon::new(corners, palette::color(band.color).fade(0.75)))?;
    }
    Ok(())
}
