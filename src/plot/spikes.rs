//! The raster's main panel: spikes as strokes or as density, the populations' names and rows.

use super::axis::{self, Style};
use super::figure::{Anchor, Figure, Mark, Panel};
use super::font;
use super::palette::{self, FRAME, MUTED, SHADE, TEXT};
use super::rows::Rows;
use super::tally::{Drawn, Tally};
use crate::spikes::IntervalTable;

/// Shades trials and other intervals.
pub(crate) fn shade(figure: &mut Figure, panel: &Panel, intervals: Option<&IntervalTable>) {
    let Some(table) = intervals else { return };
    let [left, top, right, bottom] = panel.pixels;
    for (&start, &stop) in table.start.iter().zip(&table.stop) {
        if start.is_finite() && stop.is_finite() && start < panel.x.1 && stop > panel.x.0 {
            let (from, to) = (panel.px(start).max(left), panel.px(stop).min(right));
            figure.rect(from, top, (to - from).max(1.0), bottom - top, SHADE);
        }
    }
}

/// The spikes as strokes, or as a picture of their density.
pub(crate) fn spikes(figure: &mut Figure, style: Style, panel: &Panel, rows: &Rows, tally: &Tally) {
    let [left, top, right, bottom] = panel.pixels;
    if tally.marks == 0 {
        let (unit, per_s) = axis::time_unit(panel.x.0, panel.x.1);
        let (from, to) = (axis::trimmed(panel.x.0 * per_s), axis::trimmed(panel.x.1 * per_s));
        let text = format!("no spikes between {from} and {to} {unit}");
        let at = ((left + right) / 2.0, (top + bottom) / 2.0);
        figure.text(at, 1.2 * style.em, text, MUTED, Anchor::Middle);
        return;
    }
    let row_height = (bottom - top) / rows.count.max(1) as f64;
    let strokes = match &tally.drawn {
        Drawn::Each(strokes) => strokes,
        Drawn::Dense => {
            figure.marks.push(density(panel, rows, tally));
            return;
        }
    };
    // Few spikes are drawn thick enough to be seen, many thin enough to be told apart.
    let width = if strokes.len() < 4000 { 2.4 * style.hair } else { 1.5 * style.hair };
    let height = (0.84 * row_height).clamp(3.0, 3.0 * style.em);
    let mut at = vec![Vec::new(); rows.bands.len()];
    for &(time, unit) in strokes {
        let middle = top + (f64::from(rows.row_of[unit as usize]) + 0.5) * row_height;
        let y = (middle - height / 2.0).clamp(top, bottom - height);
        let x = (panel.px(time) - width / 2.0).clamp(left, right - width);
        at[rows.band_of[unit as usize] as usize].push((x, y));
    }
    for (band, at) in rows.bands.iter().zip(at) {
        if !at.is_empty() {
            figure.marks.push(Mark::Ticks { at, w: width, h: height, ink: palette::color(band.color) });
        }
    }
}

/// Spikes per pixel as the opacity of the population's colour.
fn density(panel: &Panel, rows: &Rows, tally: &Tally) -> Mark {
    let [left, top, right, bottom] = panel.pixels;
    let (width, height) = ((right - left) as usize, (bottom - top) as usize);
    let (lines, bands) = (tally.lines(), tally.bands_of_lines());
    // Full strength at the 95th percentile, so that one burst does not wash out the rest.
    let mut lit: Vec<u32> = tally.counts().iter().copied().filter(|c| *c > 0).collect();
    let index = (lit.len().saturating_sub(1) * 95) / 100;
    let full = f64::from(if lit.is_empty() { 1 } else { *lit.select_nth_unstable(index).1 }.max(1));
    let mut rgba = Vec::with_capacity(width * height);
    for y in 0..height {
        let line = (2 * y + 1) * lines / (2 * height);
        let [r, g, b] = palette::color(rows.bands[bands[line] as usize].color).rgb;
        rgba.extend(tally.counts()[line * width..(line + 1) * width].iter().map(|&count| {
            // A single spike must be seen; more are told apart by their strength.
            let strength = 0.35 + 0.65 * (f64::from(count) / full).min(1.0).sqrt();
            [r, g, b, if count == 0 { 0 } else { (255.0 * strength).round() as u8 }]
        }));
    }
    Mark::Pixels { x: left as u32, y: top as u32, width: width as u32, rgba }
}

/// Names, member numbers and separators of the populations.
pub(crate) fn bands(figure: &mut Figure, style: Style, panel: &Panel, rows: &Rows) {
    let [left, _, right, _] = panel.pixels;
    let several = rows.bands.len() > 1;
    if !several {
        let name = rows.bands.first().map_or("units", |b| b.name.as_str());
        let text = if name == "units" { "unit".to_string() } else { format!("{name}: neuron") };
        axis::y_label(figure, style, panel, 1.6 * style.em, &text, TEXT);
    }
    let mut name_from = f64::NEG_INFINITY;
    for (index, band) in rows.bands.iter().enumerate() {
        let (from, to) = (panel.py(band.first_row as f64), panel.py((band.first_row + band.members.len()) as f64));
        if index > 0 {
            figure.rect(left, from.round(), right - left, style.hair, FRAME.fade(0.7));
        }
        if several && !band.members.is_empty() {
            // A thin band is named at its middle, but never on top of the name above.
            let y = ((from + to) / 2.0 + 0.36 * style.em).max(name_from);
            name_from = y + 1.05 * style.em;
            let text = font::fit(&band.name, style.em, 12.0 * style.em);
            let (x, size, ink) = (style.em, style.em, palette::color(band.color));
            figure.marks.push(Mark::Text { x, y, size, text, ink, anchor: Anchor::Start, bold: true, upward: false });
        }
        let (places, _) = axis::ticks(0.0, band.members.len() as f64 - 1.0, axis::wanted(to - from, 3.5 * style.em));
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for place in places {
            // Only whole rows have a number, and the one at a band's end would touch its neighbour's 0.
            let y = panel.py(band.first_row as f64 + place + 0.5);
            let crowded = place > 0.0 && index + 1 < rows.bands.len() && to - y < 1.2 * style.small;
            if place.fract() == 0.0 && to - from >= 1.3 * style.small && !crowded {
                ticks.push((band.first_row as f64 + place + 0.5, band.members[place as usize].to_string()));
            }
        }
        axis::y_ticks(figure, style, panel, &ticks);
    }
}
