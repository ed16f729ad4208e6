//! The tables that recordings and results are exchanged in: spikes, signals, intervals.
//!
//! Readers of recordings produce a [`Recording`]; replay, plots and analysis consume it.
//! Times are seconds on the recording's own clock.

mod apart;
mod moments;
mod observable;
mod part;
mod source;

use serde::{Deserialize, Serialize};

pub use apart::UnitSpan;
pub(crate) use apart::{in_part, overlap};
pub use observable::Observable;
pub use part::Between;
pub use source::{HELD, Selected, SourceError, SpikeSource, Take, each_train};
pub(crate) use source::{count, ends};

/// Spikes of numbered units, sorted by time, then by unit.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct SpikeTable {
    /// Spike times \[s\], not decreasing.
    pub times: Vec<f64>,
    /// The unit of each spike: an index into `unit_ids`.
    pub units: Vec<u32>,
    /// What the file calls each unit; its length is the number of units.
    pub unit_ids: Vec<i64>,
}

/// A spike table that can't be: the place and what is wrong there.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpikeError {
    /// A time that is NaN or infinite.
    #[error("spike {index} of unit {unit} has the time {time}; expected a finite number of seconds")]
    NotFinite {
        /// The spike's place in its unit.
        index: usize,
        /// The unit's id.
        unit: i64,
        /// What was found.
        time: f64,
    },
    /// More units than 32-bit indices can name.
    #[error("{0} units; at most 4294967295 are supported")]
    TooManyUnits(usize),
}

impl SpikeTable {
    /// A table from one list of times per unit, in any order within the unit.
    ///
    /// # Errors
    /// If a time is not finite.
    pub fn from_units(unit_ids: Vec<i64>, trains: &[Vec<f64>]) -> Result<SpikeTable, SpikeError> {
        assert_eq!(unit_ids.len(), trains.len(), "one id per train");
        if u32::try_from(trains.len()).is_err() {
            return Err(SpikeError::TooManyUnits(trains.len()));
        }
        let mut spikes = Vec::with_capacity(trains.iter().map(Vec::len).sum());
        for (unit, train) in trains.iter().enumerate() {
            for (index, &time) in train.iter().enumerate() {
                if !time.is_finite() {
                    return Err(SpikeError::NotFinite { index, unit: unit_ids[unit], time });
                }
                spikes.push((time, unit as u32));
            }
        }
        spikes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (times, units) = spikes.into_iter().unzip();
        Ok(SpikeTable { times, units, unit_ids })
    }

    /// Number of spikes.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// The first and the last spike time \[s\].
    fn ends_of_table(&self) -> Option<(f64, f64)> {
        self.times.first().copied().zip(self.times.last().copied())
    }

    /// Whether there is no spike.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The spikes of each unit, in order of time.
    pub fn trains(&self) -> Vec<Vec<f64>> {
        let mut trains = vec![Vec::new(); self.unit_ids.len()];
        for (&time, &unit) in self.times.iter().zip(&self.units) {
            trains[unit as usize].push(time);
        }
        trains
    }

    /// The spikes with `start <= t < stop` \[s\]; every unit is kept.
    #[must_use]
    pub fn between(&self, start: f64, stop: f64) -> SpikeTable {
        let from = self.times.partition_point(|&t| t < start);
        let to = self.times.partition_point(|&t| t < stop).max(from);
        SpikeTable {
            times: self.times[from..to].to_vec(),
            units: self.units[from..to].to_vec(),
            unit_ids: self.unit_ids.clone(),
        }
    }

    /// Only these units (indices into `unit_ids`), renumbered in the order given.
    #[must_use]
    pub fn select(&self, keep: &[usize]) -> SpikeTable {
        let mut place = vec![u32::MAX; self.unit_ids.len()];
        keep.iter().enumerate().for_each(|(new, &old)| place[old] = new as u32);
        let (times, units) = self
            .times
            .iter()
            .zip(&self.units)
            .filter(|(_, unit)| place[**unit as usize] != u32::MAX)
            .map(|(&time, &unit)| (time, place[unit as usize]))
            .unzip();
        SpikeTable { times, units, unit_ids: keep.iter().map(|&i| self.unit_ids[i]).collect() }
    }
}

/// A column of a table of trials, epochs or units.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub enum Column {
    /// Numbers, integers among them.
    Number(Vec<f64>),
    /// Words.
    Text(Vec<String>),
}

impl Column {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Column::Number(values) => values.len(),
            Column::Text(values) => values.len(),
        }
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a file stores a column as, where a [`Column`] of it is doubles or words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Kind {
    /// True and false: the words `true` and `false`.
    Flag,
    /// Whole numbers of 0 to 255.
    Byte,
    /// Whole numbers.
    Integer,
}

/// A table of intervals: trials, epochs, or times during which something was observed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct IntervalTable {
    /// Its name in the file, e.g. `trials`.
    pub name: String,
    /// Starts \[s\].
    pub start: Vec<f64>,
    /// Stops \[s\].
    pub stop: Vec<f64>,
    /// Further columns by name, one entry per interval.
    pub columns: Vec<(String, Column)>,
}

/// A sampled signal that was recorded with the spikes: hand position, force, ...
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Signal {
    /// Its name in the file.
    pub name: String,
    /// Unit of the samples, as the file gives it.
    pub unit: String,
    /// Sample times \[s\].
    pub times: Vec<f64>,
    /// Samples, row by row: `times.len()` rows of `width` numbers.
    pub data: Vec<f64>,
    /// Numbers per sample.
    pub width: usize,
}

/// What a recording file holds, on the recording's clock \[s\].
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Recording {
    /// A few words on the format that was recognised, e.g. `NWB 2.6.0`.
    pub format: String,
    /// What the file says of itself: (label, text), e.g. ("subject", "Jenkins").
    pub about: Vec<(String, String)>,
    /// The spikes.
    pub spikes: SpikeTable,
    /// For results of several populations: (name, first unit, number of units). Empty otherwise.
    pub populations: Vec<(String, usize, usize)>,
    /// Columns that describe the units, one entry per unit.
    pub unit_columns: Vec<(String, Column)>,
    /// The table of electrodes: columns with one entry per electrode; empty if the file has none.
    pub electrodes: Vec<(String, Column)>,
    /// When the units were observed, \[start, stop\] in s, merged over units; empty if the file does not say.
    pub observed: Vec<(f64, f64)>,
    /// When each unit was observed, where each has one span of its own; else empty.
    pub unit_spans: Vec<UnitSpan>,
    /// Behaviour and other signals.
    pub signals: Vec<Signal>,
    /// Trials and other intervals.
    pub intervals: Vec<IntervalTable>,
    /// States and weights of a result, which stay in its file.
    pub observables: Vec<Observable>,
    /// What columns are stored as, for who writes them again: `units/quality`, `electrodes/x`, `intervals/trials/choice`.
    pub kinds: Vec<(String, Kind)>,
    /// What a file says of its columns, tables, signals and groups of electrodes beside their values, for who writes them again:
    /// `units/quality/description`, `signals/hand/comments`.
    pub remarks: Vec<(String, String)>,
    /// What the reader had to assume or change (e.g. spikes placed within bins), for the user to read.
    pub notes: Vec<String>,
}

impl Recording {
    /// The first observed moment \[s\], of observation intervals and spikes, and where there are no such intervals of trials; 0 if there is
    /// none.
    pub fn start(&self) -> f64 {
        self.extent(self.spikes.ends_of_table()).0
    }

    /// The last observed moment \[s\], of the same; 0 if there is none.
    pub fn stop(&self) -> f64 {
        self.extent(self.spikes.ends_of_table()).1
    }

    /// The first and the last observed moment \[s\], with the first and the last spike of this recording, which may be elsewhere.
    pub fn extent(&self, spikes: Option<(f64, f64)>) -> (f64, f64) {
        let known = |moment: f64| if moment.is_finite() { moment } else { 0.0 };
        // A trial that is longer than what was observed was cut short.
        let trials =
            |edge: fn(&IntervalTable) -> &Vec<f64>| self.trials_edge(edge).filter(|_| self.observed.is_empty());
        let starts = self.observed.iter().map(|o| o.0).chain(trials(|t| &t.start)).chain(spikes.map(|s| s.0));
        let stops = self.observed.iter().map(|o| o.1).chain(trials(|t| &t.stop)).chain(spikes.map(|s| s.1));
        (known(starts.fold(f64::INFINITY, f64::min)), known(stops.fold(f64::NEG_INFINITY, f64::max)))
    }

    /// What a column is stored as, by its place in [`kinds`](Self::kinds); none of doubles and words.
    pub fn kind(&self, of: &str) -> Option<Kind> {
        self.kinds.iter().find(|(place, _)| place == of).map(|(_, kind)| *kind)
    }

    /// What the file says of something, by its place in [`remarks`](Self::remarks).
    pub fn remark(&self, of: &str) -> Option<&str> {
        self.remarks.iter().find(|(place, _)| place == of).map(|(_, text)| text.as_str())
    }

    /// The first and the last moment of all that there is \[s\]: what was observed, trials and signals, with the first and the last spike of this
    /// recording, which may be elsewhere; none if there is nothing.
    pub fn reach(&self, spikes: Option<(f64, f64)>) -> Option<(f64, f64)> {
        let signals = || self.signals.iter().filter_map(|signal| signal.times.first().zip(signal.times.last()));
        let starts = self.trials_edge(|t| &t.start).chain(signals().map(|ends| *ends.0));
        let stops = self.trials_edge(|t| &t.stop).chain(signals().map(|ends| *ends.1));
        let all = || self.observed.iter().copied().chain(spikes);
        let first = all().map(|ends| ends.0).chain(starts).fold(f64::INFINITY, f64::min);
        let last = all().map(|ends| ends.1).chain(stops).fold(f64::NEG_INFINITY, f64::max);
        (first <= last).then_some((first, last))
    }

    /// Whether nothing was recorded in `start <= t < stop` \[s\], with the first and the last spike of this recording: the window lies in a gap of
    /// what was observed or, where the recording does not say that, beside all that there is.
    pub fn is_silent_about(&self, spikes: Option<(f64, f64)>, (start, stop): (f64, f64)) -> bool {
        if !self.observed.is_empty() {
            return self.observed.iter().all(|(from, to)| from.max(start) >= to.min(stop));
        }
        self.reach(spikes).is_some_and(|(first, last)| start > last || stop <= first)
    }

    fn trials_edge(&self, edge: fn(&IntervalTable) -> &Vec<f64>) -> impl Iterator<Item = f64> {
        let values: Vec<f64> =
            self.intervals.iter().filter(|t| t.name == "trials").flat_map(|t| edge(t).iter().copied()).collect();
        values.into_iter().filter(|v| v.is_finite())
    }
}
