//! A table of spikes that is handed over in pieces, as from a large file.

use memspike::spikes::{SourceError, SpikeSource, SpikeTable, Take};

/// Pieces of at most `size` spikes, in order or the last one first.
pub struct Pieces {
    pub table: SpikeTable,
    pub size: usize,
    pub backwards: bool,
}

impl SpikeSource for Pieces {
    fn unit_ids(&self) -> &[i64] {
        &self.table.unit_ids
    }
    fn ends(&self) -> Result<Option<(f64, f64)>, SourceError> {
        self.table.ends()
    }
    fn pieces(&self, start: f64, stop: f64, take: &mut Take) -> Result<(), SourceError> {
        let shown = self.table.between(start, stop);
        let pieces = shown.times.chunks(self.size).zip(shown.units.chunks(self.size));
        if self.backwards {
            pieces.rev().for_each(|(t, u)| take(t, u))
        } else {
            pieces.for_each(|(t, u)| take(t, u))
        }
        Ok(())
    }
}
