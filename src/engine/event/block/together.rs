//! Many events of one tick at once: over synapses whose weights stay, onto neurons of equal parameters. It changes no bit.

use crate::engine::calendar::Calendar;
use crate::engine::event::arrivals::{Arrival, What};
use crate::engine::event::plastic::tell_plastic;
use crate::engine::flight::Spike;
use crate::network::Group;
use crate::neuron::{EventNeuron, Members, Real};
use crate::synapse::Content;
use crate::time::Time;

use super::{Cell, Neurons, Work, schedule};

/// From so many events of a tick on, neurons are advanced together.
const TOGETHER: usize = 8;

/// Stands for the time of the next spike, within a tick, of a neuron that gets several events in it.
const SEVERAL: Time = Time(i64::MIN);

/// The cells of a block, and what follows when one has taken in an event.
struct Taking<'a, S> {
    cells: &'a mut [Cell<S>],
    calendar: &'a mut Calendar,
    spiked: &'a mut Vec<u32>,
}

impl<S> Members<S> for Taking<'_, S> {
    #[inline(always)]
    fn state(&mut self, place: u32) -> &mut S {
        &mut self.cells[place as usize].state
    }

    #[inline(always)]
    fn settled(&mut self, place: u32, spiked: bool, earliest: Time) {
        if spiked {
            self.spiked.push(place);
        }
        schedule(&mut self.cells[place as usize], self.calendar, place, earliest);
    }
}

/// The number of events of a tick if all come over synapses whose weights stay, else 0.
#[inline]
fn events_if_static<W: Real>(arrivals: &[Arrival], groups: &[Group<W>]) -> usize {
    let mut events = 0;
    for arrival in arrivals {
        match arrival.what {
            What::Run { group, count, .. } if groups[group as usize].plastic.is_none() => events += count as usize,
            _ => return 0,
        }
    }
    events
}

impl<M: EventNeuron> Neurons<M> {
    /// Are there many events in a tick, all over synapses whose weights stay?
    #[inline]
    pub(super) fn can_take_together<W: Real>(&self, arrivals: &[Arrival], groups: &[Group<W>]) -> bool {
        self.params.len() == 1 && events_if_static(arrivals, groups) >= TOGETHER
    }

    /// Spikes that arrive at one tick over synapses whose weights stay: all their targets together, but for those
    /// that get several events, which come after.
    pub(super) fn take_together<W: Real>(&mut self, arrivals: &[Arrival], work: &mut Work<'_, W>) {
        let time = arrivals[0].time;
        self.places.clear();
        self.weights.clear();
        let mut several = false;
        for arrival in arrivals {
            let What::Run { group, row, start, count, .. } = arrival.what else { continue };
            let synapses = start as usize..start as usize + count as usize;
            let first = work.groups[group as usize].first;
            for synapse in synapses.clone() {
                let place = first + u32::from(work.groups[group as usize].store.target(synapse));
                let cell = &mut self.cells[place as usize];
                if cell.touched_at == time {
                    several = true;
                    cell.quiet_until = SEVERAL;
                } else {
                    cell.touched_at = time;
                    if cell.quiet_until < time {
                        self.find_spikes(place, time, work.groups, work.population, work.out);
                    }
                }
                self.places.push(place);
            }
            match &work.groups[group as usize].store.content {
                Content::Alike(_, weights) => self.weights.resize(self.places.len(), weights[row as usize].wide()),
                Content::Each(all) => {
                    self.weights.extend(all[synapses].iter().map(|synapse| { synapse.weight }.wide()))
                }
                Content::Plastic(_) => {}
            }
        }
        if several {
            self.set_several_apart();
        }
        let (places, weights) = (&self.places[..], &self.weights[..]);
        let mut taking = Taking { cells: &mut self.cells, calendar: &mut self.calendar, spiked: &mut self.spiked };
        M::take_all(&self.params[0], &mut taking, places, weights, time);
        for place in self.spiked.drain(..) {
            work.out.spikes.push(Spike { time, gid: self.first_gid + place });
            tell_plastic(work.groups, work.population, place, time);
        }
        if several {
            let several = std::mem::take(&mut self.several);
            several.iter().for_each(|&(place, weight)| self.take(place, time, weight));
            self.several = several;
            self.settle_touched(time, work);
        }
    }

    /// Moves the events of neurons that get several from the lists to another one, in their order.
    fn set_several_apart(&mut self) {
        self.several.clear();
        let mut kept = 0;
        for i in 0..self.places.len() {
            let (place, weight) = (self.places[i], self.weights[i]);
            let cell = &mut self.cells[place as usize];
            if cell.quiet_until == SEVERAL {
                cell.touched_at = Time(-1);
                self.several.push((place, weight));
            } else {
                (self.places[kept], self.weights[kept]) = (place, weight);
                kept += 1;
            }
        }
        self.places.truncate(kept);
        self.weights.truncate(kept);
    }
}
