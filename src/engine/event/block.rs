//! A block of model neurons in the event kernel.

use std::ops::Range;

use crate::engine::RunError;
use crate::engine::calendar::Calendar;
use crate::engine::flight::Spike;
use crate::engine::inputs::Current;
use crate::engine::shard::{Model, Outbox, Window};
use crate::network::{Drawn, Group, Population, Share};
use crate::neuron::{BlockSpec, EventNeuron, NeuronModel, Real};
use crate::synapse::{Content, PreSpike, Synapse};
use crate::time::Time;
use crate::with_neuron_model;

use super::arrivals::{Arrival, What};
use super::plastic::{show_plastic, tell_plastic, transmit};

mod together;

/// How far ahead, in windows, a neuron's next spike is looked for once it is due for a check, unless its model says less.
const LOOK_AHEAD: i64 = 64;

/// One population's part in a window's work.
pub struct Work<'a, W: Real> {
    pub model: &'a Model<'a>,
    pub share: &'a Share,
    pub population: usize,
    pub arrivals: &'a [Arrival],
    pub groups: &'a mut [Group<W>],
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
    /// Goes on from saved states at `now`.
    fn load(&mut self, states: &[Vec<u8>], now: Time) -> Result<(), RunError>;
}

/// One line of cache where the state is small.
#[repr(align(64))]
struct Cell<S> {
    state: S,
    /// No spike comes before this time, if nothing arrives.
    quiet_until: Time,
    /// When the calendar has the neuron down for a check.
    check_at: Time,
    /// The last tick at which something arrived.
    touched_at: Time,
}

struct Neurons<M: EventNeuron> {
    params: Vec<M::Params>,
    cells: Vec<Cell<M::State>>,
    /// Injected current of each input (by place in the thread's list) and neuron; empty without inputs.
    levels: Vec<(u32, Vec<f64>)>,
    calendar: Calendar,
    quantum: Time,
    first_gid: u32,
    touched: Vec<u32>,
    due: Vec<u32>,
    drawn: Drawn,
    /// The targets of a tick's events, and the weights.
    places: Vec<u32>,
    weights: Vec<f64>,
    /// Events of neurons that get several in the tick.
    several: Vec<(u32, f64)>,
    /// Those that spiked when it came.
    spiked: Vec<u32>,
}

/// Puts a neuron down for a look at `earliest`, unless it is down for an earlier one.
#[inline(always)]
fn schedule<S>(cell: &mut Cell<S>, calendar: &mut Calendar, place: u32, earliest: Time) {
    cell.quiet_until = earliest;
    if earliest < cell.check_at {
        cell.check_at = earliest;
        calendar.insert(place, earliest);
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

/// The parameters of the neuron at `place`: one for all, or one each. A function, so that only the parameters are borrowed.
#[inline]
fn of<P>(params: &[P], place: u32) -> &P {
    if params.len() == 1 { &params[0] } else { &params[place as usize] }
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
            touched: Vec::new(),
            due: Vec::new(),
            drawn: Drawn::default(),
            places: Vec::new(),
            weights: Vec::new(),
            several: Vec::new(),
            spiked: Vec::new(),
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
            block.cells.push(Cell { state, quiet_until: Time::ZERO, check_at: Time::NEVER, touched_at: Time(-1) });
            block.reschedule(place as u32);
        }
        Ok(block)
    }

    #[inline]
    fn params_of(&self, place: u32) -> &M::Params {
        of(&self.params, place)
    }

    fn level(&self, place: usize) -> f64 {
        self.levels.iter().map(|(_, levels)| levels[place]).sum()
    }

    /// Brings a neuron to `time`, finding the spikes on the way.
    #[inline]
    fn touch<W: Real>(&mut self, place: u32, time: Time, groups: &mut [Group<W>], population: usize, out: &mut Outbox) {
        if std::mem::replace(&mut self.cells[place as usize].touched_at, time) == time {
            return;
        }
        if self.cells[place as usize].quiet_until < time {
            self.find_spikes(place, time, groups, population, out);
        }
        let params = of(&self.params, place);
        M::advance(params, &mut self.cells[place as usize].state, time);
        self.touched.push(place);
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
        let params = of(&self.params, place);
        let cell = &mut self.cells[place as usize];
        while let Some(time) = M::next_spike(params, &mut cell.state, before) {
            out.spikes.push(Spike { time, gid: self.first_gid + place });
            tell_plastic(groups, population, place, time);
        }
    }

    /// After the state has changed: when to look at the neuron again.
    #[inline]
    fn reschedule(&mut self, place: u32) {
        let cell = &mut self.cells[place as usize];
        let earliest = M::earliest(of(&self.params, place), &cell.state);
        schedule(cell, &mut self.calendar, place, earliest);
    }

    /// Takes in everything that arrives at one tick, then tests the thresholds.
    fn take_tick<W: Real>(&mut self, arrivals: &[Arrival], work: &mut Work<'_, W>) {
        let time = arrivals[0].time;
        if self.can_take_together(arrivals, work.groups) {
            self.take_together(arrivals, work);
            return;
        }
        let mut looked_at = false;
        for arrival in arrivals {
            match arrival.what {
                What::Run { group, row, start, count, delay, pre } => {
                    let synapses = start as usize..start as usize + count as usize;
                    if work.groups[group as usize].plastic.is_some() {
                        self.take_plastic(work, group as usize, synapses, delay, pre, time);
                    } else {
                        self.take_run(work, group as usize, row as usize, synapses, time);
                    }
                }
                What::Row { group, portion, row } => {
                    let mut drawn = std::mem::take(&mut self.drawn);
                    let group = group as usize;
                    work.groups[group].portions[portion as usize].draw(row as usize, &mut drawn);
                    self.take_drawn(work, group, &drawn, time);
                    self.drawn = drawn;
                }
                What::Single { place, weight } => {
                    self.touch(place, time, work.groups, work.population, work.out);
                    let params = of(&self.params, place);
                    M::receive(params, &mut self.cells[place as usize].state, weight);
                }
                What::Sample => looked_at = true,
                What::Current { current } => {
                    let input = &work.currents[current as usize];
                    for place in input.places.clone() {
                        self.touch(place, time, work.groups, work.population, work.out);
                        if let Some((_, levels)) = self.levels.iter_mut().find(|(index, _)| *index == current) {
                            levels[place as usize] = input.at(place, time);
                        }
                        let total = self.level(place as usize);
                        let params = of(&self.params, place);
                        M::set_current(params, &mut self.cells[place as usize].state, total);
                    }
                }
            }
        }
        self.settle_touched(time, work);
        if looked_at {
            self.show_potentials(time, work);
        }
    }

    /// Tests the thresholds of those that took something in at `time`.
    fn settle_touched<W: Real>(&mut self, time: Time, work: &mut Work<'_, W>) {
        let touched = std::mem::take(&mut self.touched);
        for &place in &touched {
            let params = of(&self.params, place);
            if M::settle(params, &mut self.cells[place as usize].state) {
                work.out.spikes.push(Spike { time, gid: self.first_gid + place });
                tell_plastic(work.groups, work.population, place, time);
            }
            self.reschedule(place);
        }
        self.touched = touched;
        self.touched.clear();
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
    fn take_plastic<W: Real>(
        &mut self,
        work: &mut Work<'_, W>,
        group: usize,
        synapses: Range<usize>,
        delay: Time,
        pre: Option<PreSpike>,
        time: Time,
    ) {
        let first = work.groups[group].first;
        // Targets first: with an axonal delay, their spikes up to now count.
        for synapse in synapses.clone() {
            let place = first + u32::from(work.groups[group].store.target(synapse));
            self.touch(place, time, work.groups, work.population, work.out);
        }
        let (params, cells) = (&self.params, &mut self.cells);
        transmit(work.model, work.share, &mut work.groups[group], synapses, delay, pre, work.out, |place, weight| {
            M::receive(of(params, place), &mut cells[place as usize].state, weight);
        });
    }

    /// A spike over synapses of equal delay whose weights stay.
    #[inline]
    fn take_run<W: Real>(
        &mut self,
        work: &mut Work<'_, W>,
        group: usize,
        row: usize,
        synapses: Range<usize>,
        time: Time,
    ) {
        let first = work.groups[group].first;
        // The rare targets that may have fired before; this also brings all of them into the nearest cache.
        for synapse in synapses.clone() {
            let place = first + u32::from(work.groups[group].store.target(synapse));
            if self.cells[place as usize].quiet_until < time {
                self.find_spikes(place, time, work.groups, work.population, work.out);
            }
        }
        let store = &work.groups[group].store;
        match &store.content {
            Content::Alike(targets, weights) => {
                let weight = weights[row].wide();
                targets[synapses].iter().for_each(|&target| self.take(first + u32::from(target), time, weight));
            }
            Content::Each(all) => {
                for &Synapse { target, weight } in &all[synapses] {
                    self.take(first + u32::from(target), time, weight.wide());
                }
            }
            Content::Plastic(_) => {}
        }
    }

    /// A spike over synapses that were drawn for it: as [`Neurons::take_run`].
    fn take_drawn<W: Real>(&mut self, work: &mut Work<'_, W>, group: usize, drawn: &Drawn, time: Time) {
        let first = work.groups[group].first;
        for &target in drawn.targets() {
            let place = first + target;
            if self.cells[place as usize].quiet_until < time {
                self.find_spikes(place, time, work.groups, work.population, work.out);
            }
        }
        match drawn.common_weight() {
            Some(weight) => {
                let weight = W::of(weight).wide();
                drawn.targets().iter().for_each(|&target| self.take(first + target, time, weight));
            }
            None => {
                for (&target, &weight) in drawn.targets().iter().zip(drawn.weights()) {
                    self.take(first + target, time, W::of(weight).wide());
                }
            }
        }
    }

    /// Takes in one synaptic event; the neuron's spikes before it are found.
    #[inline]
    fn take(&mut self, place: u32, time: Time, weight: f64) {
        let params = of(&self.params, place);
        let cell = &mut self.cells[place as usize];
        if std::mem::replace(&mut cell.touched_at, time) != time {
            M::advance(params, &mut cell.state, time);
            self.touched.push(place);
        }
        M::receive(params, &mut cell.state, weight);
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
            if cell.quiet_until != Time::NEVER {
                cell.check_at = cell.quiet_until;
                self.calendar.insert(place, cell.quiet_until);
            }
        }
        self.due = due;
    }

    /// Finds the spikes of the window and, as far as one looks, when the next one comes if nothing arrives.
    fn check<W: Real>(&mut self, place: u32, work: &mut Work<'_, W>) {
        let to = work.window.to;
        let ahead = Time(self.quantum.0.saturating_mul(LOOK_AHEAD)).min(M::LOOK_AHEAD);
        let horizon = work.window.from.saturating_add(ahead).max(to);
        loop {
            let params = of(&self.params, place);
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
                    work.out.spikes.push(Spike { time, gid: self.first_gid + place });
                    tell_plastic(work.groups, work.population, place, time);
                }
                found => {
                    cell.quiet_until = found.unwrap_or(earliest.max(horizon));
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
        for tick in arrivals.chunk_by(|a, b| a.time == b.time) {
            self.take_tick(tick, work);
        }
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

    fn load(&mut self, states: &[Vec<u8>], now: Time) -> Result<(), RunError> {
        self.calendar = Calendar::new(self.quantum, now);
        for (place, bytes) in states.iter().enumerate() {
            let (state, levels): (M::State, Vec<f64>) =
                postcard::from_bytes(bytes).map_err(|e| RunError::Checkpoint(format!("a neuron's state: {e}")))?;
            self.cells[place] = Cell { state, quiet_until: Time::ZERO, check_at: Time::NEVER, touched_at: Time(-1) };
            for ((_, own), level) in self.levels.iter_mut().zip(levels) {
                own[place] = level;
            }
            self.reschedule(place as u32);
        }
        Ok(())
    }
}
