//! State traces: a variable of some neurons over time, one panel per table.

use super::axis::{TimeAxis, in_brackets, padded, trimmed};
use super::backend::fine;
use super::chart::{Chart, Sheet, Style};
use super::elements::Strokes;
use super::figure::Figure;
use super::palette::{self, Ink, MUTED};
use super::scale::Axis;
use super::{PlotError, Traces};

/// Draws tables of traces under each other on one time axis.
///
/// # Errors
/// If a series has another length than its times, or the picture is too small.
pub fn traces(title: &str, tables: &[Traces], size: (u32, u32)) -> Result<Figure, PlotError> {
    for table in tables {
        if let Some((label, series)) = table.series.iter().find(|(_, s)| s.len() != table.times_ms.len()) {
            return Err(PlotError::Table(format!(
                "the trace `{label}` of {} has {} samples at {} times; expected as many",
                table.name,
                series.len(),
                table.times_ms.len()
            )));
        }
    }
    let times = || tables.iter().flat_map(|t| &t.times_ms).filter(|t| t.is_finite()).map(|t| t / 1e3);
    let (first, last) = (times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max));
    let time = if first < last { TimeAxis { start: first, stop: last } } else { TimeAxis { start: 0.0, stop: 1.0 } };
    let sheet = Sheet::new(title, "", size)?;
    let em = sheet.style.em;
    let count = tables.len().max(1);
    let areas = sheet.area.margin(0, fine(sheet.style.x_room()), 0, 0).split_evenly((count, 1));
    let above = |index: usize| if index == 0 { 1.2 } else { 2.0 } * em;
    let edges = areas.iter().enumerate().map(|(index, area)| sheet.edges(area, [0.0, above(index), 0.0]));
    let edges: Vec<[f64; 4]> = edges.collect();
    let shown = tables.iter().map(|t| (!t.times_ms.is_empty() && !t.series.is_empty()).then_some(t));
    let shown: Vec<Option<&Traces>> = shown.chain([None]).take(count).collect();
    let axis =
        |table: Option<&Traces>, height| table.map_or(Axis::at((0.0, 1.0), "", Vec::new()), |t| y_axis(em, t, height));
    let axes: Vec<Axis> = shown.iter().zip(&edges).map(|(table, e)| axis(*table, e[3] - e[1])).collect();
    // As much room for labels beside each.
    let left = axes.iter().zip(&edges).map(|(y, e)| sheet.style.left_room(y, e[3] - e[1])).fold(0.0, f64::max);
    for (index, ((table, y), [from, top, right, bottom])) in shown.into_iter().zip(axes).zip(edges).enumerate() {
        let x = Axis::time(time).unwritten(index + 1 < count);
        let name = table.map_or("", |t| t.name.as_str());
        let mut chart = sheet.chart(name, [from + left, top, right, bottom], left, (x, y))?;
        match table {
            Some(table) => one(&sheet, &mut chart, table)?,
            None => chart.say("no samples")?,
        }
    }
    Ok(sheet.finish())
}

/// How high a line of spikes above the traces is \[pixels\], and how many there are.
fn spike_lines(em: f64, table: &Traces, height: f64) -> (f64, f64) {
    let rows = table.spikes_ms.iter().filter(|train| !train.is_empty()).count() as f64;
    ((0.8 * em).min(0.25 * height / rows.max(1.0)), rows)
}

impl Traces {
    /// The level, unless the traces would be a flat line beside it.
    fn level_in_reach(&self) -> Option<f64> {
        let values = self.series.iter().flat_map(|(_, series)| series.iter().copied()).filter(|v| v.is_finite());
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let level = self.level.as_ref()?.1;
        let away = (level - high).max(low - level);
        // Silent neurons are drawn with it, at whatever distance.
        (high == low || away <= FLAT * (high - low)).then_some(level)
    }
}

/// A level is drawn up to so many heights of the traces away.
const FLAT: f64 = 20.0;

fn y_axis(em: f64, table: &Traces, height: f64) -> Axis {
    let level = table.level_in_reach();
    let (low, high) = padded(table.series.iter().flat_map(|(_, s)| s.iter().copied()).chain(level));
    // The traces keep clear of the strokes of spikes above them.
    let (line, rows) = spike_lines(em, table, height);
    let clear = rows * line / height;
    let high = high + (high - low) * clear / (1.0 - clear);
    Axis::numbers((low, high), table.name.clone() + &in_brackets(&table.unit))
}

fn one(sheet: &Sheet, chart: &mut Chart, table: &Traces) -> Result<(), PlotError> {
    let Style { em, hair, .. } = sheet.style;
    let [_, top, _, bottom] = chart.panel.pixels;
    let times: Vec<f64> = table.times_ms.iter().map(|t| t / 1e3).collect();
    let gap = gap(&times);
    for (index, (_, series)) in table.series.iter().enumerate() {
        curve(chart, &times, series, gap, (1.3, palette::color(index)))?;
    }
    if let Some(level) = table.level_in_reach() {
        chart.level(level)?;
    }
    // Spikes stand as strokes above the traces, a line for each neuron.
    let ((from, to), (low, high)) = (chart.panel.x, chart.panel.y);
    let (line, _) = spike_lines(em, table, bottom - top);
    let trains = table.spikes_ms.iter().enumerate().filter(|(_, train)| !train.is_empty());
    for (row, (index, train)) in trains.enumerate() {
        let y = high - (high - low) * (row as f64 + 0.4) * line / (bottom - top);
        let at = train.iter().map(|ms| (ms / 1e3, y)).filter(|(t, _)| *t >= from && *t <= to).collect();
        let (w, h, ink, within) = (2.0 * hair, 0.8 * line, palette::color(index), chart.panel.pixels);
        chart.plot.plotting_area().draw(&Strokes { at, w, h, ink, within })?;
    }
    let labels = table.series.iter().enumerate().map(|(i, (label, _))| (label.as_str(), palette::color(i)));
    let level = table.level.iter().map(|(name, level)| match table.level_in_reach() {
        Some(_) => name.clone(),
        None => format!("{name} at {} {}, far off", trimmed(*level), table.unit),
    });
    let level: Vec<String> = level.collect();
    let level = level.iter().map(|name| (name.as_str(), MUTED));
    chart.legend(&level.chain(labels).collect::<Vec<_>>(), 0.0)
}

/// Samples further apart than this are not joined: eight times their median distance.
pub(crate) fn gap(times: &[f64]) -> f64 {
    typical_step(times).map_or(f64::INFINITY, |step| 8.0 * step)
}

/// The median distance of samples, if there is one.
pub(crate) fn typical_step(times: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).collect();
    let middle = steps.len() / 2;
    (!steps.is_empty()).then(|| *steps.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// A curve through samples, interrupted where they are not finite or further apart than `gap`; per pixel column at
/// most its first, lowest, highest and last sample, which is all that can be seen.
pub(crate) fn curve(
    chart: &mut Chart,
    times: &[f64],
    values: &[f64],
    gap: f64,
    (hairs, ink): (f64, Ink),
) -> Result<(), PlotError> {
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut last_time = f64::NEG_INFINITY;
    for (&time, &value) in times.iter().zip(values) {
        let known = time.is_finite() && value.is_finite();
        if (!known || time - last_time > gap) && !run.is_empty() {
            stretch(chart, &std::mem::take(&mut run), hairs, ink)?;
        }
        if known {
            run.push((time, value));
            last_time = time;
        }
    }
    stretch(chart, &run, hairs, ink)
}

/// A stretch of a curve without an interruption; one that is less than a pixel long and high, such as a sample alone, is a dot.
fn stretch(chart: &mut Chart, run: &[(f64, f64)], hairs: f64, ink: Ink) -> Result<(), PlotError> {
    let thinned = thin(run, |x| chart.panel.px(x));
    let Some(&(x, y)) = thinned.first() else { return Ok(()) };
    let near = |p: &(f64, f64)| {
        (chart.panel.px(p.0) - chart.panel.px(x)).abs() < 1.0 && (chart.panel.py(p.1) - chart.panel.py(y)).abs() < 1.0
    };
    if thinned.iter().all(near) { chart.dot((x, y), 1.2 * hairs, ink) } else { chart.line(&thinned, hairs, ink) }
}

fn thin(points: &[(f64, f64)], pixel: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for column in points.chunk_by(|a, b| pixel(a.0).floor() == pixel(b.0).floor()) {
        let by_height = |a: &(usize, &(f64, f64)), b: &(usize, &(f64, f64))| a.1.1.total_cmp(&b.1.1);
        let low = column.iter().enumerate().min_by(by_height).map_or(0, |p| p.0);
        let high = column.iter().enumerate().max_by(by_height).map_or(0, |p| p.0);
        let mut chosen = [0, low.min(high), low.max(high), column.len() - 1].to_vec();
        chosen.dedup();
        kept.extend(chosen.into_iter().map(|i| column[i]));
    }
    kept
}
