//! `memspike replay`: a recording drives a network.

use std::path::PathBuf;

use memspike::format;
use memspike::ranks::Ranks;
use memspike::spec::{NetworkSpec, PopulationKind, SourceSpec, Wanted, parse_units};
use memspike::spikes::Recording;

use super::model::Model;
use super::output::Output;
use super::part::{are_ambiguous, conditions};
use super::simulate::{self, Flags, Request};
use super::together::agree;
use super::{Done, Failure, quantity};

/// Slower, a run would never end.
const SLOWEST: f64 = 1e-6;
/// Faster, nothing is waited for.
const FASTEST: f64 = 1e9;

/// Replay a recording into a network
#[derive(Debug, clap::Args)]
#[command(
    // One of two has to be given, which clap would show as if neither had.
    override_usage = "memspike replay [OPTIONS] --output <OUT.h5> <RECORDING>\n       memspike replay [OPTIONS] --resume <OUT.h5.ckpt> <RECORDING>",
    after_help = "Examples:\n  memspike replay session.nwb -o replay.h5\n  \
                        memspike replay session.nwb -o part.h5 --units 0-95 --start 2283s --stop 2285s --speed 10\n\n\
                        The network that ships has 60 synapses from the recording onto each of 200 neurons, and 40 onto each of 50 others, \
                        however many units there are; with fewer units than that a source has several onto the same neuron, which is said."
)]
pub struct Args {
    /// The recording, in any format that `memspike info` reads (NWB, SONATA, MATLAB, phy, NIX, AEDAT 4, GDF, CSV, ..)
    recording: PathBuf,

    /// The result file (HDF5); may be left out with --resume
    #[arg(short, long, value_name = "OUT.h5", required_unless_present = "resume")]
    output: Option<PathBuf>,

    /// The network, with a population of source.recording = {}; a layered one with memristive synapses ships in the program
    #[arg(long, value_name = "MODEL.toml")]
    model: Option<PathBuf>,

    /// The population that replays, where the model has several with source.recording; the run is as long as what it replays
    #[arg(long, value_name = "POPULATION")]
    into: Option<String>,

    /// Where to start, on the recording's clock; its first observed moment without it
    #[arg(long, value_name = "TIME", value_parser = quantity::moment, allow_hyphen_values = true)]
    start: Option<f64>,

    /// Where to stop, on the recording's clock; its last observed moment without it
    #[arg(long, value_name = "TIME", value_parser = quantity::moment, allow_hyphen_values = true)]
    stop: Option<f64>,

    /// Units by position, such as 0-95,100, in this order; all without it
    #[arg(long, value_name = "RANGES")]
    units: Option<String>,

    /// Units by a column that `memspike info` names, such as location=M1; may be repeated: other columns must hold too, further
    /// values of one column are alternatives
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    filter: Vec<String>,

    /// Pace the run to the clock: model seconds per second; reports how late spikes came
    #[arg(long, value_name = "FACTOR")]
    speed: Option<f64>,

    #[command(flatten)]
    flags: Flags,
}

/// Simulates, and prints the figures.
pub fn run(args: Args, ranks: &Ranks) -> Result<Done, Failure> {
    simulate::run(agree(ranks, request(args))?, ranks)
}

/// What was meant.
fn request(args: Args) -> Result<Request, Failure> {
    if let Some(speed) = args.speed.filter(|s| !(SLOWEST..=FASTEST).contains(s)) {
        return Err(Failure::input(format!(
            "--speed is {speed:?}; expected a factor between {SLOWEST} and {FASTEST}, such as 1 for real time."
        )));
    }
    if let Some(units) = &args.units {
        parse_units(units).map_err(|message| Failure::input(format!("--units: {message}.")))?;
    }
    // What is there and can't be read has a reason, which its reader tells.
    if std::fs::metadata(&args.recording).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(Failure::input(format!("There is no recording {}; check the path.", args.recording.display())));
    }
    let model = args.model.map_or(Model::Replay, Model::File);
    if let Some(output) = &args.output {
        Output::new(output, true)?.spare([args.recording.as_path()])?;
    }
    let mut request = args.flags.request(model, args.output.as_deref())?;
    request.at_speed(args.speed);
    let spec = request.model.read(&request.layers)?;
    let population = source(&spec, args.into)?;
    // On top of --set, as flags that say more.
    let mut lay_over = |population: &str, key: &str, value: String| {
        request.layers.push((format!("population.{population}.source.recording.{key}"), value));
    };
    // What is replayed says how long the run is, and which clock it has.
    if spec.recordings().len() > 1 {
        let leader = spec.leads.map(|leader| spec.populations[leader].name.as_str());
        leader.into_iter().for_each(|leader| lay_over(leader, "leads", "false".to_owned()));
        lay_over(&population, "leads", "true".to_owned());
    }
    let mut lay = |key: &str, value: String| lay_over(&population, key, value);
    // Relative to where the command was typed, not to the model.
    let file = std::path::absolute(&args.recording).map_err(Failure::input)?;
    let Some(file) = file.to_str() else {
        return Err(Failure::input(format!("The name of the recording {} is not UTF-8; rename it.", file.display())));
    };
    lay("file", toml_edit::Value::from(file).to_string());
    args.start.into_iter().for_each(|s| lay("start", format!("\"{s} s\"")));
    args.stop.into_iter().for_each(|s| lay("stop", format!("\"{s} s\"")));
    args.units.into_iter().for_each(|units| lay("units", toml_edit::Value::from(units).to_string()));
    let columns = if are_ambiguous(&args.filter) {
        format::read_in_order(&args.recording).map_err(Failure::input)?.0
    } else {
        Recording::default()
    };
    for condition in conditions(&args.filter, &columns)? {
        let values = toml_edit::Array::from_iter(condition.values.into_iter().map(toml_value));
        lay(&format!("where.{}", toml_edit::Key::new(condition.column)), values.to_string());
    }
    Ok(request)
}

/// A value as TOML has it.
fn toml_value(wanted: Wanted) -> toml_edit::Value {
    match wanted {
        Wanted::Number(number) => number.into(),
        Wanted::Text(text) => text.into(),
    }
}

/// The population that replays a recording: the one of this name, or the only one.
fn source(spec: &NetworkSpec, name: Option<String>) -> Result<String, Failure> {
    let names: Vec<&str> = spec
        .populations
        .iter()
        .filter(|p| matches!(p.kind, PopulationKind::Source(SourceSpec::Recording(_))))
        .map(|p| p.name.as_str())
        .collect();
    match (&names[..], name) {
        ([], _) => Err(Failure::input(
            "The model has no population that replays a recording: give one of them `source.recording = {}`.",
        )),
        (_, Some(name)) if names.contains(&name.as_str()) => Ok(name),
        (_, Some(name)) => Err(Failure::input(format!(
            "--into is `{name}`, which is no population that replays a recording; there are: {}.",
            names.join(", ")
        ))),
        ([name], None) => Ok((*name).to_string()),
        (_, None) => Err(Failure::input(format!(
            "The model has several populations that replay a recording; choose one with --into: {}.",
            names.join(", ")
        ))),
    }
}
