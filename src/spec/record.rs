//! `[record]`.

use super::error::ModelError;
use super::names::unknown;
use super::network_spec::{PopulationKind, ProjectionSpec, RecordSpec, Slice, StateRecord, WeightRecord, WeightSample};
use super::reader::{Reader, required};
use super::tables::{RECORD, RECORD_STATE, RECORD_WEIGHTS};
use super::tree::{Node, Table};

impl Reader<'_> {
    /// Reads the table; by default the spikes of all populations are recorded.
    pub(crate) fn read_record(
        &self,
        root: &Table,
        projections: &[(String, ProjectionSpec)],
    ) -> Result<RecordSpec, ModelError> {
        let all = || (0..self.populations.len()).map(|population| Slice { population, start: 0, stop: None }).collect();
        let mut spec = RecordSpec { spikes: all(), ..RecordSpec::default() };
        let Some(node) = root.get("record") else { return Ok(spec) };
        let Some(table) = node.table() else { return Err(node.mismatch("the table [record]")) };
        RECORD.check(table)?;
        if let Some(node) = table.get("start") {
            spec.start = self.scope.time(node)?;
            if let Some(end) = self.duration.filter(|end| spec.start >= *end) {
                return Err(node.at.error(format!("found {}, which is not before the end at {end}", spec.start)));
            }
        }
        if let Some(node) = table.get("stop") {
            let stop = self.scope.time(node)?;
            if stop <= spec.start {
                let message = format!("found {stop}, which is not after record.start, {}", spec.start);
                return Err(node.at.error(message));
            }
            spec.stop = Some(stop);
        }
        if let Some(node) = table.get("spikes") {
            let is_name = |name: &str| self.populations.iter().any(|population| population.name == name);
            spec.spikes = match (node.text(), node.array()) {
                (Some("all"), _) => all(),
                (Some("none"), _) if !is_name("none") => Vec::new(),
                (_, Some([])) => Vec::new(),
                _ => self.slices(node)?,
            };
        }
        if let Some(node) = table.get("parameters") {
            spec.parameters = self.scope.flag(node)?;
        }
        for node in list(table, "state")? {
            self.state(node, &mut spec)?;
        }
        for node in list(table, "weights")? {
            self.weights(node, projections, &mut spec)?;
        }
        Ok(spec)
    }

    fn state(&self, node: &Node, spec: &mut RecordSpec) -> Result<(), ModelError> {
        let Some(table) = node.table() else { return Err(node.mismatch("the table [[record.state]]")) };
        RECORD_STATE.check(table)?;
        let place = required(table, "population", &node.at, "a population such as \"E\" or a slice")?;
        let interval = table.get("interval").map_or(Ok(self.resolution), |node| self.scope.duration(node))?;
        let start = table.get("start").map_or(Ok(spec.start), |node| self.scope.time(node))?;
        if let (Some(node), true) = (table.get("start"), start >= spec.until()) {
            return Err(node.at.error(format!("found {start}, which is not before record.stop, {}", spec.until())));
        }
        for (slice, only) in self.joined(self.slices(place)?) {
            let population = &self.populations[slice.population];
            let PopulationKind::Neuron { neuron, .. } = &population.kind else {
                return Err(place.at.error(format!("{} is a source, which has no state to record", population.name)));
            };
            let model = neuron.model.describe();
            let names: Vec<&str> = model.variables.iter().map(|v| v.name).collect();
            let one = |node: &Node| {
                let name = self.scope.text(node, "the name of a state variable")?;
                let what = format!("state variable of {}", model.name);
                model.variable(&name).ok_or_else(|| unknown(&node.at, &what, &name, &names))
            };
            let variables = match table.get("variables") {
                None => vec![model.variable("v_m").unwrap_or(0)],
                Some(node) => match node.array() {
                    Some([]) => return Err(node.mismatch(format!("one or more of {}", names.join(", ")))),
                    Some(items) => items.iter().map(one).collect::<Result<Vec<_>, _>>()?,
                    None => vec![one(node)?],
                },
            };
            for (i, &variable) in variables.iter().enumerate() {
                let before = spec
                    .state
                    .iter()
                    .any(|s| s.slice.population == slice.population && s.variables.contains(&variable));
                if let (true, Some(node)) = (variables[..i].contains(&variable), table.get("variables")) {
                    return Err(node.at.error(format!("{} stands in it twice", names[variable])));
                }
                if before {
                    let message = format!("{} of {} is recorded twice", names[variable], population.name);
                    return Err(place.at.error(message).help(
                        "the result has one table for each population and variable: give several slices in one list",
                    ));
                }
            }
            spec.state.push(StateRecord { slice, only, variables, start, interval });
        }
        Ok(())
    }

    /// Slices of one population put together, with the members that lie in any of them where there are several.
    fn joined(&self, slices: Vec<Slice>) -> Vec<(Slice, Option<Vec<u32>>)> {
        let mut all: Vec<(Slice, Option<Vec<u32>>)> = Vec::new();
        for slice in slices {
            let size = self.populations[slice.population].size;
            let own = || slice.members(size).map(|member| member as u32);
            match all.iter_mut().find(|(first, _)| first.population == slice.population) {
                None => all.push((slice, None)),
                Some((first, only)) => {
                    let mut members = only.take().unwrap_or_else(|| first.members(size).map(|m| m as u32).collect());
                    members.extend(own());
                    members.sort_unstable();
                    members.dedup();
                    let start = first.start.min(slice.start);
                    let stop = first.stop.zip(slice.stop).map(|(a, b)| a.max(b));
                    (*first, *only) = (Slice { population: slice.population, start, stop }, Some(members));
                }
            }
        }
        all
    }

    fn weights(
        &self,
        node: &Node,
        projections: &[(String, ProjectionSpec)],
        spec: &mut RecordSpec,
    ) -> Result<(), ModelError> {
        let Some(table) = node.table() else { return Err(node.mismatch("the table [[record.weights]]")) };
        RECORD_WEIGHTS.check(table)?;
        let place = required(table, "projection", &node.at, "the name of a projection")?;
        let name = self.scope.text(place, "the name of a projection")?;
        let chosen: Vec<usize> =
            (0..projections.len()).filter(|&i| projections[i].0 == name || projections[i].1.name == name).collect();
        if chosen.is_empty() {
            let mut names: Vec<&str> = projections.iter().map(|p| p.0.as_str()).collect();
            names.extend(projections.iter().map(|p| p.1.name.as_str()));
            names.sort_unstable();
            names.dedup();
            return Err(unknown(&place.at, "projection", &name, &names));
        }
        let on = match (table.get("on"), table.get("interval")) {
            (Some(node), None) => {
                [WeightSample::PreSpike, WeightSample::End][self.scope.choice(node, &["pre_spike", "end"])?]
            }
            (None, Some(node)) => WeightSample::Interval(self.scope.duration(node)?),
            (Some(_), Some(node)) => return Err(node.at.error("`interval` is given beside `on`: write one of them")),
            (None, None) => {
                return Err(node
                    .at
                    .error("`on` is missing: expected on = \"pre_spike\", on = \"end\" or interval = \"1 s\""));
            }
        };
        let snapshots = |on: WeightSample| on != WeightSample::PreSpike;
        for projection in chosen {
            if spec.weights.iter().any(|w| w.projection == projection && snapshots(w.on) == snapshots(on)) {
                let message = format!("the weights of {} are recorded twice", projections[projection].1.name);
                return Err(place.at.error(message).help(
                    "a projection has one table of snapshots, by `interval` or on = \"end\", and beside it one on = \"pre_spike\"",
                ));
            }
            spec.weights.push(WeightRecord { projection, on });
        }
        Ok(())
    }
}

/// The tables of `[[record.NAME]]`.
fn list<'a>(table: &'a Table, name: &str) -> Result<&'a [Node], ModelError> {
    match table.get(name) {
        None => Ok(&[]),
        Some(node) => node.array().ok_or_else(|| node.mismatch(format!("tables [[record.{name}]]"))),
    }
}
