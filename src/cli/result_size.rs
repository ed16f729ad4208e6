//! How large the result of a run will be: what is recorded, by its expected number.
//!
//! Sources fire as they are told; how neurons fire is not known before they do, so a rate is assumed.

use std::ops::Range;

use memspike::counted::grouped;
use memspike::network::{BuildError, expected};
use memspike::sample::Law;
use memspike::spec::{Active, NetworkSpec, PatternSpec, PopulationKind, Rate, Slice, SourceSpec, WeightSample};
use memspike::time::Time;
use memspike::value;
use serde_json::{Value, json};

use super::memory::bytes;

/// What a neuron is taken to fire at, unless something else is asked for \[Hz\].
pub use memspike::engine::RATE;

/// Bytes of a number in a result.
const NUMBER: f64 = 8.0;
/// Rows of a table of spikes that are written together, and take their room even if they are fewer.
const CHUNK: f64 = 16_384.0;
/// What a result has beside its tables, and what each of them has beside its rows: names, attributes, groups (measured).
const FRAME: f64 = 9_500.0;
const TABLE: f64 = 600.0;

/// The size that a result is expected to have.
pub struct ResultSize {
    /// The rate that was assumed of neurons \[Hz\].
    rate: f64,
    /// Spikes that are expected to be recorded.
    spikes: f64,
    /// Bytes of spikes, of states, of weights, and of the rest.
    parts: [f64; 4],
}

impl ResultSize {
    /// Of a run that ends; none without a duration. Populations in `waiting` are recordings that are not known yet.
    ///
    /// # Errors
    /// If a projection can't be wired.
    pub fn of(spec: &NetworkSpec, waiting: &[usize], rate: f64) -> Result<Option<ResultSize>, BuildError> {
        let Some(duration) = spec.simulation.duration else { return Ok(None) };
        let until = spec.record.until().min(duration);
        let window = (spec.record.start.min(until), until);
        let fired = |slice: &Slice| {
            if waiting.contains(&slice.population) {
                let size = spec.populations[slice.population].size;
                return rate * seconds(window) * slice.members(size).len() as f64;
            }
            spikes(spec, slice, window, rate)
        };
        let (mut recorded, mut of_spikes) = (vec![0.0; spec.populations.len()], 0.0);
        for slice in spec.record.spikes.iter().filter(|slice| waiting.contains(&slice.population)) {
            recorded[slice.population] += fired(slice);
        }
        // Slices may overlap: who is in two of them is recorded once.
        for (index, population) in spec.populations.iter().enumerate().filter(|(index, _)| !waiting.contains(index)) {
            let members = spec.record.recorded(index, population.size).unwrap_or_default();
            let slice = |own: Range<usize>| Slice { population: index, start: own.start, stop: Some(own.end) };
            recorded[index] = stretches(&members).into_iter().map(|own| fired(&slice(own))).sum();
        }
        for count in &recorded {
            of_spikes += (count / CHUNK).ceil() * CHUNK * 2.0 * NUMBER;
        }
        // Whose they are, where not all members are recorded.
        for (index, population) in spec.populations.iter().enumerate().filter(|(index, _)| !waiting.contains(index)) {
            let recorded = spec.record.recorded(index, population.size).filter(|recorded| recorded.contains(&false));
            of_spikes += NUMBER * recorded.iter().flatten().filter(|recorded| **recorded).count() as f64;
        }
        let mut tables = spec.record.spikes.len() + spec.populations.len();
        let mut of_states = 0.0;
        for state in &spec.record.state {
            let members = state.members(spec.populations[state.slice.population].size).len() as f64;
            let samples =
                if state.start >= until { 0.0 } else { 1.0 + ((until - state.start).0 / state.interval.0) as f64 };
            of_states += state.variables.len() as f64 * NUMBER * (samples * (members + 1.0) + members);
            tables += state.variables.len();
        }
        let mut of_weights = 0.0;
        for record in &spec.record.weights {
            let projection = &spec.projections[record.projection];
            let synapses = expected(spec, projection)? as f64;
            let sources = projection.source.members(spec.populations[projection.source.population].size).len() as f64;
            let snapshots = |number: f64| NUMBER * (3.0 * synapses + number * (synapses + 1.0));
            of_weights += match record.on {
                WeightSample::PreSpike => 4.0 * NUMBER * fired(&projection.source) * synapses / sources.max(1.0),
                WeightSample::End => snapshots(1.0),
                // At multiples of it within the window.
                WeightSample::Interval(every) => {
                    snapshots((until.0 / every.0 - (window.0.0 - 1).div_euclid(every.0)) as f64)
                }
            };
            tables += 1;
        }
        let mut of_parameters = 0.0;
        for (index, population) in spec.populations.iter().enumerate().filter(|_| spec.record.parameters) {
            let drawn = spec.drawn(index);
            of_parameters += NUMBER * (drawn * population.size) as f64;
            tables += drawn;
        }
        for projection in spec.projections.iter().filter(|p| spec.record.parameters && p.drawn() > 0) {
            let columns = projection.drawn();
            of_parameters += NUMBER * expected(spec, projection)? as f64 * (3 + columns) as f64;
            tables += 3 + columns;
        }
        let rest = FRAME + TABLE * tables as f64 + 2.0 * spec.resolved.len() as f64 + of_parameters;
        let parts = [of_spikes, of_states, of_weights, rest];
        Ok(Some(ResultSize { rate, spikes: recorded.iter().sum(), parts }))
    }

    /// All of it \[bytes\].
    pub fn bytes(&self) -> u64 {
        self.parts.iter().sum::<f64>() as u64
    }

    /// For people, with what was assumed.
    pub fn text(&self) -> String {
        let [spikes, states, weights, _] = self.parts.map(|part| part as u64);
        let mut out = format!("about {} for the result", bytes(self.bytes()));
        let packed = [(states, "states"), (weights, "weights")];
        let packed = packed.into_iter().filter(|(part, _)| *part > 0);
        let packed: Vec<String> = packed.map(|(part, name)| format!("{name} {}", bytes(part))).collect();
        out += &format!(" (spikes {}: {} expected", bytes(spikes), grouped(self.spikes as u64));
        packed.iter().for_each(|part| out += &format!("; {part}"));
        out += &format!("), if neurons fire at {} Hz", self.rate);
        if !packed.is_empty() {
            out += "; states and weights are packed and take less";
        }
        out
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let [spikes, states, weights, _] = self.parts.map(|part| part as u64);
        json!({
            "bytes": self.bytes(),
            "spikes_bytes": spikes,
            "states_bytes": states,
            "weights_bytes": weights,
            "expected_spikes": self.spikes as u64,
            "assumed_rate_hz": self.rate,
        })
    }
}

fn seconds((from, to): (Time, Time)) -> f64 {
    (to - from).seconds().max(0.0)
}

/// The part of a window that a span has \[s\].
fn overlap((from, to): (Time, Time), span: (Time, Time)) -> f64 {
    seconds((from.max(span.0), to.min(span.1)))
}

/// How many spikes these members are expected to have in a window.
fn spikes(spec: &NetworkSpec, slice: &Slice, window: (Time, Time), assumed: f64) -> f64 {
    let population = &spec.populations[slice.population];
    let members = slice.members(population.size);
    let many = members.len() as f64;
    let PopulationKind::Source(source) = &population.kind else { return assumed * seconds(window) * many };
    match source {
        SourceSpec::SpikeTimes(trains) => {
            let within = |train: &Vec<Time>| train.iter().filter(|t| **t >= window.0 && **t <= window.1).count();
            trains.get(members).unwrap_or(&[]).iter().map(within).sum::<usize>() as f64
        }
        SourceSpec::Poisson { rate: Rate::Constant(rate), active } => {
            mean(rate, members) * active_seconds(spec, active, window) * many
        }
        SourceSpec::Poisson { rate: Rate::Steps(steps), active } => {
            let ends = steps.iter().skip(1).map(|step| step.0).chain([Time::NEVER]);
            let of = |((from, hz), to): (&(Time, f64), Time)| {
                hz * active_seconds(spec, active, (window.0.max(*from), window.1.min(to)))
            };
            steps.iter().zip(ends).map(of).sum::<f64>() * many
        }
        SourceSpec::Regular { rate, active, .. } => mean(rate, members) * active_seconds(spec, active, window) * many,
        SourceSpec::Labels(labels) => {
            let pixels = &labels.images.pixels;
            let bright = pixels.iter().map(|p| f64::from(*p)).sum::<f64>() / 255.0 / pixels.len().max(1) as f64;
            let rate = labels.min_rate + (labels.max_rate - labels.min_rate) * bright;
            // Of its turn an image has the presentation, not the rest.
            let turn = labels.presentation + labels.rest;
            let share = labels.presentation.seconds() / turn.seconds();
            rate * share * overlap(window, (labels.start, labels.end())) * many
        }
        SourceSpec::Pattern(pattern) => {
            let PatternSpec { min_rate, max_rate, background, .. } = pattern;
            (0.5 * (min_rate + max_rate) + at_least_once(pattern) + background) * seconds(window) * many
        }
        SourceSpec::Reel(_) | SourceSpec::Recording(_) => assumed * seconds(window) * many,
    }
}

/// The mean of a value over these members: of a distribution, over what its limits leave of it.
fn mean(value: &value::Value, members: Range<usize>) -> f64 {
    /// Quantiles that stand for a distribution, 2 to this.
    const PARTS: u32 = 14;
    let of = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    match (value, Law::new(value)) {
        (value::Value::List(values), _) => of(values.get(members).unwrap_or(values)),
        (_, Some(Ok(law))) if law.constant().is_none() => {
            let at = |part: u32| law.at((part << (32 - PARTS)) + (1 << (31 - PARTS)));
            of(&(0..1 << PARTS).map(at).collect::<Vec<f64>>())
        }
        _ => value.mean().unwrap_or(0.0),
    }
}

/// The rate of spikes in sections of a pattern's noise that would have none \[Hz\].
fn at_least_once(pattern: &PatternSpec) -> f64 {
    if !pattern.at_least_once {
        return 0.0;
    }
    // A section is silent with e^-n, where n is expected: half of it from the rate at either end, which is uniform.
    let duration = pattern.duration.seconds();
    let [low, high] = [pattern.min_rate, pattern.max_rate].map(|rate| 0.5 * rate * duration);
    let half = if high - low > 1e-6 { ((-low).exp() - (-high).exp()) / (high - low) } else { (-low).exp() };
    half * half / duration
}

/// The members for which it is true, in stretches.
fn stretches(recorded: &[bool]) -> Vec<Range<usize>> {
    let mut end = 0;
    let stretch = |all: &[bool]| {
        let start = end;
        end += all.len();
        all[0].then_some(start..end)
    };
    recorded.chunk_by(|a, b| a == b).filter_map(stretch).collect()
}

/// How long something is active in a window \[s\].
fn active_seconds(spec: &NetworkSpec, active: &Active, window: (Time, Time)) -> f64 {
    let window = (window.0.max(active.start), window.1.min(active.stop));
    match active.during {
        None => seconds(window),
        Some(interval) => spec.intervals[interval].spans.iter().map(|span| overlap(window, *span)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn size(text: &str, rate: f64) -> ResultSize {
        let spec = memspike::spec::parse(text, "a.toml", Path::new(""), &[]).unwrap();
        ResultSize::of(&spec, &[], rate).unwrap().unwrap()
    }

    #[test]
    fn expected_spikes_are_those_of_sources_in_the_window_and_of_neurons_at_the_assumed_rate() {
        let model = |source: &str| {
            format!(
                "simulation.duration = '2 s'\nrecord = {{ start = '500 ms', stop = '1500 ms' }}\n\
                     population.p = {{ size = 100, {source} }}\n[interval.on]\nstart = '1 s'\nstop = '1.2 s'\n"
            )
        };
        let spikes = |source: &str| size(&model(source), 7.0).spikes;
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        near(spikes("neuron = 'lif_exp'"), 700.0);
        near(spikes("source.poisson.rate = '20 Hz'"), 2000.0);
        near(spikes("source.poisson = { rate = '20 Hz', start = '1 s' }"), 1000.0);
        near(spikes("source.poisson = { rate = '20 Hz', during = 'on' }"), 400.0);
        near(spikes("source.poisson.rate.steps = [['0 s', '5 Hz'], ['1 s', '10 Hz'], ['1.25 s', '0 Hz']]"), 500.0);
        near(spikes("source.regular.rate = '3 Hz'"), 300.0);
        let close = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-3, "{found} {expected}");
        // The mean of a normal distribution that is cut at 0, a third of its deviation below its mean.
        close(spikes("source.poisson.rate = { normal = { mean = '10 Hz', std = '30 Hz', min = '0 Hz' } }"), 2795.4);
        close(spikes("source.poisson.rate = { exponential = { mean = '20 Hz' } }"), 2000.0);
        // 50 Hz, and a spike in those 20 ms that would have none: (1 - e^-0.8)^2 / 0.8^2 of all.
        close(spikes("source.pattern = { duration = '20 ms', max_rate = '80 Hz' }"), 5000.0 + 2369.0);
        close(spikes("source.pattern = { duration = '20 ms', max_rate = '80 Hz', at_least_once = false }"), 5000.0);
        let twice = "simulation.duration = '1 s'\npopulation.p = { size = 100, neuron = 'lif_exp' }\n\
                     record.spikes = ['p[0:60]', 'p[40:80]', 'p[90:91]']\n";
        near(size(twice, 7.0).spikes, 7.0 * 81.0);
        let given = "simulation.duration = '2 s'\nrecord = { start = '500 ms', stop = '1500 ms' }\n\
                     population.p.source.spike_times = [['1 ms', '600 ms', '1600 ms'], ['700 ms', '800 ms']]\n";
        near(size(given, 7.0).spikes, 3.0);
    }

    #[test]
    fn without_a_duration_there_is_no_size() {
        let text = "population.r.source.recording = {}\n";
        let spec = memspike::spec::parse(text, "a.toml", Path::new(""), &[]).unwrap();
        assert!(ResultSize::of(&spec, &[], RATE).unwrap().is_none());
    }
}
