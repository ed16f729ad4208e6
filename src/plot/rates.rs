//! The raster's panel of population rates.

use super::axis::{self, Style};
use super::figure::{Figure, Mark, Panel};
use super::palette::{self, TEXT};
use super::rows::Rows;
use crate::analysis::BinnedRate;

/// Draws the rate of each band as steps in its colour.
pub(crate) fn rate_panel(
    figure: &mut Figure,
    style: Style,
    panel: &mut Panel,
    xs: &[f64],
    rates: &[BinnedRate],
    rows: &Rows,
) {
    let top = rates.iter().flat_map(|r| &r.hz).copied().fold(0.0, f64::max);
    panel.y = (0.0, if top > 0.0 { 1.08 * top } else { 1.0 });
    let ticks = axis::labelled(0.0, panel.y.1, axis::wanted(panel.pixels[3] - panel.pixels[1], 1.5 * style.em));
    axis::grid(figure, style, panel, xs, &ticks.iter().map(|t| t.0).collect::<Vec<_>>());
    for (rate, band) in rates.iter().zip(&rows.bands) {
        let mut steps = Vec::with_capacity(2 * rate.hz.len() + 2);
        for (i, &hz) in rate.hz.iter().enumerate() {
            let (from, to) = rate.edges(i);
            steps.extend([(panel.px(from), panel.py(hz)), (panel.px(to), panel.py(hz))]);
        }
        let ink = palette::color(band.color);
        if rates.len() == 1 {
            // One area, since the edges of bars side by side would show.
            let ends = [steps.first(), steps.last()].map(|p| p.map_or(0.0, |p| p.0));
            let base = [(ends[1], panel.pixels[3]), (ends[0], panel.pixels[3])];
            let points = steps.iter().copied().chain(base).collect();
            figure.marks.push(Mark::Area { points, ink: ink.fade(0.3) });
        }
        figure.line(steps, 1.2 * style.hair, ink);
    }
    axis::y_ticks(figure, style, panel, &ticks);
    axis::y_label(figure, style, panel, 1.6 * style.em, "rate (Hz)", TEXT);
}
