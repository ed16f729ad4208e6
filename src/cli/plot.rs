//! `memspike plot`: state traces, weight distributions and energies of a result.

use std::path::PathBuf;

use memspike::format::result::{Observables, States, read_observables, read_summary};
use memspike::plot::{self, ENERGY_KINDS, EnergyBars, Figure, Selection, Traces, WeightSnapshots};

use super::output::Output;
use super::{Done, Failure, quantity};

/// Draw recorded states or weights of a result, or what its devices spent
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike plot weights replay.h5 -o weights.png --projection recorded_to_E\n  \
                        memspike plot traces replay.h5 -o traces.svg --population 'hidden_E[0:2]' --stop 500ms\n  \
                        memspike plot energy replay.h5 -o energy.png\n\n\
                        The model says what is recorded: [[record.state]] and [[record.weights]].")]
pub struct Args {
    /// What to draw
    #[arg(value_enum)]
    kind: Kind,

    /// A result of memspike
    file: PathBuf,

    /// The picture, .png or .svg
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// traces: a population or some of its members, such as E or 'E[0:3]'; may be repeated
    #[arg(long, value_name = "POPULATION")]
    population: Vec<Selection>,

    /// traces: only this variable, such as v_m; may be repeated
    #[arg(long, value_name = "NAME")]
    variable: Vec<String>,

    /// weights: which projection, where several were recorded
    #[arg(long, value_name = "PROJECTION")]
    projection: Option<String>,

    /// traces: start of the window, in model time
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds)]
    start: Option<f64>,

    /// traces: end of the window, in model time
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds)]
    stop: Option<f64>,

    /// Replace the picture if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    /// State variables over time
    Traces,
    /// The distribution of a projection's weights, at the first and the last snapshot
    Weights,
    /// What each projection's devices spent on reads, pulses and static power
    Energy,
}

/// Width and height \[pixels\].
const SIZE: (u32, u32) = (1400, 900);

/// At most so many traces of one variable: more can't be told apart.
const MOST_TRACES: usize = 12;

/// Reads, draws, and says what was drawn.
pub fn run(args: Args) -> Result<Done, Failure> {
    let output = Output::new(&args.output, args.force)?;
    plot::Format::of(output.path()).map_err(Failure::input)?;
    let read = || read_observables(&args.file).map_err(Failure::input);
    let title = args.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let (figure, said) = match args.kind {
        Kind::Traces => traces(&title, &args, &read()?)?,
        Kind::Weights => weights(&title, &args, &read()?)?,
        Kind::Energy => energy(&title, &args)?,
    };
    plot::save(&figure, output.path()).map_err(Failure::run)?;
    Ok(Done::text(format!("{}: {said}\n", output.path().display())))
}

fn traces(title: &str, args: &Args, all: &Observables) -> Result<(Figure, String), Failure> {
    if all.states.is_empty() {
        return Err(Failure::input(format!(
            "{} holds no states; record some with [[record.state]] in the model.",
            args.file.display()
        )));
    }
    let mut tables = Vec::new();
    for states in &all.states {
        let members = members(states, &args.population);
        let wanted = args.variable.is_empty() || args.variable.contains(&states.variable);
        if wanted && !members.is_empty() {
            if members.len() > MOST_TRACES {
                eprintln!(
                    "note: {} of {}: the first {MOST_TRACES} of {} neurons.",
                    states.variable,
                    states.population,
                    members.len()
                );
            }
            tables.push(table(states, &members[..members.len().min(MOST_TRACES)], args));
        }
    }
    if tables.is_empty() {
        let there: Vec<String> = all.states.iter().map(|s| format!("{} of {}", s.variable, s.population)).collect();
        return Err(Failure::input(format!(
            "Nothing recorded fits; {} holds {}.",
            args.file.display(),
            there.join(", ")
        )));
    }
    let figure = plot::traces(title, &tables, SIZE).map_err(Failure::input)?;
    let said: Vec<String> = tables.iter().map(|t| format!("{} ({} neurons)", t.name, t.series.len())).collect();
    Ok((figure, said.join(", ")))
}

/// The columns of a table that a selection takes.
fn members(states: &States, select: &[Selection]) -> Vec<usize> {
    let chosen = |id: i64| {
        select.is_empty()
            || select.iter().any(|s| {
                let (first, end) = s.members.unwrap_or((0, usize::MAX));
                s.population == states.population && (first..end).contains(&(id as usize))
            })
    };
    states.node_ids.iter().enumerate().filter(|(_, id)| chosen(**id)).map(|(column, _)| column).collect()
}

fn table(states: &States, members: &[usize], args: &Args) -> Traces {
    let window = |t: &f64| args.start.is_none_or(|s| *t >= s * 1e3) && args.stop.is_none_or(|s| *t <= s * 1e3);
    let rows: Vec<usize> = (0..states.times_ms.len()).filter(|&row| window(&states.times_ms[row])).collect();
    let width = states.node_ids.len();
    let series = |&column: &usize| {
        let label = format!("{}[{}]", states.population, states.node_ids[column]);
        (label, rows.iter().map(|row| states.data[row * width + column]).collect())
    };
    Traces {
        name: format!("{} of {}", states.variable, states.population),
        unit: states.unit.clone(),
        times_ms: rows.iter().map(|&row| states.times_ms[row]).collect(),
        series: members.iter().map(series).collect(),
        level: None,
    }
}

fn weights(title: &str, args: &Args, all: &Observables) -> Result<(Figure, String), Failure> {
    let names: Vec<&str> = all.snapshots.iter().map(|s| s.projection.as_str()).collect();
    let chosen = match (&args.projection, &all.snapshots[..]) {
        (_, []) => {
            return Err(Failure::input(format!(
                "{} holds no snapshots of weights; record them with [[record.weights]] projection = \"..\", on = \"end\".",
                args.file.display()
            )));
        }
        (Some(name), snapshots) => snapshots.iter().find(|s| s.projection == *name).ok_or_else(|| {
            Failure::input(format!("There are no weights of `{name}`; expected one of {}.", names.join(", ")))
        })?,
        (None, [only]) => only,
        (None, _) => {
            return Err(Failure::input(format!("Choose one with --projection: {}.", names.join(", "))));
        }
    };
    let width = chosen.source_ids.len();
    let table = WeightSnapshots {
        name: chosen.projection.clone(),
        unit: chosen.unit.clone(),
        times_ms: chosen.times_ms.clone(),
        weights: (0..chosen.times_ms.len())
            .map(|row| chosen.weights[row * width..(row + 1) * width].to_vec())
            .collect(),
    };
    let figure = plot::weights(&format!("{title}: {}", chosen.projection), &table, SIZE).map_err(Failure::input)?;
    let said = format!("{} synapses of {}, {} snapshots", width, chosen.projection, chosen.times_ms.len());
    Ok((figure, said))
}

fn energy(title: &str, args: &Args) -> Result<(Figure, String), Failure> {
    let figures = read_summary(&args.file).map_err(Failure::input)?;
    let projections = figures.get("projections").and_then(|p| p.as_object());
    let bars: Vec<EnergyBars> = projections
        .into_iter()
        .flatten()
        .filter(|(name, _)| args.projection.as_ref().is_none_or(|wanted| wanted == *name))
        .filter_map(|(name, p)| {
            let spent = p.get("energy_j")?;
            Some(EnergyBars { name: name.clone(), joules: ENERGY_KINDS.map(|kind| spent.get(kind)?.as_f64()) })
        })
        .collect();
    if bars.is_empty() {
        return Err(Failure::input(format!(
            "{} has no projection with devices{}; their energy follows from the prices of a device: pulse_up, pulse_down, read.",
            args.file.display(),
            args.projection.as_ref().map_or(String::new(), |name| format!(" named {name}"))
        )));
    }
    let figure = plot::energy(title, &bars, SIZE).map_err(Failure::input)?;
    Ok((figure, format!("{} projections with devices", bars.len())))
}
