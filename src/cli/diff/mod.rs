//! `memspike diff`: whether two files hold the same spikes, where they begin to differ, and by how much.

use std::path::{Path, PathBuf};

use memspike::analysis::{Chosen, MIN_SPIKES_FOR_CV, Spans, outside};
use memspike::format;
use memspike::spikes::{HELD, Recording, SpikeSource};

use super::note::note;
use super::output::Output;
use super::part::Part;
use super::{Done, Failure, cells, quantity};

mod compare;
mod report;

use compare::Measures;

/// Compare the spikes of two files: the first that differs, counts, distances of trains, distributions
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike diff replay.h5 replay.h5\n  \
                        memspike diff session.nwb session.csv --tolerance 1ns || echo they differ\n  \
                        memspike diff replay.h5 other.h5 --population hidden_E --tau 20ms --cost '50 Hz' --json || true\n  \
                        memspike diff replay.h5 other.h5 --per-unit -o units.csv || true\n\n\
                        Exit code 0 if all spikes are the same, 1 if some differ, 2 if a file cannot be read, or what was found not written. Populations are compared by \
                        name, units by their names where both files have one for each unit of a population, else by their numbers; one that is \
                        in one file only is compared with silence, and named.")]
pub struct Args {
    /// A result or a recording
    first: PathBuf,

    /// Another
    second: PathBuf,

    #[command(flatten)]
    part: Part,

    /// Spikes are the same if they are not further apart than this, to the picosecond
    #[arg(long, value_name = "TIME", default_value = "0 s", value_parser = quantity::tolerance)]
    tolerance: f64,

    /// Time constant of van Rossum's distance
    #[arg(long, value_name = "TIME", default_value = "10 ms", value_parser = quantity::positive_seconds)]
    tau: f64,

    /// Cost q of moving a spike in Victor and Purpura's distance
    #[arg(long, value_name = "RATE", default_value = "100 Hz", value_parser = quantity::rate)]
    cost: f64,

    /// Units with fewer spikes are left out of the comparison of CVs
    #[arg(long, value_name = "NUMBER", default_value_t = MIN_SPIKES_FOR_CV as u64)]
    min_spikes: u64,

    /// A table with a row per unit, into the file or, without one, instead of the figures
    #[arg(long)]
    per_unit: bool,

    /// Where the table goes: .csv or .tsv
    #[arg(short, long, value_name = "FILE", requires = "per_unit")]
    output: Option<PathBuf>,

    /// As one JSON object, with the table if it has no file
    #[arg(long)]
    json: bool,

    /// Replace the file if it exists
    #[arg(long, requires = "output")]
    force: bool,
}

/// A file with the part of it that is compared.
pub struct Side {
    path: PathBuf,
    recording: Recording,
    spikes: Box<dyn SpikeSource>,
    chosen: Chosen,
    window: (f64, f64),
}

/// Compares, and prints or writes.
///
/// # Errors
/// With exit code 2 in any case: 1 says that spikes differ.
pub fn run(args: &Args) -> Result<Done, Failure> {
    compared(args).map_err(|mut failure| {
        failure.code = 2;
        failure
    })
}

fn compared(args: &Args) -> Result<Done, Failure> {
    let output = args
        .output
        .as_deref()
        .map(|path| Output::new(path, args.force)?.spare([args.first.as_path(), args.second.as_path()]))
        .transpose()?;
    let separator = output.as_ref().map(cells::separator).transpose()?;
    let sides = [read(&args.first, &args.part)?, read(&args.second, &args.part)?];
    let measures = Measures { tolerance: args.tolerance, tau: args.tau, cost: args.cost, min_spikes: args.min_spikes };
    let found = compare::compare(&sides, measures, HELD)?;
    if !found.all_near {
        note(format!(
            "with {} Hz so many spikes are near each other that Victor and Purpura's distance would take too long; give a larger \
             --cost, or fewer spikes by --start, --stop or --population",
            args.cost
        ));
    }
    let mut done = match output.zip(separator) {
        Some((output, separator)) => {
            output.write(report::table(&found, separator))?;
            if args.json {
                Done::json(&report::json(&found, &sides, false))?
            } else {
                Done::text(report::text(&found, &sides))
            }
        }
        None if args.json => Done::json(&report::json(&found, &sides, args.per_unit))?,
        None if args.per_unit => Done::text(report::table(&found, ',')),
        None => Done::text(report::text(&found, &sides)),
    };
    done.differs = Some(found.first.is_some());
    Ok(done)
}

fn read(path: &Path, part: &Part) -> Result<Side, Failure> {
    let (recording, spikes) = format::read_in_order(path).map_err(Failure::input)?;
    let chosen = part.chosen(&recording, spikes.unit_ids())?;
    part.tell(&recording, &chosen, |text| note(format!("{}: {text}", path.display())));
    let window = part.window(&recording, spikes.ends().map_err(Failure::input)?)?;
    let spans = Spans::within(&recording.observed, window.0, window.1);
    let left = outside(&*spikes, &spans, window).map_err(Failure::input)?;
    if left > 0 {
        let said = super::part::outside(left);
        note(format!("{}: {said}; they are compared, and in no rate, CV or interval", path.display()));
    }
    Ok(Side { path: path.to_owned(), recording, spikes, chosen, window })
}
