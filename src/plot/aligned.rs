//! Spikes around events: a raster of trials for each unit and, below it, the peristimulus time histogram.

use super::axis::{self, TimeAxis};
use super::chart::{Area, Chart, Sheet};
use super::elements::Strokes;
use super::figure::Figure;
use super::heat::{ONE_SIDED, shade};
use super::palette::{self, FRAME, Ink, TEXT};
use super::raster::{DENSE, band_margin};
use super::rows::{Band, Rows};
use super::scale::Axis;
use super::spikes::{names, numbers, separators};
use super::{Group, PlotError, backend};
use crate::analysis::{ROUNDING, Spans, number_of_bins, off, whole_part};
use crate::counted::counted;
use crate::spikes::SpikeSource;

/// Up to so many units get a panel of their own; more are drawn as a map, a line each.
const PANELS: usize = 12;

/// Where trials are grouped, up to so many populations get a panel of rates of their own below a map.
const RATES: usize = 6;

/// What is aligned to what.
#[derive(Clone)]
pub struct Aligned<'a> {
    /// Its title; may be empty.
    pub title: &'a str,
    /// The spikes.
    pub spikes: &'a dyn SpikeSource,
    /// Units (indices) and what each is called.
    pub units: &'a [(usize, String)],
    /// The populations, in whose order `units` come; empty if the units are not divided.
    pub populations: &'a [Group],
    /// Of each trial: the moment that becomes 0 \[s\] and its group (an index into `groups`).
    pub trials: &'a [(f64, usize)],
    /// What the groups are called; a single one needs no name.
    pub groups: &'a [String],
    /// By what the trials are grouped, such as the name of a column; may be empty.
    pub by: &'a str,
    /// What happens at 0, e.g. `start of trials`.
    pub event: &'a str,
    /// How far it reaches before and after the event \[s\].
    pub reach: (f64, f64),
    /// Width of the histogram's bins \[s\]; a round number that suits the window without it.
    pub bin: Option<f64>,
    /// When the units were observed \[s\]; empty if that is not known. A bin's mean is over the trials in which it was.
    pub observed: &'a [(f64, f64)],
}

/// The mean rate in each bin and its standard error over the trials \[Hz\].
struct Course {
    mean: Vec<f64>,
    error: Vec<f64>,
}

/// Draws the spikes of each unit in each trial, trials in the order of their groups, and the mean rate of each group with the
/// standard error over its trials. More than 12 units are a map of rates, each unit's scaled to its own maximum, above the mean
/// over units. Units of several populations are in their colours, a map's separated and named beside it, and so are their mean rates; where
/// trials are grouped too, colours are the groups' and each of up to 6 populations has mean rates of its own.
///
/// # Errors
/// If there are no units or trials, a moment is not finite, the bin does not fit, spikes cannot be read, or the picture is too small.
pub fn aligned(what: &Aligned, size: (u32, u32)) -> Result<Figure, PlotError> {
    let mut layer = Layer::of(what)?;
    let bin = layer.bin;
    let strokes = layer.strokes()?;
    let marks: usize = strokes.iter().map(Vec::len).sum();
    layer.dense = marks > DENSE;

    let width = if bin < 1.0 { axis::trimmed(1e3 * bin) + " ms" } else { axis::trimmed(bin) + " s" };
    let mut caption = format!(
        "{} of {} in {}; 0: {}; rates in bins of {width}, band: standard error over trials",
        counted(marks, "spike"),
        counted(what.units.len(), "unit"),
        counted(layer.trials.len(), "trial"),
        what.event
    );
    if what.groups.len() > 1 && !what.by.is_empty() {
        caption += &format!("; trials by {}, numbered in that order", what.by);
    }
    if what.units.len() > PANELS {
        caption += "; map: mean over trials, each unit from 0 to its maximum";
        if layer.bands.len() > RATES && what.groups.len() > 1 {
            caption += "; rates: mean over all units";
        }
    } else if layer.dense {
        caption += "; raster binned at the picture's pixels, darker where more fell";
    }
    caption.push('.');
    let sheet = Sheet::new(what.title, &caption, size)?;
    let em = sheet.style.em;
    let mut area = sheet.area.clone();
    if what.groups.len() > 1 {
        let labels: Vec<_> = what.groups.iter().enumerate().map(|(g, name)| (name.as_str(), layer.ink(g))).collect();
        let [left, top, right, _] = sheet.edges(&area, [12.0 * em, 0.0, 0.0]);
        sheet.legend([left, top + 0.4 * em, right], what.by, &labels)?;
        area = area.margin(backend::fine(em), 0, 0, 0);
    }
    if what.units.len() > PANELS {
        layer.map(&sheet, &strokes, &area)?
    } else {
        layer.panels(&sheet, &strokes, &area)?
    }
    Ok(sheet.finish())
}

/// The populations that have units here: rows one below the other.
fn bands(what: &Aligned) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    for (row, (unit, _)) in what.units.iter().enumerate() {
        let of = what.populations.iter().position(|p| (p.first..p.first + p.count).contains(unit));
        let color = of.unwrap_or(what.populations.len());
        let id = what.spikes.unit_ids().get(*unit).copied().unwrap_or_default();
        match bands.last_mut().filter(|band| band.color == color) {
            Some(band) => {
                band.ids.push(id);
                band.selected += 1;
            }
            None => {
                let name = of.map_or_else(String::new, |of| what.populations[of].name.clone());
                bands.push(Band { name, color, first_row: row, ids: vec![id], selected: 1 });
            }
        }
    }
    bands
}

/// What all panels share.
pub(super) struct Layer<'a> {
    what: &'a Aligned<'a>,
    /// The populations of the units.
    bands: Vec<Band>,
    /// Moment and group, in the order of the rows.
    pub(super) trials: Vec<(f64, usize)>,
    /// When the units were observed.
    spans: Spans,
    bin: f64,
    bins: usize,
    dense: bool,
}

impl<'a> Layer<'a> {
    /// What is aligned, checked; trials by group, then by time.
    pub(super) fn of(what: &'a Aligned<'a>) -> Result<Layer<'a>, PlotError> {
        let (from, to) = (0.0 - what.reach.0, what.reach.1);
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
        let mut trials = what.trials.to_vec();
        trials.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
        let spans = Spans::within(what.observed, f64::NEG_INFINITY, f64::INFINITY);
        Ok(Layer { what, trials, spans, bin, bins, dense: false, bands: bands(what) })
    }

    pub(super) fn groups(&self) -> usize {
        self.what.groups.len().max(1)
    }

    fn ink(&self, group: usize) -> Ink {
        palette::among(group, self.groups())
    }

    /// Are colours those of populations?
    fn by_population(&self) -> bool {
        self.groups() == 1 && self.bands.len() > 1
    }

    /// The colour of a unit's trials of a group.
    fn ink_of(&self, unit: usize, group: usize) -> Ink {
        let band = self.bands.iter().find(|band| (band.first_row..band.first_row + band.ids.len()).contains(&unit));
        band.filter(|_| self.by_population()).map_or(self.ink(group), |band| palette::color(band.color))
    }

    /// For each unit its spikes, in the order of rows: time from the event \[s\] and the trial's row. Of the others none is kept.
    pub(super) fn strokes(&self) -> Result<Vec<Vec<(f64, u32)>>, PlotError> {
        let all = self.what.spikes.unit_ids().len();
        let mut place = vec![usize::MAX; all];
        self.what.units.iter().enumerate().for_each(|(panel, (unit, _))| place[*unit] = panel);
        // In the order of time first and last moments rise both.
        let mut rows: Vec<u32> = (0..self.trials.len() as u32).collect();
        rows.sort_by(|a, b| self.trials[*a as usize].0.total_cmp(&self.trials[*b as usize].0));
        // Spikes on an edge lie behind it, as those on the edges of bins.
        let event = |row: &u32| self.trials[*row as usize].0;
        let rounding = |row: &u32| off(event(row)).max(ROUNDING * self.bin);
        let firsts: Vec<f64> = rows.iter().map(|row| event(row) - self.what.reach.0 - rounding(row)).collect();
        let ends: Vec<f64> = rows.iter().map(|row| event(row) + self.what.reach.1 - rounding(row)).collect();
        let mut strokes = vec![Vec::new(); self.what.units.len()];
        let window = (firsts[0], ends[ends.len() - 1]);
        self.what.spikes.runs(0..all, window, &mut |times, units| {
            for (&time, &unit) in times.iter().zip(units) {
                let Some(panel) = strokes.get_mut(place[unit as usize]) else { continue };
                let from = ends.partition_point(|end| *end <= time);
                let to = firsts.partition_point(|first| *first <= time);
                panel.extend(rows[from.min(to)..to].iter().map(|row| (time - event(row), *row)));
            }
        })?;
        strokes.iter_mut().for_each(|panel| panel.sort_by_key(|stroke| stroke.1));
        Ok(strokes)
    }

    /// The course of each group, over all of these units: the mean rate of one.
    fn courses(&self, units: &[Vec<(f64, u32)>]) -> Vec<Course> {
        let mut counts = vec![vec![0.0f64; self.bins]; self.trials.len()];
        for &(time, row) in units.iter().flatten() {
            counts[row as usize][self.place(time)] += 1.0;
        }
        let course = |group: usize| {
            let moment = |bin: usize| {
                let rows =
                    || (0..self.trials.len()).filter(|&row| self.trials[row].1 == group && self.observed(row, bin));
                let n = rows().count() as f64;
                if n == 0.0 {
                    return (f64::NAN, f64::NAN);
                }
                let scale = 1.0 / (self.width(bin) * units.len().max(1) as f64);
                let mean = rows().map(|row| counts[row][bin]).sum::<f64>() / n;
                let squares: f64 = rows().map(|row| (counts[row][bin] - mean).powi(2)).sum();
                let error = if n > 1.0 { (squares / (n - 1.0) / n).sqrt() } else { 0.0 };
                (scale * mean, scale * error)
            };
            let (mean, error) = (0..self.bins).map(moment).unzip();
            Course { mean, error }
        };
        (0..self.groups()).map(course).collect()
    }

    /// The bin of a time from the event \[s\].
    fn place(&self, time: f64) -> usize {
        whole_part((time + self.what.reach.0) / self.bin).min(self.bins - 1)
    }

    /// How long a bin is \[s\]: the last may be shorter.
    fn width(&self, bin: usize) -> f64 {
        (self.what.reach.0 + self.what.reach.1).min((bin + 1) as f64 * self.bin) - bin as f64 * self.bin
    }

    /// Was all of this bin observed in this trial?
    fn observed(&self, row: usize, bin: usize) -> bool {
        let first = self.trials[row].0 - self.what.reach.0;
        let end = (self.what.reach.0 + self.what.reach.1).min((bin + 1) as f64 * self.bin);
        self.spans.cover(first + bin as f64 * self.bin, first + end)
    }

    fn time(&self) -> TimeAxis {
        TimeAxis { start: -self.what.reach.0, stop: self.what.reach.1 }
    }

    /// A panel for each unit, in a grid.
    fn panels(&self, sheet: &Sheet, strokes: &[Vec<(f64, u32)>], area: &Area) -> Result<(), PlotError> {
        let em = sheet.style.em;
        let columns = (strokes.len() as f64).sqrt().ceil() as usize;
        let grid = (strokes.len().div_ceil(columns), columns);
        let cells = area.margin(0, backend::fine(sheet.style.x_room()), 0, 0).split_evenly(grid);
        let courses: Vec<Vec<Course>> = strokes.chunks(1).map(|one| self.courses(one)).collect();
        let [_, top, _, bottom] = sheet.edges(&cells[0], [0.0, 1.5 * em, 0.8 * em]);
        let shares = [0.6 * (bottom - top), 0.4 * (bottom - top) - 0.5 * em];
        let rates = courses.iter().map(|courses| sheet.style.left_room(&rate_axis(courses), shares[1]));
        let left = rates.fold(sheet.style.left_room(&self.trial_axis(), shares[0]), f64::max);
        for (index, (spikes, cell)) in strokes.iter().zip(&cells).enumerate() {
            let name = &self.what.units[index].1;
            let (first, last) = (index % columns == 0, index + columns >= strokes.len());
            let [from, top, right, _] = sheet.edges(cell, [left, 1.5 * em, 0.0]);
            let right = right - 0.8 * em;
            let inks: Vec<Ink> = (0..self.groups()).map(|group| self.ink_of(index, group)).collect();
            let chart =
                self.raster(sheet, (name, &inks), spikes, ([from, top, right, top + shares[0]], left, first))?;
            chart.name(name, Some(if self.groups() == 1 { inks[0] } else { TEXT }))?;
            let pixels = [from, top + shares[0] + 0.5 * em, right, top + shares[0] + 0.5 * em + shares[1]];
            let lines: Vec<_> = courses[index].iter().zip(inks).collect();
            self.histogram(sheet, &format!("rate of {name}"), &lines, (pixels, left, first), last)?;
        }
        Ok(())
    }

    fn trial_axis(&self) -> Axis {
        // In the order of groups a trial has another number than in its table.
        let label = if self.groups() > 1 { "sorted trial" } else { "trial" };
        Axis::counts((self.trials.len() as f64, 0.0), label, 0.5)
    }

    /// The trials of one unit, a row each.
    fn raster<'s>(
        &self,
        sheet: &'s Sheet,
        (name, inks): (&str, &[Ink]),
        spikes: &[(f64, u32)],
        (pixels, left, named): ([f64; 4], f64, bool),
    ) -> Result<Chart<'s>, PlotError> {
        let count = self.trials.len() as f64;
        let time = Axis::time(self.time()).unwritten(true).without_grid();
        let mut chart = sheet.chart(name, pixels, left, (time, self.trial_axis().named(named)))?;
        if self.dense {
            self.density(&chart, spikes, inks)?;
        } else {
            let [_, top, _, bottom] = chart.panel.pixels;
            let h = (0.84 * (bottom - top) / count).clamp(2.0, 1.2 * sheet.style.em);
            let w = if spikes.len() < 2000 { 2.0 } else { 1.4 } * sheet.style.hair;
            let mut at = vec![Vec::new(); self.groups()];
            for &(time, trial) in spikes {
                at[self.trials[trial as usize].1].push((time, f64::from(trial) + 0.5));
            }
            for (group, at) in at.into_iter().enumerate() {
                let (ink, within) = (inks[group], chart.panel.pixels);
                chart.plot.plotting_area().draw(&Strokes { at, w, h, ink, within })?;
            }
        }
        if spikes.is_empty() {
            chart.say("no spikes")?;
        }
        self.event(&mut chart)?;
        Ok(chart)
    }

    /// Spikes per pixel as the opacity of the group's colour.
    fn density(&self, chart: &Chart, spikes: &[(f64, u32)], inks: &[Ink]) -> Result<(), PlotError> {
        let [left, top, right, bottom] = chart.panel.pixels;
        let (width, height) = (((right - left) as usize).max(1), ((bottom - top) as usize).max(1));
        let mut counts = vec![0u32; width * height];
        let count = self.trials.len();
        for &(time, trial) in spikes {
            let x = ((chart.panel.px(time) - left) as usize).min(width - 1);
            let (first, end) = (trial as usize * height / count, (trial as usize + 1) * height / count);
            (first..end.max(first + 1)).for_each(|y| counts[y.min(height - 1) * width + x] += 1);
        }
        let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(1));
        let pixel = |(i, &n): (usize, &u32)| {
            let [r, g, b] = inks[self.trials[(i / width * count / height).min(count - 1)].1].rgb;
            let strength = 0.35 + 0.65 * (f64::from(n) / most).sqrt();
            [r, g, b, if n == 0 { 0 } else { (255.0 * strength).round() as u8 }]
        };
        chart.image(width as u32, counts.iter().enumerate().map(pixel).collect())
    }

    /// A line at the event.
    fn event(&self, chart: &mut Chart) -> Result<(), PlotError> {
        let ((from, to), (low, high)) = (chart.panel.x, chart.panel.y);
        if from < 0.0 && to > 0.0 { chart.rule((0.0, low), (0.0, high), FRAME) } else { Ok(()) }
    }

    /// Mean rates with their errors.
    fn histogram<'s>(
        &self,
        sheet: &'s Sheet,
        name: &str,
        courses: &[(&Course, Ink)],
        (pixels, left, named): ([f64; 4], f64, bool),
        last: bool,
    ) -> Result<Chart<'s>, PlotError> {
        let mut x = Axis::time(self.time()).every(5.0);
        x.label = x.label.replace("time", "time from event");
        let y = rate_axis(courses.iter().map(|(course, _)| *course)).named(named);
        let mut chart = sheet.chart(name, pixels, left, (x.unwritten(!last), y))?;
        let middle = |bin: usize| (-self.what.reach.0 + (bin as f64 + 0.5) * self.bin).min(self.what.reach.1);
        for (course, ink) in courses {
            let edge = |side: f64| {
                let course = course.mean.iter().zip(&course.error).enumerate();
                course.map(|(bin, (mean, error))| (middle(bin), clipped(mean + side * error))).collect::<Vec<_>>()
            };
            chart.band(&edge(1.0), &edge(-1.0), ink.fade(0.2))?;
        }
        for (course, ink) in courses {
            let line: Vec<_> = course.mean.iter().enumerate().map(|(bin, hz)| (middle(bin), *hz)).collect();
            chart.line(&line, 1.4, *ink)?;
        }
        self.event(&mut chart)?;
        Ok(chart)
    }

    /// Many units: a line each in a map of rates, and the mean over units below.
    fn map(&self, sheet: &Sheet, strokes: &[Vec<(f64, u32)>], area: &Area) -> Result<(), PlotError> {
        let em = sheet.style.em;
        let [from, top, right, bottom] = sheet.edges(area, [0.0, 0.5 * em, sheet.style.x_room()]);
        let panels = self.rates(strokes);
        // Several panels of rates need more of the height than one.
        let middle = top + if panels.len() < 3 { 0.64 } else { 0.45 } * (bottom - top);
        let count = strokes.len();
        let several = self.bands.len() > 1;
        let rows = Rows { bands: self.bands.clone(), count, ..Rows::default() };
        let y = if several {
            Axis::at((count as f64, 0.0), String::new(), numbers(sheet.style, &rows, (middle - top) / count as f64))
        } else {
            let ids = self.bands.iter().flat_map(|band| band.ids.iter().copied()).collect();
            Axis::units((count as f64, 0.0), "unit", ids)
        };
        // Above each is room for its population's name.
        let above = if several { 1.7 * em } else { em };
        let height = (bottom - middle) / panels.len() as f64 - above;
        let beside =
            panels.iter().map(|panel| sheet.style.left_room(&rate_axis(panel.courses.iter().map(|c| &c.0)), height));
        let beside = beside.fold(if several { band_margin(sheet.style, &rows) } else { 0.0 }, f64::max);
        let left = beside.max(sheet.style.left_room(&y, middle - top));
        let time = Axis::time(self.time()).unwritten(true);
        let mut chart = sheet.chart("map", [from + left, top, right, middle], left, (time, y))?;
        let place = |(place, band): (usize, &Band)| std::iter::repeat_n(place, band.ids.len());
        let band_of: Vec<usize> = self.bands.iter().enumerate().flat_map(place).collect();
        let mut rates = vec![vec![0.0f64; self.bins]; count];
        for (unit, spikes) in strokes.iter().enumerate() {
            for &(at, row) in spikes {
                let bin = self.place(at);
                rates[unit][bin] += f64::from(u8::from(self.observed(row as usize, bin)));
            }
        }
        // Over the trials in which a bin was observed; not a number where it never was.
        let seconds =
            |bin: usize| (0..self.trials.len()).filter(|&row| self.observed(row, bin)).count() as f64 * self.width(bin);
        let seen: Vec<f64> = (0..self.bins).map(seconds).collect();
        rates.iter_mut().for_each(|unit| {
            unit.iter_mut().zip(&seen).for_each(|(rate, s)| *rate = if *s > 0.0 { *rate / s } else { f64::NAN })
        });
        let most: Vec<f64> = rates.iter().map(|r| r.iter().copied().fold(0.0, f64::max)).collect();
        let span = self.what.reach.0 + self.what.reach.1;
        chart.fill(|x, y| {
            let unit = ((y * count as f64) as usize).min(count - 1);
            let rate = rates[unit][((x * span / self.bin) as usize).min(self.bins - 1)];
            // Of a silent unit it is 0 where it was observed.
            let share = if most[unit] > 0.0 { rate / most[unit] } else { rate };
            match share {
                share if share.is_nan() => [0; 4],
                share if several => {
                    let [r, g, b] = palette::color(rows.bands[band_of[unit]].color).rgb;
                    [r, g, b, (255.0 * share).round() as u8]
                }
                share => shade(&ONE_SIDED, share),
            }
        })?;
        if several {
            separators(&mut chart, &rows)?;
            names(sheet, &chart, &rows)?;
        }
        self.event(&mut chart)?;
        for (index, panel) in panels.iter().enumerate() {
            let top = middle + above + index as f64 * (height + above);
            let pixels = [from + left, top, right, top + height];
            let lines: Vec<_> = panel.courses.iter().map(|(course, ink)| (course, *ink)).collect();
            let last = index + 1 == panels.len();
            let chart = self.histogram(sheet, &panel.name, &lines, (pixels, left, true), last)?;
            if let Some(band) = panel.of {
                chart.name(&band.name, Some(palette::color(band.color)))?;
            }
        }
        Ok(())
    }

    /// The panels of mean rates below a map: of all units by group; of several populations a line each, or where trials are grouped a panel
    /// each, if they are few.
    fn rates(&self, strokes: &[Vec<(f64, u32)>]) -> Vec<Rates<'_>> {
        let of = |band: &Band| self.courses(&strokes[band.first_row..band.first_row + band.ids.len()]);
        if self.by_population() {
            let lines = self.bands.iter().flat_map(|band| {
                let ink = palette::color(band.color);
                of(band).into_iter().map(move |course| (course, ink))
            });
            return vec![Rates { name: "rate".into(), of: None, courses: lines.collect() }];
        }
        let grouped = |courses: Vec<Course>| {
            courses.into_iter().enumerate().map(|(group, course)| (course, self.ink(group))).collect::<Vec<_>>()
        };
        if !(2..=RATES).contains(&self.bands.len()) {
            return vec![Rates { name: "rate".into(), of: None, courses: grouped(self.courses(strokes)) }];
        }
        let mut panels = Vec::new();
        for band in &self.bands {
            panels.push(Rates { name: format!("rate of {}", band.name), of: Some(band), courses: grouped(of(band)) });
        }
        panels
    }
}

/// No rate is below 0; one that is not known stays so.
fn clipped(hz: f64) -> f64 {
    if hz < 0.0 { 0.0 } else { hz }
}

/// A panel of mean rates.
struct Rates<'a> {
    name: String,
    /// The population that it is of; none if of all.
    of: Option<&'a Band>,
    courses: Vec<(Course, Ink)>,
}

fn rate_axis<'c>(courses: impl IntoIterator<Item = &'c Course>) -> Axis {
    let tops = courses.into_iter().flat_map(|c| c.mean.iter().zip(&c.error).map(|(m, e)| m + e));
    let most = tops.fold(0.0, f64::max);
    Axis::numbers((0.0, if most > 0.0 { 1.05 * most } else { 1.0 }), "rate (Hz)").every(2.5)
}
