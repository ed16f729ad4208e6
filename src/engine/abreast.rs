//! Poisson trains that go through a window side by side: their next gaps are drawn together, by vector instructions.

use crate::math::vector::Target;
use crate::rng::StreamKey;
use crate::sample::Exponentials;
use crate::time::Time;

use super::train::{Profile, Train};

/// So many trains at once: a few vectors of the widest.
const LANES: usize = 32;
/// Fewer are drawn one by one.
const FEW: usize = 4;

/// The trains of consecutive items, each with its rate.
pub struct Abreast<'a> {
    /// The key of their streams.
    pub key: StreamKey,
    /// The first train's item.
    pub first: u64,
    /// Rate of each at factor 1 \[Hz\].
    pub rates: &'a [f64],
    /// The factor.
    pub profile: &'a Profile,
    /// Where each stands.
    pub trains: &'a mut [Train],
}

impl Abreast<'_> {
    /// Calls `event(train, time)` for all events before `to` of the trains `due`, each train's in order, then `wait(train, time)` with its next one.
    pub fn advance(
        &mut self,
        due: &[u32],
        to: Time,
        mut event: impl FnMut(u32, Time),
        mut wait: impl FnMut(u32, Time),
    ) {
        let target = Target::best();
        let mut due = due.iter();
        let (mut lanes, mut len) = ([0; LANES], 0);
        loop {
            // Those that come to their end make room for others that are due: the lanes stay full.
            let under_way = std::mem::take(&mut len);
            let mut lane = 0;
            while len < LANES {
                let train = if lane < under_way {
                    lanes[lane]
                } else if let Some(&train) = due.next() {
                    train
                } else {
                    break;
                };
                lane += 1;
                let next = self.trains[train as usize].next;
                if next < to {
                    event(train, next);
                    lanes[len] = train;
                    len += 1;
                } else {
                    wait(train, next);
                }
            }
            if len == 0 {
                return;
            }
            self.step(&lanes[..len], target);
        }
    }

    /// Draws the next gap of each of those trains.
    fn step(&mut self, lanes: &[u32], target: Target) {
        if lanes.len() < FEW {
            for &train in lanes {
                let i = train as usize;
                self.trains[i].advance(self.key, self.first + u64::from(train), self.rates[i], self.profile);
            }
            return;
        }
        let (mut items, mut blocks, mut gaps) = ([0; LANES], [0; LANES], [0.0; LANES]);
        for (lane, &train) in lanes.iter().enumerate() {
            (items[lane], blocks[lane]) = (self.first + u64::from(train), self.trains[train as usize].drawn);
        }
        let (items, blocks) = (&items, &blocks);
        target.run(Exponentials { key: self.key, items, blocks, len: lanes.len(), out: &mut gaps });
        for (&train, gap) in lanes.iter().zip(gaps) {
            self.trains[train as usize].take(gap, self.rates[train as usize], self.profile);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;
    use crate::spec::{Active, Rate};
    use crate::value::Value;

    #[test]
    fn trains_side_by_side_are_those_one_by_one() {
        let key = StreamKey::new(1, Purpose::Poisson, 5);
        let steps = Rate::Steps(vec![(Time::ZERO, 1.0), (Time::from_ms(30.0), 3.0), (Time::from_ms(60.0), 0.5)]);
        for (rate, stop) in [(Rate::Constant(Value::Constant(1.0)), Time::NEVER), (steps, Time::from_ms(80.0))] {
            let profile = Profile::new(&rate, &Active { start: Time::ZERO, stop, during: None }, &[]);
            for members in [1, 3, 4, 33, 200] {
                // From silent to many events a window.
                let rates: Vec<f64> = (0..members).map(|i| f64::from(i % 7 * (i % 7)) * 300.0).collect();
                let begin = |i: usize| Train::poisson(key, 40 + i as u64, rates[i], &profile);
                let mut trains: Vec<Train> = (0..rates.len()).map(begin).collect();
                let mut alone = trains.clone();
                for window in 1..20 {
                    let to = Time::from_ms(5.0 * f64::from(window));
                    // In another order than that of the items.
                    let due: Vec<u32> = (0..members).rev().collect();
                    let (mut found, mut waits) = (vec![Vec::new(); rates.len()], vec![Time::ZERO; rates.len()]);
                    let mut all = Abreast { key, first: 40, rates: &rates, profile: &profile, trains: &mut trains };
                    all.advance(
                        &due,
                        to,
                        |train, time| found[train as usize].push(time),
                        |train, next| waits[train as usize] = next,
                    );
                    for (i, train) in alone.iter_mut().enumerate() {
                        let mut expected = Vec::new();
                        while train.next < to {
                            expected.push(train.next);
                            train.advance(key, 40 + i as u64, rates[i], &profile);
                        }
                        assert!(found[i] == expected && waits[i] == train.next, "{members} {window} {i}");
                    }
                    assert_eq!(trains, alone);
                }
            }
        }
    }
}
