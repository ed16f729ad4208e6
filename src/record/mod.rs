//! What a run hands over while it goes: chunks of spikes, states and weights for a [`Sink`].
//!
//! The engine produces [`Chunk`]s in order of time; a sink (the result file, or memory)
//! stores them. A [`Layout`] says beforehand which datasets there will be.

use std::sync::Arc;

/// All datasets of a result, before the first chunk.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// All populations, in model order.
    pub populations: Vec<PopulationLayout>,
    /// Populations (indices) whose spikes are recorded, each once.
    pub spikes: Vec<usize>,
    /// One per recorded slice and variable.
    pub states: Vec<StateLayout>,
    /// One per `[[record.weights]]`.
    pub weights: Vec<WeightLayout>,
    /// One per projection whose devices differ, where that is recorded.
    pub devices: Arc<[DeviceLayout]>,
}

/// `/populations/<name>`.
#[derive(Clone, Debug, Default)]
pub struct PopulationLayout {
    /// Its name.
    pub name: String,
    /// Number of members.
    pub size: usize,
    /// Neuron model, or `source.<kind>`.
    pub model: String,
    /// Parameters as JSON.
    pub parameters: String,
    /// The members whose spikes are recorded, rising, where not all are.
    pub recorded: Option<Vec<u64>>,
    /// For a replayed recording, and for nodes of a graph that recordings drive: where on their clock model time 0 lies \[s\].
    pub recording_start_s: Option<f64>,
    /// For a replayed recording: what it calls each unit.
    pub unit_ids: Option<Vec<i64>>,
    /// Parameters and initial states that differ from member to member, where they are recorded.
    pub drawn: Vec<DrawnLayout>,
}

/// `/populations/<name>/drawn/<parameter>`, or `initial_<variable>`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrawnLayout {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// One value for each member, as it was drawn: a grid rounds refractory times and spikes of sources to its steps.
    pub values: Vec<f64>,
}

/// `/projections/<name>/drawn`: the constants of the devices of all synapses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceLayout {
    /// Name of the projection.
    pub projection: String,
    /// The populations that it joins: of its sources, and of its targets.
    pub joins: (String, String),
    /// Source of each synapse.
    pub source_ids: Vec<u64>,
    /// Target of each synapse.
    pub target_ids: Vec<u64>,
    /// Delay of each synapse \[ms\].
    pub delays_ms: Vec<f64>,
    /// Devices of a synapse.
    pub devices: usize,
    /// The constants: of each synapse one number for each of its devices.
    pub columns: Vec<DrawnLayout>,
}

/// `/state/<population>/<variable>`.
#[derive(Clone, Debug)]
pub struct StateLayout {
    /// Index of the population.
    pub population: usize,
    /// Name of the variable.
    pub variable: String,
    /// Its unit.
    pub unit: String,
    /// Members that are sampled.
    pub node_ids: Vec<u64>,
    /// Time between samples \[ms\].
    pub interval_ms: f64,
}

/// `/weights/<projection>`.
#[derive(Clone, Debug)]
pub struct WeightLayout {
    /// Name of the projection.
    pub projection: String,
    /// The populations that it joins: of its sources, and of its targets.
    pub joins: (String, String),
    /// The first members of its slices: of its sources, and of its targets.
    pub firsts: (u64, u64),
    /// Unit of the weights; empty if they are bare numbers.
    pub unit: String,
    /// At presynaptic spikes, or snapshots of all synapses.
    pub kind: WeightKind,
}

/// How weights are recorded.
#[derive(Clone, Debug)]
pub enum WeightKind {
    /// `on = "pre_spike"`.
    PreSpike,
    /// `on = "end"` or an interval: the columns of the snapshots.
    Snapshots {
        /// Source of each synapse.
        source_ids: Vec<u64>,
        /// Target of each synapse.
        target_ids: Vec<u64>,
        /// Delay of each synapse \[ms\].
        delays_ms: Vec<f64>,
    },
}

/// A piece of a result. `index` counts in the layout's list of that kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Chunk {
    /// Spikes by (time, node).
    Spikes {
        /// Into [`Layout::spikes`].
        index: usize,
        /// Times \[ms\].
        times_ms: Vec<f64>,
        /// Members.
        node_ids: Vec<u64>,
    },
    /// Samples: as many rows as times, one number per sampled member.
    State {
        /// Into [`Layout::states`].
        index: usize,
        /// Times \[ms\].
        times_ms: Vec<f64>,
        /// Row by row.
        rows: Vec<f64>,
    },
    /// Transmitted weights by (time of emission, source, synapse).
    PreSpikeWeights {
        /// Into [`Layout::weights`].
        index: usize,
        /// Emission times \[ms\].
        times_ms: Vec<f64>,
        /// Sources.
        source_ids: Vec<u64>,
        /// Targets.
        target_ids: Vec<u64>,
        /// Weights.
        weights: Vec<f64>,
    },
    /// All weights of a projection.
    Snapshot {
        /// Into [`Layout::weights`].
        index: usize,
        /// Time \[ms\].
        time_ms: f64,
        /// In the order of the layout's columns.
        weights: Vec<f64>,
    },
}

/// Where chunks go. An error ends the run.
pub trait Sink: Send {
    /// Stores a chunk (or queues it for a writer thread and reports that thread's earlier failure).
    ///
    /// # Errors
    /// What went wrong, with the path, e.g. that the disk is full.
    fn write(&mut self, chunk: Chunk) -> Result<(), SinkError>;

    /// Waits until everything that was written is safely stored (before a checkpoint, at the end).
    ///
    /// # Errors
    /// As `write`.
    fn flush(&mut self) -> Result<(), SinkError>;

    /// How much has been stored, in the sink's own words: a checkpoint keeps it, so that resuming can cut back to it.
    fn marks(&self) -> Vec<u8> {
        Vec::new()
    }

    /// A checkpoint with these marks is in its place: what was stored before them stays, whatever comes.
    fn keep(&mut self) {}

    /// What is left should the run break off now, for the error that ends it.
    fn kept(&self) -> &'static str {
        NOTHING_KEPT
    }
}

/// What is left of a run without a checkpoint, or whose sink stores nothing that one could go on with.
pub const NOTHING_KEPT: &str = "no result was kept";

/// What is left of one that has a checkpoint.
pub const CHECKPOINT_KEPT: &str = "what was written up to the last checkpoint is kept, and --resume goes on from there";

/// Why a sink can't store a chunk.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SinkError(pub String);

/// Keeps all chunks in memory, joined per dataset: for tests, and for runs without an output file (`keep = false`).
#[derive(Debug, Default)]
pub struct Memory {
    /// Store the chunks, or only take them.
    pub keep: bool,
    /// What was written.
    pub chunks: Vec<Chunk>,
}

impl Sink for Memory {
    fn write(&mut self, chunk: Chunk) -> Result<(), SinkError> {
        if self.keep {
            self.chunks.push(chunk);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

impl Memory {
    /// A sink that keeps everything.
    pub fn keeping() -> Memory {
        Memory { keep: true, chunks: Vec::new() }
    }

    /// All spikes of the `index`-th recorded population: (times \[ms\], members).
    pub fn spikes(&self, index: usize) -> (Vec<f64>, Vec<u64>) {
        let mut all = (Vec::new(), Vec::new());
        for chunk in &self.chunks {
            if let Chunk::Spikes { index: i, times_ms, node_ids } = chunk
                && *i == index
            {
                all.0.extend(times_ms);
                all.1.extend(node_ids);
            }
        }
        all
    }

    /// All samples of the `index`-th recorded state: (times \[ms\], rows).
    pub fn state(&self, index: usize) -> (Vec<f64>, Vec<f64>) {
        let mut all = (Vec::new(), Vec::new());
        for chunk in &self.chunks {
            if let Chunk::State { index: i, times_ms, rows } = chunk
                && *i == index
            {
                all.0.extend(times_ms);
                all.1.extend(rows);
            }
        }
        all
    }

    /// All weights of the `index`-th weight record at presynaptic spikes: (times \[ms\], weights).
    pub fn weights(&self, index: usize) -> (Vec<f64>, Vec<f64>) {
        let mut all = (Vec::new(), Vec::new());
        for chunk in &self.chunks {
            if let Chunk::PreSpikeWeights { index: i, times_ms, weights, .. } = chunk
                && *i == index
            {
                all.0.extend(times_ms);
                all.1.extend(weights);
            }
        }
        all
    }
}
