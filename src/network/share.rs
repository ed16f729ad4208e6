//! Which neurons a thread owns: an equal part of every population. Threads are counted over all ranks.

use std::ops::Range;

/// A neuron by population and index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Index of the population.
    pub population: usize,
    /// Index within it.
    pub index: u32,
}

/// Members that fill whole cache lines, whatever their numbers are: shares and slots begin at multiples of this where they have
/// many members, so that vectors of neurons do not lie across lines.
const ALIKE: usize = 16;

/// How a network is shared out: among ranks, on each among as many threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Threads of each rank, at least 1.
    pub threads: usize,
    /// Number of ranks, at least 1.
    pub ranks: usize,
    /// Which rank this is.
    pub rank: usize,
}

impl Cut {
    /// Threads of all ranks.
    pub fn parts(&self) -> usize {
        self.threads * self.ranks
    }

    /// This rank's among them.
    pub fn own(&self) -> Range<usize> {
        self.rank * self.threads..(self.rank + 1) * self.threads
    }
}

/// One thread's part of every population. Results do not depend on how the parts are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The members it owns, per population.
    pub members: Vec<Range<u32>>,
    /// Slot of the first owned member of each population, counting through the thread's neurons; some slots are nobody's.
    pub first_slot: Vec<u32>,
    /// Number of slots.
    pub size: u32,
}

/// Where a population of this size is cut before share `part` of `count`.
fn cut(size: usize, count: usize, part: usize) -> u32 {
    let at = (size as u128 * part as u128 / count as u128) as usize;
    let many = size / count >= 16 * ALIKE;
    if many && part < count { (at - at % ALIKE) as u32 } else { at as u32 }
}

impl Share {
    /// Cuts populations of these sizes into `count` shares.
    pub fn cut(sizes: &[usize], count: usize) -> Vec<Share> {
        let cut = |size, part| cut(size, count, part);
        (0..count)
            .map(|part| {
                let members: Vec<_> = sizes.iter().map(|&size| cut(size, part)..cut(size, part + 1)).collect();
                let mut size = 0_u32;
                let mut first_slot = Vec::with_capacity(members.len());
                for range in &members {
                    let own = range.end - range.start;
                    if own as usize >= 4 * ALIKE {
                        size = size.next_multiple_of(ALIKE as u32);
                    }
                    first_slot.push(size);
                    size += own;
                }
                Share { members, first_slot, size }
            })
            .collect()
    }

    /// The population that slot `slot` belongs to.
    pub fn population_of(&self, slot: u32) -> usize {
        // The last population whose first slot is not beyond; empty shares before it do not count.
        let mut population = self.first_slot.partition_point(|&first| first <= slot) - 1;
        while self.members[population].is_empty() {
            population -= 1;
        }
        population
    }
}

#[cfg(test)]
/// The share that owns member `index` of a population of this size.
pub fn owner(size: usize, count: usize, index: u32) -> usize {
    // The inverse of `cut`, up to rounding: correct by one where needed.
    let cut = |part: usize| cut(size, count, part);
    let mut part = (index as u128 * count as u128 / size as u128) as usize;
    while cut(part + 1) <= index {
        part += 1;
    }
    while cut(part) > index {
        part -= 1;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_every_member_once_and_the_owner_is_found() {
        for count in [1, 2, 3, 16] {
            let sizes = [1usize, 7, 100, 3, 16, 10_001, 4111];
            let shares = Share::cut(&sizes, count);
            for (population, &size) in sizes.iter().enumerate() {
                let mut next = 0;
                for (part, share) in shares.iter().enumerate() {
                    let range = &share.members[population];
                    assert_eq!(range.start, next);
                    next = range.end;
                    for index in range.clone() {
                        assert_eq!(owner(size, count, index), part);
                        let slot = share.first_slot[population] + index - range.start;
                        assert_eq!(share.population_of(slot), population);
                    }
                }
                assert_eq!(next as usize, size);
            }
        }
    }
}
