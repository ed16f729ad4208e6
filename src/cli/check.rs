//! `memspike check`: is a model right, and how large is it? Nothing is built.

use std::fmt::Write;
use std::path::PathBuf;

use memspike::counted::{counted, grouped};
use memspike::network::{self, Estimate};
use memspike::spec::{Engine, NetworkSpec};
use memspike::spikes::{Recording, SpikeTable};
use serde_json::{Map, Value, json};

use super::figures::column;
use super::memory::{available_to, bytes, foreseen, refuse_if_too_large};
use super::model::{Layers, Loaded, Model, is_circuit, tell_interval_files_apart};
use super::names::{engine, kind, precision};
use super::note::notes;
use super::result_size::{self, ResultSize};
use super::{Done, Failure, graph, quantity};

/// Check a model and print its size (neurons, synapses, memory, result) without building it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike check models/microcircuit.toml --set parameters.scale=0.1\n  \
                        memspike check models/brunel_ai.toml --rate 35Hz\n  \
                        memspike check models/brunel_ai.toml --resolved\n\n\
                        Numbers of synapses that are drawn (fixed_probability) are expectations: \"about\", `expected` in JSON. So is the size \
                        of the result: spikes take 16 bytes each, and nobody knows before a run how neurons will fire (--rate); sources fire \
                        as the model says. States and weights are packed in the file; their size is the one without that.\n\n\
                        docs/MODEL-FILE.md has all tables and keys of a model file; memspike models shows them, too.")]
pub struct Args {
    /// The model file (TOML), the configuration of a SONATA circuit (JSON), or a NIR graph (.nir)
    model: PathBuf,

    /// Lay a value over the model, such as simulation.seed=2; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = quantity::layer)]
    set: Vec<(String, String)>,

    /// Print the model with all that it leaves out filled in: layers, parameters, sets, defaults. It is a model again, which gives the same
    /// bytes. For a SONATA circuit only the tables beside the network
    #[arg(long, conflicts_with = "json")]
    resolved: bool,

    /// Rate that neurons are taken to fire at in the size of the result [default: 10 Hz]
    #[arg(long, value_name = "RATE", value_parser = quantity::rate, conflicts_with = "resolved")]
    rate: Option<f64>,

    /// As one JSON object
    #[arg(long)]
    json: bool,
}

/// The verdict and the size.
pub fn run(args: Args) -> Result<Done, Failure> {
    if graph::is_graph(&args.model) {
        let idle = [
            ("--set", !args.set.is_empty(), "a graph has no keys"),
            ("--resolved", args.resolved, "a graph leaves nothing out"),
            ("--rate", args.rate.is_some(), "a graph's signals are numbers at each step, not spikes of neurons"),
        ];
        if let Some((option, _, why)) = idle.into_iter().find(|(_, given, _)| *given) {
            return Err(Failure::input(format!("{option} changes nothing: {why}.")));
        }
        return graph::describe(&args.model, args.json);
    }
    if args.resolved {
        return Ok(Done::text(Model::File(args.model).read(&args.set)?.resolved));
    }
    let model = Model::File(args.model);
    describe(&model, &args.set, args.json, args.rate.unwrap_or(result_size::RATE))
}

/// What a model holds, checked; refused if it can't be held in memory. Neurons are taken to fire at `rate` \[Hz\].
pub fn describe(model: &Model, layers: &Layers, json: bool, rate: f64) -> Result<Done, Failure> {
    let spec = model.read(layers)?;
    // A model that waits for its recording is right as far as it goes.
    let unknown = unnamed(&spec);
    let waiting = !unknown.is_empty();
    let spec = match model {
        _ if waiting => stand_in(spec)?,
        Model::File(path) if is_circuit(path) => model.load(layers, None)?.spec,
        // Not read again: it may come through a pipe.
        _ => Loaded::bound(spec, None)?.spec,
    };
    let size = network::estimate(&spec).map_err(Failure::input)?;
    let bytes = foreseen(&spec, &size)?;
    refuse_if_too_large(size.members(), size.synapses, bytes, available_to(1))?;
    network::check_parameters(&spec).map_err(Failure::input)?;
    warn(&spec, true)?;
    let result = ResultSize::of(&spec, &unknown, rate).map_err(Failure::input)?;
    let sizes = Sizes { network: size, memory: bytes, result };
    if json {
        return Done::json(&as_json(model, &spec, &sizes, waiting));
    }
    let note = format!("\nIt waits for `memspike replay`: sizes are those for a recording of {STAND_IN} units.\n");
    Ok(Done::text(as_text(model, &spec, &sizes) + if waiting { &note } else { "" }))
}

/// Says what is allowed but seldom meant; every rank calls it, one of them tells.
///
/// # Errors
/// Exit code 2 for a network that would not end.
pub fn warn(spec: &NetworkSpec, tells: bool) -> Result<(), Failure> {
    let doubts = spec.doubts().map_err(Failure::input)?;
    if !tells {
        return Ok(());
    }
    notes(&spec.notes);
    doubts.iter().for_each(|doubt| memspike::say!("warning: {doubt}"));
    for projection in &spec.projections {
        let messages = projection.waveform.as_ref().map(|w| w.surface().warnings(&projection.name));
        messages.iter().flatten().for_each(|message| memspike::say!("warning: {message}"));
    }
    Ok(())
}

/// Units of the recording that stands in for one that is not named yet.
const STAND_IN: usize = 1000;

/// Fills populations that wait for a recording, so that the network has a size.
///
/// # Errors
/// A recording that can't be read, or does not fit.
pub fn stand_in(mut spec: NetworkSpec) -> Result<NetworkSpec, Failure> {
    let wanted: Vec<_> = spec.recordings().into_iter().map(|(i, r)| (i, r.clone())).collect();
    for (population, source) in wanted {
        let recording = match &source.file {
            Some(file) => memspike::format::read(file).map_err(Failure::input)?,
            None => {
                let start = source.start.unwrap_or(0.0);
                let stop = source.stop.unwrap_or(start + 1.0);
                let ids: Vec<i64> = (0..STAND_IN as i64).collect();
                let spikes = SpikeTable { unit_ids: ids, ..SpikeTable::default() };
                Recording { spikes, observed: vec![(start, stop)], ..Recording::default() }
            }
        };
        spec.bind(population, &recording).map_err(Failure::input)?;
        if let Some(file) = &source.file {
            spec.set_content(population, memspike::format::content(file).map_err(Failure::input)?);
        }
    }
    tell_interval_files_apart(&mut spec)?;
    Ok(spec)
}

/// The populations that wait for `memspike replay` to name their recording.
fn unnamed(spec: &NetworkSpec) -> Vec<usize> {
    spec.recordings().into_iter().filter(|(_, recording)| recording.file.is_none()).map(|(index, _)| index).collect()
}

/// How large all is.
struct Sizes {
    network: Estimate,
    /// Of a run \[bytes\].
    memory: u64,
    result: Option<ResultSize>,
}

/// A number of synapses, which may be an expectation.
fn number(count: u64, expected: bool) -> String {
    if expected { format!("about {}", grouped(count)) } else { grouped(count) }
}

fn as_text(model: &Model, spec: &NetworkSpec, sizes: &Sizes) -> String {
    let (simulation, size) = (&spec.simulation, &sizes.network);
    let drawn: Vec<bool> = spec.projections.iter().map(|projection| projection.connect.number_is_drawn()).collect();
    let mut out = format!("{model}: {}\n", spec.title.as_deref().unwrap_or("a model without a title"));
    spec.reference.iter().for_each(|reference| out += &format!("  {reference}\n"));
    let open = if spec.recordings().is_empty() { "no duration" } else { "as long as its recording" };
    let duration = simulation.duration.map_or(open.to_string(), |t| t.to_string());
    let step = match simulation.engine {
        Engine::Event => String::new(),
        Engine::Grid => format!(" at {}", simulation.resolution),
    };
    let grains = if simulation.int16_weights { ", static weights in 16 bits" } else { "" };
    let _ = writeln!(
        out,
        "  {duration}, {} engine{step}, {} precision{grains}, seed {}",
        engine(spec),
        precision(spec),
        simulation.seed
    );
    let _ = writeln!(
        out,
        "\n{}, {}, {}, about {} of memory for a run",
        counted(size.neurons, "neuron"),
        counted(size.sources, "source"),
        if drawn.contains(&true) { "about " } else { "" }.to_owned() + &counted(size.synapses, "synapse"),
        bytes(sizes.memory)
    );
    sizes.result.iter().for_each(|result| out += &format!("{}\n", result.text()));
    let names = spec.populations.iter().map(|p| &p.name).chain(size.projections.iter().map(|(name, _)| name));
    let width = column(names.map(String::as_str), 10);
    let _ = writeln!(out, "\n{:<width$} {:>14}  model", "population", "size");
    for p in &spec.populations {
        let _ = writeln!(out, "{:<width$} {:>14}  {}", p.name, grouped(p.size as u64), kind(&p.kind));
    }
    let counts: Vec<String> = size.projections.iter().zip(&drawn).map(|((_, n), drawn)| number(*n, *drawn)).collect();
    let wide = counts.iter().map(String::len).chain([14]).max().unwrap_or(14);
    if !size.projections.is_empty() {
        let _ = writeln!(out, "\n{:<width$} {:>wide$}  plasticity, device, procedural", "projection", "synapses");
    }
    for (((name, _), count), projection) in size.projections.iter().zip(&counts).zip(&spec.projections) {
        let rule = projection.plasticity.as_ref().map(|r| r.rule.describe().name);
        let device = projection.device.as_ref().map(|d| d.device.describe().name);
        let beside = [(projection.short_term.is_some(), "short_term"), (projection.normalize.is_some(), "normalize")];
        let crossbar = projection.crossbar.as_ref().map(|_| "crossbar");
        let beside = beside.into_iter().filter_map(|(has, name)| has.then_some(name));
        let procedural = projection.procedural.then_some("procedural");
        let waveform = projection.waveform.as_ref().map(|w| {
            let surface = w.surface();
            format!(
                "waveform (change surface of {} points, {}, within {:.1e} of the largest)",
                surface.len(),
                bytes(surface.bytes() as u64),
                surface.error
            )
        });
        let rule = rule.into_iter().chain(beside).chain(device).chain(crossbar).chain(procedural);
        let extras: Vec<&str> = rule.chain(waveform.as_deref()).collect();
        let extras = if extras.is_empty() { "-".to_string() } else { extras.join(", ") };
        let _ = writeln!(out, "{name:<width$} {count:>wide$}  {extras}");
    }
    out
}

/// `waiting`: sizes are those with a recording of [`STAND_IN`] units, since none is named.
fn as_json(model: &Model, spec: &NetworkSpec, sizes: &Sizes, waiting: bool) -> Value {
    let size = &sizes.network;
    let drawn = spec.projections.iter().map(|projection| projection.connect.number_is_drawn());
    json!({
        "file": model.to_string(),
        "kind": "model",
        "title": spec.title,
        "reference": spec.reference,
        "duration_s": spec.simulation.duration.map(|t| t.seconds()),
        "seed": spec.simulation.seed,
        "engine": engine(spec),
        "precision": precision(spec),
        "static_weights": if spec.simulation.int16_weights { "int16" } else { "real" },
        "resolution_ms": spec.simulation.resolution.ms(),
        "neurons": size.neurons,
        "sources": size.sources,
        "synapses": size.synapses,
        "synapses_expected": drawn.clone().any(|drawn| drawn),
        "bytes": sizes.memory,
        "stand_in_units": waiting.then_some(STAND_IN),
        "result": sizes.result.as_ref().map(ResultSize::json),
        "populations": spec.populations.iter()
            .map(|p| (p.name.clone(), json!({ "size": p.size, "model": kind(&p.kind) }))).collect::<Map<_, _>>(),
        "projections": size.projections.iter().zip(drawn)
            .map(|((name, count), drawn)| (name.clone(), json!({ "synapses": count, "expected": drawn })))
            .collect::<Map<_, _>>(),
    })
}
