//! Turns what happens into chunks for a sink: spikes, states, weights.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::math::real::Real;
use crate::network::{Drawn, Network, Procedural};
use crate::ranks::Ranks;
use crate::record::{Chunk, DeviceLayout, Sink, SinkError};
use crate::spec::WeightSample;
use crate::synapse::Transmitted;
use crate::time::Time;

use super::devices;
use super::flight::Spike;
use super::part::Part;
use super::shard::{Model, Sent, Window};
use super::synapses::{Ends, Listing, draw_all, groups_of, locate, weights_at};
use super::windows::Series;

/// Spikes are handed over in chunks of about this many.
const CHUNK: usize = 1 << 15;

/// Everything that the model asks to record.
pub struct Recorder {
    spikes: Vec<SpikeTrack>,
    /// By population, the track of its spikes.
    track_of: Vec<Option<usize>>,
    states: Vec<StateTrack>,
    weights: Vec<WeightTrack>,
    devices: Arc<[DeviceLayout]>,
    window: (Time, Time),
}

struct SpikeTrack {
    recorded: Vec<bool>,
    times: Vec<f64>,
    nodes: Vec<u64>,
}

struct StateTrack {
    population: usize,
    members: Vec<u32>,
    /// Index in the layout of the first variable.
    first: usize,
    variables: Vec<usize>,
    series: Series,
}

struct WeightTrack {
    projection: usize,
    on: WeightSample,
    listing: Listing,
    /// On the first rank, the weight of each listed synapse, where the projection is static and recorded at spikes, or procedural.
    fixed: Option<Vec<f64>>,
    /// How to draw the synapses of a procedural projection that is recorded at spikes.
    rule: Option<Arc<Procedural>>,
    drawn: Drawn,
    /// Transmitted weights whose like may still come.
    held: Vec<Sent>,
    max_delay: Time,
}

impl WeightTrack {
    /// The weights that a window's spikes transmit through static synapses.
    fn look_up<W: Real>(&mut self, network: &Network, spikes: &[Spike]) {
        if self.on != WeightSample::PreSpike {
            return;
        }
        if let Some(rule) = &self.rule {
            for spike in spikes.iter().filter(|s| network.spec.record.covers(s.time)) {
                let Some(row) = rule.row_of_source(spike.gid) else { continue };
                rule.draw(row, &mut self.drawn);
                let (time, source) = (spike.time, rule.first_source() + row as u32);
                for (i, &target) in self.drawn.targets().iter().enumerate() {
                    let (delay, weight) = (rule.delay_of(&self.drawn, i), W::of(self.drawn.weight(i)).wide());
                    self.held.push(Sent { time, source, delay, target, weight });
                }
            }
            return;
        }
        let Some(weights) = &self.fixed else { return };
        let population = network.spec.projections[self.projection].source.population;
        for spike in spikes.iter().filter(|s| network.spec.record.covers(s.time)) {
            let member = network.member(spike.gid);
            if member.population != population {
                continue;
            }
            let all = &self.listing.all;
            let from = all.partition_point(|e| e.source < member.index);
            let to = from + all[from..].partition_point(|e| e.source == member.index);
            for (&Ends { source, delay, target }, &weight) in all[from..to].iter().zip(&weights[from..to]) {
                self.held.push(Sent { time: spike.time, source, delay, target, weight });
            }
        }
    }
}

/// What a recorder still holds back, for a checkpoint.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Held(Vec<Vec<Sent>>);

impl Recorder {
    /// Of a network whose parts are ready. With other ranks, the first records what all have; every rank calls what takes parts.
    pub fn new<W: Real>(model: &Model<'_>, network: &Network, parts: &[&Part<W>]) -> Recorder {
        let spec = &network.spec;
        let mut track_of = vec![None; spec.populations.len()];
        let mut spikes: Vec<SpikeTrack> = Vec::new();
        for slice in &spec.record.spikes {
            let (population, size) = (slice.population, network.populations[slice.population].size);
            if let (None, Some(recorded)) = (track_of[population], spec.record.recorded(population, size)) {
                track_of[population] = Some(spikes.len());
                spikes.push(SpikeTrack { recorded, times: Vec::new(), nodes: Vec::new() });
            }
        }
        let mut first = 0;
        let states = spec.record.state.iter().map(|state| {
            let size = network.populations[state.slice.population].size;
            let track = StateTrack {
                population: state.slice.population,
                members: state.members(size),
                first,
                variables: state.variables.clone(),
                series: Series { start: state.start, interval: state.interval },
            };
            first += state.variables.len();
            track
        });
        let states = states.collect();
        let weights = spec.record.weights.iter().map(|record| {
            let projection = &spec.projections[record.projection];
            let at_spikes = record.on == WeightSample::PreSpike;
            let is_static = projection.is_static();
            // Plastic synapses tell of every weight that they transmit; static ones are looked up.
            let ranks = &network.ranks;
            let rule = network.projections[record.projection].procedural.clone();
            let (listing, fixed) = match &rule {
                // Any rank can draw them all.
                Some(rule) if !at_spikes && ranks.is_first() => {
                    let (all, weights) = draw_all::<W>(rule);
                    (Listing::of_no_rank(all), Some(weights))
                }
                Some(_) => (Listing::default(), None),
                None if at_spikes && !is_static => (Listing::default(), None),
                None => {
                    let listing = Listing::new(ranks, locate(model, parts, record.projection));
                    let fixed = || weights_at(parts, record.projection, &listing.own, Time::ZERO);
                    let fixed = at_spikes.then(|| listing.merge(ranks.gather(fixed())));
                    (listing, fixed)
                }
            };
            WeightTrack {
                projection: record.projection,
                on: record.on,
                fixed,
                listing,
                rule,
                drawn: Drawn::default(),
                held: Vec::new(),
                max_delay: network.projections[record.projection].max_delay,
            }
        });
        let window = (spec.record.start, spec.record.until());
        let weights = weights.collect();
        let asked = 0..if spec.record.parameters { spec.projections.len() } else { 0 };
        let devices = asked.filter_map(|projection| devices::of(model, network, parts, projection)).collect();
        Recorder { spikes, track_of, states, weights, devices, window }
    }

    /// What devices differ in, where that is recorded.
    pub fn devices(&self) -> Arc<[DeviceLayout]> {
        Arc::clone(&self.devices)
    }

    /// The synapses of the `index`-th weight record.
    pub fn listed(&self, index: usize) -> &[Ends] {
        &self.weights[index].listing.all
    }

    /// Takes a window's spikes and transmitted weights.
    pub fn window<W: Real>(
        &mut self,
        network: &Network,
        window: &Window,
        spikes: &[Spike],
        transmitted: &[(u32, Sent)],
        sink: &mut dyn Sink,
    ) -> Result<(), SinkError> {
        if !self.spikes.is_empty() {
            self.keep_spikes(network, spikes);
        }
        for (projection, sent) in transmitted.iter().filter(|(_, s)| network.spec.record.covers(s.time)) {
            let wants = |t: &&mut WeightTrack| t.projection == *projection as usize && t.on == WeightSample::PreSpike;
            self.weights.iter_mut().filter(wants).for_each(|t| t.held.push(*sent));
        }
        for track in &mut self.weights {
            track.look_up::<W>(network, spikes);
        }
        for index in 0..self.weights.len() {
            // What was emitted before this has arrived everywhere.
            let complete = Time(window.to.0 - self.weights[index].max_delay.0);
            self.release(index, complete, CHUNK, sink)?;
        }
        if self.spikes.iter().map(|t| t.times.len()).sum::<usize>() >= CHUNK {
            self.write_spikes(sink)?;
        }
        Ok(())
    }

    fn keep_spikes(&mut self, network: &Network, spikes: &[Spike]) {
        // Spikes of one step come population by population: the last one's is looked at first.
        let (mut of, mut track) = (0..0, None);
        for spike in spikes.iter().filter(|s| network.spec.record.covers(s.time)) {
            if !of.contains(&spike.gid) {
                let population = network.member(spike.gid).population;
                let found = &network.populations[population];
                of = found.first..found.first + found.size as u32;
                track = self.track_of[population];
            }
            if let Some(track) = track {
                let (track, member) = (&mut self.spikes[track], spike.gid - of.start);
                if track.recorded[member as usize] {
                    track.times.push(spike.time.ms());
                    track.nodes.push(u64::from(member));
                }
            }
        }
    }

    /// The projection whose weights have this place in the layout.
    pub fn projection_of(&self, index: usize) -> usize {
        self.weights[index].projection
    }

    /// Samples what is due at the last tick of a window that has been advanced through; nothing but on the first rank.
    pub fn sample<W: Real>(&self, network: &Network, window: &Window, end: Time, parts: &[&Part<W>]) -> Vec<Chunk> {
        let at = Time(window.to.0 - 1);
        let (from, until) = self.window;
        let states: Vec<_> = self.states.iter().filter(|t| at < until && t.series.has(at)).collect();
        let is_due = |track: &WeightTrack| match track.on {
            WeightSample::PreSpike => false,
            WeightSample::End => at == end,
            WeightSample::Interval(interval) => {
                at >= from && at < until && Series { start: Time::ZERO, interval }.has(at)
            }
        };
        let due = |(_, track): &(usize, &WeightTrack)| is_due(track);
        let snapshots: Vec<_> = self.weights.iter().enumerate().filter(due).collect();
        // What this rank's parts have, in the order of the chunks.
        let mut own: Vec<Vec<f64>> = Vec::new();
        for track in &states {
            own.extend(track.variables.iter().map(|&variable| read_members(network, parts, track, variable, at)));
        }
        own.extend(snapshots.iter().map(|(_, track)| weights_at(parts, track.projection, &track.listing.own, at)));
        let mut ranks: Vec<_> = network.ranks.gather(own).into_iter().map(Vec::into_iter).collect();
        let mut chunks = Vec::new();
        let mut next = || ranks.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>();
        if network.ranks.is_first() {
            for track in states {
                for index in track.first..track.first + track.variables.len() {
                    // Members are shared out in order.
                    chunks.push(Chunk::State { index, times_ms: vec![at.ms()], rows: next().concat() });
                }
            }
            for (index, track) in snapshots {
                let own = next();
                let weights = track.fixed.clone().unwrap_or_else(|| track.listing.merge(own));
                chunks.push(Chunk::Snapshot { index, time_ms: at.ms(), weights });
            }
        }
        chunks
    }

    /// The weights that spikes on their way at `at` will transmit, by weight record; on the first rank, those of all.
    pub fn on_their_way<W: Real>(
        &self,
        model: &Model<'_>,
        ranks: &Ranks,
        at: Time,
        parts: &[&Part<W>],
    ) -> Vec<Vec<Sent>> {
        let tracks = self.weights.iter().map(|track| match track.on {
            WeightSample::PreSpike => ranks.gather(in_flight(model, parts, track.projection, at)).concat(),
            WeightSample::End | WeightSample::Interval(_) => Vec::new(),
        });
        tracks.collect()
    }

    /// At the end: what is held back, and what [`Recorder::on_their_way`] gave.
    pub fn finish(&mut self, on_their_way: Vec<Vec<Sent>>, sink: &mut dyn Sink) -> Result<(), SinkError> {
        for (index, sent) in on_their_way.into_iter().enumerate() {
            let (from, until) = self.window;
            self.weights[index].held.extend(sent.into_iter().filter(|s| s.time >= from && s.time < until));
            self.release(index, Time::NEVER, 0, sink)?;
        }
        self.write_spikes(sink)
    }

    /// Hands over the spikes gathered so far.
    pub fn write_spikes(&mut self, sink: &mut dyn Sink) -> Result<(), SinkError> {
        for (index, track) in self.spikes.iter_mut().enumerate().filter(|(_, t)| !t.times.is_empty()) {
            // The next chunk is about as long: columns that grow by doubling are copied, and leave holes in memory.
            let room = track.times.len() + track.times.len() / 8;
            let times_ms = std::mem::replace(&mut track.times, Vec::with_capacity(room));
            let node_ids = std::mem::replace(&mut track.nodes, Vec::with_capacity(room));
            sink.write(Chunk::Spikes { index, times_ms, node_ids })?;
        }
        Ok(())
    }

    /// What is held back (after `write_spikes`).
    pub fn held(&self) -> Held {
        Held(self.weights.iter().map(|t| t.held.clone()).collect())
    }

    /// Goes on with what was held back.
    pub fn restore(&mut self, held: Held) {
        self.weights.iter_mut().zip(held.0).for_each(|(track, held)| track.held = held);
    }

    /// Writes the transmitted weights emitted before `complete`, in order, once there are more than `enough`.
    fn release(&mut self, index: usize, complete: Time, enough: usize, sink: &mut dyn Sink) -> Result<(), SinkError> {
        let held = &mut self.weights[index].held;
        if held.is_empty() || held.len() < enough {
            return Ok(());
        }
        held.sort_by_key(Sent::key);
        let ready = held.partition_point(|s| s.time < complete);
        if ready == 0 {
            return Ok(());
        }
        let ready: Vec<Sent> = held.drain(..ready).collect();
        sink.write(Chunk::PreSpikeWeights {
            index,
            times_ms: ready.iter().map(|s| s.time.ms()).collect(),
            source_ids: ready.iter().map(|s| u64::from(s.source)).collect(),
            target_ids: ready.iter().map(|s| u64::from(s.target)).collect(),
            weights: ready.iter().map(|s| s.weight).collect(),
        })
    }
}

/// The place of the first member that is not below `start`.
fn first_from(members: &[u32], start: u32) -> usize {
    members.partition_point(|m| *m < start)
}

/// One variable of all sampled members, in order.
fn read_members<W: Real>(
    network: &Network,
    parts: &[&Part<W>],
    track: &StateTrack,
    variable: usize,
    at: Time,
) -> Vec<f64> {
    let population = track.population;
    debug_assert!(population < network.populations.len());
    let mut rows = Vec::with_capacity(track.members.len());
    for part in parts {
        let own = &part.share().members[population];
        let (from, to) = (first_from(&track.members, own.start), first_from(&track.members, own.end));
        let mine = &track.members[from..to.max(from)];
        rows.extend(mine.iter().map(|m| part.read(population, m - own.start, variable, at)));
    }
    rows
}

/// The weights that spikes on their way at `at` will transmit.
fn in_flight<W: Real>(model: &Model<'_>, parts: &[&Part<W>], projection: usize, at: Time) -> Vec<Sent> {
    let (mut all, mut sent) = (Vec::new(), Vec::new());
    let groups = groups_of(parts[0], projection);
    for (part, &index) in parts.iter().flat_map(|part| groups.iter().map(move |index| (part, index))) {
        let group = &part.groups()[index];
        let Some(plastic) = &group.plastic else { continue };
        let pending = plastic.pending_by_row();
        for (row, _) in pending.iter().enumerate().filter(|(_, p)| !p.is_empty()) {
            for synapse in group.store.synapses(row) {
                let delay = group.store.delay(row, synapse);
                let target = u32::from(group.store.target(synapse));
                sent.clear();
                let arrives = |weight: f64| group.array.as_ref().map_or(weight, |losses| losses.look(synapse, weight));
                plastic.in_flight(synapse, row, target, delay, at, &pending, arrives, &mut sent);
                let named = |s: &Transmitted| model.sent(part.share(), group, delay, s);
                all.extend(sent.iter().map(named));
            }
        }
    }
    all
}
