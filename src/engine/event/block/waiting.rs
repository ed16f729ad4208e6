//! Events that wait to be taken in together, by as many neurons: models with a closed form do it with vector instructions.
//!
//! Within a window neurons do not see each other, so an event may wait as long as its neuron gets no other one and nobody asks for its
//! spikes. When it is taken in changes no bit.

use crate::engine::calendar::Calendar;
use crate::engine::flight::Spike;
use crate::engine::plastic::tell_plastic;
use crate::math::real::Real;
use crate::neuron::{Event, EventNeuron, Members, one_of};
use crate::time::Time;

use super::{Cell, NOTHING, Neurons, Work, schedule};

/// So many events wait at most, but for those of one tick.
const MOST: usize = 64;

/// Stands for the time of a neuron's next spike while it gets several events in one tick. Once the first is in place n of those to be taken in, it
/// is n + 1 ticks more.
const SEVERAL: Time = Time(i64::MIN);

/// Events that wait, in the order in which they came: each neuron's are of one tick.
#[derive(Default)]
pub struct Waiting {
    events: Vec<Event>,
    /// Those from here on belong to the tick that is being read.
    tick: usize,
    /// Does a neuron get several in one tick?
    several: bool,
    /// Those that spiked.
    spiked: Vec<(u32, Time)>,
}

impl Waiting {
    /// A tick begins.
    #[inline]
    pub fn begin(&mut self) {
        self.tick = self.events.len();
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Adds events of the tick that is being read, whose neurons are not ready for them yet.
    #[inline]
    pub fn add(&mut self, events: impl Iterator<Item = (u32, f64)>, time: Time) {
        self.events.extend(events.map(|(place, weight)| Event { time, weight, place }));
    }

    /// Is it time to take them in?
    #[inline]
    pub fn is_full(&self) -> bool {
        self.events.len() >= MOST
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
    fn settled(&mut self, event: &Event, spiked: bool, earliest: Time) {
        if spiked {
            self.spiked.push((event.place, event.time));
        }
        let cell = &mut self.cells[event.place as usize];
        cell.waits = NOTHING;
        schedule(cell, self.calendar, event.place, event.time, earliest);
    }
}

impl<M: EventNeuron> Neurons<M> {
    /// Events of the tick that is being read.
    #[inline]
    pub(super) fn put<W: Real>(
        &mut self,
        events: impl Iterator<Item = (u32, f64)>,
        time: Time,
        work: &mut Work<'_, W>,
    ) {
        let begin = self.waiting.len();
        self.waiting.add(events, time);
        self.seat_from(begin, time, work);
    }

    /// Makes the neurons of the events from the `next`-th on, which have just been added, ready to wait for them.
    #[inline]
    pub(super) fn seat_from<W: Real>(&mut self, mut next: usize, time: Time, work: &mut Work<'_, W>) {
        while let Some(&Event { place, .. }) = self.waiting.events.get(next) {
            let cell = &mut self.cells[place as usize];
            if cell.waits == NOTHING && cell.quiet_until >= time {
                cell.waits = time;
            } else {
                // Earlier events may go, and those of this tick move up.
                let behind = self.waiting.events.len() - next;
                self.seat(place, time, work);
                next = self.waiting.events.len() - behind;
            }
            next += 1;
        }
    }

    /// Makes a neuron ready to wait for an event of the tick that is being read, if its last one waits or it spikes before.
    fn seat<W: Real>(&mut self, place: u32, time: Time, work: &mut Work<'_, W>) {
        let cell = &mut self.cells[place as usize];
        if cell.waits == time {
            cell.quiet_until = SEVERAL;
            self.waiting.several = true;
        } else {
            self.catch_up(place, time, work);
            self.cells[place as usize].waits = time;
        }
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
        let kept = if self.waiting.several { self.leave_one_each(count) } else { count };
        let Waiting { events, spiked, .. } = &mut self.waiting;
        let mut taking = Taking { cells: &mut self.cells, calendar: &mut self.calendar, spiked };
        M::take_all(&self.params, &mut taking, &events[..kept]);
        self.waiting.events.drain(..count);
        for (place, time) in self.waiting.spiked.drain(..) {
            work.out.spikes.push(Spike { time, gid: self.first_gid + place });
            tell_plastic(work.groups, work.population, place, time);
        }
    }

    /// Leaves one of the first `count` events to each neuron, in front: those that get several in their tick take in all but the last. Returns
    /// how many are left.
    fn leave_one_each(&mut self, count: usize) -> usize {
        let Waiting { events, several, .. } = &mut self.waiting;
        let mut kept = 0;
        for i in 0..count {
            let event = events[i];
            let cell = &mut self.cells[event.place as usize];
            let earlier = cell.quiet_until.0.wrapping_sub(SEVERAL.0 + 1) as usize;
            if cell.quiet_until == SEVERAL {
                cell.quiet_until = Time(SEVERAL.0 + 1 + kept as i64);
            } else if earlier < kept {
                let Event { time, weight, .. } = std::mem::replace(&mut events[earlier], event);
                let params = one_of(&self.params, event.place);
                M::advance(params, &mut cell.state, time);
                M::receive(params, &mut cell.state, weight);
                continue;
            }
            events[kept] = event;
            kept += 1;
        }
        // Later ones may have several too.
        *several = count < events.len();
        kept
    }
}
