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

/// The names of the populations beside their rows, in their colours. Those of thin ones, which have no room there, stand as near as they
/// can, and a line leads to their rows; of more than there is room for at all some are named.
pub(crate) fn names(sheet: &Sheet, chart: &Chart, rows: &Rows) -> Result<(), PlotError> {
    let Style { em, hair, .. } = sheet.style;
    let [left, top, _, bottom] = chart.panel.pixels;
    let all: Vec<&Band> = rows.bands.iter().filter(|b| !b.ids.is_empty()).collect();
    let gap = 1.05 * em;
    let room = ((bottom - top) / gap) as usize + 1;
    let bands: Vec<&Band> = all.iter().copied().step_by(all.len().div_ceil(room).max(1)).collect();
    let whole: Vec<&str> = bands.iter().map(|band| band.name.as_str()).collect();
    let shown = told_apart(&whole, |text| font::width(text, em, true) <= 12.0 * em);
    let middle = |band: &&Band| chart.panel.py(band.first_row as f64 + band.ids.len() as f64 / 2.0);
    let middles: Vec<f64> = bands.iter().map(middle).collect();
    let places = apart(&middles, gap, (top, bottom));
    for (((band, name), middle), place) in bands.into_iter().zip(shown).zip(middles).zip(places) {
        let ink = palette::color(band.color);
        if (place - middle).abs() > 0.4 * em {
            let from = em + font::width(&name, em, true) + 0.3 * em;
            sheet.line((from, place), (left - 0.3 * em, middle), hair, ink.fade(0.7))?;
        }
        sheet.write((em, place), &name, &sheet.style.bold(em, ink, (HPos::Left, VPos::Center)))?;
    }
    Ok(())
}

/// Places from `first` to `last` that are at least `gap` apart, each as near as that allows to the one that is wanted; those rise.
fn apart(wanted: &[f64], gap: f64, (first, last): (f64, f64)) -> Vec<f64> {
    // What would touch becomes a block, which stands around the mean of what its members want: (sum, members).
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (index, wanted) in wanted.iter().enumerate() {
        let mut block = (wanted - index as f64 * gap, 1);
        while let Some((sum, members)) = blocks.pop_if(|(sum, n)| *sum / *n as f64 > block.0 / block.1 as f64) {
            block = (block.0 + sum, block.1 + members);
        }
        blocks.push(block);
    }
    let most = first.max(last - wanted.len().saturating_sub(1) as f64 * gap);
    let starts = blocks.into_iter().flat_map(|(sum, n)| std::iter::repeat_n((sum / n as f64).clamp(first, most), n));
    starts.enumerate().map(|(index, start)| start + index as f64 * gap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_as_near_to_their_rows_as_the_others_let_them() {
        assert_eq!(apart(&[10.0, 50.0, 90.0], 10.0, (0.0, 100.0)), [10.0, 50.0, 90.0]);
        // Around the middle of those that are too near, and not beyond the ends.
        assert_eq!(apart(&[10.0, 50.0, 52.0, 54.0], 10.0, (0.0, 100.0)), [10.0, 42.0, 52.0, 62.0]);
        assert_eq!(apart(&[98.0, 99.0, 100.0], 10.0, (0.0, 100.0)), [80.0, 90.0, 100.0]);
        assert_eq!(apart(&[0.0, 1.0], 10.0, (0.0, 100.0)), [0.0, 10.0]);
        assert!(apart(&[], 10.0, (0.0, 100.0)).is_empty());
    }
}
