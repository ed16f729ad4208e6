//! `plot rates`, `isi`, `cv`, `correlations`, `spectrum` and `crosscorrelogram`: what spike trains show, of a result or a recording.

use memspike::analysis::{Bins, Chosen, Plan, correlogram, segment_length, statistics};
use memspike::format;
use memspike::plot::{self, Axes, Curve, Group, PlotError, Selection};
use memspike::spikes::SpikeTable;

use super::{Args, Drawn, Kind, SIZE};
use crate::cli::Failure;
use crate::cli::memory::grouped;
use crate::cli::note::notes;

/// Spikes, populations and the window that a picture is about.
struct Trains {
    spikes: SpikeTable,
    groups: Vec<Group>,
    window: (f64, f64),
    /// As the recording says.
    observed: Vec<(f64, f64)>,
}

/// Reads and draws.
pub fn draw(title: &str, args: &Args) -> Result<Drawn, Failure> {
    let all = read(args)?;
    let (start, stop) = all.window;
    let bin = |default: f64| args.bin.unwrap_or(default).min(stop - start);
    let figure = match args.kind {
        Kind::Correlations => {
            let chosen = (&all.groups[..], &args.population[..]);
            plot::correlation_map(title, &all.spikes, chosen, all.window, bin(0.005), &all.observed, (1100, 1000))
        }
        Kind::Crosscorrelogram => return pair(title, args, &all),
        Kind::Spectrum => return spectrum(title, args, &all),
        kind => {
            let (spikes, groups) = select(&all, &args.population).map_err(Failure::input)?;
            match kind {
                Kind::Isi => plot::isi_histogram(title, &spikes, &groups, all.window, &all.observed, SIZE),
                Kind::Cv => plot::cv_histogram(title, &spikes, &groups, all.window, &all.observed, SIZE),
                _ => plot::rate_histogram(title, &spikes, &groups, all.window, &all.observed, SIZE),
            }
        }
    };
    let shown = all.spikes.between(start, stop).len();
    let said = format!("{} spikes of {} units", grouped(shown as u64), grouped(all.spikes.unit_ids.len() as u64));
    Ok((figure.map_err(Failure::input)?, said))
}

fn read(args: &Args) -> Result<Trains, Failure> {
    let recording = format::read(&args.file).map_err(Failure::input)?;
    notes(&recording.notes);
    let start = args.start.unwrap_or_else(|| recording.start());
    // Windows are half open: the last spike lies within.
    let stop = args.stop.unwrap_or_else(|| recording.stop().next_up());
    let groups = recording.populations.iter().map(|(name, first, count)| Group::new(name, *first, *count));
    let groups = groups.collect();
    if start >= stop {
        let error = PlotError::Window { start, stop };
        return Err(Failure::input(error));
    }
    Ok(Trains { spikes: recording.spikes, groups, window: (start, stop), observed: recording.observed })
}

/// The members that a selection takes.
fn members(all: &Trains, selection: &Selection) -> Result<Vec<usize>, PlotError> {
    plot::selected(all.spikes.unit_ids.len(), &all.groups, std::slice::from_ref(selection))
}

/// Only the selected units, each population a group.
fn select(all: &Trains, selections: &[Selection]) -> Result<(SpikeTable, Vec<Group>), PlotError> {
    if selections.is_empty() {
        return Ok((all.spikes.clone(), all.groups.clone()));
    }
    let (mut units, mut groups): (Vec<usize>, Vec<Group>) = (Vec::new(), Vec::new());
    for selection in selections {
        let more = members(all, selection)?;
        groups.push(Group::new(label(selection), units.len(), more.len()));
        units.extend(more);
    }
    Ok((all.spikes.select(&units), groups))
}

fn label(selection: &Selection) -> String {
    let name = &selection.population;
    match selection.members {
        None => name.clone(),
        Some((from, to)) if to == from + 1 => format!("{name}[{from}]"),
        Some((from, usize::MAX)) => format!("{name}[{from}:]"),
        Some((from, to)) => format!("{name}[{from}:{to}]"),
    }
}

/// The power of the mean rate of each population, by frequency.
fn spectrum(title: &str, args: &Args, all: &Trains) -> Result<Drawn, Failure> {
    let (spikes, mut groups) = select(all, &args.population).map_err(Failure::input)?;
    if groups.is_empty() {
        groups.push(Group::new(String::new(), 0, spikes.unit_ids.len()));
    }
    let ((start, stop), bin) = (all.window, args.bin.unwrap_or(0.001));
    let bins = Bins::whole(start, stop, bin).map_err(Failure::input)?;
    let length = segment_length(bins.count, 1.0 / bin);
    let blocks = groups.iter().map(|g| (g.name.clone(), g.first..g.first + g.count)).collect();
    let chosen = Chosen { place: (0..spikes.unit_ids.len() as u32).map(Some).collect(), groups: blocks };
    let plan = Plan { spectrum: Some(bins), segment: Some(length), ..Plan::of(all.window) };
    let found = statistics(&spikes, &chosen, &plan).map_err(Failure::input)?;
    let (mut curves, mut segments) = (Vec::new(), 0);
    for group in found.groups {
        let Some(found) = group.spectrum else { continue };
        segments = found.segments;
        // Without the mean there is nothing at 0 Hz; silence has no decibels.
        let points = found.hz.iter().zip(&found.density).skip(1).filter(|(_, power)| **power > 0.0);
        let (x, y) = points.map(|(hz, power)| (*hz, 10.0 * power.log10())).unzip();
        curves.push(Curve { label: group.name, x, y, band: Vec::new() });
    }
    let milliseconds = |s: f64| format!("{:.4}", s * 1e3).trim_end_matches('0').trim_end_matches('.').to_string();
    let caption = format!(
        "Power of the rate per neuron in bins of {} ms; Welch's mean over {segments} Hann windows of {} ms.",
        milliseconds(bin),
        milliseconds(length as f64 * bin)
    );
    let axes = Axes { x: "frequency (Hz)".into(), y: "power (dB re 1 Hz\u{b2}/Hz)".into(), log_x: true };
    let figure = plot::curves(title, &caption, &axes, &curves, SIZE).map_err(Failure::input)?;
    Ok((
        figure,
        format!("{} spikes of {} populations", grouped(spikes.between(start, stop).len() as u64), curves.len()),
    ))
}

/// One or two selections: the rate of the second around the spikes of the first.
fn pair(title: &str, args: &Args, all: &Trains) -> Result<Drawn, Failure> {
    let (first, second) = match &args.population[..] {
        [only] => (only, only),
        [first, second] => (first, second),
        _ => {
            return Err(Failure::input(
                "A cross-correlogram is of two trains; give --population twice, such as --population 'units[0]' \
                 --population 'units[3]', or once for an autocorrelogram.",
            ));
        }
    };
    let (start, stop) = all.window;
    let train = |selection: &Selection| {
        let units = members(all, selection).map_err(Failure::input)?;
        Ok::<_, Failure>(all.spikes.select(&units).between(start, stop).times)
    };
    let (reference, target) = (train(first)?, train(second)?);
    let (bin, reach) = (args.bin.unwrap_or(0.001), args.reach.unwrap_or(0.1));
    let table = correlogram(&reference, &target, first == second, bin, reach).map_err(Failure::input)?;
    let mean = target.len() as f64 / (stop - start);
    let names = [label(first), label(second)];
    let figure = plot::cross_correlogram(title, [&names[0], &names[1]], &table, mean, SIZE).map_err(Failure::input)?;
    let said = format!("{} and {} spikes of {} and {}", reference.len(), target.len(), names[0], names[1]);
    Ok((figure, said))
}
