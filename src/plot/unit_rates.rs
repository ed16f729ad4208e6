//! The raster's panel at the side: how fast each unit fires, in the rows of the raster.

use super::axis::{self, Style};
use super::figure::{Figure, Mark, Panel};
use super::palette;
use super::rows::Rows;

/// Draws the rate of each row's unit \[Hz\] as a bar in its population's colour.
pub(crate) fn unit_rate_panel(figure: &mut Figure, style: Style, pixels: [f64; 4], rows: &Rows, hz: &[f64]) {
    let [left, top, _, bottom] = pixels;
    let most = hz.iter().copied().fold(0.0, f64::max);
    let reach = if most > 0.0 { 1.05 * most } else { 1.0 };
    let panel = Panel { name: "unit rates".into(), pixels, x: (0.0, reach), y: (rows.count.max(1) as f64, 0.0) };
    let ticks = axis::labelled(0.0, reach, 2);
    axis::grid(figure, style, &panel, &ticks.iter().map(|t| t.0).collect::<Vec<_>>(), &[]);
    // No more bars than pixels: the mean of the units that share one.
    let pack = (rows.count as f64 / (bottom - top).max(1.0)).ceil().max(1.0) as usize;
    for band in rows.bands.iter().filter(|b| !b.members.is_empty()) {
        let end = band.first_row + band.members.len();
        let mut points = vec![(left, panel.py(band.first_row as f64))];
        for from in (band.first_row..end).step_by(pack) {
            let to = (from + pack).min(end);
            let x = panel.px(hz[from..to].iter().sum::<f64>() / (to - from) as f64);
            points.extend([(x, panel.py(from as f64)), (x, panel.py(to as f64))]);
        }
        points.push((left, panel.py(end as f64)));
        figure.marks.push(Mark::Area { points, ink: palette::color(band.color).fade(0.75) });
    }
    axis::frame(figure, style, &panel);
    axis::x_ticks(figure, style, &panel, &ticks, true);
    axis::x_label(figure, style, &panel, "unit rate (Hz)");
    figure.panels.push(panel);
}
