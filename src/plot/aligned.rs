//! Spikes around events: a raster of trials for each unit and, below it, the peristimulus time histogram.

use super::PlotError;
use super::axis::{self, Style, TimeAxis};
use super::figure::{Anchor, Figure, Mark, Panel};
use super::heat::{ONE_SIDED, shade};
use super::palette::{self, FRAME, Ink, MUTED, TEXT};
use super::raster::DENSE;
use super::traces::legend_in;
use crate::analysis::number_of_bins;
use crate::spikes::SpikeTable;

/// Up to so many units get a panel of their own; more are drawn as a map, a line each.
const PANELS: usize = 12;

/// What is aligned to what.
#[derive(Clone, Debug)]
pub struct Aligned<'a> {
    /// Its title; may be empty.
    pub title: &'a str,
    /// The spikes.
    pub spikes: &'a SpikeTable,
    /// Units (indices) and what each is called.
    pub units: &'a [(usize, String)],
    /// Of each trial: the moment that becomes 0 \[s\] and its group (an index into `groups`).
    pub trials: &'a [(f64, usize)],
    /// What the groups are called; a single one needs no name.
    pub groups: &'a [String],
    /// What happens at 0, e.g. `start of trials`.
    pub event: &'a str,
    /// How far it reaches before and after the event \[s\].
    pub reach: (f64, f64),
    /// Width of the histogram's bins \[s\]; a round number that suits the window without it.
    pub bin: Option<f64>,
}

/// The mean rate in each bin and its standard error over the trials \[Hz\].
struct Course {
    mean: Vec<f64>,
    error: Vec<f64>,
}

/// Draws the spikes of each unit in each trial, trials in the order of their groups, and the mean rate of each group with the
/// standard error over its trials. More than 12 units are a map of rates, each unit's scaled to its own maximum, above the mean
/// over units.
///
/// # Errors
/// If there are no units or trials, a moment is not finite, the bin does not fit, or the picture is too small.
pub fn aligned(what: &Aligned, size: (u32, u32)) -> Result<Figure, PlotError> {
    let style = Style::of(size)?;
    let (from, to) = (-what.reach.0, what.reach.1);
    let bin = what.bin.unwrap_or_else(|| axis::nice_step((to - from) / 60.0));
    let bins = number_of_bins(from, to, bin)?;
    if what.units.is_empty() || what.trials.is_empty() {
        return Err(PlotError::Table("there are no units, or no events, to align".into()));
    }
    if let Some((at, group)) = what.trials.iter().find(|t| !t.0.is_finite() || t.1 >= what.groups.len().max(1)) {
        return Err(PlotError::Table(format!(
            "an event at {at} s of group {group}; expected a finite time and a group"
        )));
    }
    // Trials by group, then by time.
    let mut trials = what.trials.to_vec();
    trials.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
    let mut layer = Layer { what, style, trials, bin, bins, dense: false };
    let strokes = layer.strokes();
    let marks: usize = strokes.iter().map(Vec::len).sum();
    layer.dense = marks > DENSE;

    let (mut figure, top) = style.figure(size, what.title);
    let width = if bin < 1.0 { axis::trimmed(1e3 * bin) + " ms" } else { axis::trimmed(bin) + " s" };
    let (spikes, count) = (axis::grouped(marks), axis::grouped(layer.trials.len()));
    let plural = |n: usize, what: &str| format!("{} {what}{}", axis::grouped(n), if n == 1 { "" } else { "s" });
    figure.caption = format!(
        "{spikes} spikes of {} in {count} trials; 0: {}; rates in bins of {width}, band: standard error over trials",
        plural(what.units.len(), "unit"),
        what.event
    );
    if what.units.len() > PANELS {
        figure.caption += "; map: mean over trials, each unit from 0 to its maximum";
    } else if layer.dense {
        figure.caption += "; raster binned at the picture's pixels, darker where more fell";
    }
    figure.caption.push('.');
    let lines = style.caption_lines(size.0, &figure.caption);
    let left = 1.0 * style.em;
    let right = f64::from(size.0) - 1.5 * style.em;
    let bottom = f64::from(size.1) - axis::x_room(style) - style.caption_height(lines.len());
    let named = what.groups.len() > 1;
    if named {
        let labels: Vec<&str> = what.groups.iter().map(String::as_str).collect();
        let inks: Vec<Ink> = (0..labels.len()).map(|g| palette::among(g, labels.len())).collect();
        legend_in(&mut figure, style, [left + 12.0 * style.em, top + 0.4 * style.em, right], &labels, &inks);
    }
    let top = if named { top + 1.0 * style.em } else { top };
    if what.units.len() > PANELS {
        layer.map(&mut figure, &strokes, [left, top, right, bottom]);
    } else {
        layer.panels(&mut figure, &strokes, [left, top, right, bottom]);
    }
    style.caption(&mut figure, &lines);
    Ok(figure)
}

/// What all panels share.
struct Layer<'a> {
    what: &'a Aligned<'a>,
    style: Style,
    /// Moment and group, in the order of the rows.
    trials: Vec<(f64, usize)>,
    bin: f64,
    bins: usize,
    dense: bool,
}

impl Layer<'_> {
    fn groups(&self) -> usize {
        self.what.groups.len().max(1)
    }

    fn ink(&self, group: usize) -> Ink {
        palette::among(group, self.groups())
    }

    /// For each unit its spikes: time from the event \[s\] and the trial's row.
    fn strokes(&self) -> Vec<Vec<(f64, u32)>> {
        let mut place = vec![usize::MAX; self.what.spikes.unit_ids.len()];
        self.what.units.iter().enumerate().for_each(|(panel, (unit, _))| place[*unit] = panel);
        let mut strokes = vec![Vec::new(); self.what.units.len()];
        let SpikeTable { times, units, .. } = self.what.spikes;
        for (row, &(event, _)) in self.trials.iter().enumerate() {
            let first = times.partition_point(|t| *t < event - self.what.reach.0);
            let last = times.partition_point(|t| *t < event + self.what.reach.1);
            for (time, unit) in times[first..last.max(first)].iter().zip(&units[first..last.max(first)]) {
                if let Some(panel) = strokes.get_mut(place[*unit as usize]) {
                    panel.push((time - event, row as u32));
                }
            }
        }
        strokes
    }

    /// The course of each group, over all of these units: the mean rate of one.
    fn courses(&self, units: &[Vec<(f64, u32)>]) -> Vec<Course> {
        let mut counts = vec![vec![0.0f64; self.bins]; self.trials.len()];
        for &(time, row) in units.iter().flatten() {
            let bin = (((time + self.what.reach.0) / self.bin) as usize).min(self.bins - 1);
            counts[row as usize][bin] += 1.0;
        }
        let course = |group: usize| {
            let rows = || (0..self.trials.len()).filter(move |row| self.trials[*row].1 == group);
            let n = rows().count() as f64;
            let moment = |bin: usize| {
                let to = (self.what.reach.0 + self.what.reach.1).min((bin + 1) as f64 * self.bin);
                let scale = 1.0 / ((to - bin as f64 * self.bin) * units.len().max(1) as f64);
                let mean = rows().map(|row| counts[row][bin]).sum::<f64>() / n.max(1.0);
                let squares: f64 = rows().map(|row| (counts[row][bin] - mean).powi(2)).sum();
                let error = if n > 1.0 { (squares / (n - 1.0) / n).sqrt() } else { 0.0 };
                (scale * mean, scale * error)
            };
            let (mean, error) = (0..self.bins).map(moment).unzip();
            Course { mean, error }
        };
        (0..self.groups()).map(course).collect()
    }

    fn time(&self) -> TimeAxis {
        TimeAxis { start: -self.what.reach.0, stop: self.what.reach.1 }
    }

    /// A panel for each unit, in a grid.
    fn panels(&self, figure: &mut Figure, strokes: &[Vec<(f64, u32)>], [left, top, right, bottom]: [f64; 4]) {
        let em = self.style.em;
        let columns = (strokes.len() as f64).sqrt().ceil() as usize;
        let rows = strokes.len().div_ceil(columns);
        let room = (right - left) / columns as f64;
        let (title, between) = (1.5 * em, 1.0 * em);
        let height = (bottom - top - between * (rows as f64 - 1.0)) / rows as f64;
        for (index, spikes) in strokes.iter().enumerate() {
            let (column, row) = (index % columns, index / columns);
            let x = left + column as f64 * room;
            let y = top + row as f64 * (height + between);
            let edges = [x + if column == 0 { 4.6 } else { 4.0 } * em, x + room - 0.4 * em];
            let middle = y + title + 0.6 * (height - title);
            let above = [edges[0], y + title, edges[1], middle].map(f64::round);
            let below = [edges[0], middle + 0.5 * em, edges[1], y + height].map(f64::round);
            let name = &self.what.units[index].1;
            let at = (edges[0], y + title - 0.4 * em);
            let (size, text, ink) = (em, name.clone(), TEXT);
            figure.marks.push(Mark::Text {
                x: at.0,
                y: at.1,
                size,
                text,
                ink,
                anchor: Anchor::Start,
                bold: true,
                upward: false,
            });
            self.raster(figure, name, spikes, above, column == 0);
            let last = index + columns >= strokes.len();
            self.histogram(
                figure,
                &format!("rate of {name}"),
                &self.courses(&strokes[index..=index]),
                below,
                column == 0,
                last,
            );
        }
    }

    /// The trials of one unit, a row each.
    fn raster(&self, figure: &mut Figure, name: &str, spikes: &[(f64, u32)], pixels: [f64; 4], labelled: bool) {
        let time = self.time();
        let count = self.trials.len() as f64;
        let panel = Panel { name: name.to_string(), pixels, x: (time.start, time.stop), y: (count, 0.0) };
        let [left, top, right, bottom] = pixels;
        let row = (bottom - top) / count;
        if self.dense {
            figure.marks.push(self.density(&panel, spikes));
        } else {
            let height = (0.84 * row).clamp(2.0, 1.2 * self.style.em);
            let width = if spikes.len() < 2000 { 2.0 } else { 1.4 } * self.style.hair;
            let mut at = vec![Vec::new(); self.groups()];
            for &(time, trial) in spikes {
                let x = (panel.px(time) - width / 2.0).clamp(left, right - width);
                let y = (top + (f64::from(trial) + 0.5) * row - height / 2.0).clamp(top, bottom - height);
                at[self.trials[trial as usize].1].push((x, y));
            }
            for (group, at) in at.into_iter().enumerate().filter(|(_, at)| !at.is_empty()) {
                figure.marks.push(Mark::Ticks { at, w: width, h: height, ink: self.ink(group) });
            }
        }
        if spikes.is_empty() {
            let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
            figure.text(middle, self.style.em, "no spikes", MUTED, Anchor::Middle);
        }
        self.event(figure, &panel);
        axis::frame(figure, self.style, &panel);
        let ticks = axis::labelled(0.0, count, axis::wanted(bottom - top, 3.0 * self.style.em));
        let ticks: Vec<_> =
            ticks.into_iter().filter(|t| t.0.fract() == 0.0).map(|t| (t.0, format!("{:.0}", t.0))).collect();
        axis::y_ticks(figure, self.style, &panel, &ticks);
        if labelled {
            axis::y_label(figure, self.style, &panel, left - 3.4 * self.style.em, "trial", TEXT);
        }
        figure.panels.push(panel);
    }

    /// Spikes per pixel as the opacity of the group's colour.
    fn density(&self, panel: &Panel, spikes: &[(f64, u32)]) -> Mark {
        let [left, top, right, bottom] = panel.pixels;
        let (width, height) = (((right - left) as usize).max(1), ((bottom - top) as usize).max(1));
        let mut counts = vec![0u32; width * height];
        let count = self.trials.len();
        for &(time, trial) in spikes {
            let x = ((panel.px(time) - left) as usize).min(width - 1);
            let (first, end) = (trial as usize * height / count, (trial as usize + 1) * height / count);
            (first..end.max(first + 1)).for_each(|y| counts[y.min(height - 1) * width + x] += 1);
        }
        let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(1));
        let pixel = |(i, &n): (usize, &u32)| {
            let [r, g, b] = self.ink(self.trials[(i / width * count / height).min(count - 1)].1).rgb;
            let strength = 0.35 + 0.65 * (f64::from(n) / most).sqrt();
            [r, g, b, if n == 0 { 0 } else { (255.0 * strength).round() as u8 }]
        };
        let rgba = counts.iter().enumerate().map(pixel).collect();
        Mark::Pixels { x: left as u32, y: top as u32, width: width as u32, rgba }
    }

    /// A line at the event.
    fn event(&self, figure: &mut Figure, panel: &Panel) {
        let [_, top, _, bottom] = panel.pixels;
        if panel.x.0 < 0.0 && panel.x.1 > 0.0 {
            figure.rect(panel.px(0.0) - self.style.hair / 2.0, top, self.style.hair, bottom - top, FRAME);
        }
    }

    /// Mean rates with their errors.
    fn histogram(
        &self,
        figure: &mut Figure,
        name: &str,
        courses: &[Course],
        pixels: [f64; 4],
        labelled: bool,
        last: bool,
    ) {
        let (style, time) = (self.style, self.time());
        let tops = courses.iter().flat_map(|c| c.mean.iter().zip(&c.error).map(|(m, e)| m + e));
        let most = tops.fold(0.0, f64::max);
        let y = (0.0, if most > 0.0 { 1.05 * most } else { 1.0 });
        let panel = Panel { name: name.to_string(), pixels, x: (time.start, time.stop), y };
        let (xs, label) = time.ticks(axis::wanted(pixels[2] - pixels[0], 5.0 * style.em));
        let ys = axis::labelled(0.0, y.1, axis::wanted(pixels[3] - pixels[1], 2.5 * style.em).min(5));
        let places = |ticks: &[(f64, String)]| ticks.iter().map(|t| t.0).collect::<Vec<_>>();
        axis::grid(figure, style, &panel, &places(&xs), &places(&ys));
        let middle = |bin: usize| -self.what.reach.0 + (bin as f64 + 0.5) * self.bin;
        for (group, course) in courses.iter().enumerate() {
            let edge = |side: f64| {
                let course = course.mean.iter().zip(&course.error).enumerate();
                course.map(move |(bin, (mean, error))| (middle(bin), mean + side * error)).collect::<Vec<_>>()
            };
            let place = |(x, hz): (f64, f64)| (panel.px(x).min(pixels[2]), panel.py(hz.max(0.0)));
            let band = edge(1.0).into_iter().chain(edge(-1.0).into_iter().rev()).map(place).collect();
            figure.marks.push(Mark::Area { points: band, ink: self.ink(group).fade(0.2) });
        }
        for (group, course) in courses.iter().enumerate() {
            let line = course.mean.iter().enumerate();
            let line = line.map(|(bin, hz)| (panel.px(middle(bin)).min(pixels[2]), panel.py(*hz))).collect();
            figure.line(line, 1.4 * style.hair, self.ink(group));
        }
        self.event(figure, &panel);
        axis::frame(figure, style, &panel);
        axis::x_ticks(figure, style, &panel, &xs, last);
        axis::y_ticks(figure, style, &panel, &ys);
        if last {
            axis::x_label(figure, style, &panel, &label.replace("time", "time from event"));
        }
        if labelled {
            axis::y_label(figure, style, &panel, pixels[0] - 3.4 * style.em, "rate (Hz)", TEXT);
        }
        figure.panels.push(panel);
    }

    /// Many units: a line each in a map of rates, and the mean over units below.
    fn map(&self, figure: &mut Figure, strokes: &[Vec<(f64, u32)>], [left, top, right, bottom]: [f64; 4]) {
        let (style, em, time) = (self.style, self.style.em, self.time());
        let left = left + 5.4 * em;
        let middle = top + 0.5 * em + 0.64 * (bottom - top);
        let pixels = [left, top + 0.5 * em, right, middle].map(f64::round);
        let count = strokes.len();
        let panel = Panel { name: "map".into(), pixels, x: (time.start, time.stop), y: (count as f64, 0.0) };
        let (width, height) = ((pixels[2] - pixels[0]) as usize, (pixels[3] - pixels[1]) as usize);
        let mut rates = vec![vec![0.0f64; self.bins]; count];
        for (unit, spikes) in strokes.iter().enumerate() {
            for &(at, _) in spikes {
                rates[unit][(((at + self.what.reach.0) / self.bin) as usize).min(self.bins - 1)] += 1.0;
            }
        }
        let most: Vec<f64> = rates.iter().map(|r| r.iter().copied().fold(0.0, f64::max)).collect();
        let span = self.what.reach.0 + self.what.reach.1;
        let pixel = |k: usize| {
            let unit = (2 * (k / width) + 1) * count / (2 * height);
            let at = ((k % width) as f64 + 0.5) / width as f64 * span;
            let rate = rates[unit][((at / self.bin) as usize).min(self.bins - 1)];
            shade(&ONE_SIDED, if most[unit] > 0.0 { rate / most[unit] } else { 0.0 })
        };
        let rgba = (0..width * height).map(pixel).collect();
        figure.marks.push(Mark::Pixels { x: pixels[0] as u32, y: pixels[1] as u32, width: width as u32, rgba });
        self.event(figure, &panel);
        axis::frame(figure, style, &panel);
        let ticks = axis::labelled(0.0, count as f64, axis::wanted(pixels[3] - pixels[1], 3.5 * em));
        let ticks = ticks.into_iter().filter(|t| t.0.fract() == 0.0 && t.0 < count as f64);
        let ticks: Vec<_> = ticks.map(|t| (t.0 + 0.5, format!("{:.0}", t.0))).collect();
        axis::y_ticks(figure, style, &panel, &ticks);
        axis::y_label(figure, style, &panel, left - 4.0 * em, "unit", TEXT);
        figure.panels.push(panel);
        let below = [left, middle + 1.0 * em, right, bottom].map(f64::round);
        self.histogram(figure, "rate", &self.courses(strokes), below, true, true);
    }
}
