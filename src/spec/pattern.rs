//! `source.pattern`: a spike pattern that comes again and again within equally dense noise.

use super::error::ModelError;
use super::models;
use super::reader::Reader;
use super::tables::PATTERN_SOURCE;
use super::tree::Entry;
use crate::describe::Bound::{Finite, Fraction, NonNegative, Positive};
use crate::describe::Kind::{Flag, Number, Quantity};
use crate::describe::{Model, param};
use crate::rng::{Purpose, StreamKey};
use crate::time::Time;

/// The source's table.
pub const PATTERN: Model = Model {
    name: "source.pattern",
    summary: "A spike pattern that comes back at random within noise of the same rate",
    equations: "time is cut into sections of length `duration`; a share `share` of them, never two in a row, repeats the pattern\n\
                noise: each member fires as a Poisson process whose rate runs in straight lines between values that are uniform in\n\
                min_rate to max_rate, drawn anew at the start of each section\n\
                the pattern: one section of such noise, drawn once; when it comes back the first `members` of the population repeat their\n\
                spikes in it, each moved by jitter N(0, 1), drawn again if that leaves the section; the others go on with noise\n\
                all members fire at `background` besides, as Poisson processes\n\
                the result has a table /intervals/<population> of the sections in which the pattern came",
    reference: "Masquelier, Guyonneau & Thorpe 2008, doi:10.1371/journal.pone.0001377, whose rates follow a bounded random walk instead; \
                Hathway & Goodman 2018, doi:10.5281/zenodo.1327348",
    params: &[
        param("duration", Quantity("ms"), 50.0, Positive, "length of the pattern"),
        param("share", Number, 0.25, Fraction, "share of time that it takes, at most 0.25"),
        param("members", Number, 0.5, Fraction, "share of the population that takes part: the first ones"),
        param(
            "jitter",
            Quantity("ms"),
            1.0,
            NonNegative,
            "standard deviation by which its spikes are moved, at most a quarter of its length",
        ),
        param("min_rate", Quantity("Hz"), 0.0, NonNegative, "lowest rate of noise and pattern"),
        param("max_rate", Quantity("Hz"), 102.0, NonNegative, "highest rate of noise and pattern"),
        param(
            "at_least_once",
            Flag,
            1.0,
            Finite,
            "a member that would be silent for a whole section of noise or pattern fires there once",
        ),
        param("background", Quantity("Hz"), 10.0, NonNegative, "rate of further spikes at any time"),
    ],
    variables: &[],
};

/// Spikes of a member in one section, on average, at most.
const MOST_SPIKES: f64 = 10_000.0;

/// `source.pattern`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PatternSpec {
    /// Length of the pattern and of all sections.
    pub duration: Time,
    /// Chance that a section is a candidate: one that follows no other candidate has the pattern.
    candidate: f64,
    /// How many members take part: the first ones.
    pub members: u32,
    /// Standard deviation by which spikes are moved \[ms\].
    pub jitter: f64,
    /// Lowest rate \[Hz\].
    pub min_rate: f64,
    /// Highest rate \[Hz\].
    pub max_rate: f64,
    /// Does a member that would be silent for a whole section fire there once?
    pub at_least_once: bool,
    /// Rate of further spikes \[Hz\].
    pub background: f64,
}

impl PatternSpec {
    /// What decides which sections have the pattern of the population `name` (see [`crate::rng::name_key`]).
    pub fn key(seed: u64, name: u32) -> StreamKey {
        StreamKey::new(seed, Purpose::Order, name)
    }

    /// Does the pattern come in this section?
    pub fn comes(&self, key: StreamKey, section: u64) -> bool {
        let candidate = |n: u64| key.stream(n).uniform() < self.candidate;
        candidate(section) && !section.checked_sub(1).is_some_and(candidate)
    }

    /// When a section begins.
    #[inline]
    pub fn begin(&self, section: u64) -> Time {
        Time((section as i64).saturating_mul(self.duration.0))
    }

    /// The sections that have the pattern and end by `end`, as (start, stop).
    pub fn occurrences(&self, key: StreamKey, end: Time) -> Vec<(Time, Time)> {
        let sections = end.0.div_euclid(self.duration.0).max(0) as u64;
        (0..sections).filter(|&n| self.comes(key, n)).map(|n| (self.begin(n), self.begin(n + 1))).collect()
    }
}

impl Reader<'_> {
    /// Reads the source of a population of `size` members.
    pub(crate) fn pattern(&self, entry: &Entry, size: usize) -> Result<PatternSpec, ModelError> {
        let Some(table) = entry.node.table() else { return Err(entry.node.mismatch("a table")) };
        PATTERN_SOURCE.check(table)?;
        let v = models::numbers(&self.scope, &PATTERN, "the source", &entry.key_at, &table.entries)?;
        let [duration, share, members, jitter, min_rate, max_rate, at_least_once, background] = v[..] else {
            return Err(entry.key_at.error("the table of source.pattern has other parameters than its reader"));
        };
        let at = |key: &str| table.get(key).map_or(&entry.key_at, |node| &node.at);
        if duration < 1e-3 {
            return Err(at("duration").error(format!("found {duration} ms, expected at least 0.001 ms")));
        }
        if share > 0.25 {
            let message = format!("found {share}, expected at most 0.25");
            return Err(at("share")
                .error(message)
                .help("the pattern never comes twice in a row, at times that can't be foretold"));
        }
        if jitter > 0.25 * duration {
            let message =
                format!("found {jitter} ms, expected at most a quarter of the pattern, {} ms", 0.25 * duration);
            return Err(at("jitter").error(message));
        }
        if min_rate > max_rate {
            return Err(at("min_rate").error(format!("found {min_rate} Hz, expected at most max_rate, {max_rate} Hz")));
        }
        for (key, rate) in [("max_rate", max_rate), ("background", background)] {
            if rate * duration * 1e-3 > MOST_SPIKES {
                let message = format!("found {rate} Hz, more than {MOST_SPIKES} spikes of a member in one section");
                return Err(at(key).error(message));
            }
        }
        Ok(PatternSpec {
            duration: Time::from_ms(duration),
            // c (1 - c) = share.
            candidate: 0.5 * (1.0 - (1.0 - 4.0 * share).sqrt()),
            members: (members * size as f64).round() as u32,
            jitter,
            min_rate,
            max_rate,
            at_least_once: at_least_once != 0.0,
            background,
        })
    }
}
