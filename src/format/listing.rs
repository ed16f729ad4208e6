//! What a reader is asked for: a recording with its spikes, or one of the two. So a file that is larger than memory is gone through twice: once
//! for all but the spikes, once for them, which are handed on as they are come upon.

use super::error::FormatError;

/// Spikes that are handed on at once.
const BLOCK: usize = 1 << 15;
/// Numbers of a long list or table that are read at once.
pub(super) const AT_ONCE: usize = 1 << 17;

/// What takes spikes: times \[s\] and numbers of units.
type Give<'a> = Box<dyn FnMut(&[(f64, u32)]) -> Result<(), FormatError> + 'a>;

/// What is asked for.
pub(super) struct Wanted<'a> {
    beside: bool,
    give: Option<Give<'a>>,
}

impl<'a> Wanted<'a> {
    /// All of a recording; its spikes go to `give`.
    pub fn all(give: impl FnMut(&[(f64, u32)]) -> Result<(), FormatError> + 'a) -> Wanted<'a> {
        Wanted { beside: true, give: Some(Box::new(give)) }
    }

    /// All but the spikes: of those only which units there are.
    pub fn beside_spikes() -> Wanted<'static> {
        Wanted { beside: true, give: None }
    }

    /// Nothing but the spikes.
    pub fn spikes_alone(give: impl FnMut(&[(f64, u32)]) -> Result<(), FormatError> + 'a) -> Wanted<'a> {
        Wanted { beside: false, give: Some(Box::new(give)) }
    }

    /// Whether signals, intervals and tables are wanted.
    pub fn beside(&self) -> bool {
        self.beside
    }

    /// Whether spikes are.
    pub fn spikes(&self) -> bool {
        self.give.is_some()
    }

    /// Hands spikes on, in any order.
    ///
    /// # Errors
    /// Those of whoever takes them.
    pub fn give(&mut self, spikes: &[(f64, u32)]) -> Result<(), FormatError> {
        let Some(give) = &mut self.give else { return Ok(()) };
        spikes.chunks(BLOCK).try_for_each(give)
    }

    /// Hands on spikes of a unit; the first is the one with this number among those of it.
    ///
    /// # Errors
    /// Those of whoever takes them, and what `unfit` makes of a sentence about a time that is no number.
    pub fn train(
        &mut self,
        unit: u32,
        first: usize,
        times: &[f64],
        unfit: impl FnOnce(String) -> FormatError,
    ) -> Result<(), FormatError> {
        if let Some(bad) = times.iter().position(|time| !time.is_finite()) {
            let (index, time) = (first + bad, times[bad]);
            let message =
                format!("spike {index} of unit {unit} has the time {time}; expected a finite number of seconds");
            return Err(unfit(message));
        }
        let mut block = Vec::with_capacity(BLOCK.min(times.len()));
        for part in times.chunks(BLOCK) {
            block.clear();
            block.extend(part.iter().map(|time| (*time, unit)));
            self.give(&block)?;
        }
        Ok(())
    }
}
