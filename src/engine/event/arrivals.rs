//! What arrives at one population within a window, in the order in which it is taken in.

use crate::engine::flight::Flight;
use crate::engine::inputs::{Background, Current};
use crate::engine::shard::Window;
use crate::math::real::Real;
use crate::memory::prefetch_line;
use crate::network::Group;
use crate::time::Time;

use super::held::Held;
use super::order::{Key, Order};

/// What arrives.
#[derive(Clone, Copy, Debug)]
pub enum Arrival {
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
        /// Which of the pending spikes over plastic synapses it is; of no meaning for static ones.
        pre: u32,
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

/// What inputs give comes after all sources.
const INPUT: u32 = u32::MAX;

/// The arrivals of one population and window.
///
/// Those of one tick go by source, then as they were put down: synapses group by group, in each by emission; Poisson inputs as the model
/// has them; currents; looks at potentials.
#[derive(Default)]
pub struct Arrivals {
    /// The window's begin.
    from: Time,
    keys: Vec<Key>,
    /// As put down.
    all: Vec<Arrival>,
    order: Order,
}

/// What an arrival takes: itself, its key, and its key once more while keys are put in order \[bytes\].
pub const ARRIVAL_BYTES: usize = size_of::<Arrival>() + 2 * size_of::<Key>();

/// Those of one tick, in order.
#[derive(Clone, Copy)]
pub struct Tick<'a> {
    /// When.
    pub time: Time,
    keys: &'a [Key],
    /// From the tick's first on, to the window's end.
    rest: &'a [Key],
    all: &'a [Arrival],
}

impl<'a> Tick<'a> {
    /// What arrives.
    #[inline]
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival> + use<'a> {
        let all = self.all;
        self.keys.iter().map(move |key| all[key.number()])
    }

    /// What arrives `ahead` arrivals after the tick's first, in this tick or a later one.
    #[inline]
    pub fn later(&self, ahead: usize) -> Option<Arrival> {
        self.rest.get(ahead).map(|key| self.all[key.number()])
    }

    /// Begins to fetch what arrives `ahead` arrivals after the tick's first: it lies anywhere in a long list.
    #[inline]
    pub fn fetch(&self, ahead: usize) {
        if let Some(key) = self.rest.get(ahead) {
            prefetch_line(self.all, key.number());
        }
    }
}

impl Arrivals {
    /// Grows by an eighth where it is full, not twofold: where inputs are many these lists are a large part of all memory, and their length
    /// is nearly the same in each window.
    #[inline]
    fn push(&mut self, time: Time, source: u32, arrival: Arrival) {
        if self.all.len() == self.all.capacity() {
            self.reserve((self.all.len() / 8).max(64));
        }
        self.keys.push(Key::new((time - self.from).0, source, self.all.len() as u32));
        self.all.push(arrival);
    }

    /// Makes room for so many more.
    #[cold]
    fn reserve(&mut self, more: usize) {
        self.keys.reserve_exact(more);
        self.all.reserve_exact(more);
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
        self.from = window.from;
        self.keys.clear();
        self.all.clear();
        for (index, group) in groups.iter().enumerate().filter(|(_, g)| g.target == Some(population)) {
            self.collect_drawn(index, group, window, flight, &mut held[index]);
            let store = &group.store;
            if store.is_empty() {
                continue;
            }
            let (shortest, longest) = store.delay_range;
            let mut arrive = |row: u32, emitted: Time, pre: u32| {
                let source = store.sources.gid(row as usize);
                let (from, to) = (window.from - emitted, window.to - emitted);
                store.runs_between(row as usize, from, to, |delay, synapses| {
                    let (start, count) = (synapses.start as u64, synapses.len() as u32);
                    let run = Arrival::Run { group: index as u32, row, start, count, pre };
                    self.push(emitted + delay, source, run);
                });
            };
            let (first, last) = (window.from - longest, window.to - shortest);
            match &group.plastic {
                Some(plastic) => {
                    let numbered = plastic.pending.iter().enumerate();
                    let within = numbered.filter(|(_, p)| p.time >= first && p.time < last);
                    within.for_each(|(number, p)| arrive(p.row, p.time, number as u32));
                }
                None => {
                    for spike in flight.between(first, last) {
                        if let Some(row) = store.row_of_source(spike.gid) {
                            arrive(row as u32, spike.time, 0);
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
                let row = Arrival::Row { group: index as u32, portion: place as u32, row: row as u32 };
                self.push(spike.time + delay, spike.gid, row);
            }
        }
        held.take_note(group, window, flight);
        held.release(window, |event| {
            self.push(event.time, event.source, Arrival::Single { place: event.place, weight: event.weight });
        });
    }

    /// Adds the events of Poisson inputs; returns how many.
    pub fn collect_background<'a>(
        &mut self,
        backgrounds: impl Iterator<Item = &'a mut Background>,
        window: &Window,
    ) -> u64 {
        let before = self.all.len();
        for background in backgrounds {
            // At once, with room for spikes beside: a large list that moves leaves a hole in memory where it was.
            let expected = background.expected(window.from, window.to);
            if self.all.capacity() - self.all.len() < expected {
                self.reserve(expected + expected / 8);
            }
            background.events(window.to, |place, weight, time| {
                self.push(time, INPUT, Arrival::Single { place, weight });
            });
        }
        (self.all.len() - before) as u64
    }

    /// Adds the changes of injected currents, but those at time 0, which are part of the initial state.
    pub fn collect_currents(&mut self, currents: &[Current], population: usize, window: &Window) {
        for (index, current) in currents.iter().enumerate() {
            if current.population != population || current.places.is_empty() {
                continue;
            }
            let mut time = current.next_change(window.from.max(Time(1)));
            while time < window.to {
                self.push(time, INPUT, Arrival::Current { current: index as u32 });
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
            self.push(Time(number * step.0), INPUT, Arrival::Sample);
            number += 1;
        }
    }

    /// Puts those of a window of `width` in order.
    pub fn sort(&mut self, width: Time) {
        self.order.sort(&mut self.keys, width);
    }

    /// All, tick by tick.
    pub fn ticks(&self) -> impl Iterator<Item = Tick<'_>> {
        let mut rest = &self.keys[..];
        self.keys.chunk_by(|a, b| a.ticks() == b.ticks()).map(move |keys| {
            let tick = Tick { time: self.from + Time(keys[0].ticks() as i64), keys, rest, all: &self.all };
            rest = &rest[keys.len()..];
            tick
        })
    }
}
