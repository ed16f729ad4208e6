//! Reports: which state variables of which nodes are recorded.

use std::collections::BTreeMap;

use super::{InterchangeError, Placed, sets, wrong};
use crate::format::sonata::{Config, Report};
use crate::spec::{Engine, NetworkSpec, PopulationKind, Slice, StateRecord};
use crate::time::Time;

/// A file of one variable.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub file_name: String,
    /// The last sample at most \[ms\].
    pub end_ms: f64,
    /// Time between samples \[ms\].
    pub interval_ms: f64,
    pub columns: Vec<Column>,
}

/// A node in a report: where its samples are in the result.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Population of the circuit, and node.
    pub circuit: String,
    pub node: u64,
    /// Population of the model, variable and member.
    pub population: String,
    pub variable: &'static str,
    pub member: u64,
}

/// Adds the states of all reports to what is recorded.
pub(super) fn add(
    config: &mut Config,
    circuit: &[Placed],
    spec: &mut NetworkSpec,
) -> Result<Vec<Planned>, InterchangeError> {
    let (mut planned, mut notes) = (Vec::new(), Vec::new());
    // By population and variable: the series, and the members.
    let mut wanted: BTreeMap<(usize, usize), (Time, Time, Vec<u32>)> = BTreeMap::new();
    for report in &config.reports {
        let place = format!("reports/{}", report.name);
        let chosen = sets::resolve(&report.cells, config, circuit, &place)?;
        let (start, interval) = series(config, report, spec, &place)?;
        notes.extend(empty(report, spec).map(|why| format!("{}: {place}: {why}: it is empty", config.path.display())));
        for (i, name) in report.variables.iter().enumerate() {
            let mut columns = Vec::new();
            for &(p, node) in &chosen {
                let placed = &circuit[p];
                let (population, member) = placed.members[node as usize];
                let population = population as usize;
                // A set such as "all" may hold nodes that have no state.
                let PopulationKind::Neuron { neuron, .. } = &spec.populations[population].kind else { continue };
                let model = neuron.model.describe();
                let Some(variable) = model.variable(ours(name)).or_else(|| model.variable(&name.to_lowercase())) else {
                    let names: Vec<&str> = model.variables.iter().map(|v| v.name).collect();
                    let message = format!("{} has no variable {name}; it has {}", model.name, names.join(", "));
                    return Err(wrong(&config.path, format!("{place}/variable_name"), message));
                };
                let (from, every, members) =
                    wanted.entry((population, variable)).or_insert_with(|| (start, interval, Vec::new()));
                if (*from, *every) != (start, interval) {
                    let message =
                        format!("{name} is in another report too, with another start_time or dt: give both the same");
                    return Err(wrong(&config.path, place, message));
                }
                members.push(member);
                columns.push(Column {
                    circuit: placed.nodes.name.clone(),
                    node: u64::from(node),
                    population: spec.populations[population].name.clone(),
                    variable: model.variables[variable].name,
                    member: u64::from(member),
                });
            }
            let file_name = match (report.variables.len(), report.file_name.rsplit_once('.')) {
                (2.., Some((stem, end))) if i > 0 => format!("{stem}_{name}.{end}"),
                _ => report.file_name.clone(),
            };
            if columns.is_empty() {
                notes.push(format!(
                    "{}: {place}: no neuron is in its node set; {file_name} is empty",
                    config.path.display()
                ));
            }
            let end_ms = report.end_ms.unwrap_or(f64::INFINITY);
            planned.push(Planned { file_name, end_ms, interval_ms: interval.ms(), columns });
        }
    }
    config.notes.append(&mut notes);
    for ((population, variable), (start, interval, mut members)) in wanted {
        members.sort_unstable();
        members.dedup();
        let twice =
            spec.record.state.iter().any(|s| s.slice.population == population && s.variables.contains(&variable));
        if twice {
            let message = "records what record.state records too: leave one of them out";
            return Err(wrong(&config.path, "reports", message));
        }
        spec.record.state.push(StateRecord {
            slice: Slice { population, start: 0, stop: None },
            only: Some(members),
            variables: vec![variable],
            start,
            interval,
        });
    }
    Ok(planned)
}

/// Why a report has no sample.
fn empty(report: &Report, spec: &NetworkSpec) -> Option<String> {
    let start = report.start_ms.unwrap_or(0.0);
    if let Some(end) = report.end_ms.filter(|end| *end < start) {
        return Some(format!("end_time, {end} ms, is before start_time, {start} ms"));
    }
    let stop = spec.simulation.duration.filter(|stop| stop.ms() < start)?;
    Some(format!("start_time, {start} ms, is after the end of the run, {stop}"))
}

/// Our name of what bmtk and NEURON call otherwise.
fn ours(name: &str) -> &str {
    if matches!(name, "v" | "V" | "Vm" | "vm") { "v_m" } else { name }
}

/// The first sample and the time between samples.
fn series(config: &Config, report: &Report, spec: &NetworkSpec, place: &str) -> Result<(Time, Time), InterchangeError> {
    let resolution = spec.simulation.resolution;
    let interval = report.dt_ms.or(config.dt_ms).map_or(resolution, Time::from_ms);
    let start = Time::from_ms(report.start_ms.unwrap_or(0.0).clamp(0.0, Time::LIMIT.ms()));
    let grid = spec.simulation.engine == Engine::Grid;
    if interval <= Time::ZERO
        || interval > Time::LIMIT
        || grid && (interval.0 % resolution.0, start.0 % resolution.0) != (0, 0)
    {
        let message =
            format!("start_time, {start}, and dt, {interval}, have to be multiples of the step, {resolution}");
        return Err(wrong(&config.path, place, message));
    }
    Ok((start, interval))
}
