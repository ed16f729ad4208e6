//! The last post spikes of a target, in one cache line, and decays looked up: what a row of plastic synapses needs at every spike.

use crate::math::exp;
use crate::time::Time;

use super::History;

/// Post spikes that are at hand.
const KEPT: usize = 3;

/// Before any spike.
const NEVER: Time = Time(i64::MIN / 4);

/// The last spikes of one target, newest first, with the trace just after each.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Recent {
    /// When each was emitted.
    pub time: [Time; KEPT],
    /// The trace just after each.
    pub trace: [f64; KEPT],
}

impl Default for Recent {
    fn default() -> Recent {
        Recent { time: [NEVER; KEPT], trace: [0.0; KEPT] }
    }
}

impl Recent {
    /// The end of a history.
    pub fn of(history: &History) -> Recent {
        let mut recent = Recent::default();
        for (place, spike) in history.spikes.iter().rev().take(KEPT).enumerate() {
            (recent.time[place], recent.trace[place]) = (spike.time, spike.trace);
        }
        recent
    }

    /// Takes in the newest spike of a history.
    pub fn push(&mut self, history: &History) {
        let Some(spike) = history.spikes.last() else { return };
        self.time = [spike.time, self.time[0], self.time[1]];
        self.trace = [spike.trace, self.trace[0], self.trace[1]];
    }

    /// Does it hold all spikes after `time`? Only then may it stand for the history.
    #[inline(always)]
    pub fn reaches(&self, time: Time) -> bool {
        self.time[KEPT - 1] <= time
    }

    /// The number of kept spikes: loops over them count down, for the oldest comes first.
    pub const LEN: usize = KEPT;
}

/// e^(-t / tau) for times t >= 0: on the grid a table, filled by the very expression that it stands for, so that both have
/// the same bits.
#[derive(Clone, Debug)]
pub struct Decay {
    tau: f64,
    step: i64,
    per_step: f64,
    table: Vec<f64>,
}

impl Decay {
    /// Of time constant `tau` \[ms\]; `step` is the grid's, none for exact times.
    pub fn new(tau: f64, step: Option<Time>) -> Decay {
        let step = step.map_or(0, |s| s.0);
        // Beyond eight time constants few pairs are left; 64 KiB bound what a small step may take.
        let length = if step > 0 { ((8.0 * tau / Time(step).ms()) as usize + 1).min(8192) } else { 0 };
        let table = (0..length).map(|k| Decay::exact(tau, Time(k as i64 * step))).collect();
        Decay { tau, step, per_step: if step > 0 { 1.0 / step as f64 } else { 0.0 }, table }
    }

    #[inline(always)]
    fn exact(tau: f64, time: Time) -> f64 {
        exp(Time(-time.0).ms() / tau)
    }

    /// The decay over `time`.
    #[inline(always)]
    pub fn over(&self, time: Time) -> f64 {
        // Adding 2^52 leaves the nearest integer in the low bits, which is cheaper than to convert.
        let place = (time.0 as f64 * self.per_step + 4_503_599_627_370_496.0).to_bits() as u32 as usize;
        match self.table.get(place) {
            Some(&decay) if place as i64 * self.step == time.0 => decay,
            _ => Decay::exact(self.tau, time),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_bits_of_what_it_stands_for() {
        let (table, exact) = (Decay::new(20.0, Some(Time::from_ms(0.1))), Decay::new(20.0, None));
        for time in [0, 1, 99_999_999, 100_000_000, 1_234_500_000, 160_000_000_000, 900_000_000_000, 99_999] {
            assert_eq!(table.over(Time(time)).to_bits(), exact.over(Time(time)).to_bits(), "{time}");
        }
        assert_eq!(table.over(Time::from_ms(20.0)), crate::math::exp(-1.0));
    }
}
