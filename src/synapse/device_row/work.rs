//! Room in which the changes of a stretch become pulses: columns, for loops that are vector code.

use crate::device::{Cell, Common};
use crate::sample::Places;

use super::STRETCH;

/// Random words of a stretch: word w of place p is `[w][p]`.
type Words = [[u32; STRETCH]; 4];

/// Room for a stretch.
#[derive(Clone, Debug)]
pub struct Work {
    /// The key of each device.
    pub key: [u64; STRETCH],
    /// Changes proposed to each by now.
    pub updates: [u32; STRETCH],
    pub own: Own,
    pub changes: Changes,
    pub hits: Hits,
    pub places: Places,
}

/// The constants of each device; set only where devices differ.
#[derive(Clone, Debug)]
pub struct Own {
    pub up: [f64; STRETCH],
    pub down: [f64; STRETCH],
    pub low: [f64; STRETCH],
    pub high: [f64; STRETCH],
}

/// What spikes ask of devices, each of which gets at most one change.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Pulses that each is worth, then those that it gets; negative for depression.
    pub count: [f64; STRETCH],
    pub key: [u64; STRETCH],
    /// Which change of the device it is.
    pub serial: [u32; STRETCH],
    pub block: [u64; STRETCH],
    /// The word of chance, and those of the first pulses; then those of later pulses, four at a time.
    pub words: Words,
}

/// Pulses of one number, in those changes that have as many.
#[derive(Clone, Debug)]
pub struct Hits {
    pub len: usize,
    /// Which of the changes.
    pub change: [u8; STRETCH],
    pub up: [bool; STRETCH],
    /// The conductance.
    pub g: [f64; STRETCH],
    /// The size of a step relative to the nominal one, and the bounds.
    pub factor: [f64; STRETCH],
    pub low: [f64; STRETCH],
    pub high: [f64; STRETCH],
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
            up: [false; STRETCH],
            g: zeros,
            factor: zeros,
            low: zeros,
            high: zeros,
            word: [0; STRETCH],
            noise: zeros,
            joules: zeros,
        };
        Work {
            key: [0; STRETCH],
            updates: [0; STRETCH],
            own: Own { up: zeros, down: zeros, low: zeros, high: zeros },
            changes: Changes {
                count: zeros,
                key: [0; STRETCH],
                serial: [0; STRETCH],
                block: [0; STRETCH],
                words: [[0; STRETCH]; 4],
            },
            hits,
            places: Places::default(),
        }
    }
}

impl Hits {
    /// Looks up the constants of the devices.
    #[inline]
    pub fn own(&mut self, c: &Common, own: &Own, places: &[u8]) {
        let len = self.len.min(STRETCH);
        let Hits { change, up, factor, low, high, .. } = self;
        let place = |change: u8| usize::from(places[usize::from(change)]) % STRETCH;
        if c.differs() {
            for ((factor, &change), &up) in factor[..len].iter_mut().zip(&*change).zip(&*up) {
                let at = place(change);
                let (more, less) = (own.up[at], own.down[at]);
                *factor = if up { more } else { less };
            }
        } else {
            factor[..len].fill(1.0);
        }
        if c.differs() && !c.differs_in_steps_alone() {
            for at in 0..len {
                (low[at], high[at]) = (own.low[place(change[at])], own.high[place(change[at])]);
            }
        } else {
            low[..len].fill(c.g_min);
            high[..len].fill(c.g_max);
        }
    }

    /// The device that gets a pulse, as it shows in this direction.
    #[inline(always)]
    pub fn cell(&self, at: usize) -> Cell {
        let factor = self.factor[at];
        Cell { g_min: self.low[at], g_max: self.high[at], up: factor, down: factor, slope: [0.0; 2] }
    }
}
