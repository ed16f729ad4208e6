//! Columns of a stretch of synapses, between the passes over it.

use crate::time::Time;

/// Synapses that go through the passes together: their state stays in the nearest cache.
pub const STRETCH: usize = 128;

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
    /// How long before the target's last spike was, less than 0 \[ms\], where decays are not looked up.
    pub age: [f64; STRETCH],
    /// The changes at post spikes: each synapse's oldest in the first round, and so on; as many as there were ever need of.
    pub rounds: Vec<Round>,
    /// What is transmitted.
    pub weight: [f64; STRETCH],
    /// When the pre spike reaches each synapse, and when its target, if the holder asks.
    pub at: [Time; STRETCH],
    pub arrives: [Time; STRETCH],
}

/// At most one post spike of each synapse.
#[derive(Clone, Debug)]
pub struct Round {
    pub len: usize,
    pub place: [u8; STRETCH],
    /// The presynaptic trace that the post spike finds; before it is known, how long ago that was 1, as `age`.
    pub x: [f64; STRETCH],
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
            age: zeros,
            rounds: Vec::new(),
            weight: zeros,
            at: never,
            arrives: never,
        }
    }

    /// The round of this number, no greater than one more than there are rounds.
    #[inline(always)]
    pub fn round(&mut self, number: usize) -> &mut Round {
        if number == self.rounds.len() {
            self.add_round();
        }
        &mut self.rounds[number]
    }

    #[cold]
    #[inline(never)]
    fn add_round(&mut self) {
        let zeros = [0.0; STRETCH];
        let never = [Time::ZERO; STRETCH];
        self.rounds.push(Round { len: 0, place: [0; STRETCH], x: zeros, second: zeros, at: never, value: zeros });
    }

    pub fn clear(&mut self) {
        self.len = 0;
        // Who has a spike in a round has one in all before it.
        self.rounds.iter_mut().take_while(|round| round.len > 0).for_each(|round| round.len = 0);
    }

    #[inline(always)]
    pub fn push(&mut self, offset: usize, value: f64, (y, age): (f64, f64)) {
        let at = self.len;
        (self.offset[at], self.value[at], self.y[at], self.age[at]) = (offset as u8, value, y, age);
        self.len += 1;
    }
}

impl Round {
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
