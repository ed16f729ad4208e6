//! Columns of a stretch of synapses, between the passes over it.

use crate::synapse::Recent;
use crate::time::Time;

/// Synapses that go through the passes together: their state stays in the nearest cache.
pub const STRETCH: usize = 256;

/// The first of these, which are always there.
pub const NEAR: usize = Recent::LEN - 1;

/// Changes of a synapse between two pre spikes that the passes have room for (2 MiB); who has more is brought up to date by itself, at
/// several times the cost.
pub const ROUNDS: usize = 512;

/// All places of a stretch.
pub static PLACES: [u8; STRETCH] = {
    let mut places = [0; STRETCH];
    let mut place = 0;
    while place < STRETCH {
        places[place] = place as u8;
        place += 1;
    }
    places
};

/// Synapses of a row between the passes.
#[derive(Clone, Debug)]
pub struct Stretch {
    pub len: usize,
    /// Where each is in its stretch of the row.
    pub offset: [u8; STRETCH],
    /// Weight or conductance.
    pub value: [f64; STRETCH],
    /// The postsynaptic trace that the pre spike finds; 0 if it changes nothing.
    pub y: [f64; STRETCH],
    /// How long before that the target's last spike was.
    pub age: [Time; STRETCH],
    /// The changes at post spikes: each synapse's oldest in the first round, and so on; those after the first few where there was ever need.
    pub near: [Round; NEAR],
    far: Vec<Round>,
    /// What is transmitted.
    pub weight: [f64; STRETCH],
    /// When the pre spike reaches each synapse, if the holder asks.
    pub at: [Time; STRETCH],
}

/// The columns of a stretch, without its rounds.
pub struct Columns<'a> {
    pub len: usize,
    pub offset: &'a [u8; STRETCH],
    pub value: &'a mut [f64; STRETCH],
    pub y: &'a [f64; STRETCH],
    pub weight: &'a mut [f64; STRETCH],
    pub at: &'a [Time; STRETCH],
}

/// At most one post spike of each synapse.
#[derive(Clone, Debug)]
pub struct Round {
    pub len: usize,
    pub place: [u8; STRETCH],
    /// The presynaptic trace that the post spike finds.
    pub x: [f64; STRETCH],
    /// How long before that the last pre spike was.
    pub age: [Time; STRETCH],
    /// The target's second trace, for rules that have one.
    pub second: [f64; STRETCH],
    /// When the post spike reaches the synapse, if the holder asks.
    pub at: [Time; STRETCH],
    pub value: [f64; STRETCH],
}

impl Stretch {
    pub fn new() -> Stretch {
        let zeros = [0.0; STRETCH];
        let never = [Time::ZERO; STRETCH];
        Stretch {
            len: 0,
            offset: [0; STRETCH],
            value: zeros,
            y: zeros,
            age: never,
            near: std::array::from_fn(|_| Round::new()),
            far: Vec::new(),
            weight: zeros,
            at: never,
        }
    }

    /// The round of this number, no greater than one more than there are rounds.
    #[inline]
    pub fn round(&mut self, number: usize) -> &mut Round {
        match number.checked_sub(NEAR) {
            None => &mut self.near[number],
            Some(far) => {
                if far == self.far.len() {
                    self.far.push(Round::new());
                }
                &mut self.far[far]
            }
        }
    }

    /// The rounds in which there is a spike.
    #[inline]
    pub fn rounds(&mut self) -> impl Iterator<Item = &mut Round> {
        rounds(&mut self.near, &mut self.far)
    }

    /// The same, and the columns beside them.
    #[inline]
    pub fn parts(&mut self) -> (impl Iterator<Item = &mut Round>, Columns<'_>) {
        let Stretch { len, offset, value, y, weight, at, near, far, .. } = self;
        (rounds(near, far), Columns { len: *len, offset, value, y, weight, at })
    }

    pub fn clear(&mut self) {
        self.len = 0;
        self.rounds().for_each(|round| round.len = 0);
    }

    /// Is none of its synapses left for later, so that each is in its own place?
    #[inline]
    pub fn is_whole(&self) -> bool {
        self.len.checked_sub(1).is_none_or(|last| usize::from(self.offset[last]) == last)
    }

    #[inline(always)]
    pub fn push(&mut self, offset: usize, value: f64, (y, age): (f64, Time)) {
        let at = self.len;
        (self.offset[at], self.value[at], self.y[at], self.age[at]) = (offset as u8, value, y, age);
        self.len += 1;
    }
}

/// Who has a spike in a round has one in all before it.
#[inline]
fn rounds<'a>(near: &'a mut [Round], far: &'a mut [Round]) -> impl Iterator<Item = &'a mut Round> {
    near.iter_mut().chain(far).take_while(|round| round.len > 0)
}

impl Round {
    fn new() -> Round {
        let (zeros, never) = ([0.0; STRETCH], [Time::ZERO; STRETCH]);
        Round { len: 0, place: [0; STRETCH], x: zeros, age: never, second: zeros, at: never, value: zeros }
    }

    /// A spike so long after the last pre spike, whose trace is worked out later.
    #[inline(always)]
    pub fn push_age(&mut self, place: usize, age: Time) {
        (self.place[self.len], self.age[self.len]) = (place as u8, age);
        self.len += 1;
    }

    #[inline(always)]
    pub fn push(&mut self, place: usize, x: f64) {
        (self.place[self.len], self.x[self.len]) = (place as u8, x);
        self.len += 1;
    }

    #[inline(always)]
    pub fn gather(&mut self, values: &[f64; STRETCH]) {
        for (value, &place) in self.value.iter_mut().zip(&self.place[..self.len]) {
            *value = values[usize::from(place) % STRETCH];
        }
    }

    #[inline(always)]
    pub fn scatter(&self, values: &mut [f64; STRETCH]) {
        for (&value, &place) in self.value.iter().zip(&self.place[..self.len]) {
            values[usize::from(place) % STRETCH] = value;
        }
    }
}
