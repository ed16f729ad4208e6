//! What is allowed in a model but seldom meant.

mod time;

use super::network_spec::{Connect, Engine, InputKind, NetworkSpec, PopulationKind, PopulationSpec, ProjectionSpec};
use super::scope::Noticed;
use super::tree::Table;
use super::weight_bounds::held;
use crate::device::{MOST_PULSES, Pulses};
use crate::hardware;
use crate::neuron::NeuronModel;
use crate::plasticity::RuleModel;
use crate::plasticity::hebbian::VARIANTS;
use crate::time::{TICKS_PER_MS, Time};
use crate::units;
use crate::value::Value;

/// What reading a model brought up: parameters that nothing uses, spike times that moved to the grid of this step, measured devices that
/// stand still.
pub(super) fn notes(root: &Table, step: Time, noticed: &Noticed) -> Vec<String> {
    // A resolved model keeps its parameters for the reader, with their values in place: there none is used, and nothing is wrong.
    let resolved = noticed.used.is_empty();
    let parameters = root.get("parameters").and_then(|node| node.table()).map_or(&[][..], |table| &table.entries);
    let unused = parameters.iter().map(|entry| &entry.key).filter(|name| !resolved && !noticed.used.contains(*name));
    let told = unused.map(|name| {
        let near = units::nearest(name, noticed.used.iter().map(String::as_str));
        let near = near.map_or(String::new(), |near| format!("; {near} is the nearest name that is used"));
        format!("nothing uses {name} of [parameters]{near}")
    });
    let mut notes: Vec<String> = told.collect();
    if noticed.moved > 0 {
        let (times, lie) = if noticed.moved == 1 { ("time", "lies") } else { ("times", "lie") };
        notes.push(format!(
            "{} spike {times} of the model {lie} between the steps of {step} and moved to the end of their step; \
             engine = \"event\" keeps times as they are",
            noticed.moved
        ));
    }
    notes.extend(noticed.notes.iter().cloned());
    notes
}

/// One event may speed a membrane up to this rate \[1/ms\]; synapses of some nS at 100 pF and more reach 1.
const FASTEST: f64 = 100.0;
/// Beyond this rate \[1/ms\] the event engine would take a second and more for each ms of each adex.
const ENDLESS: f64 = 1e6;
/// Beyond this rate \[1/ms\] a membrane moves within a tick, which no engine follows.
const WITHIN_A_TICK: f64 = TICKS_PER_MS;
/// A conductance with a shorter time constant \[ms\] takes the event engine some hundredths of a second for each event, and the grid engine as long
/// for each ms.
const GONE: f64 = 1e-5;

impl NetworkSpec {
    /// What was hardly meant, each in a sentence: first prices without a source that was found and conductances per event that no synapse
    /// has (a membrane under them follows within less than 10 us), then what each function here looks for.
    ///
    /// # Errors
    /// If they are so large that the event engine would not end, or no weight that can be drawn lies within its bounds.
    pub fn doubts(&self) -> Result<Vec<String>, String> {
        let weights =
            self.projections.iter().map(|p| (format!("projection.{}", p.name), &p.weight, p.target.population));
        let inputs = self.inputs.iter().filter_map(|input| match &input.kind {
            InputKind::Poisson { weight, .. } => Some((format!("input.{}", input.name), weight, input)),
            _ => None,
        });
        let inputs = inputs.flat_map(|(name, weight, input)| {
            input.targets.iter().map(move |target| (name.clone(), weight, target.population))
        });
        let mut doubts = Vec::new();
        if let Some(energy) = self.energy.as_ref().filter(|energy| energy.source.starts_with(hardware::UNVERIFIED)) {
            doubts.push(format!("prices = \"{}\" of [energy]: {}", energy.prices, energy.source));
        }
        for (name, weight, target) in weights.chain(inputs) {
            let target = &self.populations[target];
            let Some((weight, c_m)) = size(weight).zip(capacitance(target)) else { continue };
            if weight <= FASTEST * c_m {
                continue;
            }
            let found = format!(
                "{name} has events of {weight:e} nS onto {}: beside c_m = {c_m} pF that is a membrane time constant of {:.1e} ms, \
                 where synapses have some nS; is the unit right?",
                target.name,
                c_m / weight
            );
            let exact = self.simulation.engine == Engine::Event;
            // The others follow their conductances in closed form where these are that fast.
            let steps = exact && is_adex(target);
            if exact && weight > c_m * if steps { ENDLESS } else { WITHIN_A_TICK } {
                return Err(format!("{found} The event engine would take steps of that length and not end."));
            }
            let slow = if steps {
                " The event engine takes steps of about that length after each event until the potential has settled, which is slow."
            } else {
                ""
            };
            doubts.push(found + slow);
        }
        if let Some(wrong) = self.projections.iter().find_map(all_out_of_bounds) {
            return Err(wrong);
        }
        doubts.extend(self.projections.iter().filter_map(small_steps));
        doubts.extend(self.projections.iter().filter_map(out_of_bounds));
        doubts.extend(self.projections.iter().filter_map(bounds_of_nothing));
        doubts.extend(self.projections.iter().filter_map(parameters_of_nothing));
        doubts.extend(self.projections.iter().flat_map(of_crossbar));
        doubts.extend(self.projections.iter().filter_map(|projection| self.too_late(projection)));
        doubts.extend(self.projections.iter().flat_map(|projection| self.too_soon(projection)));
        doubts.extend(self.projections.iter().filter_map(|projection| self.solved_too_often(projection)));
        doubts.extend(self.projections.iter().filter_map(|projection| self.between_steps(projection)));
        doubts.extend(self.projections.iter().filter_map(|projection| self.below_a_step(projection)));
        doubts.extend(self.projections.iter().filter_map(|projection| self.out_of_reach(projection)));
        doubts.extend(self.held_too_long());
        doubts.extend(self.gone_at_once());
        doubts.extend(self.never());
        doubts.extend(self.never_during());
        doubts.extend(self.unseen_weights());
        doubts.extend(self.projections.iter().filter_map(|projection| self.again_and_again(projection)));
        Ok(doubts)
    }

    /// More synapses onto each target than there are sources, such as those of a recording of few units: the same pair is joined several times.
    fn again_and_again(&self, projection: &ProjectionSpec) -> Option<String> {
        let Connect::FixedIndegree(indegree) = projection.connect else { return None };
        let sources = projection.source.members(self.populations[projection.source.population].size).len();
        (projection.multapses && sources > 0 && indegree > sources).then(|| {
            format!(
                "projection.{}: each target gets {indegree} synapses from {sources} {}, so one source has {:.1} onto the same target on \
                 average; connect = \"all_to_all\" makes one for each pair",
                projection.name,
                if sources == 1 { "source" } else { "sources" },
                indegree as f64 / sources as f64
            )
        })
    }

    /// Membranes, conductances and adaptation that decay within a moment, so that a membrane is followed in steps of that length.
    fn gone_at_once(&self) -> Vec<String> {
        let mut told = Vec::new();
        let exact = self.simulation.engine == Engine::Event;
        for population in &self.populations {
            let PopulationKind::Neuron { neuron, .. } = &population.kind else { continue };
            if neuron.model.weight_unit() != "nS" {
                continue;
            }
            let model = neuron.model.describe();
            let own = |name| model.param(name).and_then(|i| neuron.params[i].constant());
            if let Some((c_m, g_l)) = own("c_m").zip(own("g_l")).filter(|(c_m, g_l)| c_m / g_l < GONE) {
                let slow = if exact && !is_adex(population) {
                    ""
                } else {
                    " The engine takes steps of about that length, which is slow."
                };
                told.push(format!(
                    "population.{}: c_m = {c_m} pF and g_l = {g_l} nS make a membrane time constant of {:.1e} ms, where membranes have some ms; \
                     are the units right?{slow}",
                    population.name,
                    c_m / g_l
                ));
            }
            let synapses = "synapses have some tenths of a ms";
            for (name, usual) in [
                ("tau_syn_ex", synapses),
                ("tau_syn_in", synapses),
                ("tau_w", "adaptation has some ms"),
                ("tau_theta", "thresholds that rise have some ms"),
            ] {
                let value = model.param(name).map(|i| &neuron.params[i]);
                let Some(value) = value else { continue };
                let Some((ms, _)) = value.range().filter(|range| range.0 < GONE) else { continue };
                let (drawn, adapts) = (value.constant().is_none(), matches!(name, "tau_w" | "tau_theta"));
                let found = format!(
                    "population.{}: {name} {} {ms:e} ms, where {usual} and more; {}",
                    population.name,
                    if drawn { "may be drawn down to" } else { "=" },
                    if drawn { "limit what is drawn." } else { "is the unit right?" }
                );
                told.push(if exact && !adapts {
                    found + " The event engine takes steps of about that length after each event, which is slow."
                } else {
                    found + " The engine takes steps of about that length, which is slow."
                });
            }
        }
        told
    }
}

/// Weights that are to be held within bounds but may be drawn beyond them, which ends the run.
fn out_of_bounds(projection: &ProjectionSpec) -> Option<String> {
    let bounds = projection.start_bounds();
    let w_max = projection.w_max.unwrap_or(f64::INFINITY);
    let (least, most) = projection.weight.range()?;
    let inside = [least, most].iter().all(|&weight| held(weight, bounds).is_some());
    (projection.weight.constant().is_none() && !inside).then(|| {
        format!(
            "projection.{}: weights are drawn from {least} to {most}, beyond w_min = {} and w_max = {w_max}: the run ends with an \
             error if one is; {}",
            projection.name,
            projection.w_min,
            projection.weight.remedy()
        )
    })
}

/// Weights that are to be held within bounds, where none that can be drawn is.
fn all_out_of_bounds(projection: &ProjectionSpec) -> Option<String> {
    let (low, high) = projection.weight_bounds()?;
    let (least, most) = match &projection.weight {
        Value::Uniform { low, high } => (*low, *high),
        Value::Normal { mean, limits, .. } if !limits.same_sign || *mean == 0.0 => (limits.min, limits.max),
        // Of one sign.
        Value::Normal { mean, limits, .. }
        | Value::Lognormal { mean, limits, .. }
        | Value::Exponential { mean, limits } => {
            let smallest = f64::MIN_POSITIVE;
            if *mean < 0.0 { (limits.min, limits.max.min(-smallest)) } else { (limits.min.max(smallest), limits.max) }
        }
        _ => return None,
    };
    let w_max = projection.w_max.unwrap_or(f64::INFINITY);
    (most < low || least > high).then(|| {
        format!(
            "projection.{}: weights are drawn from {least:e} to {most:e}, all of them beyond w_min = {} and w_max = {w_max}; negative weights \
             need a negative w_max",
            projection.name, projection.w_min
        )
    })
}

/// Bounds of weights that nothing changes.
fn bounds_of_nothing(projection: &ProjectionSpec) -> Option<String> {
    let given = projection.w_max.is_some() || projection.w_min != 0.0;
    (given && projection.weight_bounds().is_none() && projection.crossbar.is_none()).then(|| {
        format!(
            "projection.{}: w_min and w_max bound weights that plasticity changes or a device holds; here nothing does, and they are not used",
            projection.name
        )
    })
}

/// Parameters of a part of a rule that is switched off.
fn parameters_of_nothing(projection: &ProjectionSpec) -> Option<String> {
    let rule = projection.plasticity.as_ref()?;
    let model = rule.rule.describe();
    let value = |name: &str| model.param(name).map_or(f64::NAN, |i| rule.params[i]);
    let (names, of): (&[&str], &str) = match rule.rule {
        RuleModel::Clopath if value("a_ltd_const") != 0.0 => {
            (&["tau_u_bar_bar", "u_ref_squared"], "a_ltd_const = false")
        }
        RuleModel::Hebbian if VARIANTS[value("variant") as usize] != "bcm" => (&["tau_theta"], "variant = \"bcm\""),
        _ => return None,
    };
    let changed = |name: &&&str| model.param(name).is_some_and(|i| rule.params[i] != model.params[i].default);
    let changed: Vec<&str> = names.iter().filter(changed).copied().collect();
    (!changed.is_empty()).then(|| {
        format!(
            "projection.{}: {} of {} {} of {of}, and here not used",
            projection.name,
            changed.join(" and "),
            model.name,
            if changed.len() == 1 { "is" } else { "are" }
        )
    })
}

/// Converters of a crossbar that are not there, or tell nothing.
fn of_crossbar(projection: &ProjectionSpec) -> Vec<String> {
    let doubts = projection.crossbar.as_ref().map_or(&[][..], |crossbar| &crossbar.doubts);
    doubts.iter().map(|doubt| format!("projection.{}: crossbar: {doubt}", projection.name)).collect()
}

/// Steps so small that a change of the weight may take more pulses than are given.
fn small_steps(projection: &ProjectionSpec) -> Option<String> {
    let steps_alone = projection.plasticity.as_ref().is_none_or(|rule| rule.rule == RuleModel::Querlioz);
    if steps_alone && projection.normalize.is_none() {
        return None;
    }
    let device = projection.device.as_ref()?.device().ok()?;
    let c = &device.common;
    let (step, across) = (c.dg_up.min(c.dg_down), c.range() / c.dg_up.min(c.dg_down));
    if step == 0.0 {
        let (which, lost) = match (c.dg_up == 0.0, c.dg_down == 0.0) {
            (true, true) => ("neither a pulse up nor one down does anything", "nothing is learnt"),
            (true, false) => ("a pulse up does nothing", "changes in that direction are lost"),
            _ => ("a pulse down does nothing", "changes in that direction are lost"),
        };
        return Some(format!(
            "projection.{}: {which} at the middle of the device's range (is it below a threshold?), so that {lost}",
            projection.name
        ));
    }
    (c.pulses != Pulses::One && across > MOST_PULSES).then(|| {
        format!(
            "projection.{}: {across:.3e} pulses of {step:e} S cross the device's range of {:e} S; a change of a weight \
             takes {MOST_PULSES} at most, and what would be more than those is lost",
            projection.name,
            c.range()
        )
    })
}

fn is_adex(population: &PopulationSpec) -> bool {
    matches!(&population.kind, PopulationKind::Neuron { neuron, .. } if neuron.model == NeuronModel::Adex)
}

/// The membrane capacitance \[pF\] of neurons whose weights are conductances.
fn capacitance(population: &PopulationSpec) -> Option<f64> {
    let PopulationKind::Neuron { neuron, .. } = &population.kind else { return None };
    if neuron.model.weight_unit() != "nS" {
        return None;
    }
    size(&neuron.params[neuron.model.describe().param("c_m")?])
}

/// How large a value is: its mean or its end, without a sign.
fn size(value: &Value) -> Option<f64> {
    match value {
        Value::Constant(x) => Some(x.abs()),
        Value::Uniform { low, high } => Some(low.abs().max(high.abs())),
        Value::Normal { mean, .. } | Value::Lognormal { mean, .. } | Value::Exponential { mean, .. } => {
            Some(mean.abs())
        }
        Value::List(all) => all.iter().map(|x| x.abs()).reduce(f64::max),
        Value::OfIndegree(_) => None,
    }
}
