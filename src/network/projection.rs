//! One projection while it is being built: its wiring, and the weight and delay of each synapse.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::rng::name_key;
use crate::sample::{Law, SampleError, Steps};
use crate::spec::{Engine, NetworkSpec, PopulationKind, Precision, ProjectionSpec, held};
use crate::synapse::Grain;
use crate::time::Time;
use crate::value::Value;

use super::Population;
use super::array::Effective;
use super::build::BuildError;
use super::row::Row;
use super::share::Share;
use super::wiring::{self, Ends, Wiring};

/// A projection whose synapses can be drawn, row by row, on any thread.
pub struct Draft<'a> {
    pub spec: Cow<'a, ProjectionSpec>,
    pub wiring: Wiring,
    /// Global id of the first source, and number of sources.
    pub first_source: u32,
    pub n_source: usize,
    /// Index of the first target in its population, and number of targets.
    pub first_target: u32,
    pub n_target: usize,
    /// Has the target model an excitatory and an inhibitory side?
    pub two_sided: bool,
    /// The side of their targets at which all synapses arrive, where it is certain: is it the inhibitory one? Targets with one
    /// side have the other.
    pub only_side: Option<bool>,
    /// The grid's step; none in the event engine.
    step: Option<Time>,
    /// In-degree of each target, where the weight depends on it.
    indegree: Vec<u32>,
    /// Where weights come from.
    weights: Draws,
    /// Where delays come from.
    delays: Draws,
    /// Delays in steps by a table, where they can be had so.
    steps: Option<Arc<Steps>>,
    /// What a crossbar makes of static weights, in place of those drawn.
    effective: Option<Effective>,
    /// What weights are rounded to multiples of.
    pub grain: Option<Grain>,
    /// What holds them.
    precision: Precision,
    /// Between what plastic and memristive ones lie.
    bounds: Option<(f64, f64)>,
}

/// Where the values of a projection's synapses come from.
#[derive(Clone)]
enum Draws {
    /// One law for all.
    Law(Law),
    /// A law for each in-degree.
    ByIndegree(Vec<Option<Law>>),
    /// A list.
    List(Arc<[f64]>),
}

/// The ends of a projection between populations of these sizes.
fn ends(spec: &ProjectionSpec, size: impl Fn(usize) -> usize) -> Ends {
    let span =
        |slice: &crate::spec::Slice| (slice.start, slice.stop.unwrap_or_else(|| size(slice.population)) - slice.start);
    let ((source_start, n_source), (target_start, n_target)) = (span(&spec.source), span(&spec.target));
    Ends {
        n_source,
        n_target,
        source_start,
        target_start,
        same_population: spec.source.population == spec.target.population,
        autapses: spec.autapses,
        multapses: spec.multapses,
    }
}

/// Number of sources of a projection, and of its synapses (the expectation for `fixed_probability`): nothing is drawn.
pub fn expect(network: &NetworkSpec, spec: &ProjectionSpec) -> Result<(u64, u64), BuildError> {
    let ends = ends(spec, |population| network.populations[population].size);
    let synapses = wiring::expect(&spec.connect, ends)
        .map_err(|e| BuildError::Projection { name: spec.name.clone(), message: e.to_string() })?;
    Ok((ends.n_source as u64, synapses))
}

impl<'a> Draft<'a> {
    /// A draft from which synapses can be drawn.
    pub fn new(
        network: &NetworkSpec,
        spec: &'a ProjectionSpec,
        populations: &[Population],
    ) -> Result<Draft<'a>, BuildError> {
        let mut draft = Draft::as_written(network, spec, populations)?;
        if let Some(crossbar) = spec.crossbar.as_ref().filter(|_| !draft.keeps_state()) {
            draft.effective = Some(Effective::new(&draft, crossbar)?);
        } else if draft.two_sided {
            let (low, high) = draft.weight_range();
            draft.only_side = ((low < 0.0) == (high < 0.0)).then_some(low < 0.0);
        }
        Ok(draft)
    }

    /// A draft whose weights are those of the model, whatever a crossbar makes of them.
    pub fn as_written(
        network: &NetworkSpec,
        spec: &'a ProjectionSpec,
        populations: &[Population],
    ) -> Result<Draft<'a>, BuildError> {
        let mut draft = Draft::wired(network, spec, populations)?;
        draft.weights = draft.draws(&spec.weight, "weight")?;
        draft.delays = draft.draws(&spec.delay, "delay")?;
        if let (Some(step), Draws::Law(law)) = (draft.step, &draft.delays) {
            let steps = |ms: f64| (ms > 0.0 && ms <= Time::LONGEST_DELAY.ms()).then(|| in_steps(ms, step));
            draft.steps = law.constant().is_none().then(|| Steps::new(law, steps)).flatten().map(Arc::new);
        }
        Ok(draft)
    }

    /// A draft without its draws.
    fn wired(
        network: &NetworkSpec,
        spec: &'a ProjectionSpec,
        populations: &[Population],
    ) -> Result<Draft<'a>, BuildError> {
        let ends = ends(spec, |population| populations[population].size);
        let wiring = Wiring::new(&spec.connect, name_key(&spec.name), network.simulation.seed, ends)
            .map_err(|e| BuildError::Projection { name: spec.name.clone(), message: e.to_string() })?;
        let two_sided = match &network.populations[spec.target.population].kind {
            PopulationKind::Neuron { neuron, .. } => neuron.model.two_sided(),
            PopulationKind::Source(_) => false,
        };
        Ok(Draft {
            spec: Cow::Borrowed(spec),
            wiring,
            first_source: populations[spec.source.population].first + ends.source_start as u32,
            n_source: ends.n_source,
            first_target: ends.target_start as u32,
            n_target: ends.n_target,
            two_sided,
            only_side: (!two_sided).then_some(false),
            step: (network.simulation.engine == Engine::Grid).then_some(network.simulation.resolution),
            indegree: Vec::new(),
            weights: Draws::List([].into()),
            delays: Draws::List([].into()),
            steps: None,
            effective: None,
            grain: None,
            precision: network.simulation.precision,
            bounds: spec.start_bounds(),
        })
    }

    /// Prepares a value to be drawn.
    fn draws(&mut self, value: &Value, what: &str) -> Result<Draws, BuildError> {
        let fail = |draft: &Self, e: SampleError| draft.error(format!("{what}: {e}"));
        Ok(match value {
            Value::List(values) => Draws::List(values.clone()),
            Value::OfIndegree(f) => {
                self.indegree = self.count_indegree();
                let most = self.indegree.iter().max().map_or(0, |&most| most as usize);
                let mut laws = vec![None; most + 1];
                for &indegree in &self.indegree {
                    let law = &mut laws[indegree as usize];
                    if law.is_none() && indegree > 0 {
                        let at = |e: String| self.error(format!("{what}, at an in-degree of {indegree}: {e}"));
                        let value = f(f64::from(indegree)).map_err(at)?;
                        let made = Law::new(&value).unwrap_or(Err(SampleError::Indegree));
                        *law = Some(made.map_err(|e| at(e.to_string()))?);
                    }
                }
                Draws::ByIndegree(laws)
            }
            value => {
                let law = Law::new(value).unwrap_or(Err(SampleError::Indegree));
                Draws::Law(law.map_err(|e| fail(self, e))?)
            }
        })
    }

    /// One that borrows nothing, of a projection without a crossbar.
    pub fn to_owned(&self) -> Draft<'static> {
        Draft {
            spec: Cow::Owned(self.spec.clone().into_owned()),
            wiring: self.wiring.clone(),
            indegree: self.indegree.clone(),
            weights: self.weights.clone(),
            delays: self.delays.clone(),
            steps: self.steps.clone(),
            effective: None,
            ..*self
        }
    }

    /// Uses another draft's table of delays, if it is the same: then it stays in the cache.
    pub fn share_table(&mut self, other: &Draft<'_>) {
        if let (Draws::Law(own), Draws::Law(law), Some(steps)) = (&self.delays, &other.delays, &other.steps)
            && own == law
            && self.step == other.step
        {
            self.steps = Some(steps.clone());
        }
    }

    /// In what delays are counted: steps of the grid, or ticks.
    pub fn unit(&self) -> Time {
        self.step.unwrap_or(Time(1))
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

    /// Does anything of a synapse depend on its ordinal, its number among all of its row? Then rows can't be drawn in part.
    pub fn by_ordinal(&self) -> bool {
        let listed = |draws: &Draws| matches!(draws, Draws::List(_));
        self.spec.device.is_some() || self.effective.is_some() || listed(&self.weights) || listed(&self.delays)
    }

    /// Do its synapses keep a state: are they plastic or memristive?
    pub fn keeps_state(&self) -> bool {
        self.spec.plasticity.is_some() || self.spec.device.is_some()
    }

    /// Are its synapses read through a crossbar? Of those that keep no state stands what arrives.
    pub fn is_wired(&self) -> bool {
        self.keeps_state() && self.spec.crossbar.is_some()
    }

    /// Is the weight the same for all synapses, for good? Then what it is.
    pub fn constant_weight(&self) -> Option<f64> {
        if self.spec.is_static() { self.shared_weight() } else { None }
    }

    /// The weight that all synapses have at first, if it is the same.
    pub fn shared_weight(&self) -> Option<f64> {
        let held = |weight: f64| self.spec.held(weight).unwrap_or(weight);
        if self.effective.is_some() { None } else { self.spec.weight.constant().map(|w| held(self.rounded(w))) }
    }

    fn rounded(&self, weight: f64) -> f64 {
        self.grain.map_or(weight, |grain| grain.round(weight))
    }

    /// The size of the largest weight that could be drawn, and the mean size of all.
    pub fn weight_sizes(&self) -> (f64, f64) {
        let of = |weights: &[f64]| {
            let largest = weights.iter().fold(0.0f64, |most, weight| most.max(weight.abs()));
            (largest, weights.iter().map(|weight| weight.abs()).sum::<f64>() / weights.len().max(1) as f64)
        };
        if let Some(effective) = &self.effective {
            return of(effective.all());
        }
        // The quantiles that stand for a law are nearest to its ends by half a part.
        const PARTS: u32 = 64;
        let quantiles = |law: &Law| {
            let at = |part: u32| law.at(part * (u32::MAX / PARTS) + u32::MAX / PARTS / 2);
            (0..PARTS).map(at).collect::<Vec<f64>>()
        };
        let typical = |laws: &[Law]| of(&laws.iter().flat_map(quantiles).collect::<Vec<f64>>()).1;
        let largest = |(low, high): (f64, f64)| if low > high { 0.0 } else { low.abs().max(high.abs()) };
        match &self.weights {
            Draws::Law(law) => (largest(self.weight_range()), typical(&[*law])),
            Draws::ByIndegree(laws) => {
                (largest(self.weight_range()), typical(&laws.iter().flatten().copied().collect::<Vec<_>>()))
            }
            Draws::List(values) => of(values),
        }
    }

    /// May more than a few synapses arrive at this side of their targets?
    pub fn reaches(&self, inhibitory: bool) -> bool {
        if !self.two_sided {
            return !inhibitory;
        }
        self.spec.weight.mean().is_none_or(|mean| (mean < 0.0) == inhibitory)
    }

    /// The smallest and the largest weight that could be drawn; not of lists.
    pub fn weight_range(&self) -> (f64, f64) {
        let ends = |law: &Law| [law.at(0), law.at(u32::MAX)];
        let laws: Vec<f64> = match &self.weights {
            Draws::Law(law) => ends(law).into(),
            Draws::ByIndegree(laws) => laws.iter().flatten().flat_map(ends).collect(),
            Draws::List(values) => values.to_vec(),
        };
        laws.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &w| (low.min(w), high.max(w)))
    }

    /// Checks the extremes of all weights and delays that could be drawn, so that nothing can go wrong later.
    pub fn check_values(&self) -> Result<(), BuildError> {
        let (low, high) = self.weight_range();
        let problem = [low, high].into_iter().find_map(|weight| self.precision.refuse(weight));
        if let Some(problem) = problem.filter(|_| self.n_source > 0) {
            return Err(self.error(format!("a weight may come out as {problem}")));
        }
        self.constant_delay()?;
        if let Draws::Law(law) = &self.delays {
            self.delay(law.at(0)).and_then(|_| self.delay(law.at(u32::MAX)))?;
        }
        Ok(())
    }

    /// The delay that all synapses have.
    pub fn constant_delay(&self) -> Result<Option<Time>, BuildError> {
        let delay = self.spec.delay.constant().map(|ms| self.delay(ms)).transpose()?;
        Ok(delay.map(|units| Time(units as i64 * self.unit().0)))
    }

    /// The smallest and the largest of the random words from which the delays of a row are made.
    pub fn delay_words_between(&self, row: usize, words: &mut Vec<u32>) -> (u32, u32) {
        let (mut least, mut most) = (u32::MAX, 0);
        self.wiring.counts(row, |cell, count| {
            words.resize(count as usize, 0);
            self.wiring.delay_words(row, cell, words);
            least = words.iter().fold(least, |least, &word| least.min(word));
            most = words.iter().fold(most, |most, &word| most.max(word));
        });
        (least, most)
    }

    /// Bounds of the delays whose random words lie between these, since delays grow with their words.
    pub fn delays_between(&self, least: u32, most: u32) -> Result<(Time, Time), BuildError> {
        let (low, high) = match (&self.steps, &self.delays) {
            (Some(steps), _) => [least, most].map(|word| u64::from(steps.first() + u32::from(steps.at(word)))).into(),
            // But for rounding: a tick or two on either side.
            (None, Draws::Law(law)) => {
                (self.delay(law.at(least))?.saturating_sub(2).max(1), self.delay(law.at(most))? + 2)
            }
            (None, _) => return Err(self.error(format!("delay: {}", SampleError::Indegree))),
        };
        Ok((Time(low as i64 * self.unit().0), Time(high as i64 * self.unit().0)))
    }

    /// Draws wiring row `row`.
    pub fn draw(&self, row: usize, out: &mut Row) -> Result<(), BuildError> {
        self.draw_part(row, &(0..u32::MAX), out)
    }

    /// Draws the cells of wiring row `row` that meet `targets`: synapses onto others too.
    pub fn draw_part(&self, row: usize, targets: &Range<u32>, out: &mut Row) -> Result<(), BuildError> {
        out.clear(self)?;
        self.wiring.part(row, targets, &mut out.ends, &mut out.cells);
        self.draw_weights(row, out)?;
        self.draw_delays(row, out)
    }

    /// From an end's index in the slice to its slot in a thread, or else to its place within its population's share.
    pub fn offset_in(&self, by_slot: bool, share: &Share) -> u32 {
        let population = self.spec.target.population;
        let base = if by_slot { share.first_slot[population] } else { 0 };
        (base + self.first_target).wrapping_sub(share.members[population].start)
    }

    fn draw_weights(&self, row: usize, out: &mut Row) -> Result<(), BuildError> {
        if out.weight.is_some() {
            return Ok(());
        }
        match (&self.effective, &self.weights) {
            (Some(effective), _) => out.weights.extend_from_slice(effective.row(row)),
            (None, Draws::Law(law)) => {
                out.fill_words(|cell, words| self.wiring.weight_words(row, cell, words));
                law.extend(&out.words, &mut out.weights);
            }
            (None, Draws::ByIndegree(laws)) => {
                out.fill_words(|cell, words| self.wiring.weight_words(row, cell, words));
                for (&word, &end) in out.words.iter().zip(&out.ends) {
                    let target = if self.wiring.by_target() { row } else { end as usize };
                    let law = laws[self.indegree[target] as usize].as_ref();
                    out.weights.push(law.map_or(f64::NAN, |law| law.at(word)));
                }
            }
            (None, Draws::List(values)) => {
                self.listed(values, row, out.ends.len(), "weight", |w| out.weights.push(w))?;
            }
        }
        let largest = self.precision.largest();
        if let Some(&weight) = out.weights.iter().find(|w| w.is_nan() || w.abs() > largest) {
            let problem = self.precision.refuse(weight).unwrap_or_default();
            return Err(self.error(format!("a weight came out as {problem}")));
        }
        out.weights.iter_mut().for_each(|weight| *weight = self.rounded(*weight));
        if self.spec.plasticity.is_some() || self.spec.device.is_some() {
            for weight in &mut out.weights {
                *weight = self.held(*weight)?;
            }
        }
        Ok(())
    }

    fn draw_delays(&self, row: usize, out: &mut Row) -> Result<(), BuildError> {
        if out.delay.is_some() {
            return Ok(());
        }
        match (&self.delays, &self.steps) {
            (_, Some(steps)) => {
                out.fill_words(|cell, words| self.wiring.delay_words(row, cell, words));
                let first = u64::from(steps.first());
                out.delays.extend(out.words.iter().map(|&word| first + u64::from(steps.at(word))));
            }
            (Draws::Law(law), None) => {
                out.fill_words(|cell, words| self.wiring.delay_words(row, cell, words));
                for &word in &out.words {
                    out.delays.push(self.delay(law.at(word))?);
                }
            }
            (Draws::List(values), None) => {
                let mut bad = None;
                self.listed(values, row, out.ends.len(), "delay", |ms| match self.delay(ms) {
                    Ok(delay) => out.delays.push(delay),
                    Err(e) => bad = Some(e),
                })?;
                bad.map_or(Ok(()), Err)?;
            }
            (Draws::ByIndegree(_), None) => return Err(self.error(format!("delay: {}", SampleError::Indegree))),
        }
        Ok(())
    }

    /// Calls `put` with the listed value of each of a row's `count` synapses.
    fn listed(
        &self,
        values: &[f64],
        row: usize,
        count: usize,
        what: &str,
        mut put: impl FnMut(f64),
    ) -> Result<(), BuildError> {
        for ordinal in 0..count {
            let index = self.wiring.place(row, ordinal).unwrap_or(ordinal);
            let missing = || self.error(format!("{what}: {}", SampleError::List { index, len: values.len() }));
            put(*values.get(index).ok_or_else(missing)?);
        }
        Ok(())
    }

    /// A weight; a plastic or memristive one must lie within the projection's bounds.
    pub fn held(&self, weight: f64) -> Result<f64, BuildError> {
        held(weight, self.bounds).ok_or_else(|| {
            let w_max = self.spec.w_max.unwrap_or(f64::INFINITY);
            self.error(format!(
                "a weight of {weight} lies outside w_min = {} and w_max = {w_max}; widen them, or {}",
                self.spec.w_min,
                self.spec.weight.remedy()
            ))
        })
    }

    /// A delay in units.
    pub fn delay(&self, ms: f64) -> Result<u64, BuildError> {
        if ms.is_nan() || ms <= 0.0 || ms > Time::LONGEST_DELAY.ms() {
            return Err(self.error(format!(
                "a delay of {ms} ms was drawn; delays must be more than 0, and a day at most: limit the distribution \
                 with `min` and `max`"
            )));
        }
        Ok(in_steps(ms, self.unit()))
    }

    pub fn error(&self, message: String) -> BuildError {
        BuildError::Projection { name: self.spec.name.clone(), message }
    }

    /// Key of a synapse's device.
    pub fn device_key(row: u32, ordinal: u32) -> u64 {
        u64::from(row) << 32 | u64::from(ordinal)
    }
}

/// A time rounded to steps, at least one.
pub(super) fn in_steps(ms: f64, step: Time) -> u64 {
    ((Time::from_ms(ms).0 + step.0 / 2) / step.0).max(1) as u64
}
