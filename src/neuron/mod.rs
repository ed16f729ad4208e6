//! The neuron models: one file each, and the traits by which the engines drive them.
//!
//! To add one: write its file with a [`crate::describe::Model`] table and both kernels, add a variant to
//! [`NeuronModel`] and to its `ALL`, and fill the match arms that the compiler then asks for.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::check::Invalid;
use crate::math::real::Real;
use crate::time::Time;
use crate::value::Value;

mod adaptation;
pub mod adex;
pub mod conductance;
mod crossing;
pub mod izhikevich;
pub mod lif_alpha;
pub mod lif_cond_alpha;
pub mod lif_cond_exp;
pub mod lif_delta;
pub mod lif_exp;
mod membrane;
pub mod propagator;
mod refractory;
mod registry;
pub mod solver;
mod together;

/// The neuron models that ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NeuronModel {
    /// [`lif_delta`]
    LifDelta,
    /// [`lif_exp`]
    LifExp,
    /// [`lif_alpha`]
    LifAlpha,
    /// [`lif_cond_exp`]
    LifCondExp,
    /// [`lif_cond_alpha`]
    LifCondAlpha,
    /// [`adex`]
    Adex,
    /// [`izhikevich`]
    Izhikevich,
}

/// A neuron model with its parameters as written: one value per parameter of its table.
#[derive(Clone, Debug)]
pub struct NeuronSpec {
    /// Which model.
    pub model: NeuronModel,
    /// One per entry of `model.describe().params`, in that entry's unit.
    pub params: Vec<Value>,
}

/// The event engine's view of a model: one neuron between two events, at exact times.
///
/// A `State` carries its own time (the tick at which it is valid) and the end of its
/// refractory period. Nothing here depends on windows: calling [`EventNeuron::next_spike`]
/// with any sequence of bounds gives the same spikes and the same bits of state.
pub trait EventNeuron: Send + Sync + 'static {
    /// Checked parameters and constants derived from them.
    type Params: Clone + Send + Sync;
    /// Dynamic state of one neuron, with its time.
    type State: Copy + Send + Sync + Serialize + DeserializeOwned;

    /// Checks one neuron's parameters (in the order of the model's table) and derives constants.
    ///
    /// # Errors
    /// Names the parameter that is out of range, or does not fit another one.
    fn params(values: &[f64]) -> Result<Self::Params, Invalid>;

    /// The state at time 0; `initial` has one value per state variable, NaN where the model's own default holds.
    fn initial(params: &Self::Params, initial: &[f64]) -> Self::State;

    /// The tick at which the state is valid.
    fn time(state: &Self::State) -> Time;

    /// A lower bound of the time of the next spike if no event arrives, as cheap as possible;
    /// [`Time::NEVER`] if there can be none. May come out early, never late.
    fn earliest(params: &Self::Params, state: &Self::State) -> Time;

    /// The first spike at a tick t with `time(state) < t < before`, if no event arrives: the smallest
    /// tick at which v >= v_th. If there is one, commits the state after the reset at t (later calls find the next
    /// one); if not, leaves the state untouched, bit for bit.
    fn next_spike(params: &Self::Params, state: &mut Self::State, before: Time) -> Option<Time>;

    /// How far ahead it is worth to look for a spike that events may yet prevent: as far as one likes where that is a formula.
    const LOOK_AHEAD: Time = Time::LIMIT;

    /// Nothing arrives before `before`, and no spike comes until then: a solver may take the steps that end by then, which are
    /// those that it would take later.
    #[inline(always)]
    fn keep_up(_: &Self::Params, _: &mut Self::State, _before: Time) {}

    /// Its next spikes are not looked for, and the run is to end: a solver, to which times beyond a spike may cost a step for each tick,
    /// makes its state no number.
    fn lose(_: &mut Self::State) {}

    /// Propagates to `to` >= `time(state)`. The caller has drained `next_spike` up to `to`.
    fn advance(params: &Self::Params, state: &mut Self::State, to: Time);

    /// Takes in one synaptic event of this weight at the state's time, without testing the threshold.
    fn receive(params: &Self::Params, state: &mut Self::State, weight: f64);

    /// After all events of a tick: if the threshold is reached (and the neuron is not refractory),
    /// resets and returns true; the spike is at the state's time.
    fn settle(params: &Self::Params, state: &mut Self::State) -> bool;

    /// Takes in the only event of a tick, its spikes before it being known: whether it spikes, and [`EventNeuron::earliest`]
    /// afterwards.
    #[inline(always)]
    fn take(params: &Self::Params, state: &mut Self::State, time: Time, weight: f64) -> (bool, Time) {
        Self::advance(params, state, time);
        Self::receive(params, state, weight);
        let spiked = Self::settle(params, state);
        (spiked, Self::earliest(params, state))
    }

    /// [`EventNeuron::take`] by several different neurons, bit for bit; `params` are one for all, or one each. A model may do it with
    /// vector instructions.
    #[inline]
    fn take_all<C: Members<Self::State>>(params: &[Self::Params], members: &mut C, events: &[Event]) {
        one_by_one::<Self, C>(params, members, events);
    }

    /// Sets the injected current, beyond `i_e`, from the state's time on \[pA\].
    fn set_current(params: &Self::Params, state: &mut Self::State, current: f64);

    /// State variable `variable` at `at` >= `time(state)`, if nothing happens until then; writes nothing.
    fn read(params: &Self::Params, state: &Self::State, variable: usize, at: Time) -> f64;
}

/// One synaptic event at one neuron.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// When it arrives.
    pub time: Time,
    /// Its weight.
    pub weight: f64,
    /// Place of the neuron in its block.
    pub place: u32,
}

/// The neurons of a block, as [`EventNeuron::take_all`] sees them.
pub trait Members<S> {
    /// The state of one.
    fn state(&mut self, place: u32) -> &mut S;
    /// One has taken in its event: whether it spiked, and its earliest next spike.
    fn settled(&mut self, event: &Event, spiked: bool, earliest: Time);
}

/// [`EventNeuron::take`], one event after the other.
#[inline]
pub fn one_by_one<M: EventNeuron + ?Sized, C: Members<M::State>>(
    params: &[M::Params],
    members: &mut C,
    events: &[Event],
) {
    for event in events {
        let own = one_of(params, event.place);
        let (spiked, earliest) = M::take(own, members.state(event.place), event.time, event.weight);
        members.settled(event, spiked, earliest);
    }
}

/// The parameters of the neuron at `place`: one for all, or one each.
#[inline(always)]
pub fn one_of<P>(params: &[P], place: u32) -> &P {
    if params.len() == 1 { &params[0] } else { &params[place as usize] }
}

/// The `i`-th initial value, or `default` where it is NaN or not given.
fn or_default(initial: &[f64], i: usize, default: f64) -> f64 {
    initial.get(i).copied().filter(|value| !value.is_nan()).unwrap_or(default)
}

/// What arrives at consecutive neurons of a block in one step of the grid.
pub struct StepInput<'a, R> {
    /// Sum of the weights that arrive at the step's end on each neuron; of the positive ones if the model has two sides.
    /// The step takes it and leaves zeros.
    pub excitatory: &'a mut [R],
    /// Sum of the negative weights (a negative number), also taken; empty if the model has one side only.
    pub inhibitory: &'a mut [R],
    /// Injected current during the step \[pA\]; empty where no input injects one.
    pub current: &'a [R],
}

/// So many spikes at once are no neuron's: they would not end.
pub const MANY: u32 = 1000;

/// The grid engine's view of a model: a block of neurons, stepped together, a stretch of them at a time, so that their
/// input is still in the nearest cache.
pub trait GridNeurons<R: Real>: Send {
    /// A new step begins.
    fn begin(&mut self) {}
    /// Advances the neurons from number `first` on, as many as there are inputs, by the step that has begun, and appends the
    /// indices of those that spike at its end, in ascending order; one that fires several times within the step as often, [`MANY`]
    /// times at most: it is not followed any further, and the run ends.
    fn advance(&mut self, first: usize, input: StepInput<'_, R>, spikes: &mut Vec<u32>);
    /// A whole step: all neurons at once.
    fn step(&mut self, input: StepInput<'_, R>, spikes: &mut Vec<u32>) {
        self.begin();
        self.advance(0, input, spikes);
    }
    /// State variable `variable` of `neuron` now.
    fn read(&self, neuron: usize, variable: usize) -> f64;
    /// All dynamic state of `neuron`, for a checkpoint, as words.
    fn save(&self, neuron: usize) -> Vec<u64>;
    /// Puts back what `save` gave.
    fn load(&mut self, neuron: usize, words: &[u64]);
}

/// Parameters of a block of neurons: one column per parameter (or variable), shared or one value per neuron.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// The same for all.
    Shared(f64),
    /// One per neuron.
    Each(Vec<f64>),
}

impl Column {
    /// The value for neuron `i` of the block.
    pub fn at(&self, i: usize) -> f64 {
        match self {
            Column::Shared(value) => *value,
            Column::Each(values) => values[i],
        }
    }
}

/// Everything needed to make a block of neurons.
#[derive(Clone, Debug)]
pub struct BlockSpec<'a> {
    /// Number of neurons.
    pub size: usize,
    /// One column per parameter of the model's table.
    pub params: &'a [Column],
    /// One column per state variable; NaN where the model's own default holds.
    pub initial: &'a [Column],
}

impl BlockSpec<'_> {
    /// Are all parameters the same for all neurons?
    pub fn shared(&self) -> bool {
        self.params.iter().all(|c| matches!(c, Column::Shared(_)))
    }
    /// The parameters of neuron `i`, in the order of the table.
    pub fn params_of(&self, i: usize) -> Vec<f64> {
        self.params.iter().map(|c| c.at(i)).collect()
    }
    /// The initial state of neuron `i`, in the order of the table.
    pub fn initial_of(&self, i: usize) -> Vec<f64> {
        self.initial.iter().map(|c| c.at(i)).collect()
    }
}
