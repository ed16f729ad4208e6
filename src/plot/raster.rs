//! The spike raster: who fired when, population rates below, behaviour below that.

use plotters::prelude::{Color, Rectangle};

use super::axis::{self, TimeAxis};
use super::chart::{Chart, Sheet, Style};
use super::figure::Figure;
use super::palette::SHADE;
use super::rates::{rate_axis, rate_chart};
use super::rows::{Rows, Selection};
use super::scale::Axis;
use super::signal::{signal_axis, signal_chart};
use super::spikes::spike_chart;
use super::tally::{Drawn, Tally, Windows};
use super::unit_rates::unit_rate_chart;
use super::{Group, PlotError, font};
use crate::analysis::Spans;
use crate::counted::{counted, grouped};
use crate::spikes::{IntervalTable, Signal, SpikeSource};

/// More spikes than this are drawn as pixels whose strength says how many fell there.
pub const DENSE: usize = 50_000;

/// What a raster shows.
#[derive(Clone)]
pub struct RasterData<'a> {
    /// Its title; may be empty.
    pub title: &'a str,
    /// The spikes.
    pub spikes: &'a dyn SpikeSource,
    /// The populations; empty if the units are not divided.
    pub groups: &'a [Group],
    /// Signals to draw below, on the same time axis.
    pub signals: &'a [Signal],
    /// Intervals to shade: trials, epochs.
    pub intervals: Option<&'a IntervalTable>,
    /// When the units were observed \[s\]; empty if that is not known. Between, nothing is known of rates, whatever spikes are there.
    pub observed: &'a [(f64, f64)],
}

impl RasterData<'_> {
    /// What is shaded, if anything is.
    pub(crate) fn shaded(&self) -> Option<&str> {
        let table = self.intervals.filter(|table| !table.start.is_empty())?;
        Some(if table.name.is_empty() { "intervals" } else { &table.name })
    }
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
    /// Draw at most so many units, evenly chosen; one of each population in any case.
    pub max_neurons: Option<usize>,
    /// Draw the panel with population rates.
    pub rates: bool,
    /// Draw the rate of each unit beside its row, where the picture is wide enough.
    pub unit_rates: bool,
    /// Its bins \[s\]; a round number that suits the window.
    pub bin: Option<f64>,
    /// Width and height \[pixels\].
    pub size: (u32, u32),
}

impl Default for RasterOptions {
    fn default() -> Self {
        RasterOptions {
            start: None,
            stop: None,
            select: vec![],
            max_neurons: None,
            rates: true,
            unit_rates: true,
            bin: None,
            size: (1400, 900),
        }
    }
}

/// The window of time that is drawn: as asked, otherwise around all spikes.
pub(crate) fn window(ends: Option<(f64, f64)>, start: Option<f64>, stop: Option<f64>) -> Result<TimeAxis, PlotError> {
    let from = start.unwrap_or_else(|| match ends {
        // A moment alone is shown in the middle of a second.
        Some((first, last)) if first == last => {
            if first >= 0.0 {
                (first - 0.5).max(0.0)
            } else {
                first - 0.5
            }
        }
        // An axis from 0 reads better than one from the first spike, where that costs little room of what is shown.
        Some((first, last)) => {
            let end = stop.map_or(last, |stop| stop.min(last));
            if first < 0.0 || first > 0.2 * end { first - 0.01 * (end - first).max(0.0) } else { 0.0 }
        }
        None => 0.0,
    });
    let to = stop.unwrap_or(match ends {
        Some((first, last)) if first == last && last + 0.5 > from => last + 0.5,
        // The last spike lies within, not on the edge.
        Some((_, last)) if last > from => last + 0.005 * (last - from),
        _ => from + 1.0,
    });
    let fine = from.is_finite() && to.is_finite() && from < to && (to - from).is_finite();
    if fine { Ok(TimeAxis { start: from, stop: to }) } else { Err(PlotError::Window { start: from, stop: to }) }
}

/// The part of the window to which rates refer \[s\]: without the room that [`window`] left around the spikes,
/// in which there are none because it was not observed.
pub(crate) fn observed(ends: Option<(f64, f64)>, options: &RasterOptions, time: TimeAxis) -> (f64, f64) {
    let first = ends.map(|e| e.0).filter(|first| time.start != 0.0 && *first > time.start);
    let last = ends.map(|e| e.1.next_up()).filter(|last| *last < time.stop);
    let start = options.start.or(first).unwrap_or(time.start);
    let stop = options.stop.or(last).unwrap_or(time.stop);
    if stop - start > 0.1 * (time.stop - time.start) { (start, stop) } else { (time.start, time.stop) }
}

/// A bin for rates: about 150 to the window, a round number, at least 1 ms unless the window is tiny.
pub(crate) fn auto_bin((start, stop): (f64, f64)) -> f64 {
    let span = stop - start;
    axis::nice_step(span / 150.0).max(0.001f64.min(span / 10.0))
}

/// Draws a raster. Spikes are read once, or twice, in pieces, so that there may be more of them than memory holds.
///
/// # Errors
/// If the window is empty, the picture too small, a selection names what is not there, or the spikes cannot be read.
pub fn raster(data: &RasterData, options: &RasterOptions) -> Result<Figure, PlotError> {
    let style = Style::of(options.size)?;
    let rows = Rows::new(data.spikes.unit_ids(), data.groups, &options.select, options.max_neurons)?;
    let ends = data.spikes.ends()?;
    let time = window(ends, options.start, options.stop)?;
    let observed = observed(ends, options, time);
    let bin = options.bin.unwrap_or_else(|| auto_bin(observed));
    let shown_bin = options.rates.then_some(bin);

    let mut left = left_margin(style, &rows, data.signals.iter().map(|s| signal_axis(s, (time.start, time.stop))));
    // A moment alone has no rate: the window around it is invented.
    let lasts = options.start.is_some() || options.stop.is_some() || ends.is_none_or(|(first, last)| first < last);
    let beside = options.unit_rates && lasts && rows.count > 0 && f64::from(options.size.0) > 45.0 * style.em;
    let place = |left: f64, caption: &str| {
        let [from, top, right, bottom] = style.room(options.size, data.title, caption);
        let right = if beside { right - 9.0 * style.em } else { right };
        layout(style, [from + left, top, right, bottom], usize::from(options.rates), data.signals.len())
    };
    // Room for the longest that the caption can become: how many spikes there are is known after the layout.
    let longest = caption(data, options, &rows, time, None, shown_bin);
    let spans = Spans::within(data.observed, observed.0, observed.1);
    let count = |panels: &[[f64; 4]]| {
        let grid = ((panels[0][2] - panels[0][0]) as usize, (panels[0][3] - panels[0][1]) as usize);
        Tally::count(data.spikes, &rows, (Windows { time, observed, bin: shown_bin }, &spans), grid)
    };
    let mut panels = place(left, &longest);
    let mut tally = count(&panels)?;
    if options.rates {
        // How long the numbers beside the rates are is known when these are; seldom longer than those beside the rows.
        let [_, top, _, bottom] = panels[1];
        let room = style.left_room(&rate_axis(&tally.rates(), &rows), bottom - top);
        if room > left {
            left = room;
            panels = place(left, &longest);
            tally = count(&panels)?;
        }
    }
    let caption = caption(data, options, &rows, time, Some(tally.marks), shown_bin);
    // Strokes, unlike counts, can still be moved.
    let panels = if tally.drawn == Drawn::Dense { panels } else { place(left, &caption) };
    let sheet = Sheet::new(data.title, &caption, options.size)?;
    let count = panels.len();
    for (index, pixels) in panels.into_iter().enumerate() {
        let place = Place { pixels, left, time: Axis::time(time).unwritten(index + 1 < count) };
        if index == 0 {
            spike_chart(&sheet, place, (&rows, &tally), data.intervals)?;
            if beside {
                let [_, top, right, bottom] = pixels;
                let side = [right + 1.2 * style.em, top, right + 9.0 * style.em, bottom];
                unit_rate_chart(&sheet, side, &rows, &tally.unit_rates())?;
            }
        } else if index == 1 && options.rates {
            rate_chart(&sheet, place, (&tally.rates()[..], &rows), data.intervals)?;
        } else {
            let signal = &data.signals[index - 1 - usize::from(options.rates)];
            signal_chart(&sheet, place, signal, data.intervals)?;
        }
    }
    Ok(sheet.finish())
}

/// Where a chart of the raster stands.
pub(crate) struct Place {
    /// Its plotting area: left, top, right and bottom edge.
    pub pixels: [f64; 4],
    /// Room for labels on its left \[pixels\].
    pub left: f64,
    /// Its horizontal axis.
    pub time: Axis,
}

/// Shades trials and other intervals.
pub(crate) fn shade(chart: &Chart, intervals: Option<&IntervalTable>) -> Result<(), PlotError> {
    let Some(table) = intervals else { return Ok(()) };
    let ((from, to), (low, high)) = (chart.panel.x, chart.panel.y);
    for (&start, &stop) in table.start.iter().zip(&table.stop) {
        if start.is_finite() && stop.is_finite() && start < to && stop > from {
            // A moment is a pixel wide.
            let pixel = (to - from) / (chart.panel.pixels[2] - chart.panel.pixels[0]);
            let corners = [(start.max(from), low), (stop.min(to).max(start.max(from) + pixel), high)];
            chart.plot.plotting_area().draw(&Rectangle::new(corners, SHADE.filled()))?;
        }
    }
    Ok(())
}

/// What the picture shows, in words; of any number of spikes if `marks` is none.
fn caption(
    data: &RasterData,
    options: &RasterOptions,
    rows: &Rows,
    time: TimeAxis,
    marks: Option<u64>,
    bin: Option<f64>,
) -> String {
    let (unit, per_s) = axis::time_unit(time.start, time.stop);
    let mut parts = Vec::new();
    let marks = marks.unwrap_or(u64::MAX);
    let spikes = counted(marks.min(999_999_999), "spike");
    if rows.count < rows.selected() {
        parts.push(format!(
            "{spikes} of {}, evenly chosen of {}",
            counted(rows.count, "neuron"),
            grouped(rows.selected())
        ));
    } else {
        let what = if data.groups.is_empty() { "unit" } else { "neuron" };
        parts.push(format!("{spikes} of {}", counted(rows.count, what)));
    }
    if marks > DENSE as u64 {
        parts.push("binned at the picture's pixels, darker where more fell".into());
    }
    if let Some(bin) = bin {
        let width = if bin < 1.0 { axis::trimmed(bin * 1e3) + " ms" } else { axis::trimmed(bin) + " s" };
        let of_all = if rows.count < rows.selected() { " of all selected neurons" } else { "" };
        parts.push(format!("rates{of_all} in bins of {width}"));
    }
    if let Some(name) = data.shaded() {
        parts.push(format!("shaded: {name}"));
    }
    // Where an end was not given there is room around the spikes.
    let (from, to) = (axis::trimmed(time.start * per_s), axis::trimmed(time.stop * per_s));
    match (options.start, options.stop) {
        (Some(_), Some(_)) => parts.push(format!("window {from} to {to} {unit}")),
        (Some(_), None) => parts.push(format!("window from {from} {unit} on")),
        (None, Some(_)) => parts.push(format!("window up to {to} {unit}")),
        (None, None) => {}
    }
    parts.join("; ") + "."
}

/// Room for the names of the populations and the numbers of their members, or for the labels of low charts below.
fn left_margin(style: Style, rows: &Rows, below: impl Iterator<Item = Axis>) -> f64 {
    let below = below.map(|axis| style.left_room(&axis, 6.0 * style.em));
    below.fold(band_margin(style, rows), f64::max)
}

/// Room for the names of the populations and the numbers of their members.
pub(crate) fn band_margin(style: Style, rows: &Rows) -> f64 {
    let names = if rows.bands.len() > 1 {
        rows.bands.iter().map(|b| font::width(&b.name, style.em, true)).fold(0.0, f64::max).min(12.0 * style.em)
            + 0.8 * style.em
    } else {
        1.8 * style.em
    };
    let ids = || rows.bands.iter().flat_map(|b| &b.ids).copied();
    let ends = [ids().min().unwrap_or(0), ids().max().unwrap_or(0)];
    let widths = ends.map(|id| font::width(&id.to_string(), style.small, false));
    let numbers = widths.into_iter().fold(2.2 * style.small, f64::max);
    (1.15 * style.em + names + numbers).round()
}

/// \[left, top, right, bottom\] of the raster, the rates and the signals, from the top.
fn layout(style: Style, [left, top, right, bottom]: [f64; 4], rates: usize, signals: usize) -> Vec<[f64; 4]> {
    let bottom = bottom - style.x_room();
    // The names of a signal's columns are written in the gap above it.
    let gap = if signals > 0 { 1.5 } else { 0.9 } * style.em;
    let mut shares = vec![1.0];
    if rates > 0 {
        shares.push(0.3);
    }
    shares.extend(std::iter::repeat_n(0.36, signals));
    let room = (bottom - top - gap * (shares.len() - 1) as f64).max(8.0 * shares.len() as f64);
    let total: f64 = shares.iter().sum();
    let mut panels = Vec::new();
    let mut y = top;
    for share in shares {
        let height = room * share / total;
        panels.push([left, y, right, y + height].map(f64::round));
        y += height + gap;
    }
    panels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_before_the_first_spike_follows_from_what_is_shown() {
        let shown = |ends, start, stop| window(Some(ends), start, stop).map(|time| (time.start, time.stop)).unwrap();
        assert_eq!(shown((5000.0, 8600.0), None, None), (4964.0, 8600.0 + 0.005 * 3636.0));
        assert_eq!(shown((5000.0, 8600.0), None, Some(5010.0)), (4999.9, 5010.0));
        assert_eq!(shown((5000.0, 8600.0), None, Some(9000.0)), (4964.0, 9000.0));
        assert_eq!(shown((10.0, 1000.0), None, Some(20.0)), (9.9, 20.0), "half of the picture would be empty");
        assert_eq!(shown((1.0, 1000.0), None, Some(20.0)), (0.0, 20.0));
        assert!(window(Some((5.0, 10.0)), None, Some(4.0)).is_err());
    }
}
