//! Draws the parameters and the initial state of every neuron, and checks them.

use std::ops::Range;

use crate::check::{Invalid, check as check_value};
use crate::describe::{Bound, Kind, Param, Variable, param};
use crate::neuron::{Column, NeuronModel};
use crate::rng::{Purpose, StreamKey, name_key};
use crate::sample::{SampleError, draw};
use crate::spec::{Engine, InputKind, InputSpec, NetworkSpec, PopulationKind, PopulationSpec, Rate, SourceSpec};
use crate::value::Value;

use super::Population;
use super::build::BuildError;

/// All populations, in model order.
pub fn draw_populations(spec: &NetworkSpec) -> Result<Vec<Population>, BuildError> {
    let mut first = 0u32;
    let mut populations = Vec::with_capacity(spec.populations.len());
    for population in &spec.populations {
        let (params, initial) = match &population.kind {
            PopulationKind::Source(source) => {
                of_source(spec, population, source)?;
                (Vec::new(), Vec::new())
            }
            PopulationKind::Neuron { neuron, initial } => {
                let table = neuron.model.describe();
                let params = neuron.params.iter().zip(table.params);
                let params = params
                    .map(|(value, param)| column(spec, population, Purpose::Parameter, param.name, value))
                    .collect::<Result<Vec<_>, _>>()?;
                check(population, neuron.model, &params)?;
                if spec.simulation.engine == Engine::Event {
                    check_steps(population, neuron.model, &params)?;
                }
                let initial = table.variables.iter().enumerate().map(|(v, variable)| {
                    match initial.iter().find(|(index, _)| *index == v) {
                        Some((_, value)) => initial_column(spec, population, variable, value),
                        None => Ok(Column::Shared(f64::NAN)),
                    }
                });
                (params, initial.collect::<Result<Vec<_>, _>>()?)
            }
        };
        populations.push(Population { first, size: population.size, params, initial });
        first = u32::try_from(population.size)
            .ok()
            .and_then(|size| first.checked_add(size))
            .ok_or(BuildError::TooManyNeurons)?;
    }
    Ok(populations)
}

/// A column of values that were drawn: its name, its unit, one value for each member.
pub type Drawn = (String, &'static str, Vec<f64>);

/// What differs from member to member, of all populations: parameters and initial states (`initial_<variable>`) of neurons, rates and phases
/// of sources, rates and weights of Poisson inputs (`input_<name>_rate`, `input_<name>_weight`; NaN for members that have none).
///
/// # Errors
/// As [`super::compile`] for parameters.
pub fn drawn(spec: &NetworkSpec) -> Result<Vec<Vec<Drawn>>, BuildError> {
    let populations = spec.populations.iter().zip(draw_populations(spec)?).enumerate();
    populations
        .map(|(index, (population, columns))| {
            let mut all = match &population.kind {
                PopulationKind::Neuron { .. } => of_neurons(population, columns),
                PopulationKind::Source(source) => of_source(spec, population, source)?,
            };
            all.extend(of_inputs(spec, index)?);
            Ok(all)
        })
        .collect()
}

/// Checks the rates of Poisson inputs that are drawn.
///
/// # Errors
/// If a rate is negative, or none can be drawn.
pub fn check_inputs(spec: &NetworkSpec) -> Result<(), BuildError> {
    for input in &spec.inputs {
        let InputKind::Poisson { rate: Rate::Constant(rate), .. } = &input.kind else { continue };
        if rate.constant().is_some() {
            continue;
        }
        let wrong = |message: String| BuildError::Input { name: input.name.clone(), message };
        for (target, slice) in input.targets.iter().enumerate() {
            let population = &spec.populations[slice.population];
            let members = slice.members(population.size);
            let (name, own) = (input_name(spec, input, target), members.start as u32..members.end as u32);
            let rates = of_members(spec, Purpose::Rate, &name, rate, own).map_err(|e| wrong(format!("rate: {e}")))?;
            if let Some((i, e)) = misfit(&param("rate", Kind::Quantity("Hz"), 0.0, Bound::NonNegative, ""), &rates) {
                let neuron = format!("{}[{}]", population.name, members.start + i);
                return Err(wrong(format!("{neuron}: {e}; {}", rate.remedy())));
            }
        }
    }
    Ok(())
}

/// One number for each of these members of what `name` stands for.
///
/// # Errors
/// If no number can be drawn.
pub fn of_members(
    spec: &NetworkSpec,
    purpose: Purpose,
    name: &str,
    value: &Value,
    members: Range<u32>,
) -> Result<Vec<f64>, SampleError> {
    let key = StreamKey::new(spec.simulation.seed, purpose, name_key(name));
    members.map(|m| draw(value, &mut key.stream(u64::from(m)), m as usize)).collect()
}

/// Names the random numbers of an input into its `target`-th target, with a number where the input has named a slice of that population
/// before.
pub fn input_name(spec: &NetworkSpec, input: &InputSpec, target: usize) -> String {
    let population = input.targets[target].population;
    let name = format!("{}.{}", input.name, spec.populations[population].name);
    match input.targets[..target].iter().filter(|t| t.population == population).count() {
        0 => name,
        before => format!("{name}.{before}"),
    }
}

/// Of a source.
fn of_source(spec: &NetworkSpec, population: &PopulationSpec, source: &SourceSpec) -> Result<Vec<Drawn>, BuildError> {
    type Quantity<'a> = (&'static str, &'static str, &'a Value, Purpose);
    let quantities: Vec<Quantity<'_>> = match source {
        SourceSpec::Poisson { rate: Rate::Constant(rate), .. } => vec![("rate", "Hz", rate, Purpose::Rate)],
        SourceSpec::Regular { rate, phase, .. } => {
            vec![("rate", "Hz", rate, Purpose::Rate), ("phase", "ms", phase, Purpose::Initial)]
        }
        _ => Vec::new(),
    };
    let differs = |quantity: &Quantity<'_>| quantity.2.constant().is_none();
    let column = |(name, unit, value, purpose): Quantity<'_>| {
        let values = of_members(spec, purpose, &population.name, value, 0..population.size as u32);
        let values = values.map_err(|e| error(population, name, &e))?;
        let bounded = param(name, Kind::Quantity(unit), 0.0, Bound::NonNegative, "");
        check_values(population, "", &bounded, value, &values)?;
        Ok((name.to_owned(), unit, values))
    };
    quantities.into_iter().filter(differs).map(column).collect()
}

/// Of the Poisson inputs into a population.
fn of_inputs(spec: &NetworkSpec, index: usize) -> Result<Vec<Drawn>, BuildError> {
    let population = &spec.populations[index];
    let unit = match &population.kind {
        PopulationKind::Neuron { neuron, .. } => neuron.model.weight_unit(),
        PopulationKind::Source(_) => "",
    };
    let mut all = Vec::new();
    for input in &spec.inputs {
        let InputKind::Poisson { rate, weight, .. } = &input.kind else { continue };
        let rate = if let Rate::Constant(rate) = rate { Some(rate) } else { None };
        let quantities = [("rate", "Hz", rate, Purpose::Rate), ("weight", unit, Some(weight), Purpose::Weight)];
        let targets: Vec<usize> =
            (0..input.targets.len()).filter(|&target| input.targets[target].population == index).collect();
        for (quantity, unit, value, purpose) in quantities {
            let differs = value.filter(|value| value.constant().is_none() && !targets.is_empty());
            let Some(value) = differs else { continue };
            let name = format!("input_{}_{quantity}", input.name);
            // Its slices of the population share no neuron.
            let mut column = vec![f64::NAN; population.size];
            for &target in &targets {
                let members = input.targets[target].members(population.size);
                let own = of_members(
                    spec,
                    purpose,
                    &input_name(spec, input, target),
                    value,
                    members.start as u32..members.end as u32,
                );
                column[members].copy_from_slice(&own.map_err(|e| error(population, &name, &e))?);
            }
            all.push((name, unit, column));
        }
    }
    Ok(all)
}

fn error(population: &PopulationSpec, name: &str, error: &SampleError) -> BuildError {
    BuildError::Population { name: population.name.clone(), message: format!("{name}: {error}") }
}

/// Of neurons, whose columns these are.
fn of_neurons(population: &PopulationSpec, columns: Population) -> Vec<Drawn> {
    let PopulationKind::Neuron { neuron, .. } = &population.kind else { return Vec::new() };
    let table = neuron.model.describe();
    let unit = |kind: &Kind| if let Kind::Quantity(unit) = kind { *unit } else { "" };
    let params = table.params.iter().map(|p| (p.name.to_owned(), unit(&p.kind))).zip(columns.params);
    let variables = table.variables.iter().map(|v| (format!("initial_{}", v.name), v.unit)).zip(columns.initial);
    let each = |((name, unit), column)| match column {
        Column::Shared(_) => None,
        Column::Each(values) => Some((name, unit, values)),
    };
    params.chain(variables).filter_map(each).collect()
}

/// One value per member, unless all have the same.
fn column(
    spec: &NetworkSpec,
    population: &PopulationSpec,
    purpose: Purpose,
    name: &str,
    value: &Value,
) -> Result<Column, BuildError> {
    if let Some(value) = value.constant() {
        return Ok(Column::Shared(value));
    }
    let of = format!("{}.{name}", population.name);
    let values = of_members(spec, purpose, &of, value, 0..population.size as u32);
    values.map(Column::Each).map_err(|e| error(population, name, &e))
}

/// What a state variable starts with.
fn initial_column(
    spec: &NetworkSpec,
    population: &PopulationSpec,
    variable: &Variable,
    value: &Value,
) -> Result<Column, BuildError> {
    let column = column(spec, population, Purpose::Initial, variable.name, value)?;
    let bounded = param(variable.name, Kind::Quantity(variable.unit), 0.0, variable.bound, "");
    let values = match &column {
        Column::Shared(value) => std::slice::from_ref(value),
        Column::Each(values) => values,
    };
    check_values(population, "initial.", &bounded, value, values)?;
    Ok(column)
}

/// The first value that its parameter can't take: its place, and why.
fn misfit(param: &Param, values: &[f64]) -> Option<(usize, Invalid)> {
    values.iter().enumerate().find_map(|(i, &value)| Some((i, check_value(param, value).err()?)))
}

/// Checks one value for each member, or one for all; `within` is where the parameter is found.
fn check_values(
    population: &PopulationSpec,
    within: &str,
    param: &Param,
    value: &Value,
    values: &[f64],
) -> Result<(), BuildError> {
    let Some((i, e)) = misfit(param, values) else { return Ok(()) };
    let who = if values.len() == 1 { String::new() } else { format!("member {i}: ") };
    let remedy = if values.len() == 1 { String::new() } else { format!("; {}", value.remedy()) };
    Err(BuildError::Population { name: population.name.clone(), message: format!("{who}{within}{e}{remedy}") })
}

/// Checks every neuron's parameters, alone and against each other; once if all are the same.
fn check(population: &PopulationSpec, model: NeuronModel, params: &[Column]) -> Result<(), BuildError> {
    let shared = params.iter().all(|c| matches!(c, Column::Shared(_)));
    for i in 0..if shared { 1 } else { population.size } {
        let values: Vec<f64> = params.iter().map(|c| c.at(i)).collect();
        model.check(&values).map_err(|e| {
            let who = if shared { String::new() } else { format!("neuron {i}: ") };
            BuildError::Population { name: population.name.clone(), message: format!("{who}{e}") }
        })?;
    }
    Ok(())
}

/// Checks what the event engine takes its steps by, which can't be less than a tick.
fn check_steps(population: &PopulationSpec, model: NeuronModel, params: &[Column]) -> Result<(), BuildError> {
    for (param, column) in model.describe().params.iter().zip(params) {
        let wrong = (0..population.size).find_map(|i| Some((i, model.check_step(param.name, column.at(i)).err()?)));
        if let Some((i, e)) = wrong {
            let message = format!("member {i}: {e}; limit what is drawn with `min`");
            return Err(BuildError::Population { name: population.name.clone(), message });
        }
    }
    Ok(())
}
