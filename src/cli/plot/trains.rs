//! `plot rates`, `isi`, `cv`, `correlations`, `spectrum` and `crosscorrelogram`: what spike trains show, of a result or a recording.

use memspike::analysis::{Bins, Chosen, Plan, Spans, correlogram_of, segment_length, statistics};
use memspike::counted::counted;
use memspike::format;
use memspike::plot::{self, Axes, Curve, Group, PlotError, Selection};
use memspike::spikes::{Selected, SpikeSource};

use super::{Args, Drawn, Kind, SIZE};
use crate::cli::Failure;
use crate::cli::figures::short;
use crate::cli::note::notes;
use crate::cli::part::{expect_no_gap, observed_spikes, open_window, window};
use crate::cli::raster::groups;

/// Spikes, populations and the window that a picture is about.
struct Trains {
    spikes: Box<dyn SpikeSource>,
    groups: Vec<Group>,
    window: (f64, f64),
    /// As the recording says.
    observed: Vec<(f64, f64)>,
}

/// Reads and draws.
pub fn draw(title: &str, args: &Args) -> Result<Drawn, Failure> {
    let all = read(args)?;
    match args.kind {
        Kind::Crosscorrelogram => return pair(title, args, &all),
        Kind::Spectrum => return spectrum(title, args, &all),
        _ => {}
    }
    let (start, stop) = all.window;
    // One that was asked for must fit.
    let bin = |default: f64| args.bin.unwrap_or(default.min(stop - start));
    let (units, groups) = match args.kind {
        // One map of all of them, each once.
        Kind::Correlations if !args.population.is_empty() => (
            Some(plot::selected(all.spikes.unit_ids(), &all.groups, &args.population).map_err(Failure::input)?),
            Vec::new(),
        ),
        _ => select(&all, &args.population).map_err(Failure::input)?,
    };
    let selected = units.map(|units| Selected::new(&*all.spikes, units));
    let spikes: &dyn SpikeSource = selected.as_ref().map_or(&*all.spikes, |selected| selected);
    let figure = match args.kind {
        Kind::Correlations => {
            let chosen = (&all.groups[..], &args.population[..]);
            plot::correlation_map(title, &*all.spikes, chosen, all.window, bin(0.005), &all.observed, (1100, 1000))
        }
        Kind::Isi => plot::isi_histogram(title, spikes, &groups, all.window, &all.observed, SIZE),
        Kind::Cv => plot::cv_histogram(title, spikes, &groups, all.window, &all.observed, SIZE),
        _ => plot::rate_histogram(title, spikes, &groups, all.window, &all.observed, SIZE),
    };
    let figure = figure.map_err(Failure::input)?;
    let count = spikes.unit_ids().len();
    Ok((figure, format!("{} of {}", counted(shown(spikes, all.window)?, "spike"), counted(count, "unit"))))
}

/// How many spikes there are in a window.
fn shown(spikes: &dyn SpikeSource, (start, stop): (f64, f64)) -> Result<u64, Failure> {
    spikes.counts(start, stop).map(|counts| counts.iter().sum()).map_err(Failure::input)
}

fn read(args: &Args) -> Result<Trains, Failure> {
    let (recording, spikes) = format::read_in_order(&args.file).map_err(Failure::input)?;
    let groups = groups(&recording);
    let units = plot::selected(spikes.unit_ids(), &groups, &args.population).map_err(Failure::input)?;
    notes(&recording.notes_of(&units, open_window(args.start, args.stop)));
    let ends = spikes.ends().map_err(Failure::input)?;
    let empty = |(start, stop)| Failure::input(PlotError::Window { start, stop });
    let window = window(&recording, ends, (args.start, args.stop), empty)?;
    let spikes = observed_spikes(spikes, &recording, window)?;
    Ok(Trains { spikes, groups, window, observed: recording.observed })
}

/// The members that a selection takes.
fn members(all: &Trains, selection: &Selection) -> Result<Vec<usize>, PlotError> {
    plot::selected(all.spikes.unit_ids(), &all.groups, std::slice::from_ref(selection))
}

/// The selected units if not all are, each population a group.
fn select(all: &Trains, selections: &[Selection]) -> Result<(Option<Vec<usize>>, Vec<Group>), PlotError> {
    if selections.is_empty() {
        return Ok((None, all.groups.clone()));
    }
    let (mut units, mut groups): (Vec<usize>, Vec<Group>) = (Vec::new(), Vec::new());
    for selection in selections {
        let more = members(all, selection)?;
        groups.push(Group::new(label(selection), units.len(), more.len()));
        units.extend(more);
    }
    Ok((Some(units), groups))
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
    let (units, mut groups) = select(all, &args.population).map_err(Failure::input)?;
    let selected = units.map(|units| Selected::new(&*all.spikes, units));
    let spikes = selected.as_ref().map_or(&*all.spikes, |selected| selected);
    let units = spikes.unit_ids().len();
    if groups.is_empty() {
        groups.push(Group::new(String::new(), 0, units));
    }
    let ((start, stop), bin) = (all.window, args.bin.unwrap_or(0.001));
    expect_no_gap(&args.file, &Spans::within(&all.observed, start, stop), all.window)?;
    let bins = Bins::whole(start, stop, bin).map_err(Failure::input)?;
    let length = segment_length(bins.count, 1.0 / bin);
    let blocks = groups.iter().map(|g| (g.name.clone(), g.first..g.first + g.count)).collect();
    let chosen = Chosen { place: (0..units as u32).map(Some).collect(), groups: blocks };
    let plan = Plan { spectrum: Some(bins), segment: Some(length), ..Plan::of(all.window) };
    let found = statistics(spikes, &chosen, &plan).map_err(Failure::input)?;
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
    let mut caption = format!(
        "Power of the rate per neuron in bins of {} ms; Welch's mean over {segments} Hann windows of {} ms.",
        milliseconds(bin),
        milliseconds(length as f64 * bin)
    );
    if curves.iter().all(|curve| curve.y.is_empty()) {
        caption += " There is none: the rate does not vary.";
    }
    let axes = Axes { x: "frequency (Hz)".into(), y: "power (dB re 1 Hz\u{b2}/Hz)".into(), log_x: true };
    let figure = plot::curves(title, &caption, &axes, &curves, SIZE).map_err(Failure::input)?;
    Ok((figure, format!("{} of {}", counted(shown(spikes, all.window)?, "spike"), counted(curves.len(), "population"))))
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
    let chosen = |selection: &Selection| {
        let mut chosen = vec![false; all.spikes.unit_ids().len()];
        members(all, selection).map_err(Failure::input)?.into_iter().for_each(|unit| chosen[unit] = true);
        Ok::<_, Failure>(chosen)
    };
    let (reference, target) = (chosen(first)?, chosen(second)?);
    let (bin, reach) = (args.bin.unwrap_or(0.001), args.reach.unwrap_or(0.1));
    let found = correlogram_of(&*all.spikes, (all.window, &all.observed), (&reference, &target), bin, reach);
    let (table, targets) = found.map_err(Failure::input)?;
    // What was not observed is no silence.
    let mean = Spans::within(&all.observed, all.window.0, all.window.1).duration().map_or(0.0, |s| targets as f64 / s);
    let names = [label(first), label(second)];
    let figure = plot::cross_correlogram(title, [&names[0], &names[1]], &table, mean, SIZE).map_err(Failure::input)?;
    let said =
        format!("{} and {targets} spikes of {} and {}, {} Hz", table.references, names[0], names[1], short(mean));
    Ok((figure, said))
}
