//! Recordings that are read while the network runs: a tape for each population that replays one, opened where the run begins.

use crate::math::real::Real;
use crate::spec::{NetworkSpec, PopulationKind, SourceSpec};
use crate::stream::Cursor;
use crate::time::Time;

use super::RunError;
use super::part::Part;

/// The tapes of a run. Where they are is a function of the time alone, so a checkpoint holds nothing of them.
#[derive(Default)]
pub struct Tapes(Vec<Watch>);

/// A tape's name, and what becomes known of it.
struct Watch {
    population: String,
    fault: Box<dyn Fn() -> Option<String> + Send + Sync>,
}

impl Tapes {
    /// Opens all tapes at `from` and hands them to those who follow them.
    ///
    /// # Errors
    /// If a recording can't be opened.
    pub fn open<W: Real>(spec: &NetworkSpec, parts: &mut [Part<W>], from: Time) -> Result<Tapes, RunError> {
        let mut tapes = Vec::new();
        for (index, population) in spec.populations.iter().enumerate() {
            let PopulationKind::Source(SourceSpec::Reel(reel)) = &population.kind else { continue };
            let cursor = Cursor::new(reel.open(from).map_err(RunError::Model)?);
            parts.iter_mut().for_each(|part| part.follow(index, &cursor));
            tapes.push(Watch { population: population.name.clone(), fault: Box::new(cursor.watch()) });
        }
        Ok(Tapes(tapes))
    }

    /// Whether all of them can be read so far.
    ///
    /// # Errors
    /// Which can't, and why.
    pub fn expect_sound(&self) -> Result<(), RunError> {
        match self.0.iter().find_map(|tape| Some((tape, (tape.fault)()?))) {
            None => Ok(()),
            Some((tape, fault)) => Err(RunError::Failed(format!("population {}: {fault}", tape.population))),
        }
    }
}
