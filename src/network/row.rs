//! The synapses of one row while they are drawn.

use std::ops::Range;

use super::build::BuildError;
use super::projection::Draft;
use super::wiring::Cell;

/// The synapses of one wiring row, in columns; kept from row to row.
#[derive(Default)]
pub struct Row {
    /// The other end of each synapse, in order of ordinal.
    pub ends: Vec<u32>,
    /// Weight of each, unless all have the same.
    pub weights: Vec<f64>,
    /// The weight that all have.
    pub weight: Option<f64>,
    /// Delay of each in units of [`Draft::unit`], unless all have the same.
    pub delays: Vec<u64>,
    /// The delay that all have.
    pub delay: Option<u64>,
    /// Its cells, by where they start.
    pub cells: Vec<Cell>,
    /// The random words that a column is made from.
    pub words: Vec<u32>,
}

impl Row {
    /// Empties the columns, and notes what all synapses of a draft have.
    pub fn clear(&mut self, draft: &Draft<'_>) -> Result<(), BuildError> {
        self.ends.clear();
        self.weights.clear();
        self.delays.clear();
        self.cells.clear();
        self.weight = draft.shared_weight();
        self.delay = draft.spec.delay.constant().map(|ms| draft.delay(ms)).transpose()?;
        Ok(())
    }

    /// The synapses of a cell.
    #[inline]
    pub fn cell(&self, number: usize) -> Range<usize> {
        let start = |cell: Option<&Cell>| cell.map_or(self.ends.len(), |cell| cell.start as usize);
        start(self.cells.get(number))..start(self.cells.get(number + 1))
    }

    /// Keeps the synapses onto `targets`, of one sign if that is said (is it negative?); only the first and the last cell may have
    /// others.
    pub fn keep(&mut self, targets: &Range<u32>, negative: Option<bool>) {
        let mut next = 0;
        for number in 0..self.cells.len() {
            let span = self.cell(number);
            if negative.is_none() && number > 0 && number + 1 < self.cells.len() {
                if next < span.start {
                    self.ends.copy_within(span.clone(), next);
                    if self.weight.is_none() {
                        self.weights.copy_within(span.clone(), next);
                    }
                    if self.delay.is_none() {
                        self.delays.copy_within(span.clone(), next);
                    }
                }
                next += span.len();
                continue;
            }
            for i in span {
                let end = self.ends[i];
                let kept = targets.contains(&end) && negative.is_none_or(|side| (self.weight(i) < 0.0) == side);
                self.ends[next] = end;
                if self.weight.is_none() {
                    self.weights[next] = self.weights[i];
                }
                if self.delay.is_none() {
                    self.delays[next] = self.delays[i];
                }
                next += usize::from(kept);
            }
        }
        self.ends.truncate(next);
        self.weights.truncate(next);
        self.delays.truncate(next);
    }

    /// Puts negative weights behind the others; the order within each stays.
    pub fn negative_last(&mut self) {
        let mut order: Vec<usize> = (0..self.ends.len()).collect();
        order.sort_by_key(|&i| self.weight(i) < 0.0);
        self.ends = order.iter().map(|&i| self.ends[i]).collect();
        if self.weight.is_none() {
            self.weights = order.iter().map(|&i| self.weights[i]).collect();
        }
        if self.delay.is_none() {
            self.delays = order.iter().map(|&i| self.delays[i]).collect();
        }
    }

    /// Weight of the synapse in this place of the columns.
    #[inline]
    pub fn weight(&self, place: usize) -> f64 {
        self.weight.unwrap_or_else(|| self.weights[place])
    }

    /// Fills the random words, cell by cell: `fill` gets a cell's index and its words.
    pub fn fill_words(&mut self, fill: impl Fn(u32, &mut [u32])) {
        self.words.resize(self.ends.len(), 0);
        for number in 0..self.cells.len() {
            let span = self.cell(number);
            fill(self.cells[number].index, &mut self.words[span]);
        }
    }
}
