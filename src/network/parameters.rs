//! Draws the parameters and the initial state of every neuron, and checks them.

use crate::describe::{Kind, Model};
use crate::neuron::{Column, NeuronModel};
use crate::rng::{Purpose, StreamKey, name_key};
use crate::sample::draw;
use crate::spec::{NetworkSpec, PopulationKind, PopulationSpec};
use crate::value::Value;

use super::Population;
use super::build::BuildError;

/// All populations, in model order.
pub fn draw_populations(spec: &NetworkSpec) -> Result<Vec<Population>, BuildError> {
    let mut first = 0u32;
    let mut populations = Vec::with_capacity(spec.populations.len());
    for population in &spec.populations {
        let (params, initial) = match &population.kind {
            PopulationKind::Source(_) => (Vec::new(), Vec::new()),
            PopulationKind::Neuron { neuron, initial } => {
                let table = neuron.model.describe();
                let params = neuron.params.iter().zip(table.params);
                let params = params
                    .map(|(value, param)| column(spec, population, Purpose::Parameter, param.name, value))
                    .collect::<Result<Vec<_>, _>>()?;
                check(population, table, neuron.model, &params)?;
                let initial = table.variables.iter().enumerate().map(|(v, variable)| {
                    match initial.iter().find(|(index, _)| *index == v) {
                        Some((_, value)) => column(spec, population, Purpose::Initial, variable.name, value),
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

/// Parameters and initial states (`initial_<variable>`) that differ from member to member, of all populations.
///
/// # Errors
/// As [`super::compile`] for parameters.
pub fn drawn(spec: &NetworkSpec) -> Result<Vec<Vec<Drawn>>, BuildError> {
    let one = |(population, columns): (&PopulationSpec, Population)| {
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
    };
    Ok(spec.populations.iter().zip(draw_populations(spec)?).map(one).collect())
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
    let key = StreamKey::new(spec.simulation.seed, purpose, name_key(&format!("{}.{name}", population.name)));
    (0..population.size)
        .map(|i| draw(value, &mut key.stream(i as u64), i))
        .collect::<Result<Vec<_>, _>>()
        .map(Column::Each)
        .map_err(|e| BuildError::Population { name: population.name.clone(), message: format!("{name}: {e}") })
}

/// Checks every neuron's parameters, alone and against each other; once if all are the same.
fn check(population: &PopulationSpec, table: &Model, model: NeuronModel, params: &[Column]) -> Result<(), BuildError> {
    let shared = params.iter().all(|c| matches!(c, Column::Shared(_)));
    for i in 0..if shared { 1 } else { population.size } {
        let values: Vec<f64> = params.iter().map(|c| c.at(i)).collect();
        crate::check::check_all(table.params, &values).and_then(|()| model.check(&values)).map_err(|e| {
            let who = if shared { String::new() } else { format!("neuron {i}: ") };
            BuildError::Population { name: population.name.clone(), message: format!("{who}{e}") }
        })?;
    }
    Ok(())
}
