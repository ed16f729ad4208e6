//! The thread's side of a result file: datasets, and what goes where.

use std::path::Path;
use std::time::{Duration, Instant};

use hdf5::{File, Group};
use serde_json::{Map, Value};

use super::attributes::{Sorting, group, set, set_figures, set_list, set_text, write_column, write_list};
use super::drawn::{write_devices, write_drawn};
use super::header::Header;
use super::read::RECORDED;
use super::table::{Mark, Plan, Table, Values};
use super::write::Marks;
use super::{FORMAT, FORMAT_VERSION, SONATA_MAGIC, SONATA_VERSION};
use crate::format::new_hdf5::{abandon, access, cause};
use crate::record::{Chunk, Layout, PopulationLayout, StateLayout, WeightKind, WeightLayout};
use crate::spikes::{Column, IntervalTable, Signal};

/// Time between flushes, beside those that are asked for.
const FLUSH_EVERY: Duration = Duration::from_secs(10);

/// An open file with its tables.
pub(super) struct Writer {
    file: File,
    tables: Tables,
    flushed: Instant,
}

/// The tables in the order of the layout.
struct Tables {
    spikes: Vec<Table>,
    states: Vec<Table>,
    weights: Vec<Table>,
}

impl Writer {
    /// Makes the file, complete but for the rows.
    pub fn create(part: &Path, layout: &Layout, header: &Header) -> Result<Writer, String> {
        let fill = |file: &File| -> hdf5::Result<Tables> {
            set_text(file, "format", FORMAT)?;
            set(file, "format_version", &FORMAT_VERSION)?;
            set(file, "magic", &SONATA_MAGIC)?;
            set_list(file, "version", &SONATA_VERSION)?;
            write_header(file, header)?;
            let populations = file.create_group("populations")?;
            for (place, population) in layout.populations.iter().enumerate() {
                write_population(&populations, place, population)?;
            }
            if !layout.devices.is_empty() {
                let projections = file.create_group("projections")?;
                layout.devices.iter().try_for_each(|devices| write_devices(&projections, devices))?;
            }
            file.create_group("summary")?;
            let tables = Tables::create(file, layout)?;
            file.flush()?;
            Ok(tables)
        };
        let file = File::with_options().with_fapl(access).create(part).map_err(|e| cause(&e))?;
        Writer::with(file, fill)
    }

    /// Opens the file of an earlier run and takes it back to a checkpoint.
    pub fn open(part: &Path, layout: &Layout, header: &Header, marks: &Marks) -> Result<Writer, String> {
        let take_back = |file: &File| -> hdf5::Result<Tables> {
            let tables = Tables::open(file, layout, marks)?;
            tables.cut()?;
            for old in ["intervals", "behavior", "summary"] {
                if file.link_exists(old) {
                    file.unlink(old)?;
                }
            }
            // What is cut off and unlinked may be overwritten from now on, so the file must know of it first.
            file.flush()?;
            write_header(file, header)?;
            file.create_group("summary")?;
            file.flush()?;
            Ok(tables)
        };
        let file = File::with_options().with_fapl(access).open_rw(part).map_err(|e| cause(&e))?;
        Writer::with(file, take_back)
    }

    /// The writer of a file, once `ready` has made its tables ready.
    fn with(file: File, ready: impl FnOnce(&File) -> hdf5::Result<Tables>) -> Result<Writer, String> {
        match ready(&file) {
            Ok(tables) => Ok(Writer { file, tables, flushed: Instant::now() }),
            Err(error) => {
                abandon(file);
                Err(cause(&error))
            }
        }
    }

    /// Stores a chunk.
    pub fn write(&mut self, chunk: Chunk) -> Result<(), String> {
        use Values::{Ids, Reals};
        let stored = match chunk {
            Chunk::Spikes { index, times_ms, node_ids } => {
                self.tables.spikes[index].append([Reals(times_ms), Ids(node_ids)])
            }
            Chunk::State { index, times_ms, rows } => self.tables.states[index].append([Reals(times_ms), Reals(rows)]),
            Chunk::PreSpikeWeights { index, times_ms, source_ids, target_ids, weights } => {
                self.tables.weights[index].append([Reals(times_ms), Ids(source_ids), Ids(target_ids), Reals(weights)])
            }
            Chunk::Snapshot { index, time_ms, weights } => {
                self.tables.weights[index].append([Reals(vec![time_ms]), Reals(weights)])
            }
        };
        stored.map_err(|e| cause(&e))?;
        if self.flushed.elapsed() > FLUSH_EVERY { self.flush() } else { Ok(()) }
    }

    /// Hands everything but the rows that wait for their chunk to the operating system.
    pub fn flush(&mut self) -> Result<(), String> {
        self.flushed = Instant::now();
        self.file.flush().map_err(|e| cause(&e))
    }

    /// How far each table has got.
    pub fn marks(&self) -> Marks {
        let marks = |tables: &[Table]| tables.iter().map(Table::mark).collect();
        Marks {
            spikes: marks(&self.tables.spikes),
            states: marks(&self.tables.states),
            weights: marks(&self.tables.weights),
        }
    }

    /// Writes the rest and closes the file.
    pub fn finish(mut self, summary: &Map<String, Value>, complete: bool) -> Result<(), String> {
        let result = self.finish_file(summary, complete);
        match result {
            Ok(()) => {
                let Writer { file, tables, .. } = self;
                drop(tables);
                file.close().map_err(|e| cause(&e))
            }
            Err(e) => {
                let cause = cause(&e);
                self.abandon();
                Err(cause)
            }
        }
    }

    fn finish_file(&mut self, summary: &Map<String, Value>, complete: bool) -> hdf5::Result<()> {
        let Tables { spikes, states, weights } = &mut self.tables;
        spikes.iter_mut().chain(states).chain(weights).try_for_each(Table::finish)?;
        set_figures(&*self.file.group("summary")?, summary)?;
        // The rows must be safe before the file says that it is complete.
        self.file.flush()?;
        set(&self.file, "complete", &u8::from(complete))?;
        self.file.flush()
    }

    /// Closes a file that is not finished, or can't be written any more, as far as that goes.
    pub fn abandon(self) {
        let Writer { file, tables, .. } = self;
        drop(tables);
        abandon(file);
    }
}

impl Tables {
    fn create(file: &File, layout: &Layout) -> hdf5::Result<Tables> {
        let root = [file.create_group("spikes")?, file.create_group("state")?, file.create_group("weights")?];
        Ok(Tables {
            spikes: layout
                .spikes
                .iter()
                .map(|&p| spikes(&root[0], &layout.populations[p]))
                .collect::<hdf5::Result<_>>()?,
            states: layout.states.iter().map(|s| state(&root[1], s, layout)).collect::<hdf5::Result<_>>()?,
            weights: layout.weights.iter().map(|w| weights(&root[2], w)).collect::<hdf5::Result<_>>()?,
        })
    }

    /// Cuts what was opened back to its marks.
    fn cut(&self) -> hdf5::Result<()> {
        self.spikes.iter().chain(&self.states).chain(&self.weights).try_for_each(Table::cut)
    }

    fn open(file: &File, layout: &Layout, marks: &Marks) -> hdf5::Result<Tables> {
        let expected = [layout.spikes.len(), layout.states.len(), layout.weights.len()];
        if [marks.spikes.len(), marks.states.len(), marks.weights.len()] != expected {
            return Err("the checkpoint records other datasets than the model".into());
        }
        let table = |place: &str, plans: &[Plan], mark: &Mark| Table::open(&file.group(place)?, plans, mark);
        let spikes = layout.spikes.iter().zip(&marks.spikes);
        let states = layout.states.iter().zip(&marks.states);
        let weights = layout.weights.iter().zip(&marks.weights);
        Ok(Tables {
            spikes: spikes
                .map(|(&p, mark)| table(&format!("spikes/{}", layout.populations[p].name), &SPIKES, mark))
                .collect::<hdf5::Result<_>>()?,
            states: states
                .map(|(s, mark)| table(&state_place(s, layout), &state_plans(s), mark))
                .collect::<hdf5::Result<_>>()?,
            weights: weights
                .map(|(w, mark)| match &w.kind {
                    WeightKind::PreSpike => table(&format!("weights/{}", w.projection), &PRE_SPIKE, mark),
                    WeightKind::Snapshots { source_ids, .. } => {
                        table(&format!("weights/{}/snapshots", w.projection), &snapshot_plans(source_ids.len()), mark)
                    }
                })
                .collect::<hdf5::Result<_>>()?,
        })
    }
}

/// Whether a file has the tables of the layout, with as many rows as the marks say.
pub(super) fn expect_tables(file: &File, layout: &Layout, marks: &Marks) -> Result<(), String> {
    Tables::open(file, layout, marks).map(drop).map_err(|e| cause(&e))
}

const SPIKES: [Plan; 2] =
    [Plan { name: "timestamps", ids: false, width: None }, Plan { name: "node_ids", ids: true, width: None }];
const PRE_SPIKE: [Plan; 4] = [
    Plan { name: "timestamps", ids: false, width: None },
    Plan { name: "source_ids", ids: true, width: None },
    Plan { name: "target_ids", ids: true, width: None },
    Plan { name: "weights", ids: false, width: None },
];

fn state_plans(state: &StateLayout) -> [Plan; 2] {
    [Plan::reals("times"), Plan::rows("data", state.node_ids.len())]
}

fn snapshot_plans(synapses: usize) -> [Plan; 2] {
    [Plan::reals("times"), Plan::rows("weights", synapses)]
}

fn state_place(state: &StateLayout, layout: &Layout) -> String {
    format!("state/{}/{}", layout.populations[state.population].name, state.variable)
}

fn spikes(root: &Group, population: &PopulationLayout) -> hdf5::Result<Table> {
    let place = root.create_group(&population.name)?;
    set(&place, "sorting", &Sorting::by_time)?;
    if let Some(members) = &population.recorded {
        write_list(&place, RECORDED, members)?;
    }
    // Not compressed: the HDF5 library inside libsonata is built without zlib and couldn't read it.
    let table = Table::create(&place, &SPIKES, false)?;
    table.set_unit(0, "ms")?;
    Ok(table)
}

fn state(root: &Group, state: &StateLayout, layout: &Layout) -> hdf5::Result<Table> {
    let population = group(root, &layout.populations[state.population].name)?;
    let place = population.create_group(&state.variable)?;
    set(&place, "interval_ms", &state.interval_ms)?;
    write_list(&place, "node_ids", &state.node_ids)?;
    let table = Table::create(&place, &state_plans(state), true)?;
    table.set_unit(0, "ms")?;
    table.set_unit(1, &state.unit)?;
    Ok(table)
}

/// What `/weights/<projection>/weights` are.
const TRANSMITTED: &str =
    "what each spike transmits, after its updates: the weight w; with short_term x u w; of a device what the read saw";
/// What `/weights/<projection>/snapshots/weights` are.
const STORED: &str = "the weight w at each time; of a device what its conductance stands for; of static weights in a crossbar without devices \
     what its wires leave of them; without the x u of short_term";

fn weights(root: &Group, weights: &WeightLayout) -> hdf5::Result<Table> {
    let place = group(root, &weights.projection)?;
    let ends = |place: &Group| {
        set_text(place, "source_population", &weights.joins.0)?;
        set_text(place, "target_population", &weights.joins.1)?;
        set(place, "source_first", &weights.firsts.0)?;
        set(place, "target_first", &weights.firsts.1)
    };
    match &weights.kind {
        WeightKind::PreSpike => {
            ends(&place)?;
            let table = Table::create(&place, &PRE_SPIKE, true)?;
            table.set_unit(0, "ms")?;
            table.set_unit(3, &weights.unit)?;
            table.set_meaning(3, TRANSMITTED)?;
            Ok(table)
        }
        WeightKind::Snapshots { source_ids, target_ids, delays_ms } => {
            let place = place.create_group("snapshots")?;
            ends(&place)?;
            write_list(&place, "source_ids", source_ids)?;
            write_list(&place, "target_ids", target_ids)?;
            set_text(&*write_list(&place, "delays", delays_ms)?, "units", "ms")?;
            let table = Table::create(&place, &snapshot_plans(source_ids.len()), true)?;
            table.set_unit(0, "ms")?;
            table.set_unit(1, &weights.unit)?;
            table.set_meaning(1, STORED)?;
            Ok(table)
        }
    }
}

/// `order` is its place in the model: HDF5 lists names in alphabetical order.
fn write_population(root: &Group, order: usize, population: &PopulationLayout) -> hdf5::Result<()> {
    let place = root.create_group(&population.name)?;
    set(&place, "order", &(order as u64))?;
    set(&place, "size", &(population.size as u64))?;
    set_text(&place, "model", &population.model)?;
    set_text(&place, "parameters", &population.parameters)?;
    if let Some(start) = population.recording_start_s {
        set(&place, "recording_start_s", &start)?;
    }
    if let Some(ids) = &population.unit_ids {
        write_list(&place, "unit_ids", ids)?;
    }
    write_drawn(&place, &population.drawn)
}

/// All that may change when a run is resumed: attributes, intervals and behaviour.
fn write_header(file: &File, header: &Header) -> hdf5::Result<()> {
    set_text(file, "program_version", env!("CARGO_PKG_VERSION"))?;
    set_text(file, "model", &header.model)?;
    set_text(file, "model_hash", &header.model_hash)?;
    set(file, "seed", &header.seed)?;
    set_text(file, "engine", &header.engine)?;
    set_text(file, "precision", &header.precision)?;
    set(file, "resolution_ms", &header.resolution_ms)?;
    set(file, "duration_ms", &header.duration_ms)?;
    set_text(file, "started_utc", &header.started_utc)?;
    set(file, "complete", &0u8)?;
    let intervals = file.create_group("intervals")?;
    for (name, spans) in &header.intervals {
        let (start, stop) = spans.iter().copied().unzip();
        let table = IntervalTable { name: name.clone(), start, stop, columns: Vec::new() };
        write_intervals(&intervals, &table)?;
    }
    for recorded in &header.recorded_intervals {
        let place = write_intervals(&intervals, &recorded.table)?;
        set(&place, "t0_s", &recorded.t0_s)?;
    }
    let behavior = file.create_group("behavior")?;
    header.behavior.iter().try_for_each(|signal| write_signal(&behavior, signal))
}

fn write_intervals(root: &Group, table: &IntervalTable) -> hdf5::Result<Group> {
    let place = root.create_group(&free_name(root, &table.name))?;
    set_text(&*write_list(&place, "start_time", &table.start)?, "units", "s")?;
    set_text(&*write_list(&place, "stop_time", &table.stop)?, "units", "s")?;
    for (name, column) in &table.columns {
        write_column(&place, &free_name(&place, name), column)?;
    }
    Ok(place)
}

fn write_signal(root: &Group, signal: &Signal) -> hdf5::Result<()> {
    let place = root.create_group(&free_name(root, &signal.name))?;
    set_text(&place, "unit", &signal.unit)?;
    write_list(&place, "timestamps", &signal.times)?;
    let rows = signal.times.len();
    let data = if signal.width == 1 {
        write_column(&place, "data", &Column::Number(signal.data.clone()))?
    } else {
        let dataset = place.new_dataset::<f64>().shape((rows, signal.width)).create("data")?;
        if !signal.data.is_empty() {
            dataset.write_raw(&signal.data)?;
        }
        dataset
    };
    set_text(&data, "unit", &signal.unit)
}

/// A name that can be a link and isn't taken: a model and its recording may both have `trials`.
fn free_name(root: &Group, name: &str) -> String {
    let mut name = name.replace('/', "_");
    while name.is_empty() || name == "." || root.link_exists(&name) {
        name.push('_');
    }
    name
}
