//! A positive value rounded to steps (a delay on the grid), by thresholds instead of quantiles.
//!
//! Values grow with their words ([`Law`]), so that the number of steps is known from where a word lies among the
//! thresholds at which it changes. The upper bits of the word lead to a place in the list that is right or nearly so.

use super::Law;

/// Upper bits of a word that the guide knows.
const BITS: u32 = 11;
/// More different numbers than this are not tabulated.
const MOST: u64 = 4096;

/// A law of values rounded to whole steps, at least one.
#[derive(Clone, Debug)]
pub struct Steps {
    /// Steps of word 0.
    first: u32,
    /// The first word of each further number of steps; the last is never reached.
    threshold: Vec<u64>,
    /// Where the words with the same upper bits start.
    guide: Vec<u16>,
}

impl Steps {
    /// Tabulates `steps(value)` for all words, where `steps` does not fall with the value. None where it can't be: too
    /// many numbers, or values that `steps` does not take.
    pub fn new(law: &Law, steps: impl Fn(f64) -> Option<u64>) -> Option<Steps> {
        let at = |word: u32| steps(law.at(word));
        let (first, last) = (at(0)?, at(u32::MAX)?);
        if law.at(0) > law.at(u32::MAX) || last < first || last - first > MOST || last > u64::from(u32::MAX) {
            return None;
        }
        let mut threshold = Vec::with_capacity((last - first) as usize + 1);
        for number in first + 1..=last {
            let (mut from, mut to) = (0u32, u32::MAX);
            while from < to {
                let middle = from + (to - from) / 2;
                if at(middle)? < number { from = middle + 1 } else { to = middle }
            }
            threshold.push(u64::from(from));
        }
        threshold.push(u64::MAX);
        let start = |bucket: u64| threshold.partition_point(|&t| t <= bucket << (32 - BITS)) as u16;
        let guide = (0..1 << BITS).map(start).collect();
        Some(Steps { first: first as u32, threshold, guide })
    }

    /// The smallest number of steps.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// How many numbers of steps there are, from the smallest on.
    pub fn count(&self) -> usize {
        self.threshold.len()
    }

    /// The number of steps of `word`, less [`Steps::first`].
    #[inline]
    pub fn at(&self, word: u32) -> u16 {
        let mut code = self.guide[(word >> (32 - BITS)) as usize];
        while u64::from(word) >= self.threshold[usize::from(code)] {
            code += 1;
        }
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Limits, Value};

    #[test]
    fn the_table_rounds_as_the_value_itself() {
        let limits = Limits { min: 0.05, ..Limits::NONE };
        for value in [
            Value::Normal { mean: 1.5, std: 0.75, limits },
            Value::Uniform { low: 0.31, high: 0.39 },
            Value::Exponential { mean: 2.0, limits },
            Value::Lognormal { mean: 1.0, std: 3.0, limits: Limits { max: 90.0, ..limits } },
        ] {
            let law = Law::new(&value).unwrap().unwrap();
            let steps = |ms: f64| (ms > 0.0).then(|| ((ms * 10.0).round() as u64).max(1));
            let table = Steps::new(&law, steps).unwrap();
            for i in 0..200_000u32 {
                for word in [i, u32::MAX - i, i.wrapping_mul(0x9E37_79B9)] {
                    let found = u64::from(table.first() + u32::from(table.at(word)));
                    assert_eq!(Some(found), steps(law.at(word)), "{value:?} {word}");
                }
            }
        }
        let law = Law::new(&Value::Normal { mean: 0.1, std: 1.0, limits: Limits::NONE }).unwrap().unwrap();
        assert!(Steps::new(&law, |ms| (ms > 0.0).then_some(1)).is_none());
    }
}
