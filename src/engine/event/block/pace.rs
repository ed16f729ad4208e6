//! Whether a neuron spikes so fast that its spikes would not end.

use crate::neuron::MANY;
use crate::time::Time;

/// [`MANY`] spikes in a row within less than this are no neuron's, not even of one that is 10,000 times as fast as those of the brain: 100 MHz.
pub const WITHIN: Time = Time(10_000_000);

/// The spikes of one neuron that are found one after the other, while nothing arrives.
#[derive(Default)]
pub struct Pace {
    since: Time,
    spikes: u32,
}

impl Pace {
    /// Counts a spike; are they too fast to be followed any further?
    #[inline]
    pub fn is_lost_at(&mut self, time: Time) -> bool {
        if self.spikes == 0 {
            self.since = time;
        }
        self.spikes += 1;
        if self.spikes < MANY {
            return false;
        }
        self.spikes = 0;
        time - self.since < WITHIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_spikes_are_lost_if_they_come_within_ten_microseconds() {
        let lost = |interval: i64| {
            let mut pace = Pace::default();
            (1..=5000).find(|n| pace.is_lost_at(Time(n * interval)))
        };
        assert_eq!([1, 9_999, 10_011, 1_000_000].map(lost), [Some(1000), Some(1000), None, None]);
    }
}
