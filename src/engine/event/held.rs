//! Events over procedural synapses whose delays are drawn: a row is drawn once, after its spike, and its events wait here. Memory
//! for what is on its way, not for what there is.

use std::collections::BTreeMap;

use crate::engine::flight::Flight;
use crate::engine::shard::Window;
use crate::math::real::Real;
use crate::network::{Drawn, Group};
use crate::time::Time;

/// One event on its way.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// When it arrives.
    pub time: Time,
    /// Global id of its source.
    pub source: u32,
    /// Place of its target.
    pub place: u32,
    /// The weight.
    pub weight: f64,
}

/// What one of them takes \[bytes\].
pub const EVENT_BYTES: usize = size_of::<Event>();

/// The events on their way through one group.
pub struct Held {
    /// By their time in units of the longest window; within one in order of emission, source, synapse.
    events: BTreeMap<i64, Vec<Event>>,
    quantum: Time,
    /// The spikes before this have been drawn.
    noted: Time,
    drawn: Drawn,
}

impl Held {
    /// Nothing is on its way.
    pub fn new(quantum: Time) -> Held {
        Held { events: BTreeMap::new(), quantum, noted: Time(i64::MIN / 4), drawn: Drawn::default() }
    }

    /// Draws the rows of the spikes before a window; what would have arrived before it is left out.
    pub fn take_note<W: Real>(&mut self, group: &Group<W>, window: &Window, flight: &Flight) {
        let spikes = flight.between(std::mem::replace(&mut self.noted, window.from), window.from);
        for portion in group.portions.iter().filter(|p| p.rule.delay.is_none()) {
            for spike in spikes {
                let Some(row) = portion.rule.row_of_source(spike.gid) else { continue };
                portion.draw(row, &mut self.drawn);
                for (i, &target) in self.drawn.targets().iter().enumerate() {
                    let time = spike.time + portion.rule.delay_of(&self.drawn, i);
                    if time >= window.from {
                        let weight = W::of(self.drawn.weight(i)).wide();
                        let event = Event { time, source: spike.gid, place: group.first + target, weight };
                        self.events.entry(time.0 / self.quantum.0).or_default().push(event);
                    }
                }
            }
        }
    }

    /// Hands over the events of a window.
    pub fn release(&mut self, window: &Window, mut event: impl FnMut(&Event)) {
        while let Some(mut first) = self.events.first_entry() {
            if *first.key() > (window.to.0 - 1) / self.quantum.0 {
                return;
            }
            first.get_mut().retain(|e| {
                let now = e.time < window.to;
                if now {
                    event(e);
                }
                !now
            });
            if !first.get().is_empty() {
                // The window was cut short; the rest is for the next.
                return;
            }
            first.remove();
        }
    }
}
