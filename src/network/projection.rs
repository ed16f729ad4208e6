//! One projection while it is being built: its wiring, and the weight and delay of each synapse.

use crate::rng::name_key;
use crate::sample::draw;
use crate::spec::{Engine, NetworkSpec, PopulationKind, ProjectionSpec};
use crate::time::Time;
use crate::value::Value;

use super::Population;
use super::build::BuildError;
use super::wiring::{Ends, Wiring};

/// A projection whose synapses can be drawn, row by row, on any thread.
pub struct Draft<'a> {
    pub spec: &'a ProjectionSpec,
    pub wiring: Wiring,
    /// Global id of the first source, and number of sources.
    pub first_source: u32,
    pub n_source: usize,
    /// Index of the first target in its population, and number of targets.
    pub first_target: u32,
    pub n_target: usize,
    /// Size of the target population.
    pub target_size: usize,
    /// Has the target model an excitatory and an inhibitory side?
    pub two_sided: bool,
    /// The grid's step; none in the event engine.
    step: Option<Time>,
    /// In-degree of each target, where the weight depends on it.
    indegree: Vec<u32>,
}

/// Weight and delay of one synapse.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    pub weight: f64,
    pub delay: Time,
}

impl<'a> Draft<'a> {
    /// A draft from which synapses can be drawn.
    pub fn new(
        network: &NetworkSpec,
        spec: &'a ProjectionSpec,
        populations: &[Population],
    ) -> Result<Draft<'a>, BuildError> {
        let mut draft = Draft::sketch(network, spec, populations)?;
        if matches!(spec.weight, Value::OfIndegree(_)) {
            draft.indegree = draft.count_indegree();
        }
        Ok(draft)
    }

    /// A draft of which only the sizes are asked.
    pub fn sketch(
        network: &NetworkSpec,
        spec: &'a ProjectionSpec,
        populations: &[Population],
    ) -> Result<Draft<'a>, BuildError> {
        let (source, target) = (&populations[spec.source.population], &populations[spec.target.population]);
        let span = |slice: &crate::spec::Slice, size: usize| (slice.start, slice.stop.unwrap_or(size) - slice.start);
        let (source_start, n_source) = span(&spec.source, source.size);
        let (target_start, n_target) = span(&spec.target, target.size);
        let ends = Ends {
            n_source,
            n_target,
            source_start,
            target_start,
            same_population: spec.source.population == spec.target.population,
            autapses: spec.autapses,
            multapses: spec.multapses,
        };
        let wiring = Wiring::new(&spec.connect, name_key(&spec.name), network.simulation.seed, ends)
            .map_err(|e| BuildError::Projection { name: spec.name.clone(), message: e.to_string() })?;
        let two_sided = match &network.populations[spec.target.population].kind {
            PopulationKind::Neuron { neuron, .. } => neuron.model.two_sided(),
            PopulationKind::Source(_) => false,
        };
        Ok(Draft {
            spec,
            wiring,
            first_source: source.first + source_start as u32,
            n_source,
            first_target: target_start as u32,
            n_target,
            target_size: target.size,
            two_sided,
            step: (network.simulation.engine == Engine::Grid).then_some(network.simulation.resolution),
            indegree: Vec::new(),
        })
    }

    fn count_indegree(&self) -> Vec<u32> {
        let mut counts = vec![0u32; self.n_target];
        let mut row = Vec::new();
        for r in 0..self.wiring.rows() {
            self.wiring.row(r, &mut row);
            if self.wiring.by_target() {
                counts[r] = row.len() as u32;
            } else {
                row.iter().for_each(|&t| counts[t as usize] += 1);
            }
        }
        counts
    }

    /// The row of a source by its global id, if it is one of the projection's.
    pub fn row_of_source(&self, gid: u32) -> Option<usize> {
        gid.checked_sub(self.first_source).map(|row| row as usize).filter(|&row| row < self.n_source)
    }

    /// Is the weight the same for all synapses? Then what it is.
    pub fn constant_weight(&self) -> Option<f64> {
        if self.spec.plasticity.is_some() || self.spec.device.is_some() { None } else { self.spec.weight.constant() }
    }

    /// Calls `put(ordinal, other end, drawn)` for every synapse of wiring row `row`.
    pub fn row(&self, row: usize, ends: &mut Vec<u32>, mut put: impl FnMut(u32, u32, Drawn)) -> Result<(), BuildError> {
        ends.clear();
        self.wiring.row(row, ends);
        let (mut weights, mut delays) = (self.wiring.weight_stream(row), self.wiring.delay_stream(row));
        let (weight, delay) = (self.spec.weight.constant(), self.spec.delay.constant());
        let delay = delay.map(|ms| self.delay(ms)).transpose()?;
        for (ordinal, &end) in ends.iter().enumerate() {
            let place = self.wiring.place(row, ordinal).unwrap_or(ordinal);
            let weight = match weight {
                Some(weight) => weight,
                None => {
                    let target = if self.wiring.by_target() { row } else { end as usize };
                    self.weight(target, place, &mut weights)?
                }
            };
            let delay = match delay {
                Some(delay) => delay,
                None => self.delay(self.sampled(draw(&self.spec.delay, &mut delays, place), "delay")?)?,
            };
            put(ordinal as u32, end, Drawn { weight, delay });
        }
        Ok(())
    }

    fn weight(&self, target: usize, place: usize, stream: &mut crate::rng::Stream) -> Result<f64, BuildError> {
        let value = match &self.spec.weight {
            Value::OfIndegree(f) => &f(f64::from(self.indegree[target])),
            value => value,
        };
        let weight = self.sampled(draw(value, stream, place), "weight")?;
        if !weight.is_finite() {
            return Err(self.error(format!("a weight came out as {weight}")));
        }
        self.check_bounds(weight)?;
        Ok(weight)
    }

    /// A plastic or memristive weight must lie within the projection's bounds.
    pub fn check_bounds(&self, weight: f64) -> Result<(), BuildError> {
        let Some(w_max) = self.spec.w_max.filter(|_| self.spec.plasticity.is_some() || self.spec.device.is_some())
        else {
            return Ok(());
        };
        let (low, high) = (self.spec.w_min.min(w_max), self.spec.w_min.max(w_max));
        if weight < low || weight > high {
            return Err(self.error(format!(
                "a weight of {weight} lies outside w_min = {} and w_max = {w_max}; widen them, or limit the weight's \
                 distribution with `min` and `max`",
                self.spec.w_min
            )));
        }
        Ok(())
    }

    fn delay(&self, ms: f64) -> Result<Time, BuildError> {
        if ms.is_nan() || ms <= 0.0 || ms > Time::LIMIT.ms() {
            return Err(self.error(format!(
                "a delay of {ms} ms was drawn; delays must be more than 0: limit the distribution with `min`"
            )));
        }
        let exact = Time::from_ms(ms);
        Ok(match self.step {
            None => exact.max(Time(1)),
            Some(step) => Time(((exact.0 + step.0 / 2) / step.0).max(1) * step.0),
        })
    }

    fn sampled(&self, value: Result<f64, crate::sample::SampleError>, what: &str) -> Result<f64, BuildError> {
        value.map_err(|e| self.error(format!("{what}: {e}")))
    }

    fn error(&self, message: String) -> BuildError {
        BuildError::Projection { name: self.spec.name.clone(), message }
    }

    /// Key of a synapse's device.
    pub fn device_key(row: u32, ordinal: u32) -> u64 {
        u64::from(row) << 32 | u64::from(ordinal)
    }
}
