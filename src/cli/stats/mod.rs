//! `memspike stats`: rates, intervals, their variation, counts, correlations and spectra of a recording or a result.

use std::fmt::Write;
use std::path::PathBuf;

use memspike::analysis::{
    self, AnalysisError, Bins, Chosen, MIN_SPIKES_FOR_CV, Plan, Spans, Statistics, Trials, segment_length,
};
use memspike::counted::counted;
use memspike::format;
use memspike::spikes::Recording;
use serde_json::Value;

use super::note::note;
use super::output::Output;
use super::part::{Part, expect_no_gap, no_units, observed_spikes};
use super::unit::unit_names;
use super::{Done, Failure, align, cells, quantity};

mod figures;
mod tables;
mod text;

use tables::Table;

/// Width of the bins of a spectrum unless another is given \[s\].
const SPECTRUM_BIN: f64 = 0.001;

/// Fewer samples have no spectrum.
const FEWEST: usize = 8;

/// Say what spikes are like: rates, intervals, CV, CV2, LV, Fano factors, correlations, spectra
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike stats session.nwb\n  \
                        memspike stats replay.h5 --population hidden_E --start 500ms --json\n  \
                        memspike stats session.nwb --per-unit -o units.csv\n  \
                        memspike stats session.nwb --correlations -o correlations.tsv --bin 20ms\n  \
                        memspike stats session.nwb --align-to trials --before 0s --after 1s\n\n\
                        Every number is that of a function of elephant: docs/STATISTICS.md says which. Units of a file without \
                        populations are called `units`.")]
pub struct Args {
    /// A result or a recording
    file: PathBuf,

    #[command(flatten)]
    part: Part,

    #[command(flatten)]
    widths: Widths,

    /// Units with fewer spikes are left out of the figures of CV, CV2, LV and LvR
    #[arg(long, value_name = "NUMBER", default_value_t = MIN_SPIKES_FOR_CV as u64)]
    min_spikes: u64,

    /// The Fano factor over trials: around the start of these intervals, or a column of times, such as trials or
    /// trials.go_cue_time
    #[arg(long, value_name = "INTERVAL|COLUMN")]
    align_to: Option<String>,

    /// With --align-to: how long before the event trials begin [default: 500 ms]
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, requires = "align_to", allow_hyphen_values = true)]
    before: Option<f64>,

    /// With --align-to: how long after the event trials end [default: 1 s]
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, requires = "align_to", allow_hyphen_values = true)]
    after: Option<f64>,

    /// A table with a row per unit, into the file or, without one, instead of the figures
    #[arg(long, group = "table")]
    per_unit: bool,

    /// A table with the correlation of each pair of units
    #[arg(long, group = "table")]
    correlations: bool,

    /// A table with the power spectrum of the rate of each population
    #[arg(long, group = "table")]
    spectrum: bool,

    /// Where the table goes: .csv or .tsv
    #[arg(short, long, value_name = "FILE", requires = "table")]
    output: Option<PathBuf>,

    /// As one JSON object, with the table if it has no file
    #[arg(long)]
    json: bool,

    /// Replace the file if it exists
    #[arg(long, requires = "output")]
    force: bool,
}

/// Widths of bins \[s\].
#[derive(Debug, clap::Args)]
struct Widths {
    /// Width of the bins in which counts are correlated [default: 5 ms]
    #[arg(long, value_name = "TIME", value_parser = quantity::positive_seconds)]
    bin: Option<f64>,

    /// Width of the bins of Fano factors over time [default: 100 ms]
    #[arg(long, value_name = "TIME", value_parser = quantity::positive_seconds)]
    fano_bin: Option<f64>,

    /// Width of the bins of the rate whose spectrum is estimated [default: 1 ms]
    #[arg(long, value_name = "TIME", value_parser = quantity::positive_seconds)]
    spectrum_bin: Option<f64>,

    /// Bins in a segment of the spectrum, a power of two; without it about a second
    #[arg(long, value_name = "NUMBER")]
    segment: Option<usize>,
}

/// A file that was measured.
struct Measured {
    recording: Recording,
    /// The ids of the chosen units.
    ids: Vec<i64>,
    /// Their names, if the file has any.
    names: Option<Vec<String>>,
    chosen: Chosen,
    plan: Plan,
    /// Bins of the spectrum, if it has some \[s\].
    spectrum_bin: f64,
    /// The end of the window, or its last moment if that is the last of the file \[s\].
    end: f64,
    /// What trials are aligned to.
    event: Option<String>,
    found: Statistics,
}

/// Measures, and prints or writes.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let table = match (args.per_unit, args.correlations, args.spectrum) {
        (true, ..) => Some(Table::Units),
        (_, true, _) => Some(Table::Correlations),
        (.., true) => Some(Table::Spectrum),
        _ => None,
    };
    let output =
        args.output.as_deref().map(|path| Output::new(path, args.force)?.spare([args.file.as_path()])).transpose()?;
    let separator = output.as_ref().map(cells::separator).transpose()?;
    let measured = measure(args)?;
    let Some((output, separator)) = output.zip(separator) else {
        return match (args.json, table) {
            (true, table) => {
                let mut all = figures::all(&measured, &args.file);
                if let (Some(table), Value::Object(all)) = (table, &mut all) {
                    let (key, value) = table.as_json(&measured)?;
                    all.insert(key.to_string(), value);
                }
                Done::json(&all)
            }
            (false, Some(table)) => Ok(Done::text(table.as_text(&measured, ',')?)),
            (false, None) => Ok(Done::text(text::lay_out(&measured, &args.file))),
        };
    };
    let text = table.unwrap_or(Table::Units).as_text(&measured, separator)?;
    let rows = cells::rows(&text);
    output.write(text)?;
    if args.json {
        return Done::json(&figures::all(&measured, &args.file));
    }
    let mut said = text::lay_out(&measured, &args.file);
    let _ = writeln!(said, "\n{}: {}", output.path().display(), counted(rows, "row"));
    Ok(Done::text(said))
}

fn measure(args: &Args) -> Result<Measured, Failure> {
    let (recording, spikes) = format::read_in_order(&args.file).map_err(Failure::input)?;
    let chosen = args.part.chosen(&recording, spikes.unit_ids())?;
    args.part.tell(&recording, &chosen, note);
    if chosen.units() == 0 {
        return Err(no_units(&args.file.display().to_string()));
    }
    let window = args.part.window(&recording, spikes.ends().map_err(Failure::input)?)?;
    let spikes = observed_spikes(spikes, &recording, window)?;
    // A window that nobody gave ends just after its last moment, which says how long it is: on clocks since 1970 the next double is much later.
    let end = if args.part.stop.is_some() { window.1 } else { window.1.next_down() };
    let spans = Spans::within(&recording.observed, window.0, end);
    let whole = spans.cover(window.0, end);
    if args.spectrum {
        expect_no_gap(&args.file, &spans, (window.0, end))?;
    }
    let (trials, event) = match &args.align_to {
        None => (None, None),
        Some(to) => {
            let (events, said) = align::moments(&recording, to)?;
            let (before, after) = (args.before.unwrap_or(0.5), args.after.unwrap_or(1.0));
            let trials = Trials::new(&events, before, after, &spans).map_err(Failure::input)?;
            let (all, left_out) = (events.len(), events.len() - trials.count());
            if left_out > 0 {
                let are = if left_out == 1 { "is" } else { "are" };
                note(format_args!(
                    "{left_out} of {all} trials {are} left out: from {before} s before them to {after} s after them was not all observed within \
                     the window; --before and --after say how long they are"
                ));
            }
            (Some(trials), Some(said))
        }
    };
    let spectrum_bin = args.widths.spectrum_bin.unwrap_or(SPECTRUM_BIN);
    let spectrum =
        args.widths.bins(window, (args.widths.spectrum_bin, SPECTRUM_BIN), ("the spectrum is", "--spectrum-bin"))?;
    let plan = Plan {
        correlation: args.widths.bins(window, (args.widths.bin, 0.005), ("correlations are", "--bin"))?,
        fano: args.widths.bins(window, (args.widths.fano_bin, 0.1), ("Fano factors over time are", "--fano-bin"))?,
        spectrum: spectrum.filter(|bins| whole && (args.widths.segment.is_some() || bins.count >= FEWEST)),
        segment: args.widths.segment.or(spectrum.map(|bins| segment_length(bins.count, 1.0 / bins.width))),
        trials,
        min_spikes: args.min_spikes,
        spans,
        ..Plan::of(window)
    };
    if let (Some(width), Some(1)) = (args.widths.bin, plan.correlation.map(|bins| bins.count)) {
        note(format_args!(
            "there are no correlations: a bin of {} is all of the window; give a smaller --bin",
            text::duration(width)
        ));
    }
    let found = analysis::statistics(&*spikes, &chosen, &plan).map_err(Failure::input)?;
    let ids = chosen.of(spikes.unit_ids());
    let names = unit_names(&recording).map(|names| chosen.of(&names));
    Ok(Measured { recording, ids, names, chosen, plan, spectrum_bin, end, event, found })
}

impl Widths {
    /// Bins that were asked for must fit into the window; those that nobody asked for are left out where they do not, which is said of
    /// `what` where they are too many.
    fn bins(
        &self,
        (start, stop): (f64, f64),
        (asked, default): (Option<f64>, f64),
        (what, flag): (&str, &str),
    ) -> Result<Option<Bins>, Failure> {
        match (asked, Bins::whole(start, stop, asked.unwrap_or(default))) {
            (Some(_), bins) => bins.map(Some).map_err(Failure::input),
            (None, Err(error @ AnalysisError::TooManyBins { .. })) => {
                note(format_args!("{what} left out, without {flag}: {error}"));
                Ok(None)
            }
            (None, bins) => Ok(bins.ok()),
        }
    }
}
