//! What arrives at one population within a window, in the order in which it is taken in.

use crate::engine::flight::Flight;
use crate::engine::inputs::{Background, Current};
use crate::engine::shard::Window;
use crate::network::Group;
use crate::neuron::Real;
use crate::synapse::PreSpike;
use crate::time::Time;

use super::held::Held;

/// One thing that arrives.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// When.
    pub time: Time,
    /// Orders arrivals of one tick: source, then group; inputs come last.
    order: (u32, u32, u32),
    /// Its place in the list before that is put in order.
    number: u32,
    /// What.
    pub what: What,
}

/// What arrives.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// A spike over synapses of equal delay.
    Run {
        /// The group of the synapses.
        group: u32,
        /// Their row.
        row: u32,
        /// First synapse.
        start: u64,
        /// Number of synapses.
        count: u32,
        /// Their delay.
        delay: Time,
        /// The spike, for plastic groups.
        pre: Option<PreSpike>,
    },
    /// A spike over all synapses of a procedural projection, which have the same delay.
    Row {
        /// The group of the projection.
        group: u32,
        /// Which portion of the group.
        portion: u32,
        /// The row to draw.
        row: u32,
    },
    /// An event of one neuron: from a Poisson input, or over a synapse that was drawn ahead.
    Single {
        /// The target's place.
        place: u32,
        /// Its weight.
        weight: f64,
    },
    /// Rules look at the potentials of all neurons.
    Sample,
    /// An injected current changes.
    Current {
        /// Which (an index into the thread's list).
        current: u32,
    },
}

/// The arrivals of one population and window.
#[derive(Default)]
pub struct Arrivals(Vec<Arrival>);

impl Arrivals {
    /// Grows by an eighth where it is full, not twofold: where inputs are many this list is a large part of all memory, and its length
    /// is nearly the same in each window.
    #[inline]
    fn push(&mut self, time: Time, order: (u32, u32, u32), what: What) {
        if self.0.len() == self.0.capacity() {
            self.0.reserve_exact((self.0.len() / 8).max(64));
        }
        self.0.push(Arrival { time, order, number: self.0.len() as u32, what });
    }

    /// Starts anew with the arrivals through synapses.
    pub fn collect_synaptic<W: Real>(
        &mut self,
        groups: &[Group<W>],
        population: usize,
        window: &Window,
        flight: &Flight,
        held: &mut [Held],
    ) {
        self.0.clear();
        for (index, group) in groups.iter().enumerate().filter(|(_, g)| g.target == Some(population)) {
            self.collect_drawn(index, group, window, flight, &mut held[index]);
            let store = &group.store;
            if store.is_empty() {
                continue;
            }
            let (shortest, longest) = store.delay_range;
            let mut arrive = |row: u32, emitted: Time, pre: Option<PreSpike>| {
                let (from, to) = (window.from - emitted, window.to - emitted);
                store.runs_between(row as usize, from, to, |delay, synapses| {
                    let what = What::Run {
                        group: index as u32,
                        row,
                        start: synapses.start as u64,
                        count: synapses.len() as u32,
                        delay,
                        pre,
                    };
                    self.push(emitted + delay, (store.sources.gid(row as usize), index as u32, 0), what);
                });
            };
            let (first, last) = (window.from - longest, window.to - shortest);
            match &group.plastic {
                Some(plastic) => {
                    let (a, b) = plastic.pending.as_slices();
                    let within = |p: &&PreSpike| p.time >= first && p.time < last;
                    a.iter().chain(b).filter(within).for_each(|p| arrive(p.row, p.time, Some(*p)));
                }
                None => {
                    for spike in flight.between(first, last) {
                        if let Some(row) = store.row_of_source(spike.gid) {
                            arrive(row as u32, spike.time, None);
                        }
                    }
                }
            }
        }
    }

    /// Adds what arrives through a group's procedural projections. No source has synapses in two of them, nor in one and the
    /// store, since they join different populations: so each keeps its own order.
    fn collect_drawn<W: Real>(
        &mut self,
        index: usize,
        group: &Group<W>,
        window: &Window,
        flight: &Flight,
        held: &mut Held,
    ) {
        for (place, portion) in group.portions.iter().enumerate() {
            let Some(delay) = portion.rule.delay else { continue };
            for spike in flight.between(window.from - delay, window.to - delay) {
                let Some(row) = portion.rule.row_of_source(spike.gid) else { continue };
                let what = What::Row { group: index as u32, portion: place as u32, row: row as u32 };
                self.push(spike.time + delay, (spike.gid, index as u32, 0), what);
            }
        }
        held.take_note(group, window, flight);
        held.release(window, |event| {
            let what = What::Single { place: event.place, weight: event.weight };
            self.push(event.time, (event.source, index as u32, 0), what);
        });
    }

    /// Adds the events of Poisson inputs; returns how many.
    pub fn collect_background<'a>(
        &mut self,
        backgrounds: impl Iterator<Item = &'a mut Background>,
        window: &Window,
    ) -> u64 {
        let before = self.0.len();
        for background in backgrounds {
            let order = background.order;
            // At once, with room for spikes beside: a large list that moves leaves a hole in memory where it was.
            let expected = background.expected(window.from, window.to);
            if self.0.capacity() - self.0.len() < expected {
                self.0.reserve_exact(expected + expected / 8);
            }
            background.events(window.to, |place, weight, time| {
                self.push(time, (u32::MAX, order, place), What::Single { place, weight });
            });
        }
        (self.0.len() - before) as u64
    }

    /// Adds the changes of injected currents, but those at time 0, which are part of the initial state.
    pub fn collect_currents(&mut self, currents: &[Current], population: usize, window: &Window) {
        for (index, current) in currents.iter().enumerate() {
            if current.population != population || current.places.is_empty() {
                continue;
            }
            let mut time = current.next_change(window.from.max(Time(1)));
            while time < window.to {
                let what = What::Current { current: index as u32 };
                self.push(time, (u32::MAX, u32::MAX, index as u32), what);
                time = current.next_change(Time(time.0 + 1));
            }
        }
    }

    /// Adds the moments at which rules look at the neurons' potentials: after all else at their tick.
    pub fn collect_samples<W: Real>(&mut self, groups: &[Group<W>], population: usize, window: &Window) {
        let onto = groups.iter().filter(|g| g.target == Some(population));
        let Some(step) = onto.filter_map(|g| g.plastic.as_ref()?.samples_every()).next() else { return };
        let mut number = (window.from.0 + step.0 - 1).div_euclid(step.0);
        while number * step.0 < window.to.0 {
            let order = (u32::MAX, u32::MAX, u32::MAX);
            self.push(Time(number * step.0), order, What::Sample);
            number += 1;
        }
    }

    /// Puts them in order; equals stay as they came. In place: a sort that is stable by itself takes half as much memory again.
    pub fn sort(&mut self) {
        self.0.sort_unstable_by_key(|a| (a.time, a.order, a.number));
    }

    /// All, in order.
    pub fn list(&self) -> &[Arrival] {
        &self.0
    }
}
