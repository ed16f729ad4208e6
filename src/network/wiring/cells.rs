//! Long rows by source, cell by cell.
//!
//! Targets are numbered without the one that is left out (an autapse that is not allowed), and equal spans of these numbers
//! are the cells. Synapses that are drawn independently (`fixed_probability`) have a binomial number in each cell.
//! Those of a fixed number that may repeat are shared out by halves: binomially to the left and right half of the cells,
//! and so on down to single cells, so that one cell can be had without the others.

use std::ops::Range;

use multiversion::multiversion;

use super::{Ends, Kind, Wiring};
use crate::rng::Stream;
use crate::sample::binomial;

use super::choose::Draws;

/// About so many synapses are in a cell: fewer, and the numbers in cells take longer to draw than the synapses; more, and
/// threads draw more synapses of others in the cells at their borders.
const PER_CELL: u64 = 256;

/// Marks the blocks of a row's stream from which the numbers in cells are drawn.
const SPLIT: u64 = 1 << 61;

/// The synapses of one cell of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which one: it names the cell's random words.
    pub index: u32,
    /// Where it starts among the synapses that were drawn.
    pub start: u32,
}

impl Cell {
    /// The only cell of a row.
    pub const FIRST: Cell = Cell { index: 0, start: 0 };
}

/// The first block of a cell's random words.
pub(super) fn first_block(cell: u32) -> u64 {
    u64::from(cell) << 32
}

/// Into how many cells rows are cut: it depends on the rule and the sizes alone.
pub(super) fn number(ends: &Ends, kind: &Kind) -> u32 {
    let mean = match kind {
        Kind::AllToAll => ends.n_target as u64,
        Kind::Probability(p) => (ends.n_target as f64 * p) as u64,
        Kind::Outdegree(k) if ends.multapses => *k as u64,
        Kind::Counts { counts, .. } if ends.multapses => {
            counts.iter().map(|&c| u64::from(c)).sum::<u64>() / (counts.len() as u64).max(1)
        }
        // The number of different ones in a cell is hypergeometric, which takes longer than it saves.
        _ => 0,
    };
    (mean / PER_CELL).clamp(1, (ends.n_target as u64).max(1)) as u32
}

impl Wiring {
    /// How many targets a source may have.
    pub(super) fn partners(&self, row: usize) -> u32 {
        (self.ends.n_target - usize::from(self.ends.forbidden_target(row).is_some())) as u32
    }

    /// The numbers of the targets of some cells.
    fn span(&self, cells: Range<u32>, partners: u32) -> Range<u32> {
        let place = |cell: u32| cell.saturating_mul(self.width).min(partners);
        place(cells.start)..place(cells.end)
    }

    /// A stream from which the number in a cell, or to the left of it, is drawn.
    fn split(&self, row: usize, cell: u32) -> Stream {
        self.keys[0].stream(row as u64).at(SPLIT | u64::from(cell) << 24)
    }

    /// Draws how many synapses with probability p a cell has.
    pub(super) fn bernoulli(&self, row: usize, cell: u32) -> u32 {
        let Kind::Probability(p) = self.kind else { return 0 };
        let span = self.span(cell..cell + 1, self.partners(row));
        binomial(&mut self.split(row, cell), u64::from(span.end - span.start), p) as u32
    }

    /// Draws the cells of a row that meet `targets`.
    pub(super) fn by_cells(&self, row: usize, targets: &Range<u32>, out: &mut Vec<u32>, cells: &mut Vec<Cell>) {
        let partners = self.partners(row);
        let own = self.ends.forbidden_target(row).map_or(u32::MAX, |own| own as u32);
        if partners == 0 || targets.is_empty() {
            return;
        }
        // A target's number is its index, or one less behind the one that is left out.
        let number = |target: u32| target - u32::from(target > own);
        let last = number(targets.end - 1).min(partners - 1);
        let wanted = number(targets.start.min(self.ends.n_target as u32 - 1)) / self.width..last / self.width + 1;
        let distinct = !self.ends.multapses || matches!(self.kind, Kind::Probability(_));
        self.in_cells(row, wanted, &mut |cell, count| {
            let span = self.span(cell..cell + 1, partners);
            let start = out.len();
            cells.push(Cell { index: cell, start: start as u32 });
            let size = span.end - span.start;
            let mut draws = Draws { key: self.keys[0], row: row as u64, block: first_block(cell) };
            match (&self.kind, count) {
                (_, 0) => {}
                (Kind::AllToAll, _) => out.extend(0..size),
                _ if distinct => draws.distinct(size, count as usize, out),
                _ => draws.below(size, count as usize, out),
            }
            place(&mut out[start..], span.start, own);
        });
    }

    /// Calls `cell` with the number of synapses in each of the wanted cells, in order; cells that come out empty may be left out.
    pub(super) fn in_cells(&self, row: usize, wanted: Range<u32>, cell: &mut impl FnMut(u32, u32)) {
        let partners = self.partners(row);
        match &self.kind {
            Kind::AllToAll => wanted.for_each(|c| {
                let span = self.span(c..c + 1, partners);
                cell(c, span.end - span.start);
            }),
            Kind::Probability(_) => wanted.for_each(|c| cell(c, self.bernoulli(row, c))),
            _ => self.share_out(row, 0..self.cells, (self.count(row), partners), &wanted, cell),
        }
    }

    /// Shares `count` synapses out to some cells, by halves.
    fn share_out(
        &self,
        row: usize,
        cells: Range<u32>,
        (count, partners): (u32, u32),
        wanted: &Range<u32>,
        cell: &mut impl FnMut(u32, u32),
    ) {
        if count == 0 || cells.end <= wanted.start || cells.start >= wanted.end {
            return;
        }
        if cells.len() == 1 {
            return cell(cells.start, count);
        }
        // Every middle is that of one span of cells only, so it names the number to the left of it.
        let middle = cells.start + (cells.end - cells.start) / 2;
        let all = self.span(cells.clone(), partners);
        let left = self.span(cells.start..middle, partners);
        let p = f64::from(left.end - left.start) / f64::from(all.end - all.start);
        let below = binomial(&mut self.split(row, middle), u64::from(count), p) as u32;
        self.share_out(row, cells.start..middle, (below, partners), wanted, cell);
        self.share_out(row, middle..cells.end, (count - below, partners), wanted, cell);
    }
}

/// From numbers within a cell to targets.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn place(numbers: &mut [u32], first: u32, own: u32) {
    for number in numbers {
        let at = *number + first;
        *number = at + u32::from(at >= own);
    }
}
