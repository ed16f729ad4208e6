//! Distributions: of weights, rates, interspike intervals and their variation.

use plotters::prelude::AreaSeries;

use super::axis;
use super::chart::Sheet;
use super::figure::Figure;
use super::scale::Axis;
use super::{Group, PlotError, WeightSnapshots, palette};
use crate::analysis::{MIN_SPIKES_FOR_CV, Spans, cv_of, histogram, intervals_within, percentile, unit_rates};
use crate::spikes::SpikeTable;

/// What is distributed.
struct Distribution<'a> {
    panel: &'a str,
    x_label: String,
    /// Unit of the values, with the space before it, for the caption.
    unit: &'a str,
    y_label: &'a str,
    /// What the picture says if there is nothing.
    none: &'a str,
    bins: usize,
    /// Values beyond are gathered in the caption, not drawn.
    most: f64,
    series: Vec<(String, Vec<f64>)>,
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
    draw(title, Distribution { panel, x_label, unit: "", y_label, none, bins: 60, most: f64::INFINITY, series }, size)
}

/// Draws how the rates of the units over `start <= t < stop` \[s\], as far as it was `observed` (all of it if that is empty), are
/// distributed, per population.
///
/// # Errors
/// If the window is empty, a population is not in the table, or the picture is too small.
pub fn rate_histogram(
    title: &str,
    spikes: &SpikeTable,
    groups: &[Group],
    (start, stop): (f64, f64),
    observed: &[(f64, f64)],
    size: (u32, u32),
) -> Result<Figure, PlotError> {
    let rates = unit_rates(spikes, start, stop)?;
    let share = Spans::within(observed, start, stop).seconds() / (stop - start);
    let of = |units: std::ops::Range<usize>| rates[units].iter().map(|hz| hz / share).collect();
    let series = per_group(spikes.unit_ids.len(), groups, of)?;
    let (panel, x_label, y_label, none) = ("rates", "rate (Hz)".to_string(), "neurons (%)", "no neurons");
    draw(title, Distribution { panel, x_label, unit: "", y_label, none, bins: 40, most: f64::INFINITY, series }, size)
}

/// Draws how the interspike intervals within `start <= t < stop` \[s\] are distributed, per population;
/// about the longest hundredth is left out and counted in the caption. Intervals over gaps between what was `observed` are none.
///
/// # Errors
/// As [`rate_histogram`].
pub fn isi_histogram(
    title: &str,
    spikes: &SpikeTable,
    groups: &[Group],
    (start, stop): (f64, f64),
    observed: &[(f64, f64)],
    size: (u32, u32),
) -> Result<Figure, PlotError> {
    crate::analysis::check_window(start, stop)?;
    let trains = spikes.between(start, stop).trains();
    let spans = Spans::within(observed, start, stop);
    let all = |units: std::ops::Range<usize>| {
        trains[units].iter().flat_map(|train| intervals_within(train, &spans)).map(|s| 1e3 * s).collect::<Vec<f64>>()
    };
    let series = per_group(trains.len(), groups, all)?;
    let mut sorted: Vec<f64> = series.iter().flat_map(|(_, values)| values.iter().copied()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let most = percentile(&sorted, 0.99).filter(|most| *most > 0.0).map_or(f64::INFINITY, |most| {
        // A hundredth of a round number is fine enough for the end of an axis.
        let step = axis::nice_step(most) / 100.0;
        (most / step).ceil() * step
    });
    let (panel, x_label, y_label, none) =
        ("intervals", "interspike interval (ms)".into(), "intervals (%)", "no intervals");
    draw(title, Distribution { panel, x_label, unit: " ms", y_label, none, bins: 80, most, series }, size)
}

/// Draws how the CV of the interspike intervals within `start <= t < stop` \[s\] is distributed over the
/// units that have enough spikes ([`MIN_SPIKES_FOR_CV`](crate::analysis::MIN_SPIKES_FOR_CV)), per population.
///
/// # Errors
/// As [`rate_histogram`].
pub fn cv_histogram(
    title: &str,
    spikes: &SpikeTable,
    groups: &[Group],
    (start, stop): (f64, f64),
    observed: &[(f64, f64)],
    size: (u32, u32),
) -> Result<Figure, PlotError> {
    crate::analysis::check_window(start, stop)?;
    let trains = spikes.between(start, stop).trains();
    let spans = Spans::within(observed, start, stop);
    let of = |units: std::ops::Range<usize>| {
        let enough = trains[units].iter().filter(|train| train.len() >= MIN_SPIKES_FOR_CV);
        enough.filter_map(|train| cv_of(&intervals_within(train, &spans))).collect()
    };
    let series = per_group(trains.len(), groups, of)?;
    let none = "no neuron has enough spikes";
    let (panel, x_label, y_label) = ("cv", "CV of interspike intervals".to_string(), "neurons (%)");
    draw(title, Distribution { panel, x_label, unit: "", y_label, none, bins: 40, most: f64::INFINITY, series }, size)
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
    let values = || what.series.iter().flat_map(|(_, values)| values.iter().copied()).filter(|v| v.is_finite());
    let beyond = values().filter(|v| *v > what.most).count();
    let mut caption = String::new();
    if beyond > 0 {
        let (beyond, all) = (axis::grouped(beyond), axis::grouped(values().count()));
        let most = axis::trimmed(what.most);
        caption = format!("{beyond} of {all} {} lie beyond {most}{} and are not drawn.", what.panel, what.unit);
    }
    let range = axis::padded_from_zero(values().filter(|v| *v <= what.most));
    let mut all = Vec::new();
    for (_, values) in &what.series {
        // Shares are of all values, so that those beyond do not raise the rest.
        let count = values.iter().filter(|v| v.is_finite()).count().max(1) as f64;
        let bars = histogram(values, range.0, range.1, what.bins)?.counts;
        all.push(bars.into_iter().map(|n| 100.0 * n as f64 / count).collect::<Vec<f64>>());
    }
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
    let labels = what.series.iter().enumerate().filter(|(_, (label, _))| !label.is_empty());
    chart.legend(&labels.map(|(i, (label, _))| (label.as_str(), palette::color(i))).collect::<Vec<_>>(), 0.0)?;
    Ok(sheet.finish())
}
