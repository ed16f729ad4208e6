//! A model file after reading: names resolved to indices, quantities in internal units
//! (ms, mV, pA, pF, nS, Hz for rates, S for devices, J), values checked.
//!
//! [`crate::network::compile`] turns it and its seed into a network.

use std::ops::Range;
use std::path::PathBuf;

pub use super::conditions::{Condition, Wanted};
pub use super::interval_files::{IntervalFile, Rows};
use super::labels::LabelsSpec;
use super::pattern::PatternSpec;
use crate::crossbar::CrossbarSpec;
use crate::device::DeviceSpec;
use crate::device::physical::overlap::Overlap;
use crate::neuron::NeuronSpec;
use crate::plasticity::RuleSpec;
use crate::plasticity::normalize::Normalize;
use crate::plasticity::short_term::ShortTerm;
use crate::stream::Reel;
use crate::time::Time;
use crate::value::Value;

/// A whole model.
#[derive(Clone, Debug)]
pub struct NetworkSpec {
    /// `title`.
    pub title: Option<String>,
    /// `reference`: the paper that the model follows.
    pub reference: Option<String>,
    /// `[simulation]`.
    pub simulation: SimulationSpec,
    /// `[population.*]`, in the order of the file.
    pub populations: Vec<PopulationSpec>,
    /// `[input.*]`.
    pub inputs: Vec<InputSpec>,
    /// `[projection.*]`, lists and matrices expanded into one per pair of populations.
    pub projections: Vec<ProjectionSpec>,
    /// `[interval.*]`.
    pub intervals: Vec<IntervalSpec>,
    /// Intervals that wait for a table of a recording, which the caller reads and binds with
    /// [`NetworkSpec::bind_interval`].
    pub interval_files: Vec<IntervalFile>,
    /// The population whose recording says how long the run is and which clock intervals follow; none is told apart from the others without it.
    pub leads: Option<usize>,
    /// How long the recordings are that were bound so far: the longest, or the one that leads.
    pub replayed: Time,
    /// Populations that replay recordings, each with a number that differs where these do.
    pub bound: Vec<(usize, u64)>,
    /// A number that differs where the recordings do that intervals name, which the caller gives.
    pub interval_content: u64,
    /// `[record]`.
    pub record: RecordSpec,
    /// `[energy]`.
    pub energy: Option<EnergySpec>,
    /// What the user is told of it: parameters that nothing uses, times that moved to the grid.
    pub notes: Vec<String>,
    /// The files that the model names: models below it, connections, values, recordings, images, measured pulses.
    pub files: Vec<PathBuf>,
    /// The model with layers and `--set` applied and parameters evaluated, as TOML; goes into the result file.
    pub resolved: String,
    /// The same without the names of files: it tells models apart, together with what the files hold ([`NetworkSpec::digest`]), wherever these lie.
    pub nameless: String,
}

impl NetworkSpec {
    /// The names of the populations that a projection joins: of its sources, and of its targets.
    pub fn joins(&self, projection: &ProjectionSpec) -> (String, String) {
        let name = |population: usize| self.populations[population].name.clone();
        (name(projection.source.population), name(projection.target.population))
    }

    /// How many quantities of a population differ from member to member, those of its Poisson inputs included.
    pub fn drawn(&self, population: usize) -> usize {
        let of_input = |input: &InputSpec| match &input.kind {
            InputKind::Poisson { rate, weight, .. } => {
                let rate = matches!(rate, Rate::Constant(rate) if rate.constant().is_none());
                let there = input.targets.iter().any(|target| target.population == population);
                usize::from(there && rate) + usize::from(there && weight.constant().is_none())
            }
            _ => 0,
        };
        self.populations[population].kind.drawn() + self.inputs.iter().map(of_input).sum::<usize>()
    }
}

/// `[simulation]`.
#[derive(Clone, Debug)]
pub struct SimulationSpec {
    /// `duration`; none if it is to follow from a recording.
    pub duration: Option<Time>,
    /// `seed`.
    pub seed: u64,
    /// `engine`.
    pub engine: Engine,
    /// `resolution`: the step of the grid engine.
    pub resolution: Time,
    /// `precision`.
    pub precision: Precision,
    /// `static_weights`: are they whole multiples of one weight, in 16 bits?
    pub int16_weights: bool,
}

/// `[energy]`: prices of a chip; none where no price is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnergySpec {
    /// The shipped table that they start from; empty for prices of the model's own.
    pub prices: String,
    /// Where that has them from.
    pub source: String,
    /// Energy of a synaptic event \[J\].
    pub synaptic_event: Option<f64>,
    /// Energy of a spike \[J\].
    pub spike: Option<f64>,
    /// Energy of a neuron's update, one for each ms \[J\].
    pub neuron_update: Option<f64>,
    /// Power whatever happens \[W\].
    pub static_power: Option<f64>,
}

/// Which kernel advances the neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Exact spike times.
    Event,
    /// Spikes on multiples of the resolution.
    Grid,
}

/// Width of weights (and, in the grid engine, of state).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    Single,
    /// 64 bits.
    Double,
}

impl Precision {
    /// The largest weight that it holds.
    pub fn largest(self) -> f64 {
        match self {
            Precision::Single => f64::from(f32::MAX),
            Precision::Double => f64::MAX,
        }
    }

    /// What is wrong with a weight that it does not hold.
    pub fn refuse(self, weight: f64) -> Option<String> {
        if weight.is_finite() && weight.abs() > self.largest() {
            let largest = self.largest();
            return Some(format!("{weight:e}, more than the {largest:.1e} that single precision holds"));
        }
        (!weight.is_finite()).then(|| weight.to_string())
    }
}

/// `[population.NAME]`.
#[derive(Clone, Debug)]
pub struct PopulationSpec {
    /// Its name.
    pub name: String,
    /// Number of neurons; for a recording that is not bound yet, 0.
    pub size: usize,
    /// What its members are.
    pub kind: PopulationKind,
}

/// What the members of a population are.
#[derive(Clone, Debug)]
pub enum PopulationKind {
    /// Model neurons.
    Neuron {
        /// Model and parameters.
        neuron: NeuronSpec,
        /// `initial.*`: (index into the model's variables, value in its unit).
        initial: Vec<(usize, Value)>,
    },
    /// Members that only emit.
    Source(SourceSpec),
}

impl PopulationKind {
    /// How many of a neuron's parameters and initial states, or of a source's rate and phase, differ from member to member.
    pub fn drawn(&self) -> usize {
        let differ = |value: &&Value| value.constant().is_none();
        match self {
            PopulationKind::Neuron { neuron, initial } => {
                neuron.params.iter().chain(initial.iter().map(|(_, value)| value)).filter(differ).count()
            }
            PopulationKind::Source(SourceSpec::Poisson { rate: Rate::Constant(rate), .. }) => {
                usize::from(differ(&rate))
            }
            PopulationKind::Source(SourceSpec::Regular { rate, phase, .. }) => {
                [rate, phase].into_iter().filter(differ).count()
            }
            PopulationKind::Source(_) => 0,
        }
    }
}

/// `source.*`.
#[derive(Clone, Debug)]
pub enum SourceSpec {
    /// The spikes of each member, not decreasing.
    SpikeTimes(Vec<Vec<Time>>),
    /// Spikes (model time, member) that are read while the model runs.
    Reel(Reel<Time>),
    /// Independent Poisson trains.
    Poisson {
        /// Rate of each member \[Hz\].
        rate: Rate,
        /// When it is active.
        active: Active,
    },
    /// One spike every 1/rate, the first at `phase` after the start.
    Regular {
        /// Rate of each member \[Hz\].
        rate: Value,
        /// Delay of each member's first spike \[ms\].
        phase: Value,
        /// When it is active.
        active: Active,
    },
    /// Labelled images, one member per pixel.
    Labels(LabelsSpec),
    /// A pattern that comes back within noise.
    Pattern(PatternSpec),
    /// A recording, which the caller reads and binds with [`NetworkSpec::bind`].
    Recording(RecordingSpec),
}

/// A rate: constant in time per neuron, or the same staircase for all.
#[derive(Clone, Debug)]
pub enum Rate {
    /// Constant in time \[Hz\].
    Constant(Value),
    /// (from, rate \[Hz\]), times rising; 0 before the first.
    Steps(Vec<(Time, f64)>),
}

/// When a source, an input or a rule is active: `start` <= t < `stop`, and within `during`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Active {
    /// `start`.
    pub start: Time,
    /// `stop`; [`Time::NEVER`] if not given.
    pub stop: Time,
    /// `during`: an index into [`NetworkSpec::intervals`].
    pub during: Option<usize>,
}

impl Active {
    /// From 0 on, without end.
    pub const ALWAYS: Active = Active { start: Time::ZERO, stop: Time::NEVER, during: None };
}

/// `source.recording`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordingSpec {
    /// `file`, relative paths already joined to the folder of the file that names them.
    pub file: Option<PathBuf>,
    /// `start` on the recording's clock \[s\].
    pub start: Option<f64>,
    /// `stop` on the recording's clock \[s\].
    pub stop: Option<f64>,
    /// `units`: inclusive ranges of unit positions, e.g. "0-95,100".
    pub units: Option<Vec<(usize, usize)>>,
    /// `where`: conditions on columns of the units, e.g. `{ location = "M1" }`, applied to those that `units` names.
    pub filter: Vec<Condition>,
    /// `leads`: the run is as long as this recording, whatever others there are.
    pub leads: bool,
}

/// A population or a slice of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Index into [`NetworkSpec::populations`].
    pub population: usize,
    /// First member.
    pub start: usize,
    /// One past the last member; none means all (the size may not be known yet).
    pub stop: Option<usize>,
}

impl Slice {
    /// Its members, of a population of this size.
    pub fn members(&self, size: usize) -> Range<usize> {
        self.start..self.stop.unwrap_or(size)
    }
}

/// `[input.NAME]`.
#[derive(Clone, Debug)]
pub struct InputSpec {
    /// Its name.
    pub name: String,
    /// Who gets it; none of them twice.
    pub targets: Vec<Slice>,
    /// What it is.
    pub kind: InputKind,
}

/// What an input is.
#[derive(Clone, Debug)]
pub enum InputKind {
    /// Independent Poisson trains into each neuron.
    Poisson {
        /// Rate of one train \[Hz\].
        rate: Rate,
        /// Weight of its spikes, in the target's unit.
        weight: Value,
        /// Trains per neuron (they are summed into one of `indegree` times the rate).
        indegree: f64,
        /// When it is active.
        active: Active,
    },
    /// (from, current \[pA\]), times rising; 0 before the first.
    CurrentSteps(Vec<(Time, f64)>),
    /// offset + amplitude sin(2 pi frequency t + phase), held over steps of `interval` at its value at their middle.
    CurrentSine {
        /// \[pA\]
        amplitude: f64,
        /// \[Hz\]
        frequency: f64,
        /// \[rad\]
        phase: f64,
        /// \[pA\]
        offset: f64,
        /// Length of the steps.
        interval: Time,
        /// When it is active.
        active: Active,
    },
    /// An independent normal current for each neuron, drawn anew every `interval`.
    CurrentNoise {
        /// \[pA\]
        mean: f64,
        /// \[pA\]
        std: f64,
        /// How long each value is held.
        interval: Time,
        /// When it is active.
        active: Active,
    },
}

/// `[interval.NAME]`: rising, not overlapping spans of model time.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalSpec {
    /// Its name.
    pub name: String,
    /// \[start, stop) of each.
    pub spans: Vec<(Time, Time)>,
}

/// `[projection.NAME]`, between one pair of populations.
#[derive(Clone, Debug)]
pub struct ProjectionSpec {
    /// Its name; `<name>.<source>_to_<target>` where lists were expanded.
    pub name: String,
    /// Where its spikes come from.
    pub source: Slice,
    /// Where they go.
    pub target: Slice,
    /// Which pairs are connected.
    pub connect: Connect,
    /// May a neuron connect to itself?
    pub autapses: bool,
    /// May a pair have several synapses?
    pub multapses: bool,
    /// Are its synapses drawn anew at each spike instead of stored? The result is the same.
    pub procedural: bool,
    /// Weight, in the target's unit; with `List`, in the order of `connect`.
    pub weight: Value,
    /// Delay \[ms\].
    pub delay: Value,
    /// Is the delay on the axon (else on the dendrite)?
    pub axonal: bool,
    /// Lower bound of plasticity, in the weight's unit.
    pub w_min: f64,
    /// Upper bound of plasticity; none if not given.
    pub w_max: Option<f64>,
    /// The plasticity rule.
    pub plasticity: Option<RuleSpec>,
    /// `short_term`.
    pub short_term: Option<ShortTerm>,
    /// `normalize`.
    pub normalize: Option<Normalize>,
    /// The device that holds the weight.
    pub device: Option<DeviceSpec>,
    /// The crossbar that the synapses live in.
    pub crossbar: Option<CrossbarSpec>,
    /// Spikes whose overlap across the device is what it learns from.
    pub waveform: Option<Overlap>,
}

impl ProjectionSpec {
    /// Do weights change, by learning or because their devices drift or relax?
    pub fn changes(&self) -> bool {
        let ages = || self.device.as_ref().and_then(|spec| spec.device().ok()).is_some_and(|d| d.ageing.takes_time());
        self.plasticity.is_some() || ages()
    }

    /// How many constants of the devices of a synapse differ from those of another's.
    pub fn drawn(&self) -> usize {
        let device = self.device.as_ref().and_then(|spec| spec.device().ok());
        device.map_or(0, |device| device.constants().len() * device.bank.count())
    }

    /// Static synapses of weight 1 between all pairs, with NEST's default delay of 1 ms.
    pub fn plain(name: String, source: Slice, target: Slice) -> ProjectionSpec {
        ProjectionSpec {
            name,
            source,
            target,
            connect: Connect::AllToAll,
            autapses: true,
            multapses: true,
            procedural: false,
            weight: Value::Constant(1.0),
            delay: Value::Constant(1.0),
            axonal: false,
            w_min: 0.0,
            w_max: None,
            plasticity: None,
            short_term: None,
            normalize: None,
            device: None,
            crossbar: None,
            waveform: None,
        }
    }

    /// Does a synapse transmit the same weight always, from a store that knows of no spikes?
    pub fn is_static(&self) -> bool {
        self.plasticity.is_none() && self.device.is_none() && self.short_term.is_none()
    }
}

/// Which pairs a projection connects. Indices count within the slices.
#[derive(Clone, Debug, PartialEq)]
pub enum Connect {
    /// The i-th source to the i-th target.
    OneToOne,
    /// Every pair.
    AllToAll,
    /// Each pair with this probability.
    FixedProbability(f64),
    /// This many synapses onto each target, from sources drawn with replacement (without, if `multapses` is false).
    FixedIndegree(usize),
    /// This many synapses from each source.
    FixedOutdegree(usize),
    /// This many synapses, each pair equally likely for each.
    FixedTotalNumber(u64),
    /// As many as give each pair at least one with this probability: ln(1-p) / ln(1 - 1/(n_source n_target)).
    TotalFromProbability(f64),
    /// These pairs (source, target). Weights and delays that came with a file are `Value::List`s beside it.
    Pairs(Vec<(u32, u32)>),
}

impl Connect {
    /// Is it drawn target by target?
    pub fn by_target(&self) -> bool {
        matches!(self, Connect::FixedIndegree(_))
    }

    /// Is the number of synapses known only when they are drawn? Otherwise it is an expectation.
    pub fn number_is_drawn(&self) -> bool {
        matches!(self, Connect::FixedProbability(_))
    }
}

/// `[record]`.
#[derive(Clone, Debug, Default)]
pub struct RecordSpec {
    /// What comes before is warm-up.
    pub start: Time,
    /// From here on nothing is recorded; none: up to the end, and what happens at that moment too.
    pub stop: Option<Time>,
    /// Whose spikes are recorded.
    pub spikes: Vec<Slice>,
    /// `[[record.state]]`.
    pub state: Vec<StateRecord>,
    /// `[[record.weights]]`.
    pub weights: Vec<WeightRecord>,
    /// What differs from member to member, and from device to device.
    pub parameters: bool,
}

impl RecordSpec {
    /// Where the recorded window ends; later than anything if with the run.
    pub fn until(&self) -> Time {
        self.stop.unwrap_or(Time::NEVER)
    }

    /// Whether a moment is in the recorded window.
    pub fn covers(&self, time: Time) -> bool {
        time >= self.start && time < self.until()
    }

    /// Of each member of a population of this size, whether its spikes are recorded; none if those of no member are.
    pub fn recorded(&self, population: usize, size: usize) -> Option<Vec<bool>> {
        let mut recorded = None;
        for slice in self.spikes.iter().filter(|slice| slice.population == population) {
            recorded.get_or_insert_with(|| vec![false; size])[slice.members(size)].fill(true);
        }
        recorded
    }
}

/// `[[record.state]]`.
#[derive(Clone, Debug)]
pub struct StateRecord {
    /// Whose state.
    pub slice: Slice,
    /// Only these members of the population, rising, which are within the slice; none: all of it.
    pub only: Option<Vec<u32>>,
    /// Indices into the model's variables.
    pub variables: Vec<usize>,
    /// Time of the first sample.
    pub start: Time,
    /// Time between samples.
    pub interval: Time,
}

impl StateRecord {
    /// The members that are sampled, rising, of a population of this size.
    pub fn members(&self, size: usize) -> Vec<u32> {
        let all = || self.slice.members(size).map(|member| member as u32).collect();
        self.only.clone().unwrap_or_else(all)
    }
}

/// `[[record.weights]]`.
#[derive(Clone, Debug)]
pub struct WeightRecord {
    /// Index into [`NetworkSpec::projections`].
    pub projection: usize,
    /// When.
    pub on: WeightSample,
}

/// When weights are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightSample {
    /// At each presynaptic spike, the value that it transmits.
    PreSpike,
    /// Once, at the end.
    End,
    /// At multiples of this time, counted from 0, and at the end if it is one.
    Interval(Time),
}
