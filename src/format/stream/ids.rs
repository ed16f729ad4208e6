//! Ids of nodes: which there are, and the place of each among them. Most files have small ones without large holes.

use std::collections::HashSet;

/// Ids below this are looked up in a table of bits (2 MB).
const SMALL: usize = 1 << 24;

/// Ids that are being collected.
#[derive(Default)]
pub(super) struct Distinct {
    /// A bit for each small one.
    small: Vec<u64>,
    others: HashSet<i64>,
}

impl Distinct {
    /// One that is there, perhaps not for the first time.
    pub fn insert(&mut self, id: i64) {
        match usize::try_from(id).ok().filter(|small| *small < SMALL) {
            Some(small) => {
                if self.small.len() <= small / 64 {
                    self.small.resize(small / 64 + 1, 0);
                }
                self.small[small / 64] |= 1 << (small % 64);
            }
            None => drop(self.others.insert(id)),
        }
    }

    /// All of them, rising.
    pub fn rising(self) -> Vec<i64> {
        let bits = |(word, bits): (usize, u64)| {
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| 64 * word as i64 + bit)
        };
        let mut all: Vec<i64> = self.small.into_iter().enumerate().flat_map(bits).chain(self.others).collect();
        all.sort_unstable();
        all
    }
}

/// The place of each id among those that are there.
pub(super) struct Places {
    ids: Vec<i64>,
    /// From the first id on, the place of each, `u32::MAX` for one that is not there; empty where there are large holes.
    table: Vec<u32>,
}

impl Places {
    /// Of ids that rise.
    pub fn of(ids: Vec<i64>) -> Places {
        let span = ids.first().zip(ids.last()).and_then(|(first, last)| last.checked_sub(*first));
        let span = span.and_then(|span| usize::try_from(span).ok()).filter(|span| *span < 8 * ids.len() + 1024);
        let mut table = vec![u32::MAX; span.map_or(0, |span| span + 1)];
        if !table.is_empty() {
            ids.iter().enumerate().for_each(|(place, id)| table[(id - ids[0]) as usize] = place as u32);
        }
        Places { ids, table }
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The place of an id.
    pub fn find(&self, id: i64) -> Option<u32> {
        if self.table.is_empty() {
            return self.ids.binary_search(&id).ok().map(|place| place as u32);
        }
        let index = usize::try_from(id.checked_sub(self.ids[0])?).ok()?;
        self.table.get(index).copied().filter(|place| *place != u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_at_their_places_with_holes_of_any_size() {
        for list in
            [vec![], vec![3], vec![7, 0, 3, 7, 64, 63], vec![1 << 40, 5, -3, 5, 1 << 24], vec![i64::MAX, i64::MIN, 0]]
        {
            let mut distinct = Distinct::default();
            list.iter().for_each(|id| distinct.insert(*id));
            let mut expected = list.clone();
            expected.sort_unstable();
            expected.dedup();
            let found = distinct.rising();
            assert_eq!(found, expected);
            let places = Places::of(found);
            assert_eq!(places.len(), expected.len());
            for id in list.iter().flat_map(|id| [*id, id.wrapping_add(1), id.wrapping_sub(1)]) {
                assert_eq!(
                    places.find(id),
                    expected.binary_search(&id).ok().map(|place| place as u32),
                    "{id} in {list:?}"
                );
            }
        }
    }
}
