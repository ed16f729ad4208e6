//! A checkpoint: all state of a run between two windows, in an order that does not depend on threads.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::network::Network;
use crate::neuron::Real;
use crate::synapse::{History, PlasticState};
use crate::time::Time;

use super::RunError;
use super::array::{self, ArrayState};
use super::flight::Spike;
use super::part::Part;
use super::recorder::Held;
use super::shard::Model;
use super::statistics::Statistics;
use super::synapses::{groups_of, locate};
use super::train::Train;

const MAGIC: &[u8; 8] = b"memspkC2";

/// Everything that is not a function of model and seed alone.
#[derive(Serialize, Deserialize)]
pub struct Checkpoint {
    /// Version of the program that wrote it.
    pub program: String,
    /// Names the model and its seed (without its duration).
    pub model_hash: String,
    /// The next window begins here.
    pub from: Time,
    /// Spikes on their way.
    pub flight: Vec<Spike>,
    /// Per population: state of its neurons, or trains of its sources.
    populations: Vec<(Vec<Vec<u8>>, Vec<Train>)>,
    /// Per Poisson input and target: its trains.
    backgrounds: Vec<(u32, usize, Vec<Train>)>,
    /// Per plastic projection.
    plastic: Vec<(usize, PlasticState, Vec<History>)>,
    /// Per plastic projection in a crossbar.
    arrays: Vec<ArrayState>,
    /// Counts so far.
    pub statistics: Statistics,
    /// Wall time spent in the recorded window so far \[s\].
    pub wall_s: f64,
    /// What recorders hold back.
    pub held: Held,
    /// The caller's: how much of the result file belongs to the checkpoint.
    pub marks: Vec<u8>,
}

/// The parts of a checkpoint that the window loop knows.
pub struct Moment {
    /// The next window begins here.
    pub from: Time,
    /// Spikes on their way.
    pub flight: Vec<Spike>,
    /// Counts so far.
    pub statistics: Statistics,
    /// Wall time spent in the recorded window so far \[s\].
    pub wall_s: f64,
    /// What recorders hold back.
    pub held: Held,
    /// The caller's marks.
    pub marks: Vec<u8>,
}

impl Checkpoint {
    /// Gathers the state of all parts.
    pub fn gather<W: Real>(model: &Model<'_>, hash: &str, moment: Moment, parts: &mut [&mut Part<W>]) -> Checkpoint {
        let mut populations = vec![(Vec::new(), Vec::new()); model.spec.populations.len()];
        let mut backgrounds: Vec<(u32, usize, Vec<Train>)> = Vec::new();
        for part in parts.iter_mut() {
            for (population, (cells, trains)) in populations.iter_mut().enumerate() {
                let (own_cells, own_trains) = part.save(population);
                cells.extend(own_cells);
                trains.extend(own_trains);
            }
            for background in part.backgrounds_mut() {
                let key = (background.order, background.target);
                match backgrounds.iter_mut().find(|b| (b.0, b.1) == key) {
                    Some(entry) => entry.2.extend(background.save()),
                    None => backgrounds.push((key.0, key.1, background.save())),
                }
            }
        }
        // Settled to the same moment in every thread, the state of a synapse does not depend on the thread.
        for part in parts.iter_mut() {
            part.groups_mut().iter_mut().for_each(|g| super::shard::settle(g, moment.from));
        }
        let parts: Vec<&Part<W>> = parts.iter().map(|p| &**p).collect();
        let plastic = plastic_projections(&parts).into_iter().map(|projection| {
            let groups = groups_of(parts[0], projection);
            let first = parts[0].groups()[groups[0]].plastic.as_ref();
            let mut state = first.map(|p| p.shared_state()).unwrap_or_default();
            for located in locate(model, &parts, projection) {
                let group = &parts[located.part as usize].groups()[located.group as usize];
                if let Some(plastic) = &group.plastic {
                    state.push(plastic, located.synapse as usize);
                }
            }
            state.price = Default::default();
            let mut posts = Vec::new();
            let blocks = parts.iter().flat_map(|p| groups.iter().map(|&g| &p.groups()[g]));
            for plastic in blocks.filter_map(|g| g.plastic.as_ref()) {
                state.price.merge(&plastic.price);
                posts.extend(plastic.post.iter().cloned());
            }
            (projection, state, posts)
        });
        let plastic = plastic.collect();
        Checkpoint {
            program: env!("CARGO_PKG_VERSION").into(),
            model_hash: hash.into(),
            from: moment.from,
            flight: moment.flight,
            populations,
            backgrounds,
            plastic,
            arrays: array::save(model, &parts),
            statistics: moment.statistics,
            wall_s: moment.wall_s,
            held: moment.held,
            marks: moment.marks,
        }
    }

    /// Gives every part its state back.
    pub fn scatter<W: Real>(
        &self,
        model: &Model<'_>,
        quantum: Time,
        parts: &mut [&mut Part<W>],
    ) -> Result<(), RunError> {
        let fits = self.populations.len() == model.spec.populations.len()
            && self.populations.iter().zip(&model.spec.populations).all(|((c, t), p)| c.len() + t.len() == p.size);
        if !fits {
            return Err(RunError::Checkpoint("it holds other populations than the model".into()));
        }
        for part in parts.iter_mut() {
            part.set_noted(self.from);
            for (population, (cells, trains)) in self.populations.iter().enumerate() {
                let own = part.share().members[population].clone();
                let (own, none) = (own.start as usize..own.end as usize, Vec::new());
                let cells = cells.get(own.clone()).unwrap_or(&none);
                part.load(population, cells, trains.get(own).unwrap_or(&[]), self.from, quantum)?;
            }
        }
        for (order, target, trains) in &self.backgrounds {
            let mut from = 0;
            for part in parts.iter_mut() {
                for background in part.backgrounds_mut() {
                    if (background.order, background.target) == (*order, *target) && !trains.is_empty() {
                        let to = from + background.targets();
                        background.load(trains.get(from..to).unwrap_or(&[]).to_vec(), self.from, quantum);
                        from = to;
                    }
                }
            }
        }
        array::load(model, parts, &self.arrays)?;
        for (projection, state, posts) in &self.plastic {
            let located = locate(model, &parts.iter().map(|p| &**p).collect::<Vec<_>>(), *projection);
            if located.len() != state.len() {
                return Err(RunError::Checkpoint(format!("projection {projection} has another number of synapses")));
            }
            let groups = groups_of(parts[0], *projection);
            let target = model.spec.projections[*projection].target.population;
            for (number, part) in parts.iter_mut().enumerate() {
                let own = part.share().members[target].clone();
                for &index in &groups {
                    let group = &mut part.groups_mut()[index];
                    let Some(plastic) = &mut group.plastic else { continue };
                    plastic.set_shared_state(state);
                    let first = (own.start + group.first).min(own.end) as usize;
                    let own = posts.get(first..first + plastic.post.len()).unwrap_or(&[]);
                    plastic.set_posts(own.to_vec());
                    // One of them goes on with the energy that all have spent.
                    if number > 0 || index != groups[0] {
                        plastic.price = Default::default();
                    }
                }
            }
            for (place, located) in located.iter().enumerate() {
                let group = &mut parts[located.part as usize].groups_mut()[located.group as usize];
                if let Some(plastic) = &mut group.plastic {
                    state.put(place, plastic, located.synapse as usize);
                }
            }
        }
        Ok(())
    }

    /// Replaces `path` atomically: there is always a whole checkpoint under that name, or none.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        let part = path.with_extension("ckpt.part");
        let fail = |e: &dyn std::fmt::Display| {
            let _ = std::fs::remove_file(&part);
            RunError::Failed(format!("can't write the checkpoint {}: {e}", path.display()))
        };
        let bytes = postcard::to_allocvec(self).map_err(|e| fail(&e))?;
        let mut file = BufWriter::new(File::create(&part).map_err(|e| fail(&e))?);
        let body = file.write_all(MAGIC).and_then(|()| file.write_all(&digest(&bytes).to_le_bytes()));
        body.and_then(|()| file.write_all(&bytes)).and_then(|()| file.flush()).map_err(|e| fail(&e))?;
        file.get_ref().sync_all().map_err(|e| fail(&e))?;
        std::fs::rename(&part, path).map_err(|e| fail(&e))
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// If it is missing, cut short, damaged or no checkpoint.
    pub fn read(path: &Path) -> Result<Checkpoint, RunError> {
        let fail = |why: String| RunError::Checkpoint(format!("{}: {why}", path.display()));
        let file = File::open(path).map_err(|e| fail(e.to_string()))?;
        let mut bytes = Vec::new();
        BufReader::new(file).read_to_end(&mut bytes).map_err(|e| fail(e.to_string()))?;
        if bytes.len() < 16 || &bytes[..8] != MAGIC {
            return Err(fail("not a checkpoint of this version of memspike".into()));
        }
        let stored = bytes[8..16].try_into().map(u64::from_le_bytes).unwrap_or_default();
        if stored != digest(&bytes[16..]) {
            return Err(fail("the checkpoint is cut short or damaged; use an older one, or start anew".into()));
        }
        postcard::from_bytes(&bytes[16..]).map_err(|e| fail(format!("can't be read: {e}")))
    }
}

/// Projections that are plastic or memristive.
fn plastic_projections<W: Real>(parts: &[&Part<W>]) -> Vec<usize> {
    // Blocks of a projection follow one another.
    let mut all: Vec<usize> =
        parts[0].groups().iter().filter(|g| g.plastic.is_some()).map(|g| g.projections[0]).collect();
    all.dedup();
    all
}

/// FNV-1a over 64 bits: finds damage, not malice.
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Names a model and its seed, without its duration: what a checkpoint must agree with.
pub fn model_hash(network: &Network) -> String {
    let text = &network.spec.resolved;
    let kept = match text.parse::<toml_edit::DocumentMut>() {
        Ok(mut document) => {
            if let Some(simulation) = document.get_mut("simulation").and_then(|s| s.as_table_like_mut()) {
                simulation.remove("duration");
            }
            document.to_string()
        }
        Err(_) => text.clone(),
    };
    let sizes: Vec<usize> = network.populations.iter().map(|p| p.size).collect();
    let all = format!("{kept}\n{sizes:?}\n{}\n{}", network.synapses(), network.spec.simulation.seed);
    format!("{:016x}", digest(all.as_bytes()))
}
