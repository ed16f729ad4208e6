//! A checkpoint: all state of a run between two windows, in an order that does not depend on threads.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use toml_edit::{Item, TableLike, Value};

use crate::fnv::digest;
use crate::math::real::Real;
use crate::network::Network;
use crate::ranks::Ranks;
use crate::spec::NetworkSpec;
use crate::synapse::{History, PlasticState};
use crate::time::Time;
use crate::whole;

use super::RunError;
use super::array::{self, ArrayState};
use super::flight::Spike;
use super::part::{Part, views};
use super::recorder::Held;
use super::shard::Model;
use super::statistics::Statistics;
use super::synapses::{Listing, groups_of, locate};
use super::train::Train;

const MAGIC: &[u8; 8] = b"memspkC6";

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
    /// Neurons, sources, inputs, synapses.
    saved: Saved,
    /// Counts so far.
    pub statistics: Statistics,
    /// Wall time spent in the recorded window so far \[s\].
    pub wall_s: f64,
    /// What recorders hold back.
    pub held: Held,
    /// Figures of the weights at the run's end, by projection, once it has come.
    pub weights: Vec<Option<[f64; 4]>>,
    /// The caller's: how much of the result file belongs to the checkpoint.
    pub marks: Vec<u8>,
}

/// The dynamic state of all parts.
#[derive(Serialize, Deserialize)]
pub struct Saved {
    /// Per population: state of its neurons, or trains of its sources.
    populations: Vec<(Vec<Vec<u8>>, Vec<Train>)>,
    /// Per Poisson input and target: its trains.
    backgrounds: Vec<(u32, usize, Vec<Train>)>,
    /// Per plastic projection.
    plastic: Vec<(usize, PlasticState, Vec<History>)>,
    /// Per plastic projection in a crossbar.
    arrays: Vec<ArrayState>,
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
    /// Figures of the weights at the run's end, by projection, once it has come.
    pub weights: Vec<Option<[f64; 4]>>,
    /// The caller's marks.
    pub marks: Vec<u8>,
}

impl Saved {
    /// Gathers the state of the parts of all ranks after a window that ended before `now`; on the first rank. Every rank calls it.
    pub fn gather<W: Real>(model: &Model<'_>, ranks: &Ranks, now: Time, parts: &mut [&mut Part<W>]) -> Option<Saved> {
        let (own, listings) = Saved::own(model, ranks, now, parts);
        let mut all = ranks.gather(own).into_iter();
        let mut joined = all.next()?;
        let others: Vec<Saved> = all.collect();
        for other in &others {
            for (to, from) in joined.populations.iter_mut().zip(&other.populations) {
                to.0.extend_from_slice(&from.0);
                to.1.extend_from_slice(&from.1);
            }
            for (order, target, trains) in &other.backgrounds {
                joined.background(*order, *target).extend_from_slice(trains);
            }
        }
        for (index, listing) in listings.iter().enumerate().filter(|_| !others.is_empty()) {
            let (_, state, posts) = &mut joined.plastic[index];
            let others = others.iter().map(|other| &other.plastic[index]);
            others.clone().for_each(|(_, _, own)| posts.extend_from_slice(own));
            let first = std::mem::take(state);
            let states: Vec<&PlasticState> = std::iter::once(&first).chain(others.map(|other| &other.1)).collect();
            let places = |(rank, state): (usize, &&PlasticState)| (0..state.len()).map(|i| (rank, i)).collect();
            *state = PlasticState::join(&states, &listing.merge(states.iter().enumerate().map(places).collect()));
        }
        Some(joined)
    }

    /// The state of this rank's parts, and the synapses of its plastic projections.
    fn own<W: Real>(model: &Model<'_>, ranks: &Ranks, now: Time, parts: &mut [&mut Part<W>]) -> (Saved, Vec<Listing>) {
        let populations = vec![(Vec::new(), Vec::new()); model.spec.populations.len()];
        let mut saved = Saved { populations, backgrounds: Vec::new(), plastic: Vec::new(), arrays: Vec::new() };
        for part in parts.iter_mut() {
            for (population, (cells, trains)) in saved.populations.iter_mut().enumerate() {
                let (own_cells, own_trains) = part.save(population);
                cells.extend(own_cells);
                trains.extend(own_trains);
            }
            for background in part.backgrounds_mut() {
                saved.background(background.order, background.target).extend(background.save());
            }
        }
        // Settled to the same moment in every thread, the state of a synapse does not depend on the thread.
        for part in parts.iter_mut() {
            part.groups_mut().iter_mut().for_each(|g| super::shard::settle(g, now));
        }
        let parts = views(parts);
        let mut listings = Vec::new();
        for projection in plastic_projections(&parts) {
            let groups = groups_of(parts[0], projection);
            let first = parts[0].groups()[groups[0]].plastic.as_ref();
            let mut state = first.map(|p| p.shared_state()).unwrap_or_default();
            let listing = Listing::new(ranks, locate(model, &parts, projection));
            for located in &listing.own {
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
            saved.plastic.push((projection, state, posts));
            listings.push(listing);
        }
        // Gathered already.
        saved.arrays = array::save(model, ranks, &parts);
        (saved, listings)
    }

    /// The trains of a Poisson input into one of its targets.
    fn background(&mut self, order: u32, target: usize) -> &mut Vec<Train> {
        let place = self.backgrounds.iter().position(|b| (b.0, b.1) == (order, target)).unwrap_or_else(|| {
            self.backgrounds.push((order, target, Vec::new()));
            self.backgrounds.len() - 1
        });
        &mut self.backgrounds[place].2
    }
}

impl Checkpoint {
    /// Of what was gathered at a moment.
    pub fn new(hash: &str, moment: Moment, saved: Saved) -> Checkpoint {
        Checkpoint {
            program: env!("CARGO_PKG_VERSION").into(),
            model_hash: hash.into(),
            from: moment.from,
            flight: moment.flight,
            saved,
            statistics: moment.statistics,
            wall_s: moment.wall_s,
            held: moment.held,
            weights: moment.weights,
            marks: moment.marks,
        }
    }

    /// Gives every part of this rank its state back. Every rank calls it.
    ///
    /// # Errors
    /// If the checkpoint is of another network; on all ranks.
    pub fn scatter<W: Real>(
        &self,
        model: &Model<'_>,
        ranks: &Ranks,
        quantum: Time,
        parts: &mut [Part<W>],
    ) -> Result<(), RunError> {
        ranks.agree(self.load(model, quantum, parts), RunError::code, super::told)?;
        // From here on all find the same.
        array::load(model, ranks, &mut parts.iter_mut().collect::<Vec<_>>(), &self.saved.arrays)?;
        for (projection, state, posts) in &self.saved.plastic {
            let done = scatter_plastic(model, ranks, *projection, state, posts, parts);
            ranks.agree(done, RunError::code, super::told)?;
        }
        Ok(())
    }

    /// Gives neurons, sources and inputs their state back.
    fn load<W: Real>(&self, model: &Model<'_>, quantum: Time, parts: &mut [Part<W>]) -> Result<(), RunError> {
        let Saved { populations, backgrounds, .. } = &self.saved;
        let fits = populations.len() == model.spec.populations.len()
            && populations.iter().zip(&model.spec.populations).all(|((c, t), p)| c.len() + t.len() == p.size);
        if !fits {
            return Err(RunError::Checkpoint("it holds other populations than the model".into()));
        }
        self.check(model, &parts.iter().collect::<Vec<_>>())?;
        for part in parts.iter_mut() {
            part.set_noted(self.from);
            for (population, (cells, trains)) in populations.iter().enumerate() {
                let own = part.share().members[population].clone();
                let (own, none) = (own.start as usize..own.end as usize, Vec::new());
                let cells = cells.get(own.clone()).unwrap_or(&none);
                part.load(population, cells, trains.get(own).unwrap_or(&[]), self.from, quantum)?;
            }
        }
        for (order, target, trains) in backgrounds.iter().filter(|b| !b.2.is_empty()) {
            let input = model.spec.inputs.get(*order as usize).and_then(|input| input.targets.get(*target));
            let Some(first) = input.map(|target| target.start) else { return damaged("an input that the model lacks") };
            for background in parts.iter_mut().flat_map(|part| part.backgrounds_mut()) {
                if (background.order, background.target) == (*order, *target) {
                    let from = background.first_member as usize - first;
                    let Some(own) = trains.get(from..from + background.targets()) else {
                        return damaged("an input of another size");
                    };
                    background.load(own.to_vec(), self.from, quantum);
                }
            }
        }
        Ok(())
    }

    /// Whether numbers of neurons, projections and counts are those of a run of this model. A checkpoint that was damaged is told by its
    /// checksum; one that was made so has a right one.
    fn check<W: Real>(&self, model: &Model<'_>, parts: &[&Part<W>]) -> Result<(), RunError> {
        let neurons: usize = model.spec.populations.iter().map(|population| population.size).sum();
        if !(self.from >= Time::ZERO && self.from.is_possible() && (0.0..LONGEST).contains(&self.wall_s)) {
            return damaged("a time that no run reaches");
        }
        if !self.flight.iter().all(|spike| (spike.gid as usize) < neurons && spike.time.is_possible()) {
            return damaged("a spike of no neuron, or at no time");
        }
        if !self.statistics.fit(neurons, model.spec.projections.len()) {
            return damaged("counts of other neurons or projections");
        }
        if !plastic_projections(parts).iter().eq(self.saved.plastic.iter().map(|(projection, ..)| projection)) {
            return damaged("the state of other projections");
        }
        Ok(())
    }

    /// Replaces `path` atomically: there is always a whole checkpoint under that name, or none.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write(&self, path: &Path) -> Result<(), RunError> {
        let fail =
            |e: &dyn std::fmt::Display| RunError::Failed(format!("can't write the checkpoint {}: {e}", path.display()));
        let bytes = postcard::to_allocvec(self).map_err(|e| fail(&e))?;
        let fill = |part: &Path| -> io::Result<()> {
            let mut file = BufWriter::new(File::create(part)?);
            file.write_all(MAGIC)?;
            file.write_all(&digest(&bytes).to_le_bytes())?;
            file.write_all(&bytes)?;
            file.flush()
        };
        whole::replace(path, |e| e, fill).map_err(|e| fail(&e))
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// If it is missing, cut short, damaged or no checkpoint.
    pub fn read(path: &Path) -> Result<Checkpoint, RunError> {
        Checkpoint::of(&contents(path)?, path)
    }

    /// Refuses a run that it can't be the beginning of.
    ///
    /// # Errors
    /// If another model wrote it, or the run ends before it.
    pub fn expect_begins(&self, model_hash: &str, end: Time) -> Result<(), RunError> {
        if self.model_hash != model_hash {
            return Err(RunError::Checkpoint(
                "it was written by another model or seed, or a file that it reads has changed; resume with the model and engine that wrote it, or start anew"
                    .into(),
            ));
        }
        // What no run reaches is refused with all else that was made up.
        if self.from > Time(end.0 + 1) && self.from.is_possible() {
            let reached = Time(self.from.0 - 1);
            let message = format!(
                "it stands at {reached}, and the run is to end at {end}: give a longer duration, or start anew"
            );
            return Err(RunError::Checkpoint(message));
        }
        Ok(())
    }

    /// Reads a checkpoint on the first rank, for all.
    ///
    /// # Errors
    /// As [`Checkpoint::read`], on all ranks.
    pub fn read_on(path: &Path, ranks: &Ranks) -> Result<Checkpoint, RunError> {
        let bytes = if ranks.is_first() { contents(path) } else { Ok(Vec::new()) };
        let bytes = ranks.agree(bytes, RunError::code, super::told)?;
        let read = Checkpoint::of(&ranks.hand_out(Some(bytes)).unwrap_or_default(), path);
        ranks.agree(read, RunError::code, super::told)
    }

    /// What the bytes of the file `path` say.
    fn of(bytes: &[u8], path: &Path) -> Result<Checkpoint, RunError> {
        let fail = |why: &str| RunError::Checkpoint(format!("{}: {why}", path.display()));
        if bytes.len() < 16 || &bytes[..8] != MAGIC {
            return Err(fail("not a checkpoint of this version of memspike"));
        }
        let stored = bytes[8..16].try_into().map(u64::from_le_bytes).unwrap_or_default();
        if stored != digest(&bytes[16..]) {
            return Err(fail("the checkpoint is cut short or damaged; use an older one, or start anew"));
        }
        postcard::from_bytes(&bytes[16..]).map_err(|e| fail(&format!("can't be read: {e}")))
    }
}

/// Longer than any run takes \[s\].
const LONGEST: f64 = 1e12;

/// It holds what the model can't have.
fn damaged<T>(what: &str) -> Result<T, RunError> {
    Err(RunError::Checkpoint(format!("it holds {what}; it is damaged: use an older one, or start anew")))
}

/// The bytes of a file.
fn contents(path: &Path) -> Result<Vec<u8>, RunError> {
    std::fs::read(path).map_err(|e| RunError::Checkpoint(format!("{}: {e}", path.display())))
}

/// Gives the synapses of a plastic projection their state back.
fn scatter_plastic<W: Real>(
    model: &Model<'_>,
    ranks: &Ranks,
    projection: usize,
    state: &PlasticState,
    posts: &[History],
    parts: &mut [Part<W>],
) -> Result<(), RunError> {
    let listing = Listing::new(ranks, locate(model, &parts.iter().collect::<Vec<_>>(), projection));
    let (places, all) = listing.places(ranks);
    if all != state.len() {
        return Err(RunError::Checkpoint(format!("projection {projection} has another number of synapses")));
    }
    let groups = groups_of(&parts[0], projection);
    let target = model.spec.projections[projection].target.population;
    for (number, part) in parts.iter_mut().enumerate() {
        let own = part.share().members[target].clone();
        for &index in &groups {
            let group = &mut part.groups_mut()[index];
            let Some(plastic) = &mut group.plastic else { continue };
            let first = (own.start + group.first).min(own.end) as usize;
            let own = posts.get(first..first + plastic.post.len()).unwrap_or(&[]);
            if own.len() != plastic.post.len() || !plastic.fits(state) {
                return damaged("synapses of other neurons");
            }
            plastic.set_shared_state(state);
            plastic.set_posts(own.to_vec());
            // One of them goes on with the energy that all have spent.
            if !ranks.is_first() || number > 0 || index != groups[0] {
                plastic.price = Default::default();
            }
        }
    }
    for (&place, located) in places.iter().zip(&listing.own) {
        let group = &mut parts[located.part as usize].groups_mut()[located.group as usize];
        if let Some(plastic) = &mut group.plastic {
            state.put(place, plastic, located.synapse as usize);
        }
    }
    Ok(())
}

/// Projections that are plastic or memristive.
fn plastic_projections<W: Real>(parts: &[&Part<W>]) -> Vec<usize> {
    // Blocks of a projection follow one another.
    let mut all: Vec<usize> =
        parts[0].groups().iter().filter(|g| g.plastic.is_some()).map(|g| g.projections[0]).collect();
    all.dedup();
    all
}

/// Names a model and its seed, without its duration, and what it reads from files, wherever they lie: what a checkpoint must agree with.
pub fn model_hash(network: &Network) -> String {
    hash_of(&network.spec, network.synapses())
}

/// A model as text, its keys in the order of their names but where their order has a meaning: sums run in that of populations, inputs and projections.
fn canonical(table: &dyn TableLike, path: &[&str]) -> String {
    let mut entries: Vec<(&str, &Item)> = table.iter().collect();
    if !matches!(path, ["population" | "input" | "projection"]) {
        entries.sort_by_key(|(key, _)| *key);
    }
    let of = |(key, item): &(&str, &Item)| format!("{key:?}={}", canonical_item(item, &[path, &[*key]].concat()));
    format!("{{{}}}", entries.iter().map(of).collect::<Vec<_>>().join(","))
}

fn canonical_item(item: &Item, path: &[&str]) -> String {
    match item {
        Item::ArrayOfTables(all) => all.iter().map(|table| canonical(table, path)).collect::<Vec<_>>().join(","),
        Item::Value(value) => canonical_value(value, path),
        Item::Table(table) => canonical(table, path),
        Item::None => String::new(),
    }
}

fn canonical_value(value: &Value, path: &[&str]) -> String {
    match value {
        Value::InlineTable(table) => canonical(table, path),
        Value::Array(all) => {
            format!("[{}]", all.iter().map(|value| canonical_value(value, path)).collect::<Vec<_>>().join(","))
        }
        // Without the space around it.
        other => other.clone().decorated("", "").to_string(),
    }
}

/// The same of a network that was not built, if it has so many synapses.
pub fn hash_of(spec: &NetworkSpec, synapses: u64) -> String {
    let text = &spec.nameless;
    let kept = match text.parse::<toml_edit::DocumentMut>() {
        Ok(mut document) => {
            if let Some(simulation) = document.get_mut("simulation").and_then(|s| s.as_table_like_mut()) {
                simulation.remove("duration");
            }
            // Comments tell of a network that was no model file.
            let comments: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
            format!("{}\n{}", comments.join("\n"), canonical(document.as_table(), &[]))
        }
        Err(_) => text.clone(),
    };
    let sizes: Vec<usize> = spec.populations.iter().map(|p| p.size).collect();
    let (seed, content) = (spec.simulation.seed, spec.digest());
    let all = format!("{kept}\n{sizes:?}\n{synapses}\n{seed}\n{content:016x}");
    format!("{:016x}", digest(all.as_bytes()))
}
