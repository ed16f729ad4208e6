//! The raster's panel of population rates.

use super::PlotError;
use super::axis::{self, Style};
use super::figure::{Figure, Mark, Panel};
use super::palette::{self, TEXT};
use super::rows::{NONE, Rows};
use crate::analysis::{BinnedRate, binned_rate};
use crate::spikes::SpikeTable;

/// The mean rate per unit of every band, over its selected units, drawn or not.
pub(crate) fn rates(
    shown: &SpikeTable,
    rows: &Rows,
    (start, stop): (f64, f64),
    bin: f64,
) -> Result<Vec<BinnedRate>, PlotError> {
    // One table in which a band is a unit: its rate is the band's, times its number of units.
    let mut merged = SpikeTable { unit_ids: vec![0; rows.bands.len()], ..SpikeTable::default() };
    for (&at, &unit) in shown.times.iter().zip(&shown.units) {
        if rows.band_of[unit as usize] != NONE {
            merged.times.push(at);
            merged.units.push(rows.band_of[unit as usize]);
        }
    }
    let mut all = Vec::with_capacity(rows.bands.len());
    for (index, band) in rows.bands.iter().enumerate() {
        let mut rate = binned_rate(&merged, index..index + 1, start, stop, bin)?;
        // The rate in a sliver of a bin is noise: one spike, or none, over next to no time. From a
        // quarter of a bin on, the rate over its own width is drawn.
        let last = rate.hz.len() - 1;
        if last > 0 && stop - rate.edges(last).0 < (0.25 - 1e-9) * bin {
            rate.stop = rate.edges(last).0;
            rate.hz.truncate(last);
        }
        rate.hz.iter_mut().for_each(|hz| *hz /= band.selected.max(1) as f64);
        all.push(rate);
    }
    Ok(all)
}

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
