//! `[projection.NAME]`: one per pair of populations, lists and matrices expanded.

use super::error::{ModelError, Place};
use super::matrix::Cells;
use super::network_spec::{Connect, PopulationKind, ProjectionSpec, Slice};
use super::reader::{Reader, named_table, required, section};
use super::tables::PROJECTION;
use super::tree::{Entry, Node, Table};
use super::values::{self, Form, Indegree};
use super::weight_bounds::held;
use crate::device::Pair as DevicePair;
use crate::plasticity::RuleModel;
use crate::time::Time;
use crate::units::shown;
use crate::value::Value;

/// One pair of the populations that a projection lists.
pub(crate) struct Pair {
    pub(crate) source: Slice,
    pub(crate) target: Slice,
    pub(crate) autapses: bool,
    pub(crate) multapses: bool,
    /// Members of the slices; none for a recording that is not bound yet.
    pub(crate) sizes: (Option<usize>, Option<usize>),
    /// The unit of weights that come with the connections; none where the projection has its own.
    pub(crate) weight_unit: Option<&'static str>,
}

/// No normal number that is drawn lies so many standard deviations from the mean (`sample::law`).
const FARTHEST: f64 = 6.35;

/// Whether a delay \[ms\] can be one.
pub(crate) fn check_delay(ms: f64) -> Result<(), String> {
    if ms > Time::LONGEST_DELAY.ms() {
        return Err(format!("found a delay of {} ms; delays may be at most a day", shown(ms)));
    }
    if ms > 0.0 { Ok(()) } else { Err(format!("found a delay of {} ms, expected more than 0", shown(ms))) }
}

impl Reader<'_> {
    /// Reads all projections; beside each the name of the table that it comes from.
    pub(crate) fn read_projections(&self, root: &Table) -> Result<Vec<(String, ProjectionSpec)>, ModelError> {
        let mut all = Vec::new();
        for entry in section(root, "projection")? {
            let specs = self.projection(entry, named_table(entry, "projection")?)?;
            all.extend(specs.into_iter().map(|spec| (entry.key.clone(), spec)));
        }
        Ok(all)
    }

    fn projection(&self, entry: &Entry, table: &Table) -> Result<Vec<ProjectionSpec>, ModelError> {
        PROJECTION.check(table)?;
        let source = required(table, "source", &entry.key_at, "a population such as \"E\", a slice or a list")?;
        let target = required(table, "target", &entry.key_at, "a population such as \"E\", a slice or a list")?;
        let (sources, targets) = (self.slices(source)?, self.slices(target)?);
        let lists = source.array().is_some() || target.array().is_some();
        let mut specs: Vec<ProjectionSpec> = Vec::new();
        for (s, &from) in sources.iter().enumerate() {
            for (t, &to) in targets.iter().enumerate() {
                let cells = Cells { lists, sources: sources.len(), targets: targets.len(), source: s, target: t };
                let Some(mut spec) = self.pair(entry, table, &cells, from, to)? else { continue };
                if lists {
                    let ends = format!("{}_to_{}", label(source, s), label(target, t));
                    spec.name = unique(&specs, &format!("{}.{ends}", entry.key));
                }
                specs.push(spec);
            }
        }
        // One device and one waveform for all pairs: tabulated once.
        let shared = specs.first().and_then(|spec| spec.waveform.clone());
        specs.iter_mut().for_each(|spec| spec.waveform.clone_from(&shared));
        Ok(specs)
    }

    /// The projection between one pair of slices; none where a list or matrix says 0 connections.
    fn pair(
        &self,
        entry: &Entry,
        table: &Table,
        cells: &Cells,
        source: Slice,
        target: Slice,
    ) -> Result<Option<ProjectionSpec>, ModelError> {
        let flag = |key: &str| table.get(key).map_or(Ok(true), |node| self.scope.flag(node));
        let unit = self.weight_unit(target.population);
        let pair = Pair {
            source,
            target,
            autapses: flag("autapses")?,
            multapses: flag("multapses")?,
            sizes: (self.length(source), self.length(target)),
            weight_unit: table.get("weight").is_none().then_some(unit),
        };
        let connect = required(table, "connect", &entry.key_at, "a rule such as \"all_to_all\"")?;
        let Some(made) = self.connect(connect, cells, &pair)? else { return Ok(None) };
        let weight_node = table.get("weight").map(|node| cells.of(node)).transpose()?;
        let weight = match (weight_node, made.weights) {
            (Some(node), _) => {
                let form = Form { indegree: Some(indegree(&made.connect, &pair)), ..Form::of(unit) };
                let value = values::read(&self.scope, node, form)?;
                self.check_list(node, &value, made.synapses)?;
                values::check_known(node, &value, |weight| self.check_weight(weight))?;
                value
            }
            (None, Some(weights)) => Value::List(weights.into()),
            (None, None) => Value::Constant(1.0),
        };
        let delay = match (table.get("delay"), made.delays) {
            (Some(node), _) => {
                let node = cells.of(node)?;
                let value = self.delay(node)?;
                self.check_list(node, &value, made.synapses)?;
                value
            }
            (None, Some(delays)) => Value::List(delays.into()),
            (None, None) => {
                let default = Time::from_ms(1.0);
                self.scope.default_on_grid(default, "delay", &entry.key_at).map_or(Ok(()), Err)?;
                Value::Constant(default.ms())
            }
        };
        let axonal = match table.get("delay_location") {
            None => false,
            Some(node) => self.scope.choice(node, &["dendritic", "axonal"])? == 1,
        };
        let mut spec = ProjectionSpec {
            name: entry.key.clone(),
            source,
            target,
            connect: made.connect,
            autapses: pair.autapses,
            multapses: pair.multapses,
            procedural: table.get("procedural").map_or(Ok(false), |node| self.scope.flag(node))?,
            weight,
            delay,
            axonal,
            w_min: 0.0,
            w_max: None,
            plasticity: table.get("plasticity").map(|node| self.rule(node, Some(unit))).transpose()?,
            short_term: table.get("short_term").map(|node| self.short_term(node)).transpose()?,
            normalize: table.get("normalize").map(|node| self.normalize(node, unit)).transpose()?,
            device: table.get("device").map(|node| self.device(node)).transpose()?,
            crossbar: None,
            waveform: None,
        };
        spec.waveform = self.waveform(table, &spec)?;
        self.bounds(entry, table, cells, unit, weight_node, &mut spec)?;
        if let (Some(_), Some(device), Some(node)) = (&spec.plasticity, &spec.device, table.get("device"))
            && device.device().is_ok_and(|d| d.bank.one_sided && d.bank.pair == DevicePair::None)
        {
            let message = "the device is one-sided: it is set in steps, but a depressing pulse resets it as a whole, so a rule \
                           can't depress it by degrees";
            return Err(node.at.error(message).help(
                "use a pair, whose G- is set to depress: pair = \"one_sided\", refresh = 0.75; or a device that can be depressed",
            ));
        }
        spec.crossbar = table.get("crossbar").map(|node| self.crossbar(node, &spec)).transpose()?;
        if let (Some(node), Some(_)) = (table.get("waveform"), &spec.crossbar) {
            let message =
                "the lines of a crossbar carry reads here; spikes that overlap across its devices are not solved";
            return Err(node.at.error(message).help("leave out either crossbar or waveform"));
        }
        if let (Some(node), Some(rule)) = (table.get("plasticity"), &spec.plasticity)
            && rule.rule == RuleModel::Clopath
            && let PopulationKind::Source(_) = self.populations[target.population].kind
        {
            let message = format!(
                "clopath learns from the target's membrane potential, and {} is a source, which has none",
                self.populations[target.population].name
            );
            return Err(node.at.error(message));
        }
        if let (Some(node), Some(normalize)) = (table.get("normalize"), spec.normalize) {
            if spec.plasticity.is_none() {
                let message = "`normalize` scales weights that a rule changes, and this projection has no `plasticity`";
                return Err(node.at.error(message));
            }
            if normalize.sum * spec.w_max.unwrap_or(1.0) < 0.0 {
                let message = format!("found sum = {}, expected the sign of the weights, as w_max has", normalize.sum);
                return Err(node.at.error(message));
            }
        }
        if let Some(entry) = table.entry("procedural").filter(|_| spec.procedural) {
            check_procedural(entry, &spec)?;
        }
        Ok(Some(spec))
    }

    /// A list of weights or delays needs to know how many synapses there will be.
    fn check_list(&self, node: &Node, value: &Value, synapses: Option<u64>) -> Result<(), ModelError> {
        match (value, synapses) {
            (Value::List(_), Some(count)) => {
                values::check_length(node, value, usize::try_from(count).unwrap_or(usize::MAX), "synapse")
            }
            (Value::List(_), None) => {
                Err(node.at.error("a list needs a connect rule with a known number of synapses, such as pairs"))
            }
            _ => Ok(()),
        }
    }

    fn delay(&self, node: &Node) -> Result<Value, ModelError> {
        let value = values::read(&self.scope, node, Form::of("ms"))?;
        values::check_known(node, &value, check_delay)?;
        let problem = match &value {
            Value::Constant(ms) => {
                let time = self.scope.on_grid(node, Time::from_ms(*ms))?;
                if time <= Time::ZERO {
                    let least = match self.scope.grid.filter(|_| Time::from_ms(*ms) > Time::ZERO) {
                        Some(step) => format!("a step of the grid, {step}"),
                        None => "a tick of 1 ps".to_string(),
                    };
                    return Err(node.at.error(format!("found a delay of {} ms, shorter than {least}", shown(*ms))));
                }
                return Ok(Value::Constant(time.ms()));
            }
            Value::Uniform { low, .. } => *low <= 0.0,
            Value::Normal { mean, std, limits } => {
                *mean <= 0.0 || (limits.min <= 0.0 && !limits.same_sign && mean - FARTHEST * std <= 0.0)
            }
            Value::Lognormal { mean, .. } | Value::Exponential { mean, .. } => *mean <= 0.0,
            _ => false,
        };
        if problem {
            let message = "a delay of 0 or less could be drawn, expected more than 0";
            return Err(node.at.error(message).help(match &value {
                Value::Uniform { .. } => "let `uniform` begin above 0",
                Value::Normal { mean, .. } if *mean > 0.0 => "bound it: min = \"0.1 ms\" redraws what is smaller",
                _ => "give a mean of more than 0",
            }));
        }
        // Of those that are drawn around a mean a rare one may be too long still, which building finds.
        let long = match &value {
            Value::Uniform { high, .. } => *high,
            Value::Normal { mean, .. } | Value::Lognormal { mean, .. } | Value::Exponential { mean, .. } => *mean,
            _ => 0.0,
        };
        if long > Time::LONGEST_DELAY.ms() {
            let message = format!("a delay of {} ms could be drawn; delays may be at most a day", shown(long));
            return Err(node.at.error(message));
        }
        Ok(value)
    }

    /// `w_min`, `w_max`, against the weight's sign and value.
    fn bounds(
        &self,
        entry: &Entry,
        table: &Table,
        cells: &Cells,
        unit: &str,
        weight_node: Option<&Node>,
        spec: &mut ProjectionSpec,
    ) -> Result<(), ModelError> {
        let bound = |key: &str| -> Result<Option<(f64, &Place)>, ModelError> {
            let Some(node) = table.get(key) else { return Ok(None) };
            let node = cells.of(node)?;
            let value = self.scope.finite(node, unit)?;
            self.check_weight(value).map_err(|message| node.at.error(message))?;
            Ok(Some((value, &node.at)))
        };
        let low = bound("w_min")?;
        let high = bound("w_max")?;
        spec.w_min = low.map_or(0.0, |b| b.0);
        spec.w_max = high.map(|b| b.0);
        let bounded = spec.plasticity.is_some() || spec.device.is_some();
        if !bounded && high.is_none() {
            return Ok(());
        }
        let needs = match (&spec.plasticity, &spec.device) {
            (Some(rule), _) if rule.rule.needs_w_max() => Some(format!("the rule {}", rule.rule.describe().name)),
            (_, Some(_)) => Some("a device".to_string()),
            _ => None,
        };
        let (w_max, at) = match (high, needs) {
            (Some(high), _) => high,
            (None, Some(what)) => {
                return Err(entry.key_at.error(format!("`w_max` is missing: {what} needs the largest weight")));
            }
            (None, None) => (f64::INFINITY, &entry.key_at),
        };
        if w_max == 0.0 || w_max * spec.w_min < 0.0 || w_max.abs() <= spec.w_min.abs() {
            let at = if high.is_some() { at } else { low.map_or(at, |low| low.1) };
            let message = format!("found w_max = {w_max} with w_min = {}", spec.w_min);
            return Err(at.error(format!("{message}, expected a w_max of the same sign and further from 0")));
        }
        if !bounded {
            return Ok(());
        }
        let bounds = spec.start_bounds();
        let inside = |w: f64| {
            if w * w_max < 0.0 && high.is_none() {
                return Err(format!("the weight {w} is negative: give w_max, whose sign is that of the weights"));
            }
            if w * w_max < 0.0 {
                return Err(format!("the weight {w} has another sign than w_max, {w_max}"));
            }
            if held(w, bounds).is_none() {
                return Err(format!("the weight {w} is outside [w_min, w_max] = [{}, {w_max}]", spec.w_min));
            }
            Ok(())
        };
        match weight_node {
            Some(node) => values::check_known(node, &spec.weight, inside),
            None => match &spec.weight {
                Value::Constant(w) => inside(*w).map_err(|m| at.error(format!("{m} (the default weight is 1)"))),
                Value::List(list) => list.iter().try_for_each(|w| inside(*w)).map_err(|m| at.error(m)),
                _ => Ok(()),
            },
        }
    }
}

/// The in-degree of each target, where it is known already.
fn indegree(connect: &Connect, pair: &Pair) -> Indegree {
    let (one_population, same) = (pair.source.population == pair.target.population, pair.source == pair.target);
    let itself = if pair.autapses || !one_population { Some(0) } else { same.then_some(1) };
    let count = match (connect, pair.sizes.0, itself) {
        (Connect::FixedIndegree(count), ..) => Some(*count),
        (Connect::AllToAll, Some(sources), Some(itself)) => sources.checked_sub(itself),
        (Connect::OneToOne, _, Some(0)) => Some(1),
        _ => None,
    };
    count.filter(|&count| count > 0).map_or(Indegree::Any, |count| Indegree::Exact(count as f64))
}

/// Refuses what can't be drawn anew at each spike.
fn check_procedural(entry: &Entry, spec: &ProjectionSpec) -> Result<(), ModelError> {
    let refuse = |message: &str, help: &str| {
        Err(entry
            .key_at
            .error(format!("`procedural` draws the synapses of a source at its spikes: {message}"))
            .help(help))
    };
    let rules = "one_to_one, all_to_all, fixed_probability, fixed_outdegree and fixed_total_number can be drawn so";
    match &spec.connect {
        Connect::FixedIndegree(_) => {
            return refuse("those of fixed_indegree are drawn target by target, all at once", rules);
        }
        Connect::Pairs(_) => return refuse("listed pairs are not drawn", rules),
        _ => {}
    }
    let kept = [
        (spec.plasticity.is_some(), "`plasticity`"),
        (spec.short_term.is_some(), "`short_term`"),
        (spec.device.is_some(), "`device`"),
        (spec.crossbar.is_some(), "`crossbar`"),
    ];
    if let Some((_, what)) = kept.into_iter().find(|(there, _)| *there) {
        let message = format!("with {what} something of each has to be stored");
        return refuse(&message, "leave `procedural` out, or what keeps something of a synapse");
    }
    if matches!(spec.weight, Value::List(_)) || matches!(spec.delay, Value::List(_)) {
        return refuse(
            "listed weights and delays are not drawn",
            "give a constant, a distribution or a function of indegree",
        );
    }
    Ok(())
}

/// What stands for a slice in the name of an expanded projection: `E`, `E_0_50`, `E_50_end`, `E_10`.
fn label(node: &Node, i: usize) -> String {
    let one = node.array().and_then(|items| items.get(i)).unwrap_or(node);
    let text = one.text().unwrap_or("");
    let Some((name, range)) = text.split_once('[') else { return text.to_string() };
    let range = range.trim_end_matches(']');
    match range.split_once(':') {
        None => format!("{name}_{}", range.trim()),
        Some((start, stop)) => {
            let or = |text: &str, default: &str| {
                if text.trim().is_empty() { default.to_string() } else { text.trim().to_string() }
            };
            format!("{name}_{}_{}", or(start, "0"), or(stop, "end"))
        }
    }
}

/// The name, numbered if the same pair was listed before.
fn unique(specs: &[ProjectionSpec], name: &str) -> String {
    let taken = |name: &str| specs.iter().any(|s| s.name == name);
    if !taken(name) {
        return name.to_string();
    }
    (2..).map(|n| format!("{name}_{n}")).find(|name| !taken(name)).unwrap_or_default()
}

/// The count of connections that a rule makes, if that is known before drawing.
pub(crate) struct Made {
    pub(crate) connect: Connect,
    pub(crate) synapses: Option<u64>,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) delays: Option<Vec<f64>>,
}
