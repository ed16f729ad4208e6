//! A block of model neurons in the event kernel.

use std::ops::Range;

use crate::engine::RunError;
use crate::engine::calendar::Calendar;
use crate::engine::flight::Spike;
use crate::engine::inputs::Current;
use crate::engine::plastic::{Ahead, show_plastic, tell_plastic, transmit};
use crate::engine::shard::{Model, Outbox, Window};
use crate::math::real::Real;
use crate::memory::prefetch;
use crate::network::{Drawn, Group, Population, Share};
use crate::neuron::{BlockSpec, EventNeuron, NeuronModel, one_of};
use crate::synapse::{Coded, Content, Synapse};
use crate::time::Time;
use crate::with_neuron_model;

use super::arrivals::{Arrival, Arrivals, Tick};

mod pace;
mod waiting;

pub use pace::{Pace, WITHIN};
use waiting::Waiting;

/// How far ahead, in windows, a neuron's next spike is looked for once it is due for a check, unless its model says less.
const LOOK_AHEAD: i64 = 64;

/// So many arrivals ahead synapses and neurons are fetched from memory.
const AHEAD: usize = 4;

/// So many arrivals ahead the arrivals themselves are.
const FAR_AHEAD: usize = 24;

/// One population's part in a window's work.
pub struct Work<'a, W: Real> {
    pub model: &'a Model<'a>,
    pub share: &'a Share,
    pub population: usize,
    pub arrivals: &'a Arrivals,
    pub groups: &'a mut [Group<W>],
    pub ahead: &'a [Ahead],
    pub currents: &'a [Current],
    pub window: &'a Window,
    pub out: &'a mut Outbox,
}

/// A block of neurons of any model.
pub trait Block<W: Real>: Send {
    /// Takes in all arrivals of a window and finds all spikes before its end.
    fn advance(&mut self, work: &mut Work<'_, W>);
    /// A state variable at a time up to which everything has happened.
    fn read(&self, place: u32, variable: usize, at: Time) -> f64;
    /// The first neuron with a state that is not finite: which of that many variables, and its value.
    fn unsound(&self, variables: usize) -> Option<(u32, usize, f64)>;
    /// The state of every neuron, for a checkpoint.
    fn save(&self) -> Vec<Vec<u8>>;
    /// Goes on from saved states at `now`, with the thread's currents.
    fn load(&mut self, states: &[Vec<u8>], now: Time, currents: &[Current]) -> Result<(), RunError>;
}

/// One line of cache where the state is small.
#[repr(align(64))]
struct Cell<S> {
    state: S,
    /// No spike comes before this time, if nothing arrives.
    quiet_until: Time,
    /// When the calendar has the neuron down for a check.
    check_at: Time,
    /// When the event arrives that waits to be taken in; [`NOTHING`] if none waits.
    waits: Time,
}

/// No event waits.
const NOTHING: Time = Time(-1);

struct Neurons<M: EventNeuron> {
    params: Vec<M::Params>,
    cells: Vec<Cell<M::State>>,
    /// Injected current of each input (by place in the thread's list) and neuron; empty without inputs.
    levels: Vec<(u32, Vec<f64>)>,
    calendar: Calendar,
    quantum: Time,
    first_gid: u32,
    due: Vec<u32>,
    drawn: Drawn,
    /// Events that wait to be taken in together.
    waiting: Waiting,
    /// Events over plastic synapses of one spike.
    transmitted: Vec<(u32, f64)>,
}

/// Puts a neuron that does not spike before `earliest` down for a look, unless it is down for an earlier one.
#[inline(always)]
fn schedule<S>(cell: &mut Cell<S>, calendar: &mut Calendar, place: u32, now: Time, earliest: Time) {
    cell.quiet_until = earliest;
    if earliest < cell.check_at {
        // Halfway there: each event may bring the time a little nearer, and for none that is later than the look is it put down again.
        let halfway = Time(now.0 + (earliest.0 - now.0).max(0) / 2);
        cell.check_at = calendar.insert_early(place, halfway);
    }
}

/// What a neuron's state, and parameters of its own, take in a block \[bytes\].
pub fn cell_bytes(model: NeuronModel) -> (usize, usize) {
    fn of<M: EventNeuron>() -> (usize, usize) {
        (size_of::<Cell<M::State>>(), size_of::<M::Params>())
    }
    with_neuron_model!(model, M => of::<M>())
}

/// A block of `model`, at time 0.
pub fn neuron_block<W: Real>(
    model: NeuronModel,
    population: &Population,
    members: &Range<u32>,
    first_gid: u32,
    quantum: Time,
    currents: Vec<(usize, &Current)>,
) -> Result<Box<dyn Block<W>>, RunError> {
    with_neuron_model!(model, M => {
        let spec = BlockSpec { size: population.size, params: &population.params, initial: &population.initial };
        Ok(Box::new(Neurons::<M>::new(&spec, members, first_gid, quantum, currents)?))
    })
}

impl<M: EventNeuron> Neurons<M> {
    fn new(
        spec: &BlockSpec<'_>,
        members: &Range<u32>,
        first_gid: u32,
        quantum: Time,
        currents: Vec<(usize, &Current)>,
    ) -> Result<Self, RunError> {
        let one = |i: u32| M::params(&spec.params_of(i as usize)).map_err(|e| RunError::Model(e.to_string()));
        let params =
            if spec.shared() { vec![one(0)?] } else { members.clone().map(one).collect::<Result<Vec<_>, _>>()? };
        let mut block = Neurons {
            params,
            cells: Vec::new(),
            levels: currents.iter().map(|(index, _)| (*index as u32, vec![0.0; members.len()])).collect(),
            calendar: Calendar::new(quantum, Time::ZERO),
            quantum,
            first_gid,
            due: Vec::new(),
            drawn: Drawn::default(),
            waiting: Waiting::default(),
            transmitted: Vec::new(),
        };
        for (place, member) in members.clone().enumerate() {
            let mut state = M::initial(block.params_of(place as u32), &spec.initial_of(member as usize));
            for ((_, current), (_, levels)) in currents.iter().zip(&mut block.levels) {
                if current.places.contains(&(place as u32)) {
                    levels[place] = current.at(place as u32, Time::ZERO);
                }
            }
            let total = block.level(place);
            if total != 0.0 {
                M::set_current(block.params_of(place as u32), &mut state, total);
            }
            block.cells.push(Cell { state, quiet_until: Time::ZERO, check_at: Time::NEVER, waits: NOTHING });
            block.reschedule(place as u32);
        }
        Ok(block)
    }

    #[inline]
    fn params_of(&self, place: u32) -> &M::Params {
        one_of(&self.params, place)
    }

    fn level(&self, place: usize) -> f64 {
        self.levels.iter().map(|(_, levels)| levels[place]).sum()
    }

    /// Finds all spikes before `before` if nothing arrives.
    fn find_spikes<W: Real>(
        &mut self,
        place: u32,
        before: Time,
        groups: &mut [Group<W>],
        population: usize,
        out: &mut Outbox,
    ) {
        let params = one_of(&self.params, place);
        let cell = &mut self.cells[place as usize];
        let mut pace = Pace::default();
        while let Some(time) = M::next_spike(params, &mut cell.state, before) {
            out.spikes.push(Spike { time, gid: self.first_gid + place });
            tell_plastic(groups, population, place, time);
            if pace.is_lost_at(time) {
                M::lose(&mut cell.state);
                return out.lose(time, self.first_gid + place);
            }
        }
    }

    /// After the state has changed: when to look at the neuron again.
    #[inline]
    fn reschedule(&mut self, place: u32) {
        let cell = &mut self.cells[place as usize];
        let earliest = M::earliest(one_of(&self.params, place), &cell.state);
        schedule(cell, &mut self.calendar, place, M::time(&cell.state), earliest);
    }

    /// Takes in what arrives at one tick. Events wait until there are many, or one of these neurons gets another.
    fn take_tick<W: Real>(&mut self, tick: Tick<'_>, work: &mut Work<'_, W>) {
        let time = tick.time;
        self.waiting.begin();
        for (number, arrival) in tick.arrivals().enumerate() {
            tick.fetch(number + FAR_AHEAD);
            self.fetch(tick.later(number + AHEAD), work);
            match arrival {
                Arrival::Run { group, row, start, count, pre } => {
                    let synapses = start as usize..start as usize + count as usize;
                    if work.groups[group as usize].plastic.is_some() {
                        self.put_plastic(work, group as usize, synapses, pre as usize, time);
                    } else {
                        self.put_run(work, group as usize, row as usize, synapses, time);
                    }
                }
                Arrival::Row { group, portion, row } => {
                    let mut drawn = std::mem::take(&mut self.drawn);
                    let group = group as usize;
                    work.groups[group].portions[portion as usize].draw(row as usize, &mut drawn);
                    let first = work.groups[group].first;
                    let events = drawn.targets().iter().enumerate();
                    self.put(events.map(|(i, &target)| (first + target, W::of(drawn.weight(i)).wide())), time, work);
                    self.drawn = drawn;
                }
                Arrival::Single { place, weight } => self.put(std::iter::once((place, weight)), time, work),
                // These come last in their tick.
                Arrival::Sample => {
                    self.take_all(work);
                    self.show_potentials(time, work);
                }
                Arrival::Current { current } => {
                    self.take_all(work);
                    self.change_current(current, time, work);
                }
            }
        }
        if self.waiting.is_full() {
            self.take_all(work);
        }
    }

    /// Begins to fetch what an arrival will need.
    #[inline]
    fn fetch<W: Real>(&self, later: Option<Arrival>, work: &Work<'_, W>) {
        match later {
            Some(Arrival::Run { group, start, count, .. }) => {
                work.groups[group as usize].store.content.fetch(start as usize, count as usize);
            }
            Some(Arrival::Single { place, .. }) => prefetch(&self.cells, place as usize, 1),
            _ => {}
        }
    }

    /// An injected current changes.
    fn change_current<W: Real>(&mut self, current: u32, time: Time, work: &mut Work<'_, W>) {
        let input = &work.currents[current as usize];
        for place in input.places.clone() {
            if self.cells[place as usize].quiet_until < time {
                self.find_spikes(place, time, work.groups, work.population, work.out);
            }
            if let Some((_, levels)) = self.levels.iter_mut().find(|(index, _)| *index == current) {
                levels[place as usize] = input.at(place, time);
            }
            let total = self.level(place as usize);
            let (params, state) = (one_of(&self.params, place), &mut self.cells[place as usize].state);
            M::advance(params, state, time);
            M::set_current(params, state, total);
            if M::settle(params, state) {
                self.emit(place, time, work);
            }
            self.reschedule(place);
        }
    }

    /// A spike of one of the neurons.
    #[inline]
    fn emit<W: Real>(&self, place: u32, time: Time, work: &mut Work<'_, W>) {
        work.out.spikes.push(Spike { time, gid: self.first_gid + place });
        tell_plastic(work.groups, work.population, place, time);
    }

    /// Shows the rules that want to see them the potentials at `time`, after everything at that tick. Looking writes nothing.
    fn show_potentials<W: Real>(&mut self, time: Time, work: &mut Work<'_, W>) {
        for place in 0..self.cells.len() as u32 {
            if self.cells[place as usize].quiet_until <= time {
                self.find_spikes(place, Time(time.0 + 1), work.groups, work.population, work.out);
            }
            let v = M::read(self.params_of(place), &self.cells[place as usize].state, 0, time);
            show_plastic(work.groups, work.population, place, time, v);
        }
    }

    /// A spike over plastic synapses of equal delay.
    fn put_plastic<W: Real>(
        &mut self,
        work: &mut Work<'_, W>,
        group: usize,
        synapses: Range<usize>,
        pre: usize,
        time: Time,
    ) {
        let Group { first, store, plastic: Some(plastic), .. } = &work.groups[group] else { return };
        let first = *first;
        if let Some(weights) = work.ahead[group].weights(pre, &synapses) {
            let begin = self.waiting.len();
            let targets = store.plastic_targets()[synapses].iter();
            self.waiting.add(targets.zip(weights).map(|(&target, &weight)| (first + u32::from(target), weight)), time);
            return self.seat_from(begin, time, work);
        }
        let Some(&pre) = plastic.pending.get(pre) else { return };
        // Targets first: with an axonal delay, their spikes up to now count.
        for synapse in synapses.clone() {
            let place = first + u32::from(work.groups[group].store.target(synapse));
            self.catch_up(place, time, work);
        }
        let mut transmitted = std::mem::take(&mut self.transmitted);
        let delay = time - pre.time;
        transmit(work.model, work.share, &mut work.groups[group], synapses, delay, &pre, work.out, |place, weight| {
            transmitted.push((place, weight));
        });
        self.put(transmitted.drain(..), time, work);
        self.transmitted = transmitted;
    }

    /// A spike over synapses of equal delay whose weights stay.
    #[inline]
    fn put_run<W: Real>(
        &mut self,
        work: &mut Work<'_, W>,
        group: usize,
        row: usize,
        synapses: Range<usize>,
        time: Time,
    ) {
        // All are copied first: a neuron that is found to have spiked tells the groups, which can't be read meanwhile.
        let first = work.groups[group].first;
        let begin = self.waiting.len();
        match &work.groups[group].store.content {
            Content::Alike(targets, weights) => {
                let weight = weights[row].wide();
                self.waiting.add(targets[synapses].iter().map(|&target| (first + u32::from(target), weight)), time);
            }
            Content::Each(all) => {
                let event = |synapse: &Synapse<W>| (first + u32::from(synapse.target), { synapse.weight }.wide());
                self.waiting.add(all[synapses].iter().map(event), time);
            }
            Content::Coded(all, grain) => {
                let event = |synapse: &Coded| (first + u32::from(synapse.target), synapse.weight(*grain).wide());
                self.waiting.add(all[synapses].iter().map(event), time);
            }
            Content::Plastic(_) => {}
        }
        self.seat_from(begin, time, work);
    }

    /// Finds the spikes of neurons that nothing arrives at.
    fn check_due<W: Real>(&mut self, work: &mut Work<'_, W>) {
        let to = work.window.to;
        let mut due = std::mem::take(&mut self.due);
        self.calendar.due(to, &mut due);
        for place in due.drain(..) {
            let cell = &mut self.cells[place as usize];
            // An entry is stale if the neuron was put down for an earlier check since.
            if cell.check_at >= to {
                continue;
            }
            cell.check_at = Time::NEVER;
            if cell.quiet_until < to {
                self.check(place, work);
            }
            let cell = &mut self.cells[place as usize];
            schedule(cell, &mut self.calendar, place, to, cell.quiet_until);
        }
        self.due = due;
    }

    /// Finds the spikes of the window and, as far as one looks, when the next one comes if nothing arrives.
    fn check<W: Real>(&mut self, place: u32, work: &mut Work<'_, W>) {
        let to = work.window.to;
        let ahead = Time(self.quantum.0.saturating_mul(LOOK_AHEAD)).min(M::LOOK_AHEAD);
        let horizon = work.window.from.saturating_add(ahead).max(to);
        let mut pace = Pace::default();
        loop {
            let params = one_of(&self.params, place);
            let cell = &mut self.cells[place as usize];
            let earliest = M::earliest(params, &cell.state);
            if earliest >= horizon {
                cell.quiet_until = earliest;
                return;
            }
            let mut ahead = cell.state;
            match M::next_spike(params, &mut ahead, horizon) {
                // The same spike and state as from a search that ends with the window.
                Some(time) if time < to => {
                    cell.state = ahead;
                    self.emit(place, time, work);
                    if pace.is_lost_at(time) {
                        M::lose(&mut self.cells[place as usize].state);
                        return work.out.lose(time, self.first_gid + place);
                    }
                }
                found => {
                    if found.is_none() {
                        // Nothing has changed but what is known of the state.
                        cell.state = ahead;
                    }
                    cell.quiet_until = found.unwrap_or(M::earliest(params, &cell.state).max(horizon));
                    M::keep_up(params, &mut cell.state, to);
                    return;
                }
            }
        }
    }
}

impl<W: Real, M: EventNeuron> Block<W> for Neurons<M> {
    fn advance(&mut self, work: &mut Work<'_, W>) {
        let arrivals = work.arrivals;
        for tick in arrivals.ticks() {
            self.take_tick(tick, work);
        }
        self.waiting.begin();
        self.take_all(work);
        self.check_due(work);
    }

    fn read(&self, place: u32, variable: usize, at: Time) -> f64 {
        M::read(self.params_of(place), &self.cells[place as usize].state, variable, at)
    }

    fn unsound(&self, variables: usize) -> Option<(u32, usize, f64)> {
        let state = |place: usize, variable: usize| {
            // At its own time, which takes no step.
            let (params, state) = (self.params_of(place as u32), &self.cells[place].state);
            (place as u32, variable, M::read(params, state, variable, M::time(state)))
        };
        let states = (0..self.cells.len()).flat_map(|place| (0..variables).map(move |variable| state(place, variable)));
        states.into_iter().find(|state| !state.2.is_finite())
    }

    fn save(&self) -> Vec<Vec<u8>> {
        let levels = |place: usize| self.levels.iter().map(|(_, l)| l[place]).collect::<Vec<f64>>();
        self.cells
            .iter()
            .enumerate()
            .map(|(place, cell)| postcard::to_allocvec(&(cell.state, levels(place))).unwrap_or_default())
            .collect()
    }

    fn load(&mut self, states: &[Vec<u8>], now: Time, currents: &[Current]) -> Result<(), RunError> {
        self.calendar = Calendar::new(self.quantum, now);
        for (place, bytes) in states.iter().enumerate() {
            let (state, levels): (M::State, Vec<f64>) =
                postcard::from_bytes(bytes).map_err(|e| RunError::Checkpoint(format!("a neuron's state: {e}")))?;
            self.cells[place] = Cell { state, quiet_until: Time::ZERO, check_at: Time::NEVER, waits: NOTHING };
            for ((_, own), level) in self.levels.iter_mut().zip(levels) {
                own[place] = level;
            }
        }
        // A run that was to end at the last tick before may not have known that a current changes there.
        let last = Time(now.0 - 1);
        for index in 0..self.levels.len() {
            let current = &currents[self.levels[index].0 as usize];
            if last > Time::ZERO && current.next_change(last) == last {
                for place in current.places.clone() {
                    self.levels[index].1[place as usize] = current.at(place, last);
                    let total = self.level(place as usize);
                    let (params, state) = (one_of(&self.params, place), &mut self.cells[place as usize].state);
                    M::advance(params, state, last);
                    M::set_current(params, state, total);
                }
            }
        }
        (0..states.len() as u32).for_each(|place| self.reschedule(place));
        Ok(())
    }
}
