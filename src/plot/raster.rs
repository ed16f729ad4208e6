//! The spike raster: who fired when, population rates below, behaviour below that.

use super::axis::{self, Style, TimeAxis};
use super::figure::{Anchor, Figure, Mark, Panel};
use super::font;
use super::palette::{self, FRAME, MUTED, SHADE, TEXT};
use super::rows::{NONE, Rows, Selection};
use super::traces::curve;
use super::{Group, PlotError};
use crate::analysis::{BinnedRate, binned_rate};
use crate::spikes::{IntervalTable, Signal, SpikeTable};

/// More spikes than this are drawn as pixels whose strength says how many fell there.
pub const DENSE: usize = 50_000;

/// What a raster shows.
#[derive(Clone, Debug)]
pub struct RasterData<'a> {
    /// Its title; may be empty.
    pub title: &'a str,
    /// The spikes.
    pub spikes: &'a SpikeTable,
    /// The populations; empty if the units are not divided.
    pub groups: &'a [Group],
    /// Signals to draw below, on the same time axis.
    pub signals: &'a [Signal],
    /// Intervals to shade: trials, epochs.
    pub intervals: Option<&'a IntervalTable>,
}

/// How it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct RasterOptions {
    /// Start of the window \[s\]; the first spike, or 0 if that is near.
    pub start: Option<f64>,
    /// End of the window \[s\]; the last spike.
    pub stop: Option<f64>,
    /// Populations and members to show; all if empty.
    pub select: Vec<Selection>,
    /// Draw at most so many units, evenly chosen.
    pub max_neurons: Option<usize>,
    /// Draw the panel with population rates.
    pub rates: bool,
    /// Its bins \[s\]; a round number that suits the window.
    pub bin: Option<f64>,
    /// Width and height \[pixels\].
    pub size: (u32, u32),
}

impl Default for RasterOptions {
    fn default() -> Self {
        let size = (1400, 900);
        RasterOptions { start: None, stop: None, select: vec![], max_neurons: None, rates: true, bin: None, size }
    }
}

/// The window of time that is drawn: as asked, otherwise around all spikes.
pub(crate) fn window(spikes: &SpikeTable, start: Option<f64>, stop: Option<f64>) -> Result<TimeAxis, PlotError> {
    let first = spikes.times.first().copied();
    let last = spikes.times.last().copied();
    let from = start.unwrap_or_else(|| match (first, last) {
        // An axis from 0 reads better than one from the first spike, where that costs little room.
        (Some(first), Some(last)) if first < 0.0 || first > 0.2 * last => first - 0.01 * (last - first),
        _ => 0.0,
    });
    let to = stop.unwrap_or_else(|| match last {
        // The last spike lies within, not on the edge.
        Some(last) if last > from => last + 0.005 * (last - from),
        _ => from + 1.0,
    });
    let fine = from.is_finite() && to.is_finite() && from < to && (to - from).is_finite();
    if fine { Ok(TimeAxis { start: from, stop: to }) } else { Err(PlotError::Window { start: from, stop: to }) }
}

/// A bin for rates: about 150 to the window, a round number, at least 1 ms unless the window is tiny.
pub(crate) fn auto_bin(axis: TimeAxis) -> f64 {
    let span = axis.stop - axis.start;
    axis::nice_step(span / 150.0).max(0.001f64.min(span / 10.0))
}

/// Draws a raster.
///
/// # Errors
/// If the window is empty, the picture too small, or a selection names what is not there.
pub fn raster(data: &RasterData, options: &RasterOptions) -> Result<Figure, PlotError> {
    let style = Style::of(options.size)?;
    let rows = Rows::new(data.spikes.unit_ids.len(), data.groups, &options.select, options.max_neurons)?;
    let time = window(data.spikes, options.start, options.stop)?;
    let shown = data.spikes.between(time.start, time.stop);
    let marks = shown.units.iter().filter(|u| rows.row_of[**u as usize] != NONE).count();
    let bin = options.bin.unwrap_or_else(|| auto_bin(time));
    let rates = if options.rates { rates(&shown, &rows, time, bin)? } else { Vec::new() };

    let (mut figure, top) = style.figure(options.size, data.title);
    figure.caption = caption(data, &rows, time, marks, (!rates.is_empty()).then_some(bin));
    let lines = style.caption_lines(options.size.0, &figure.caption);
    let left = left_margin(style, &rows);
    let panels =
        layout(style, &figure, (left, top, style.caption_height(lines.len())), rates.len(), data.signals.len());

    let (time_ticks, time_label) = time.ticks(axis::wanted(panels[0][2] - panels[0][0], 6.0 * style.em));
    let xs: Vec<f64> = time_ticks.iter().map(|t| t.0).collect();
    let count = panels.len();
    for (index, pixels) in panels.into_iter().enumerate() {
        let mut panel = Panel { name: String::new(), pixels, x: (time.start, time.stop), y: (0.0, 1.0) };
        shade(&mut figure, &panel, data.intervals);
        if index == 0 {
            panel.name = "raster".into();
            panel.y = (rows.count.max(1) as f64, 0.0);
            axis::grid(&mut figure, style, &panel, &xs, &[]);
            spikes(&mut figure, style, &panel, &rows, &shown, marks);
            bands(&mut figure, style, &panel, &rows);
        } else if index == 1 && !rates.is_empty() {
            panel.name = "rate".into();
            rate_panel(&mut figure, style, &mut panel, &xs, &rates, &rows);
        } else {
            signal_panel(
                &mut figure,
                style,
                &mut panel,
                &xs,
                &data.signals[index - 1 - usize::from(!rates.is_empty())],
            );
        }
        axis::frame(&mut figure, style, &panel);
        axis::x_ticks(&mut figure, style, &panel, &time_ticks, index + 1 == count);
        if index + 1 == count {
            axis::x_label(&mut figure, style, &panel, &time_label);
        }
        figure.panels.push(panel);
    }
    style.caption(&mut figure, &lines);
    Ok(figure)
}

/// The mean rate per unit of every band, over its selected units, drawn or not.
fn rates(shown: &SpikeTable, rows: &Rows, time: TimeAxis, bin: f64) -> Result<Vec<BinnedRate>, PlotError> {
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
        let mut rate = binned_rate(&merged, index..index + 1, time.start, time.stop, bin)?;
        rate.hz.iter_mut().for_each(|hz| *hz /= band.selected.max(1) as f64);
        all.push(rate);
    }
    Ok(all)
}

fn caption(data: &RasterData, rows: &Rows, time: TimeAxis, marks: usize, bin: Option<f64>) -> String {
    let (unit, per_s) = axis::time_unit(time.start, time.stop);
    let mut parts = Vec::new();
    let drawn = axis::grouped(rows.count);
    let spikes = axis::grouped(marks);
    if rows.count < rows.selected() {
        parts.push(format!("{spikes} spikes of {drawn} neurons, evenly chosen of {}", axis::grouped(rows.selected())));
    } else {
        let what = if data.groups.is_empty() { "units" } else { "neurons" };
        parts.push(format!("{spikes} spikes of {drawn} {what}"));
    }
    if marks > DENSE {
        parts.push("binned at the picture's pixels, darker where more fell".into());
    }
    if let Some(bin) = bin {
        let width = if bin < 1.0 { format!("{} ms", (bin * 1e6).round() / 1e3) } else { format!("{bin} s") };
        let of_all = if rows.count < rows.selected() { " of all selected neurons" } else { "" };
        parts.push(format!("rates{of_all} in bins of {width}"));
    }
    if let Some(table) = data.intervals.filter(|t| !t.start.is_empty()) {
        parts.push(format!("shaded: {}", if table.name.is_empty() { "intervals" } else { &table.name }));
    }
    if time.start != 0.0 {
        parts.push(
            format!("window {:.6} to {:.6} {unit}", time.start * per_s, time.stop * per_s).replace("000000", "0"),
        );
    }
    parts.join("; ") + "."
}

/// Room for the names of the populations and the numbers of their members.
fn left_margin(style: Style, rows: &Rows) -> f64 {
    let names = if rows.bands.len() > 1 {
        rows.bands.iter().map(|b| font::width(&b.name, style.em, true)).fold(0.0, f64::max).min(12.0 * style.em)
            + 0.8 * style.em
    } else {
        1.8 * style.em
    };
    let largest = rows.bands.iter().filter_map(|b| b.members.last()).max().copied().unwrap_or(0);
    let numbers = font::width(&largest.to_string(), style.small, false).max(2.2 * style.small);
    (style.em + names + numbers + 0.8 * style.em).round()
}

/// \[left, top, right, bottom\] of the raster, the rates and the signals, from the top.
fn layout(
    style: Style,
    figure: &Figure,
    (left, top, below): (f64, f64, f64),
    rates: usize,
    signals: usize,
) -> Vec<[f64; 4]> {
    let right = (f64::from(figure.width) - 1.5 * style.em).round();
    let bottom = f64::from(figure.height) - below - axis::x_room(style);
    let gap = 0.9 * style.em;
    let mut shares = vec![1.0];
    if rates > 0 {
        shares.push(0.3);
    }
    shares.extend(std::iter::repeat_n(0.24, signals));
    let room = (bottom - top - gap * (shares.len() - 1) as f64).max(8.0 * shares.len() as f64);
    let total: f64 = shares.iter().sum();
    let mut panels = Vec::new();
    let mut y = top;
    for share in shares {
        let height = room * share / total;
        panels.push([left, y.round(), right, (y + height).round()]);
        y += height + gap;
    }
    panels
}

fn shade(figure: &mut Figure, panel: &Panel, intervals: Option<&IntervalTable>) {
    let Some(table) = intervals else { return };
    let [left, top, right, bottom] = panel.pixels;
    for (&start, &stop) in table.start.iter().zip(&table.stop) {
        if start.is_finite() && stop.is_finite() && start < panel.x.1 && stop > panel.x.0 {
            let (from, to) = (panel.px(start).max(left), panel.px(stop).min(right));
            figure.rect(from, top, (to - from).max(1.0), bottom - top, SHADE);
        }
    }
}

fn spikes(figure: &mut Figure, style: Style, panel: &Panel, rows: &Rows, shown: &SpikeTable, marks: usize) {
    let [left, top, right, bottom] = panel.pixels;
    if marks == 0 {
        let (unit, per_s) = axis::time_unit(panel.x.0, panel.x.1);
        let text = format!("no spikes between {} and {} {unit}", round6(panel.x.0 * per_s), round6(panel.x.1 * per_s));
        let at = ((left + right) / 2.0, (top + bottom) / 2.0);
        figure.text(at, 1.2 * style.em, text, MUTED, Anchor::Middle);
        return;
    }
    let row_height = (bottom - top) / rows.count.max(1) as f64;
    if marks > DENSE {
        figure.marks.push(density(panel, rows, shown));
        return;
    }
    let width = if marks < 4000 { 1.3 * style.hair } else { style.hair };
    let height = (0.84 * row_height).clamp(2.0, 3.0 * style.em);
    let mut at = vec![Vec::new(); rows.bands.len()];
    for (&time, &unit) in shown.times.iter().zip(&shown.units) {
        let row = rows.row_of[unit as usize];
        if row != NONE {
            let middle = top + (f64::from(row) + 0.5) * row_height;
            let y = (middle - height / 2.0).clamp(top, bottom - height);
            let x = (panel.px(time) - width / 2.0).clamp(left, right - width);
            at[rows.band_of[unit as usize] as usize].push((x, y));
        }
    }
    for (band, at) in rows.bands.iter().zip(at) {
        if !at.is_empty() {
            figure.marks.push(Mark::Ticks { at, w: width, h: height, ink: palette::color(band.color) });
        }
    }
}

fn round6(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// Spikes per pixel as the opacity of the population's colour.
fn density(panel: &Panel, rows: &Rows, shown: &SpikeTable) -> Mark {
    let [left, top, right, bottom] = panel.pixels;
    let (width, height) = ((right - left) as usize, (bottom - top) as usize);
    let mut counts = vec![0u32; width * height];
    let mut band_at = vec![0u32; height];
    let row_height = height as f64 / rows.count.max(1) as f64;
    let lines = |row: u32| {
        let from = (f64::from(row) * row_height) as usize;
        let to = ((f64::from(row) + 1.0) * row_height) as usize;
        from.min(height - 1)..to.clamp(from + 1, height.max(from + 1)).min(height)
    };
    for (&row, &band) in rows.row_of.iter().zip(&rows.band_of).filter(|(row, _)| **row != NONE) {
        lines(row).for_each(|y| band_at[y] = band);
    }
    let per_s = width as f64 / (panel.x.1 - panel.x.0);
    for (&time, &unit) in shown.times.iter().zip(&shown.units) {
        let row = rows.row_of[unit as usize];
        if row != NONE {
            let x = (((time - panel.x.0) * per_s) as usize).min(width - 1);
            lines(row).for_each(|y| counts[y * width + x] += 1);
        }
    }
    // Full strength at the 98th percentile, so that one burst does not wash out the rest.
    let mut lit: Vec<u32> = counts.iter().copied().filter(|c| *c > 0).collect();
    let index = (lit.len().saturating_sub(1) * 98) / 100;
    let full = f64::from(if lit.is_empty() { 1 } else { *lit.select_nth_unstable(index).1 }.max(1));
    let rgba = counts
        .iter()
        .enumerate()
        .map(|(i, &count)| {
            let [r, g, b] = palette::color(rows.bands[band_at[i / width] as usize].color).rgb;
            let strength = (f64::from(count) / full).min(1.0).sqrt();
            [r, g, b, if count == 0 { 0 } else { (255.0 * strength).round().max(40.0) as u8 }]
        })
        .collect();
    Mark::Pixels { x: left as u32, y: top as u32, width: width as u32, rgba }
}

/// Names, member numbers and separators of the populations.
fn bands(figure: &mut Figure, style: Style, panel: &Panel, rows: &Rows) {
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

fn rate_panel(figure: &mut Figure, style: Style, panel: &mut Panel, xs: &[f64], rates: &[BinnedRate], rows: &Rows) {
    let top = rates.iter().flat_map(|r| &r.hz).copied().fold(0.0, f64::max);
    panel.y = (0.0, if top > 0.0 { 1.08 * top } else { 1.0 });
    let ticks = axis::labelled(0.0, panel.y.1, axis::wanted(panel.pixels[3] - panel.pixels[1], 2.2 * style.em));
    axis::grid(figure, style, panel, xs, &ticks.iter().map(|t| t.0).collect::<Vec<_>>());
    for (rate, band) in rates.iter().zip(&rows.bands) {
        let mut steps = Vec::with_capacity(2 * rate.hz.len() + 2);
        for (i, &hz) in rate.hz.iter().enumerate() {
            let (from, to) = rate.edges(i);
            steps.extend([(panel.px(from), panel.py(hz)), (panel.px(to), panel.py(hz))]);
        }
        let ink = palette::color(band.color);
        if rates.len() == 1 {
            for pair in steps.chunks_exact(2) {
                let (x, y) = pair[0];
                figure.rect(x, y, pair[1].0 - x, panel.pixels[3] - y, ink.fade(0.3));
            }
        }
        figure.line(steps, 1.2 * style.hair, ink);
    }
    axis::y_ticks(figure, style, panel, &ticks);
    axis::y_label(figure, style, panel, 1.6 * style.em, "rate (Hz)", TEXT);
}

fn signal_panel(figure: &mut Figure, style: Style, panel: &mut Panel, xs: &[f64], signal: &Signal) {
    panel.name = signal.name.clone();
    let width = signal.width.max(1);
    let inside: Vec<usize> = (0..signal.times.len().min(signal.data.len() / width))
        .filter(|i| signal.times[*i] >= panel.x.0 && signal.times[*i] <= panel.x.1)
        .collect();
    panel.y = axis::padded(inside.iter().flat_map(|i| signal.data[i * width..(i + 1) * width].iter().copied()));
    let ticks = axis::labelled(panel.y.0, panel.y.1, axis::wanted(panel.pixels[3] - panel.pixels[1], 2.2 * style.em));
    axis::grid(figure, style, panel, xs, &ticks.iter().map(|t| t.0).collect::<Vec<_>>());
    let mut x = panel.pixels[2];
    for column in (0..width).rev() {
        let times: Vec<f64> = inside.iter().map(|i| signal.times[*i]).collect();
        let values: Vec<f64> = inside.iter().map(|i| signal.data[i * width + column]).collect();
        curve(figure, panel, &times, &values, 1.4 * style.hair, palette::color(column));
        if width > 1 && width <= 8 {
            let label = if width <= 3 { ["x", "y", "z"][column].to_string() } else { column.to_string() };
            figure.text(
                (x, panel.pixels[1] + 0.2 * style.em),
                style.small,
                &label,
                palette::color(column),
                Anchor::End,
            );
            x -= font::width(&label, style.small, false) + 0.7 * style.em;
        }
    }
    axis::y_ticks(figure, style, panel, &ticks);
    let name = signal.name.replace('_', " ");
    let label = if signal.unit.is_empty() { name } else { format!("{name} ({})", signal.unit) };
    axis::y_label(figure, style, panel, 1.6 * style.em, &label, TEXT);
}
