//! What can be read in another process: how it is called, its long columns, and what must hold of it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::format::arrays::Arrays;
use crate::format::error::FormatError;
use crate::format::h5::H5;
use crate::format::linked::Linked;
use crate::format::nir::Stored;
use crate::format::result::{Figures, Looked, Observables, Written};
use crate::format::sonata::{EdgesFile, NodesFile};
use crate::format::stream::{self, Look};
use crate::spikes::{Column, Recording};

/// A long column, which crosses the pipe apart from the rest.
pub(in crate::format) enum Long<'a> {
    F64(&'a mut Vec<f64>),
    U32(&'a mut Vec<u32>),
    I64(&'a mut Vec<i64>),
    U64(&'a mut Vec<u64>),
}

/// What can be read of an HDF5 file, here or in another process. A new kind needs a line in `child::serve` too.
pub(in crate::format) trait Contents: Serialize + DeserializeOwned {
    /// What the other process is asked for.
    const NAME: &'static str;
    /// Which part of the file is asked for.
    type Query: Serialize + DeserializeOwned;

    /// Reads it in this process.
    fn read(h5: &H5, query: &Self::Query) -> Result<Self, FormatError>;

    /// Its long columns. How many there are must follow from the rest alone.
    fn columns(&mut self) -> Vec<Long<'_>>;

    /// Whether lengths and indices fit together, so that no use of it can go beyond an end.
    ///
    /// # Errors
    /// What does not.
    fn check(&self) -> Result<(), String>;
}

/// Spikes of an HDF5 file that are handed over piece by piece. A new kind needs a line in `child::serve` too.
pub(in crate::format) trait Pieced: Serialize + DeserializeOwned {
    /// What the other process is asked for.
    const TASK: &'static str;

    /// Memory that it takes beside what any file is given \[bytes\].
    fn buffer(&self) -> usize {
        0
    }

    /// Hands them to `out`, until it wants no more.
    fn produce(&self, h5: &H5, out: &mut dyn FnMut(Vec<(f64, u32)>) -> bool) -> Result<(), FormatError>;
}

impl Contents for Recording {
    const NAME: &'static str = "recording";
    type Query = ();

    fn read(h5: &H5, (): &()) -> Result<Recording, FormatError> {
        crate::format::read_hdf5(h5)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        let spikes = &mut self.spikes;
        let mut columns =
            vec![Long::F64(&mut spikes.times), Long::U32(&mut spikes.units), Long::I64(&mut spikes.unit_ids)];
        columns.extend(self.signals.iter_mut().flat_map(|s| [Long::F64(&mut s.times), Long::F64(&mut s.data)]));
        columns.extend(self.intervals.iter_mut().flat_map(|t| [Long::F64(&mut t.start), Long::F64(&mut t.stop)]));
        columns
    }

    fn check(&self) -> Result<(), String> {
        let (spikes, units) = (&self.spikes, self.spikes.unit_ids.len());
        let same = |what: &str, found: usize, expected: usize| {
            if found == expected { Ok(()) } else { Err(format!("{what}: {found} entries, expected {expected}")) }
        };
        let table = |what: &str, columns: &[(String, Column)], rows: usize| {
            columns.iter().try_for_each(|(name, column)| same(&format!("{what} {name}"), column.len(), rows))
        };
        same("units of spikes", spikes.units.len(), spikes.times.len())?;
        if let Some(unit) = spikes.units.iter().find(|unit| **unit as usize >= units) {
            return Err(format!("a spike of the unit {unit} of {units}"));
        }
        if !spikes.times.iter().all(|time| time.is_finite()) || !spikes.times.is_sorted() {
            return Err("times of spikes that are no numbers, or decrease".to_owned());
        }
        let within = |first: usize, count: usize| first.checked_add(count).is_some_and(|end| end <= units);
        if let Some((name, ..)) = self.populations.iter().find(|(_, first, count)| !within(*first, *count)) {
            return Err(format!("the population {name} has units beyond the {units} that there are"));
        }
        table("column of units", &self.unit_columns, units)?;
        same("spans of units", self.unit_spans.len(), if self.unit_spans.is_empty() { 0 } else { units })?;
        table("electrodes", &self.electrodes, self.electrodes.first().map_or(0, |(_, column)| column.len()))?;
        for signal in &self.signals {
            same(&signal.name, signal.data.len(), signal.times.len().saturating_mul(signal.width))?;
        }
        for intervals in &self.intervals {
            same(&intervals.name, intervals.stop.len(), intervals.start.len())?;
            table(&intervals.name, &intervals.columns, intervals.start.len())?;
        }
        Ok(())
    }
}

impl Contents for Look {
    const NAME: &'static str = "survey";
    /// Whether runs are of no interest.
    type Query = bool;

    fn read(h5: &H5, listed_only: &bool) -> Result<Look, FormatError> {
        stream::look(h5, *listed_only)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        match self {
            Look::Runs(survey) => {
                let mut columns = survey.recording.columns();
                columns.push(Long::U64(&mut survey.counts));
                columns
            }
            Look::Listed(recording) => recording.columns(),
            Look::Whole => Vec::new(),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Look::Runs(survey) => {
                survey.recording.check()?;
                fits("counts of spikes", &[survey.counts.len()], survey.recording.spikes.unit_ids.len())
            }
            Look::Listed(recording) => recording.check(),
            Look::Whole => Ok(()),
        }
    }
}

impl Contents for Looked {
    const NAME: &'static str = "outline";
    type Query = ();

    fn read(h5: &H5, (): &()) -> Result<Looked, FormatError> {
        Looked::read(h5)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        self.0.as_mut().map_or(Vec::new(), |outline| outline.recording.columns())
    }

    fn check(&self) -> Result<(), String> {
        self.0.as_ref().map_or(Ok(()), |outline| outline.recording.check())
    }
}

impl Contents for Observables {
    const NAME: &'static str = "observables";
    type Query = ();

    fn read(h5: &H5, (): &()) -> Result<Observables, FormatError> {
        Observables::read(h5)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        let mut columns = Vec::new();
        for s in &mut self.states {
            columns.extend([Long::I64(&mut s.node_ids), Long::F64(&mut s.times_ms), Long::F64(&mut s.data)]);
        }
        for p in &mut self.pre_spike {
            columns.extend([Long::F64(&mut p.times_ms), Long::I64(&mut p.source_ids)]);
            columns.extend([Long::I64(&mut p.target_ids), Long::F64(&mut p.weights)]);
        }
        for s in &mut self.snapshots {
            columns.extend([Long::F64(&mut s.times_ms), Long::I64(&mut s.source_ids)]);
            columns.extend([Long::I64(&mut s.target_ids), Long::F64(&mut s.weights)]);
        }
        columns
    }

    fn check(&self) -> Result<(), String> {
        for s in &self.states {
            fits(&s.variable, &[s.data.len()], s.times_ms.len().saturating_mul(s.node_ids.len()))?;
        }
        for p in &self.pre_spike {
            let lengths = [p.source_ids.len(), p.target_ids.len(), p.weights.len()];
            fits(&p.projection, &lengths, p.times_ms.len())?;
        }
        for s in &self.snapshots {
            fits(&s.projection, &[s.target_ids.len()], s.source_ids.len())?;
            fits(&s.projection, &[s.weights.len()], s.times_ms.len().saturating_mul(s.source_ids.len()))?;
        }
        Ok(())
    }
}

impl Contents for Written {
    const NAME: &'static str = "spikes";
    type Query = ();

    fn read(h5: &H5, (): &()) -> Result<Written, FormatError> {
        Written::read(h5)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        self.0.iter_mut().flat_map(|p| [Long::F64(&mut p.times_ms), Long::U64(&mut p.node_ids)]).collect()
    }

    fn check(&self) -> Result<(), String> {
        self.0.iter().try_for_each(|p| fits(&p.population, &[p.node_ids.len()], p.times_ms.len()))
    }
}

impl Contents for Figures {
    const NAME: &'static str = "figures";
    type Query = ();

    fn read(h5: &H5, (): &()) -> Result<Figures, FormatError> {
        Figures::read(h5)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        Vec::new()
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Nothing of a file that was read through to its end.
#[derive(Deserialize, Serialize)]
pub(in crate::format) struct Through;

impl Contents for Through {
    const NAME: &'static str = "through";
    type Query = ();

    fn read(h5: &H5, (): &()) -> Result<Through, FormatError> {
        h5.walk().map(|()| Through)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        Vec::new()
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Contents for Linked {
    const NAME: &'static str = "linked";
    type Query = ();

    fn read(h5: &H5, (): &()) -> Result<Linked, FormatError> {
        Linked::read(h5)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        Vec::new()
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Contents for Arrays {
    const NAME: &'static str = "arrays";
    /// Places of groups and datasets.
    type Query = Vec<String>;

    fn read(h5: &H5, places: &Vec<String>) -> Result<Arrays, FormatError> {
        Arrays::read(h5, places)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        self.arrays.iter_mut().map(|array| Long::F64(&mut array.numbers)).collect()
    }

    fn check(&self) -> Result<(), String> {
        self.arrays.iter().try_for_each(|array| {
            let size = array.shape.iter().try_fold(1usize, |all, n| all.checked_mul(*n));
            fits(&array.place, &[array.numbers.len()], size.unwrap_or(usize::MAX))
        })
    }
}

impl Contents for Stored {
    const NAME: &'static str = "graph";
    type Query = ();

    fn read(h5: &H5, (): &()) -> Result<Stored, FormatError> {
        Stored::read(h5)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        self.weights().into_iter().map(Long::F64).collect()
    }

    fn check(&self) -> Result<(), String> {
        Stored::check(self)
    }
}

impl Contents for NodesFile {
    const NAME: &'static str = "nodes";
    type Query = ();

    fn read(h5: &H5, (): &()) -> Result<NodesFile, FormatError> {
        NodesFile::read(h5)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        let mut columns = Vec::new();
        for nodes in &mut self.0 {
            columns.push(Long::I64(&mut nodes.type_ids));
            columns.extend(nodes.dynamics.iter_mut().map(|(_, values)| Long::F64(values)));
        }
        columns
    }

    fn check(&self) -> Result<(), String> {
        self.0.iter().try_for_each(|nodes| {
            let lengths: Vec<usize> = nodes.dynamics.iter().map(|(_, values)| values.len()).collect();
            fits(&nodes.name, &lengths, nodes.type_ids.len())
        })
    }
}

impl Contents for EdgesFile {
    const NAME: &'static str = "edges";
    type Query = ();

    fn read(h5: &H5, (): &()) -> Result<EdgesFile, FormatError> {
        EdgesFile::read(h5)
    }

    fn columns(&mut self) -> Vec<Long<'_>> {
        let mut columns = Vec::new();
        for edges in &mut self.0 {
            columns.extend([Long::U32(&mut edges.sources), Long::U32(&mut edges.targets)]);
            columns.push(Long::I64(&mut edges.type_ids));
            let own = [&mut edges.weight, &mut edges.delay, &mut edges.synapses];
            columns.extend(own.into_iter().flatten().map(Long::F64));
        }
        columns
    }

    fn check(&self) -> Result<(), String> {
        self.0.iter().try_for_each(|edges| {
            let own = [&edges.weight, &edges.delay, &edges.synapses].into_iter().flatten().map(Vec::len);
            let lengths: Vec<usize> = own.chain([edges.sources.len(), edges.targets.len()]).collect();
            fits(&edges.name, &lengths, edges.type_ids.len())
        })
    }
}

/// Whether columns have the length that they must have.
fn fits(name: &str, found: &[usize], expected: usize) -> Result<(), String> {
    if found.iter().all(|length| *length == expected) {
        return Ok(());
    }
    Err(format!("{name}: columns of {found:?} entries, expected {expected}"))
}
