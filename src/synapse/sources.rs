//! The sources that have rows in a store, and which row is whose.

use std::ops::Range;

/// Ids that share an entry of the index into a list of sources.
const TOGETHER: usize = 64;

/// The sources that have rows in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sources {
    /// All of a range of global ids, also those without synapses.
    All(Range<u32>),
    /// Only those with synapses, where these are few: on many machines most sources have none onto most threads.
    Present(Present),
}

/// A list of sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// Global ids, in order.
    gids: Vec<u32>,
    /// The first id of the index.
    from: u32,
    /// How many of the list come before each [`TOGETHER`] ids: what is left to search is a line of the cache or two.
    before: Vec<u32>,
}

impl Present {
    /// Of global ids in order.
    pub fn new(gids: Vec<u32>) -> Present {
        let from = gids.first().copied().unwrap_or(0);
        let reach = gids.last().map_or(0, |last| (last - from) as usize / TOGETHER + 1);
        let mut before = vec![0; reach + 1];
        gids.iter().for_each(|gid| before[(gid - from) as usize / TOGETHER + 1] += 1);
        let mut sum = 0;
        for count in &mut before {
            sum += *count;
            *count = sum;
        }
        Present { gids, from, before }
    }

    /// The place of an id in the list, if it is there.
    #[inline]
    fn place(&self, gid: u32) -> Option<usize> {
        let index = gid.checked_sub(self.from)? as usize / TOGETHER;
        let (&from, &to) = (self.before.get(index)?, self.before.get(index + 1)?);
        let near = &self.gids[from as usize..to as usize];
        near.binary_search(&gid).ok().map(|place| from as usize + place)
    }
}

impl Sources {
    /// The row of a source, if it has one.
    #[inline]
    pub fn row(&self, gid: u32) -> Option<usize> {
        match self {
            Sources::All(range) => range.contains(&gid).then(|| (gid - range.start) as usize),
            Sources::Present(present) => present.place(gid),
        }
    }

    /// Whose row it is.
    #[inline]
    pub fn gid(&self, row: usize) -> u32 {
        match self {
            Sources::All(range) => range.start + row as u32,
            Sources::Present(present) => present.gids[row],
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Sources::All(range) => range.len(),
            Sources::Present(present) => present.gids.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory that it takes \[bytes\].
    pub fn bytes(&self) -> usize {
        match self {
            Sources::All(_) => 0,
            Sources::Present(present) => size_of_val(&present.gids[..]) + size_of_val(&present.before[..]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_list_finds_its_sources_and_no_others(gids in prop::collection::btree_set(0u32..2000, 0..300), shift in 0u32..1_000_000) {
            let gids: Vec<u32> = gids.into_iter().map(|gid| gid + shift).collect();
            let sources = Sources::Present(Present::new(gids.clone()));
            prop_assert_eq!(sources.len(), gids.len());
            for gid in shift.saturating_sub(70)..shift + 2100 {
                prop_assert_eq!(sources.row(gid), gids.binary_search(&gid).ok());
            }
            for (row, &gid) in gids.iter().enumerate() {
                prop_assert_eq!(sources.gid(row), gid);
            }
        }
    }
}
