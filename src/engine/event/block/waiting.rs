//! Events that wait to be taken in together, by as many neurons: models with a closed form do it with vector instructions.
//!
//! Within a window neurons do not see each other, so an event may wait as long as its neuron gets no other one and nobody asks for its
//! spikes. When it is taken in changes no bit.

use crate::engine::calendar::Calendar;
use crate::engine::event::plastic::tell_plastic;
use crate::engine::flight::Spike;
use crate::neuron::{EventNeuron, Members, Real};
use crate::time::Time;

use super::{Cell, NOTHING, Neurons, Work, of, schedule};

/// So many events wait at most, but for those of one tick.
const MOST: usize = 64;

/// Stands for the time of a neuron's next spike while it gets several events in one tick.
const SEVERAL: Time = Time(i64::MIN);
/// Likewise once the first of them has been taken in.
const BEGUN: Time = Time(i64::MIN + 1);

/// Events that wait, in the order in which they came: each neuron's are of one tick.
#[derive(Default)]
pub struct Waiting {
    places: Vec<u32>,
    weights: Vec<f64>,
    times: Vec<Time>,
    /// Those from here on belong to the tick that is being read.
    tick: usize,
    /// Does a neuron get several in one tick?
    several: bool,
    /// The events of such neurons.
    apart: Vec<(u32, f64, Time)>,
    /// Those that spiked.
    spiked: Vec<(u32, Time)>,
}

impl Waiting {
    /// A tick begins.
    #[inline]
    pub fn begin(&mut self) {
        self.tick = self.places.len();
    }

    /// Is it time to take them in?
    #[inline]
    pub fn is_full(&self) -> bool {
        self.places.len() >= MOST
    }

    #[inline]
    fn push(&mut self, place: u32, time: Time, weight: f64) {
        self.places.push(place);
        self.weights.push(weight);
        self.times.push(time);
    }
}

/// The cells of a block, and what follows when one has taken in an event.
struct Taking<'a, S> {
    cells: &'a mut [Cell<S>],
    calendar: &'a mut Calendar,
    spiked: &'a mut Vec<(u32, Time)>,
}

impl<S> Members<S> for Taking<'_, S> {
    #[inline(always)]
    fn state(&mut self, place: u32) -> &mut S {
        &mut self.cells[place as usize].state
    }

    #[inline(always)]
    fn settled(&mut self, place: u32, time: Time, spiked: bool, earliest: Time) {
        if spiked {
            self.spiked.push((place, time));
        }
        let cell = &mut self.cells[place as usize];
        cell.waits = NOTHING;
        schedule(cell, self.calendar, place, earliest);
    }
}

impl<M: EventNeuron> Neurons<M> {
    /// An event of the tick that is being read.
    #[inline]
    pub(super) fn put<W: Real>(&mut self, place: u32, time: Time, weight: f64, work: &mut Work<'_, W>) {
        let cell = &mut self.cells[place as usize];
        if cell.waits == time {
            cell.quiet_until = SEVERAL;
            self.waiting.several = true;
        } else {
            self.catch_up(place, time, work);
            self.cells[place as usize].waits = time;
        }
        self.waiting.push(place, time, weight);
    }

    /// Finds a neuron's spikes before `time`, the tick that is being read; what it gets in this very tick goes on waiting.
    #[inline]
    pub(super) fn catch_up<W: Real>(&mut self, place: u32, time: Time, work: &mut Work<'_, W>) {
        let cell = &self.cells[place as usize];
        if cell.waits == time {
            return;
        }
        if cell.waits != NOTHING {
            self.take_earlier(work);
        }
        if self.cells[place as usize].quiet_until < time {
            self.find_spikes(place, time, work.groups, work.population, work.out);
        }
    }

    /// Takes in all events that wait.
    #[inline]
    pub(super) fn take_all<W: Real>(&mut self, work: &mut Work<'_, W>) {
        self.waiting.begin();
        if self.waiting.tick > 0 {
            self.take_earlier(work);
        }
    }

    /// Takes in the events of earlier ticks than the one that is being read.
    fn take_earlier<W: Real>(&mut self, work: &mut Work<'_, W>) {
        let count = std::mem::take(&mut self.waiting.tick);
        let kept = if self.waiting.several { self.set_apart(count) } else { count };
        let Waiting { places, weights, times, spiked, .. } = &mut self.waiting;
        let mut taking = Taking { cells: &mut self.cells, calendar: &mut self.calendar, spiked };
        M::take_all(&self.params, &mut taking, &places[..kept], &weights[..kept], &times[..kept]);
        if kept < count {
            self.take_apart();
        }
        let Waiting { places, weights, times, .. } = &mut self.waiting;
        places.drain(..count);
        weights.drain(..count);
        times.drain(..count);
        for (place, time) in self.waiting.spiked.drain(..) {
            work.out.spikes.push(Spike { time, gid: self.first_gid + place });
            tell_plastic(work.groups, work.population, place, time);
        }
    }

    /// Moves those of the first `count` events whose neurons get several in their tick to another list, in their order: how many stay, in
    /// front.
    fn set_apart(&mut self, count: usize) -> usize {
        let Waiting { places, weights, times, apart, several, tick: _, spiked: _ } = &mut self.waiting;
        apart.clear();
        let mut kept = 0;
        for i in 0..count {
            let (place, weight, time) = (places[i], weights[i], times[i]);
            if self.cells[place as usize].quiet_until == SEVERAL {
                apart.push((place, weight, time));
            } else {
                (places[kept], weights[kept], times[kept]) = (place, weight, time);
                kept += 1;
            }
        }
        // Later ones may have several too.
        *several = count < places.len();
        kept
    }

    /// Takes in the events that were set apart: all of a tick, then the threshold is tested.
    fn take_apart(&mut self) {
        let apart = std::mem::take(&mut self.waiting.apart);
        for &(place, weight, time) in &apart {
            let params = of(&self.params, place);
            let cell = &mut self.cells[place as usize];
            if cell.quiet_until == SEVERAL {
                cell.quiet_until = BEGUN;
                M::advance(params, &mut cell.state, time);
            }
            M::receive(params, &mut cell.state, weight);
        }
        for &(place, _, time) in &apart {
            let params = of(&self.params, place);
            let cell = &mut self.cells[place as usize];
            if cell.quiet_until != BEGUN {
                continue;
            }
            let spiked = M::settle(params, &mut cell.state);
            let earliest = M::earliest(params, &cell.state);
            let Waiting { spiked: list, .. } = &mut self.waiting;
            Taking { cells: &mut self.cells, calendar: &mut self.calendar, spiked: list }
                .settled(place, time, spiked, earliest);
        }
        self.waiting.apart = apart;
    }
}
