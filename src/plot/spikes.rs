//! The raster's main panel: spikes as strokes or as density, the populations' names and rows.

use plotters::style::text_anchor::{HPos, VPos};

use super::axis;
use super::chart::{Chart, Sheet, Style};
use super::elements::Strokes;
use super::names::told_apart;
use super::palette::{self, FRAME};
use super::raster::{Place, shade};
use super::rows::{Band, Rows, numbered};
use super::scale::Axis;
use super::tally::{Drawn, Tally};
use super::{PlotError, font};
use crate::spikes::IntervalTable;

/// Draws every spike in the row of its unit.
pub(crate) fn spike_chart(
    sheet: &Sheet,
    place: Place,
    (rows, tally): (&Rows, &Tally),
    intervals: Option<&IntervalTable>,
) -> Result<(), PlotError> {
    let [_, top, _, bottom] = place.pixels;
    let count = rows.count.max(1) as f64;
    let several = rows.bands.len() > 1;
    let label = match rows.bands.first().map_or("units", |b| b.name.as_str()) {
        _ if several => String::new(),
        "units" => "unit".into(),
        name => format!("{name}: neuron"),
    };
    let ticks = numbers(sheet.style, rows, (bottom - top) / count);
    let y = Axis::at((count, 0.0), label, ticks);
    let mut chart = sheet.chart("raster", place.pixels, place.left, (place.time, y))?;
    shade(&chart, intervals)?;
    spikes(sheet, &chart, rows, tally)?;
    separators(&mut chart, rows)?;
    if several { names(sheet, &chart, rows) } else { Ok(()) }
}

/// A line between any two populations.
pub(crate) fn separators(chart: &mut Chart, rows: &Rows) -> Result<(), PlotError> {
    for band in rows.bands.iter().skip(1) {
        let (from, to) = chart.panel.x;
        chart.rule((from, band.first_row as f64), (to, band.first_row as f64), FRAME.fade(0.7))?;
    }
    Ok(())
}

/// The spikes as strokes, or as a picture of their density.
fn spikes(sheet: &Sheet, chart: &Chart, rows: &Rows, tally: &Tally) -> Result<(), PlotError> {
    let [_, top, _, bottom] = chart.panel.pixels;
    let Style { em, hair, .. } = sheet.style;
    if tally.marks == 0 {
        let (unit, per_s) = axis::time_unit(chart.panel.x.0, chart.panel.x.1);
        let (from, to) = (axis::trimmed(chart.panel.x.0 * per_s), axis::trimmed(chart.panel.x.1 * per_s));
        return chart.say(&format!("no spikes between {from} and {to} {unit}"));
    }
    let strokes = match &tally.drawn {
        Drawn::Each(strokes) => strokes,
        Drawn::Dense => return density(chart, rows, tally),
    };
    // Few spikes are drawn thick enough to be seen, many thin enough to be told apart.
    let w = if strokes.len() < 4000 { 2.4 * hair } else { 1.5 * hair };
    let h = (0.84 * (bottom - top) / rows.count.max(1) as f64).clamp(3.0, 3.0 * em);
    let mut at = vec![Vec::new(); rows.bands.len()];
    for &(time, unit) in strokes {
        at[rows.band_of[unit as usize] as usize].push((time, f64::from(rows.row_of[unit as usize]) + 0.5));
    }
    for (band, at) in rows.bands.iter().zip(at) {
        let (ink, within) = (palette::color(band.color), chart.panel.pixels);
        chart.plot.plotting_area().draw(&Strokes { at, w, h, ink, within })?;
    }
    Ok(())
}

/// Spikes per pixel as the opacity of the population's colour.
fn density(chart: &Chart, rows: &Rows, tally: &Tally) -> Result<(), PlotError> {
    let [left, top, right, bottom] = chart.panel.pixels;
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
    chart.image(width as u32, rgba)
}

/// What the units are called, beside their rows, each `row` pixels high.
pub(crate) fn numbers(style: Style, rows: &Rows, row: f64) -> Vec<(f64, String)> {
    let mut ticks = Vec::new();
    for (index, band) in rows.bands.iter().enumerate() {
        let height = band.ids.len() as f64 * row;
        let wanted = (height / (3.5 * style.em)).floor().clamp(1.0, 12.0) as usize;
        for (place, id) in numbered(&band.ids, wanted) {
            let place = place as f64;
            // A number at a band's end would touch its neighbour's first.
            let below = height - (place + 0.5) * row;
            let crowded = place > 0.0 && index + 1 < rows.bands.len() && below < 1.2 * style.small;
            if height >= 1.3 * style.small && !crowded {
                ticks.push((band.first_row as f64 + place + 0.5, id.to_string()));
            }
        }
    }
    ticks
}

/// The names of the populations beside their rows, in their colours.
pub(crate) fn names(sheet: &Sheet, chart: &Chart, rows: &Rows) -> Result<(), PlotError> {
    let em = sheet.style.em;
    let mut free_from = f64::NEG_INFINITY;
    let bands: Vec<&Band> = rows.bands.iter().filter(|b| !b.ids.is_empty()).collect();
    let whole: Vec<&str> = bands.iter().map(|band| band.name.as_str()).collect();
    let shown = told_apart(&whole, |text| font::width(text, em, true) <= 12.0 * em);
    for (band, name) in bands.into_iter().zip(shown) {
        // A thin band is named at its middle, but never on top of the name above.
        let middle = chart.panel.py(band.first_row as f64 + band.ids.len() as f64 / 2.0).max(free_from);
        free_from = middle + 1.05 * em;
        let style = sheet.style.bold(em, palette::color(band.color), (HPos::Left, VPos::Center));
        sheet.write((em, middle), &name, &style)?;
    }
    Ok(())
}
