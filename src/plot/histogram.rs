//! Distributions: of weights, rates, interspike intervals and their variation.

use plotters::prelude::AreaSeries;

use super::axis;
use super::chart::Sheet;
use super::figure::Figure;
use super::scale::Axis;
use super::{Group, PlotError, WeightSnapshots, palette};
use crate::analysis::{
    Histogram, MIN_SPIKES_FOR_CV, Spans, cv_within, each_interval, histogram, percentile, unit_rates,
};
use crate::counted::grouped;
use crate::sorted::Sorted;
use crate::spikes::{HELD, SourceError, SpikeSource, each_train};

/// What is distributed.
struct Distribution<'a> {
    panel: &'a str,
    x_label: String,
    y_label: &'a str,
    /// What the picture says if there is nothing.
    none: &'a str,
    bins: usize,
    series: Vec<(String, Vec<f64>)>,
}

/// The same, counted.
struct Counted<'a> {
    panel: &'a str,
    caption: String,
    x_label: String,
    y_label: &'a str,
    none: &'a str,
    range: (f64, f64),
    /// For each label the values in bins, and how many values there are, those beyond the bins among them.
    series: Vec<(String, Histogram, u64)>,
}

/// Draws the distribution of the weights: the last snapshot, and the first one as an outline.
///
/// # Errors
/// If there are not as many snapshots as times, or the picture is too small.
pub fn weights(title: &str, table: &WeightSnapshots, size: (u32, u32)) -> Result<Figure, PlotError> {
    table.check()?;
    let mut series: Vec<(String, Vec<f64>)> = table
        .times_ms
        .iter()
        .zip(&table.weights)
        .map(|(ms, weights)| (format!("{} s", axis::trimmed(ms / 1e3)), weights.clone()))
        .collect();
    if series.len() > 2 {
        series.drain(1..series.len() - 1);
    }
    let x_label = format!("weight of {}{}", table.name, axis::in_brackets(&table.unit));
    let (panel, y_label, none) = ("weights", "synapses (%)", "no weights");
    draw(title, Distribution { panel, x_label, y_label, none, bins: 60, series }, size)
}

/// Draws the distributions of the weights of several projections, each at its last snapshot, in a colour each.
///
/// # Errors
/// If their weights have different units, there are not as many snapshots as times, or the picture is too small.
pub fn weights_of_several(title: &str, tables: &[WeightSnapshots], size: (u32, u32)) -> Result<Figure, PlotError> {
    tables.iter().try_for_each(WeightSnapshots::check)?;
    let unit = tables.first().map_or("", |table| table.unit.as_str());
    if let Some(other) = tables.iter().find(|table| table.unit != unit) {
        let bare = |unit: &str| if unit.is_empty() { "bare numbers".to_string() } else { unit.to_string() };
        return Err(PlotError::Table(format!(
            "the weights of {} are {}, those of {} are {}: they have no axis in common; choose one projection",
            tables[0].name,
            bare(unit),
            other.name,
            bare(&other.unit)
        )));
    }
    let last = |table: &WeightSnapshots| (table.name.clone(), table.weights.last().cloned().unwrap_or_default());
    let series = tables.iter().map(last).collect();
    let x_label = format!("weight{}", axis::in_brackets(unit));
    let (panel, y_label, none) = ("weights", "synapses (%)", "no weights");
    draw(title, Distribution { panel, x_label, y_label, none, bins: 60, series }, size)
}

/// Draws how the rates of the units over `start <= t < stop` \[s\], as far as it was `observed` (all of it if that is empty), are
/// distributed, per population.
///
/// # Errors
/// If the window is empty, a population is not in the table, spikes cannot be read, or the picture is too small.
pub fn rate_histogram(
    title: &str,
    spikes: &dyn SpikeSource,
    groups: &[Group],
    (start, stop): (f64, f64),
    observed: &[(f64, f64)],
    size: (u32, u32),
) -> Result<Figure, PlotError> {
    let rates = unit_rates(spikes, start, stop)?;
    // Of a moment, such as that of the only spike, there are no rates.
    let share = Spans::within(observed, start, stop).duration().map(|seconds| seconds / (stop - start));
    let of = |units: std::ops::Range<usize>| rates[units].iter().filter_map(|hz| Some(hz / share?)).collect();
    let series = per_group(rates.len(), groups, of)?;
    let (panel, x_label, y_label, none) = ("rates", "rate (Hz)".to_string(), "neurons (%)", "no rates");
    draw(title, Distribution { panel, x_label, y_label, none, bins: 40, series }, size)
}

/// Draws how the interspike intervals within `start <= t < stop` \[s\] are distributed, per population;
/// about the longest hundredth is left out and counted in the caption. Intervals over gaps between what was `observed` are none.
///
/// # Errors
/// As [`rate_histogram`].
pub fn isi_histogram(
    title: &str,
    spikes: &dyn SpikeSource,
    groups: &[Group],
    (start, stop): (f64, f64),
    observed: &[(f64, f64)],
    size: (u32, u32),
) -> Result<Figure, PlotError> {
    crate::analysis::check_window(start, stop)?;
    let spans = Spans::within(observed, start, stop);
    let whole = [Group::new("", 0, spikes.unit_ids().len())];
    let groups = if groups.is_empty() { &whole[..] } else { groups };
    let mut group_of = vec![u32::MAX; spikes.unit_ids().len()];
    for (index, group) in groups.iter().enumerate() {
        group_of[group.range(spikes.unit_ids().len())?].fill(index as u32);
    }
    // Twice through the spikes: the end of the axis follows from all intervals.
    let each = |take: &mut dyn FnMut(usize, f64)| {
        each_interval(spikes, (start, stop), &spans, &mut |unit, interval| {
            let group = group_of[unit as usize];
            if group != u32::MAX {
                take(group as usize, 1e3 * interval);
            }
        })
    };
    let (mut all, mut kept) = (Sorted::default(), Ok(()));
    each(&mut |_, ms| {
        if kept.is_ok() {
            kept = all.push(ms);
        }
    })?;
    let end = kept.and_then(|()| end_of_axis(all)).map_err(|error| SourceError(error.to_string()))?;
    let mut range = axis::padded_from_zero([end.least, end.largest].into_iter().filter(|_| end.count > 0));
    if end.beyond > 0 {
        // No bar may reach to where intervals are counted as left out.
        range.1 = end.most;
    }
    let empty = |group: &Group| Ok((group.name.clone(), histogram(&[], range.0, range.1, 80)?, 0));
    let mut series = groups.iter().map(empty).collect::<Result<Vec<_>, PlotError>>()?;
    each(&mut |group, ms| {
        series[group].1.add(ms);
        series[group].2 += 1;
    })?;
    let mut caption = String::new();
    if end.beyond > 0 {
        let (beyond, all) = (grouped(end.beyond), grouped(end.count));
        caption = format!("{beyond} of {all} intervals lie beyond {} ms and are not drawn.", axis::trimmed(end.most));
    }
    let (panel, x_label) = ("intervals", "interspike interval (ms)".into());
    let (y_label, none) = ("intervals (%)", "no intervals");
    picture(title, Counted { panel, caption, x_label, y_label, none, range, series }, size)
}

/// Where an axis of intervals ends.
struct End {
    least: f64,
    /// The largest that is drawn.
    largest: f64,
    /// Beyond this none are.
    most: f64,
    count: usize,
    beyond: usize,
}

/// Leaves out about the longest hundredth.
fn end_of_axis(all: Sorted) -> std::io::Result<End> {
    let count = all.len();
    let mut end = End { least: f64::INFINITY, largest: f64::NEG_INFINITY, most: f64::INFINITY, count, beyond: 0 };
    let place = 0.99 * count.saturating_sub(1) as f64;
    let (mut below, mut decided) = (0.0, false);
    for (index, ms) in all.rising()?.enumerate() {
        let ms = ms?;
        end.least = end.least.min(ms);
        if index == place.floor() as usize {
            below = ms;
        }
        if index == place.ceil() as usize {
            decided = true;
            let share = percentile(&[below, ms], place.fract()).unwrap_or(0.0);
            if share > 0.0 {
                // A hundredth of a round number is fine enough for the end of an axis.
                let step = axis::nice_step(share) / 100.0;
                end.most = ((share / step).ceil() * step).max(share);
            }
        }
        // Those before are not longer.
        if !decided || ms <= end.most { end.largest = end.largest.max(ms) } else { end.beyond += 1 }
    }
    Ok(end)
}

/// Draws how the CV of the interspike intervals within `start <= t < stop` \[s\] is distributed over the
/// units that have enough spikes ([`MIN_SPIKES_FOR_CV`](crate::analysis::MIN_SPIKES_FOR_CV)), per population.
///
/// # Errors
/// As [`rate_histogram`].
pub fn cv_histogram(
    title: &str,
    spikes: &dyn SpikeSource,
    groups: &[Group],
    (start, stop): (f64, f64),
    observed: &[(f64, f64)],
    size: (u32, u32),
) -> Result<Figure, PlotError> {
    crate::analysis::check_window(start, stop)?;
    let spans = Spans::within(observed, start, stop);
    let mut cvs = vec![None; spikes.unit_ids().len()];
    each_train(spikes, (start, stop), HELD, &mut |unit, train| {
        if train.len() >= MIN_SPIKES_FOR_CV {
            cvs[unit] = cv_within(train, &spans);
        }
    })?;
    let of = |units: std::ops::Range<usize>| cvs[units].iter().flatten().copied().collect();
    let series = per_group(cvs.len(), groups, of)?;
    let none = "no neuron has enough spikes";
    let (panel, x_label, y_label) = ("cv", "CV of interspike intervals".to_string(), "neurons (%)");
    draw(title, Distribution { panel, x_label, y_label, none, bins: 40, series }, size)
}

fn per_group(
    units: usize,
    groups: &[Group],
    values: impl Fn(std::ops::Range<usize>) -> Vec<f64>,
) -> Result<Vec<(String, Vec<f64>)>, PlotError> {
    if groups.is_empty() {
        return Ok(vec![(String::new(), values(0..units))]);
    }
    groups.iter().map(|group| Ok((group.name.clone(), values(group.range(units)?)))).collect()
}

fn draw(title: &str, what: Distribution, size: (u32, u32)) -> Result<Figure, PlotError> {
    let Distribution { panel, x_label, y_label, none, bins, series } = what;
    let values = series.iter().flat_map(|(_, values)| values.iter().copied()).filter(|v| v.is_finite());
    let range = axis::padded_from_zero(values);
    let count = |(label, values): (String, Vec<f64>)| {
        let finite = values.iter().filter(|v| v.is_finite()).count() as u64;
        Ok((label, histogram(&values, range.0, range.1, bins)?, finite))
    };
    let series = series.into_iter().map(count).collect::<Result<_, PlotError>>()?;
    picture(title, Counted { panel, caption: String::new(), x_label, y_label, none, range, series }, size)
}

fn picture(title: &str, what: Counted, size: (u32, u32)) -> Result<Figure, PlotError> {
    let Counted { range, caption, .. } = what;
    // Shares are of all values, so that those beyond do not raise the rest.
    let shares = |(_, bars, count): &(String, Histogram, u64)| {
        let count = (*count).max(1) as f64;
        bars.counts.iter().map(|n| 100.0 * *n as f64 / count).collect::<Vec<f64>>()
    };
    let all: Vec<Vec<f64>> = what.series.iter().map(shares).collect();
    let most = all.iter().flatten().copied().fold(0.0, f64::max);
    let sheet = Sheet::new(title, &caption, size)?;
    let x = Axis::numbers(range, what.x_label);
    let y = Axis::numbers((0.0, if most > 0.0 { 1.08 * most } else { 1.0 }), what.y_label);
    let mut chart = sheet.chart_in(&sheet.area, what.panel, (x, y))?;
    let last = all.len().saturating_sub(1);
    for (index, bars) in all.iter().enumerate().rev() {
        let ink = palette::color(index);
        let edge = |bin: usize| range.0 + (range.1 - range.0) * bin as f64 / bars.len() as f64;
        // Steps, not plotters' `Histogram`: edges of bars side by side would show, and it draws them in the order of a hash map.
        let steps = bars.iter().enumerate().flat_map(|(bin, bar)| [(edge(bin), *bar), (edge(bin + 1), *bar)]);
        let fill = if index == last && most > 0.0 { 0.3 } else { 0.0 };
        let steps = AreaSeries::new(steps, 0.0, ink.fade(fill)).border_style(chart.stroke(1.5, ink));
        chart.plot.draw_series(steps)?;
    }
    if most == 0.0 {
        chart.say(what.none)?;
    }
    let labels = what.series.iter().enumerate().filter(|(_, (label, ..))| !label.is_empty());
    chart.legend(&labels.map(|(i, (label, ..))| (label.as_str(), palette::color(i))).collect::<Vec<_>>(), 0.0)?;
    Ok(sheet.finish())
}
