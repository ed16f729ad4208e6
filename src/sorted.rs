//! Numbers in rising order, more of them than memory holds: sorted runs go to a temporary file, and are merged when they are asked for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use crate::temporary::Temporary;

/// So many numbers are held before a run is written: 64 MB.
const HELD: usize = 1 << 23;
/// Numbers of a run that are read at once.
const AT_ONCE: usize = 1 << 13;

/// Numbers that are collected in any order.
pub struct Sorted {
    waiting: Vec<f64>,
    most: usize,
    /// Where runs begin and end in the file, in numbers.
    runs: Vec<(u64, u64)>,
    file: Option<Temporary>,
}

impl Default for Sorted {
    fn default() -> Sorted {
        Sorted::holding(HELD)
    }
}

impl Sorted {
    /// Holds at most so many numbers in memory, at least one.
    pub fn holding(most: usize) -> Sorted {
        Sorted { waiting: Vec::new(), most: most.max(1), runs: Vec::new(), file: None }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.runs.last().map_or(0, |run| run.1 as usize)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more.
    ///
    /// # Errors
    /// If there is no room for temporary files.
    pub fn push(&mut self, number: f64) -> io::Result<()> {
        self.waiting.push(number);
        if self.waiting.len() < self.most { Ok(()) } else { self.write_run() }
    }

    fn write_run(&mut self) -> io::Result<()> {
        self.waiting.sort_unstable_by(f64::total_cmp);
        if self.file.is_none() {
            self.file = Some(Temporary::new()?);
        }
        if let Some(file) = &self.file {
            let mut bytes = Vec::with_capacity(8 * AT_ONCE);
            for numbers in self.waiting.chunks(AT_ONCE) {
                bytes.clear();
                numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
                file.append(&bytes)?;
            }
        }
        let from = self.runs.last().map_or(0, |run| run.1);
        self.runs.push((from, from + self.waiting.len() as u64));
        self.waiting.clear();
        Ok(())
    }

    /// All of them, the smallest first.
    ///
    /// # Errors
    /// If the temporary file can't be read.
    pub fn rising(mut self) -> io::Result<Rising> {
        self.waiting.sort_unstable_by(f64::total_cmp);
        let mut rising = Rising { file: self.file, runs: Vec::new(), next: BinaryHeap::new(), failed: None };
        let in_file = self.runs.iter().map(|(from, to)| Run { part: Vec::new(), at: 0, from: *from, to: *to });
        rising.runs.extend(in_file.chain([Run { part: self.waiting, at: 0, from: 0, to: 0 }]));
        (0..rising.runs.len()).try_for_each(|run| rising.step(run))?;
        Ok(rising)
    }
}

/// A run, of which a part is in memory.
struct Run {
    part: Vec<f64>,
    /// The next number of the part.
    at: usize,
    /// What is still in the file.
    from: u64,
    to: u64,
}

/// Numbers as they come out.
pub struct Rising {
    file: Option<Temporary>,
    runs: Vec<Run>,
    /// The next number of each run that has one, as a key, and the run.
    next: BinaryHeap<Reverse<(i64, usize)>>,
    failed: Option<io::Error>,
}

impl Rising {
    /// Puts the next number of a run where it can be chosen.
    fn step(&mut self, index: usize) -> io::Result<()> {
        let run = &mut self.runs[index];
        if run.at == run.part.len() && run.from < run.to {
            let Some(file) = &self.file else { return Ok(()) };
            let count = (run.to - run.from).min(AT_ONCE as u64);
            let mut bytes = vec![0; 8 * count as usize];
            file.read_at(8 * run.from, &mut bytes)?;
            let number = |bytes: &[u8]| bytes.try_into().map_or(f64::NAN, f64::from_le_bytes);
            run.part = bytes.chunks_exact(8).map(number).collect();
            run.at = 0;
            run.from += count;
        }
        if let Some(number) = run.part.get(run.at) {
            self.next.push(Reverse((key(*number), index)));
            run.at += 1;
        }
        Ok(())
    }
}

impl Iterator for Rising {
    type Item = io::Result<f64>;

    fn next(&mut self) -> Option<io::Result<f64>> {
        if let Some(error) = self.failed.take() {
            self.next.clear();
            return Some(Err(error));
        }
        let Reverse((_, index)) = self.next.pop()?;
        let run = &self.runs[index];
        let number = run.part[run.at - 1];
        self.failed = self.step(index).err();
        Some(Ok(number))
    }
}

/// Orders as `total_cmp` does.
fn key(number: f64) -> i64 {
    let bits = number.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_rising_order_whether_they_are_held_or_not() {
        let mut state = 7u64;
        let numbers: Vec<f64> = (0..30_000)
            .map(|i| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if i % 5 == 0 { -((state >> 60) as f64) } else { (state >> 11) as f64 * 1e-9 }
            })
            .collect();
        let mut expected = numbers.clone();
        expected.sort_unstable_by(f64::total_cmp);
        for most in [1000, 20_000, 30_000, 1 << 20] {
            let mut sorted = Sorted::holding(most);
            numbers.iter().try_for_each(|number| sorted.push(*number)).unwrap();
            assert_eq!(sorted.len(), 30_000);
            let found: Vec<f64> = sorted.rising().unwrap().map(Result::unwrap).collect();
            assert!(found == expected, "{most}");
        }
        let mut few = Sorted::holding(0);
        [2.0, 1.0, 3.0].into_iter().try_for_each(|number| few.push(number)).unwrap();
        assert_eq!(few.rising().unwrap().map(Result::unwrap).collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
        assert!(Sorted::default().is_empty() && Sorted::default().rising().unwrap().next().is_none());
    }

    #[test]
    fn keys_are_in_the_order_of_numbers() {
        let numbers = [f64::NEG_INFINITY, -1.5, -1e-300, -0.0, 0.0, 5e-324, 2.0, f64::INFINITY];
        assert!(numbers.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
    }
}
