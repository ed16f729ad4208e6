//! A calendar queue: who is due in the next window, at a cost that follows who is due, not how many there are.

use crate::time::Time;

/// Number of buckets; what is due later waits in the last one and is sorted in again.
const BUCKETS: i64 = 256;

/// Items with the time at which each is due. An item may be in it several times.
#[derive(Clone, Debug)]
pub struct Calendar {
    quantum: i64,
    /// The first bucket's number: times from `base * quantum` on.
    base: i64,
    buckets: Vec<Vec<(Time, u32)>>,
    /// Empty, with room, of buckets that are over: those that begin take them. Were each to keep its own, all would in the end
    /// have room for everybody.
    spare: Vec<Vec<(Time, u32)>>,
}

impl Calendar {
    /// An empty calendar from `now` on, with buckets of `quantum` (a typical window).
    pub fn new(quantum: Time, now: Time) -> Calendar {
        let quantum = quantum.0.max(1);
        Calendar {
            quantum,
            base: now.0.div_euclid(quantum),
            buckets: vec![Vec::new(); BUCKETS as usize],
            spare: Vec::new(),
        }
    }

    /// Puts `item` down for `at`; never-ending waits are not kept.
    #[inline]
    pub fn insert(&mut self, item: u32, at: Time) {
        if at != Time::NEVER {
            self.put(item, at, at.0.div_euclid(self.quantum));
        }
    }

    /// Puts `item` down for the earliest time that is kept together with `at`, and says which that is: it need not be put down again for
    /// any time between the two.
    #[inline]
    pub fn insert_early(&mut self, item: u32, at: Time) -> Time {
        let number = at.0.div_euclid(self.quantum);
        let early = Time(number * self.quantum);
        self.put(item, early, number);
        early
    }

    /// Into the bucket of that number, or the nearest that there is.
    #[inline]
    fn put(&mut self, item: u32, at: Time, number: i64) {
        let bucket = &mut self.buckets[number.clamp(self.base, self.base + BUCKETS - 1).rem_euclid(BUCKETS) as usize];
        if bucket.capacity() == 0
            && let Some(room) = self.spare.pop()
        {
            *bucket = room;
        }
        bucket.push((at, item));
    }

    /// Takes out all items due before `to`, in no particular order.
    pub fn due(&mut self, to: Time, out: &mut Vec<u32>) {
        let last = (to.0 - 1).div_euclid(self.quantum);
        loop {
            let slot = self.base.rem_euclid(BUCKETS) as usize;
            self.buckets[slot].retain(|&(at, item)| {
                if at < to {
                    out.push(item);
                }
                at >= to
            });
            if self.base >= last {
                return;
            }
            self.base += 1;
            let mut over = std::mem::take(&mut self.buckets[slot]);
            // Only those who waited for a later lap: their own bucket, or the last one again.
            over.drain(..).for_each(|(at, item)| self.insert(item, at));
            if over.capacity() > 0 {
                self.spare.push(over);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_out_in_its_window_and_once() {
        let mut calendar = Calendar::new(Time(10), Time::ZERO);
        let times: Vec<i64> = (0..2000u64).map(|i| (i * i * 7919 % 100_003) as i64).collect();
        times.iter().enumerate().for_each(|(i, &t)| calendar.insert(i as u32, Time(t)));
        let (mut seen, mut from) = (vec![false; times.len()], 0);
        while from < 100_010 {
            let to = from + 1 + from % 23;
            let mut due = Vec::new();
            calendar.due(Time(to), &mut due);
            for item in due {
                let t = times[item as usize];
                assert!((from..to).contains(&t) && !std::mem::replace(&mut seen[item as usize], true));
            }
            from = to;
        }
        assert!(seen.iter().all(|s| *s));
    }

    #[test]
    fn room_is_handed_on_from_bucket_to_bucket() {
        // Everybody is due in each window, as neurons with a strong background are: two buckets are in use at a time, not all of a lap.
        let mut calendar = Calendar::new(Time(10), Time::ZERO);
        let members = 1000;
        (0..members).for_each(|i| calendar.insert(i, Time(i64::from(i) % 10)));
        for window in 1..3 * BUCKETS {
            let mut due = Vec::new();
            calendar.due(Time(10 * window), &mut due);
            assert_eq!(due.len(), members as usize);
            due.into_iter().for_each(|i| calendar.insert(i, Time(10 * window + i64::from(i) % 10)));
        }
        let room: usize = calendar.buckets.iter().chain(&calendar.spare).map(Vec::capacity).sum();
        assert!(room < 4 * members as usize, "{room}");
    }
}
