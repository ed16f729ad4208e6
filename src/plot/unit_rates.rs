//! The raster's panel at the side: how fast each unit fires, in the rows of the raster.

use plotters::prelude::Polygon;

use super::chart::Sheet;
use super::rows::Rows;
use super::scale::Axis;
use super::{PlotError, palette};

/// Draws the rate of each row's unit \[Hz\] as a bar in its population's colour.
pub(crate) fn unit_rate_chart(sheet: &Sheet, pixels: [f64; 4], rows: &Rows, hz: &[f64]) -> Result<(), PlotError> {
    let [_, top, _, bottom] = pixels;
    let most = hz.iter().copied().fold(0.0, f64::max);
    let x = Axis::numbers((0.0, if most > 0.0 { 1.05 * most } else { 1.0 }), "unit rate (Hz)").every(3.5);
    let y = Axis::at((rows.count.max(1) as f64, 0.0), "", Vec::new());
    let chart = sheet.chart("unit rates", pixels, 0.5 * sheet.style.em, (x, y))?;
    // No more bars than pixels: the mean of the units that share one.
    let pack = (rows.count as f64 / (bottom - top).max(1.0)).ceil().max(1.0) as usize;
    for band in rows.bands.iter().filter(|b| !b.ids.is_empty()) {
        let end = band.first_row + band.ids.len();
        let mut corners = vec![(0.0, band.first_row as f64)];
        for from in (band.first_row..end).step_by(pack) {
            let to = (from + pack).min(end);
            let mean = hz[from..to].iter().sum::<f64>() / (to - from) as f64;
            corners.extend([(mean, from as f64), (mean, to as f64)]);
        }
        corners.push((0.0, end as f64));
        chart.plot.plotting_area().draw(&Polygon::new(corners, palette::color(band.color).fade(0.75)))?;
    }
    Ok(())
}
