//! Room in which the changes of a stretch become pulses: columns, for loops that are vector code.

use crate::device::{Cell, Common};
use crate::sample::Places;
use crate::time::Time;

use super::super::Visit;
use super::super::row::STRETCH;

/// Random words of a stretch: word w of place p is `[w][p]`.
type Words = [[u32; STRETCH]; 4];

/// Room for a stretch.
#[derive(Clone, Debug)]
pub struct Work {
    /// The key of each device.
    pub key: [u64; STRETCH],
    /// Changes proposed to each by now.
    pub updates: [u32; STRETCH],
    /// What is left of them, in pulses.
    pub carry: [f32; STRETCH],
    /// Whose turn it is.
    pub turn: [[u8; 2]; STRETCH],
    /// Of each slot, pulses that it has had, if that matters, and its conductance, where synapses have several.
    pub pulses: [u32; STRETCH],
    pub g: [f64; STRETCH],
    /// When each had the last pulse, if that matters.
    pub time: [Time; STRETCH],
    pub own: Own,
    pub changes: Changes,
    pub hits: Hits,
    /// What the devices on both sides show above g_min, and the share of the range that follows; not of plain devices.
    pub sides: [[f64; STRETCH]; 2],
    pub shown: [f64; STRETCH],
    /// Whose words a pulse needs, and which block, where that differs from pulse to pulse.
    pub key_of_hit: [u64; STRETCH],
    pub block_of_hit: [u64; STRETCH],
    /// For what is done one by one.
    pub visit: Visit,
    pub places: Places,
}

/// The constants of each device; set only where devices differ.
#[derive(Clone, Debug)]
pub struct Own {
    pub up: [f64; STRETCH],
    pub down: [f64; STRETCH],
    pub low: [f64; STRETCH],
    pub high: [f64; STRETCH],
    /// How far the slopes of steps up and down are from the nominal ones.
    pub slope: [[f64; STRETCH]; 2],
    /// What is taken off the conductance.
    pub reference: [f64; STRETCH],
    /// The standard normal number of its drift exponent.
    pub nu: [f64; STRETCH],
    /// The time constant with which it relaxes \[s\].
    pub tau: [f64; STRETCH],
    /// How many pulses it survives; less than 0 if it is stuck.
    pub life: [f64; STRETCH],
}

/// What spikes ask of devices, each of which gets at most one change.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Pulses that each is worth, then those that it gets; negative for depression.
    pub count: [f64; STRETCH],
    /// How many pulses each gets, as far as a byte goes; 0 where there is no change.
    pub size: [i8; STRETCH],
    pub key: [u64; STRETCH],
    /// When it is proposed, if that matters.
    pub at: [Time; STRETCH],
    /// Which change of the device it is.
    pub serial: [u32; STRETCH],
    pub block: [u64; STRETCH],
    /// Pulses that it has given, those of a refresh included; of no use without refreshes.
    pub given: [u32; STRETCH],
    /// The word of chance, and those of the first pulses; then those of later pulses, four at a time.
    pub words: Words,
}

/// Pulses of one number, in those changes that have as many.
#[derive(Clone, Debug)]
pub struct Hits {
    pub len: usize,
    /// Which of the changes, and at which device.
    pub change: [u8; STRETCH],
    pub slot: [u8; STRETCH],
    pub up: [bool; STRETCH],
    /// The conductance.
    pub g: [f64; STRETCH],
    /// The conductance that the last pulse left, how long ago that was \[s\], and the device's own constants of ageing.
    pub left: [f64; STRETCH],
    pub since: [f64; STRETCH],
    pub nu: [f64; STRETCH],
    pub tau: [f64; STRETCH],
    pub life: [f64; STRETCH],
    /// The size of a step relative to the nominal one, and the bounds.
    pub factor: [f64; STRETCH],
    pub low: [f64; STRETCH],
    pub high: [f64; STRETCH],
    pub slope: [[f64; STRETCH]; 2],
    /// The pulse's random word, and the standard normal number of it.
    pub word: [u32; STRETCH],
    pub noise: [f64; STRETCH],
    /// What the pulse costs.
    pub joules: [f64; STRETCH],
}

impl Work {
    pub fn new() -> Work {
        let zeros = [0.0; STRETCH];
        let hits = Hits {
            len: 0,
            change: [0; STRETCH],
            slot: [0; STRETCH],
            up: [false; STRETCH],
            g: zeros,
            left: zeros,
            since: zeros,
            nu: zeros,
            tau: zeros,
            life: zeros,
            factor: zeros,
            low: zeros,
            high: zeros,
            slope: [zeros; 2],
            word: [0; STRETCH],
            noise: zeros,
            joules: zeros,
        };
        Work {
            key: [0; STRETCH],
            updates: [0; STRETCH],
            carry: [0.0; STRETCH],
            turn: [[0; 2]; STRETCH],
            pulses: [0; STRETCH],
            g: zeros,
            time: [Time::ZERO; STRETCH],
            own: Own {
                up: zeros,
                down: zeros,
                low: zeros,
                high: zeros,
                slope: [zeros; 2],
                reference: zeros,
                nu: zeros,
                tau: zeros,
                life: [f64::INFINITY; STRETCH],
            },
            changes: Changes {
                count: zeros,
                size: [0; STRETCH],
                key: [0; STRETCH],
                at: [Time::ZERO; STRETCH],
                serial: [0; STRETCH],
                block: [0; STRETCH],
                given: [0; STRETCH],
                words: [[0; STRETCH]; 4],
            },
            hits,
            sides: [zeros; 2],
            shown: zeros,
            key_of_hit: [0; STRETCH],
            block_of_hit: [0; STRETCH],
            visit: Visit::default(),
            places: Places::default(),
        }
    }
}

impl Own {
    /// The device in a slot, without its slopes.
    #[inline(always)]
    pub fn cell(&self, c: &Common, at: usize) -> Cell {
        let mut cell = Cell::nominal(c);
        if c.differs() {
            (cell.up, cell.down) = (self.up[at], self.down[at]);
            if !c.differs_in_steps_alone() {
                (cell.g_min, cell.g_max) = (self.low[at], self.high[at]);
            }
        }
        cell
    }
}

impl Hits {
    /// Looks up the constants of the devices; `sloped`: do their slopes differ?
    #[inline]
    pub fn own(&mut self, c: &Common, own: &Own, sloped: bool) {
        let len = self.len.min(STRETCH);
        let Hits { slot, up, factor, low, high, slope, .. } = self;
        let slots = || slot[..len].iter().map(|&slot| usize::from(slot) % STRETCH);
        if c.differs() {
            for ((factor, at), &up) in factor.iter_mut().zip(slots()).zip(&*up) {
                let (more, less) = (own.up[at], own.down[at]);
                *factor = if up { more } else { less };
            }
        } else {
            factor[..len].fill(1.0);
        }
        if c.differs() && !c.differs_in_steps_alone() {
            for ((low, high), at) in low.iter_mut().zip(high).zip(slots()) {
                (*low, *high) = (own.low[at], own.high[at]);
            }
        } else {
            low[..len].fill(c.g_min);
            high[..len].fill(c.g_max);
        }
        if sloped {
            for (slope, own) in slope.iter_mut().zip(&own.slope) {
                slope.iter_mut().zip(slots()).for_each(|(slope, at)| *slope = own[at]);
            }
        }
    }

    /// The device that gets a pulse, as it shows in this direction.
    #[inline(always)]
    pub fn cell(&self, at: usize) -> Cell {
        let factor = self.factor[at];
        let slope = [self.slope[0][at], self.slope[1][at]];
        Cell { g_min: self.low[at], g_max: self.high[at], up: factor, down: factor, slope }
    }
}
