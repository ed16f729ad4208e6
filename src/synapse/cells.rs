//! What the devices of a store keep beside the conductance of the first: arrays by synapse, of which only those are filled
//! that the device needs.

use serde::{Deserialize, Serialize};

use crate::device::physical::surface::Before;
use crate::device::{self, MOST, Pulses};
use crate::time::Time;

/// One device of a synapse.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Held {
    /// Its conductance \[S\]; that of the first is the synapse's value.
    pub g: f64,
    /// Pulses that it had.
    pub pulses: u32,
    /// When it had the last.
    pub at: Time,
}

/// What one synapse keeps beside its value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Kept {
    /// Names the synapse in its random numbers: wiring row and ordinal.
    pub key: u64,
    /// How many changes have been proposed so far.
    pub updates: u32,
    /// What is left of the proposed changes, in pulses (`pulses = "carry"`).
    pub carry: f32,
    /// Which device has the next pulse, of G+ and of G-.
    pub turn: [u8; 2],
    /// Where its device was before the last spike, which alone moves it.
    pub before: Before,
    /// Its devices.
    pub held: [Held; MOST],
}

/// What a device makes synapses keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// A remainder.
    carry: bool,
    /// When each device had its last pulse.
    time: bool,
    /// How many pulses each had.
    pulses: bool,
    /// Whose turn it is.
    turn: bool,
    /// Where it was before the last spike.
    before: bool,
    /// Devices of a synapse.
    count: usize,
}

impl Needs {
    /// What this device needs; `alone`: does one spike alone move it?
    pub fn of(device: &device::Device, alone: bool) -> Needs {
        let ageing = &device.ageing;
        Needs {
            carry: device.common.pulses == Pulses::Carry,
            time: ageing.takes_time(),
            pulses: device.common.write_noise > 0.0 || ageing.endurance.is_some(),
            turn: device.bank.devices > 1,
            before: alone,
            count: device.bank.count(),
        }
    }
}

/// The arrays; all empty without devices.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    needs: Needs,
    /// Key of each synapse.
    pub key: Vec<u64>,
    /// Changes proposed to each so far.
    pub updates: Vec<u32>,
    pub(super) rest: Rest,
}

/// What only some devices need.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Rest {
    pub(super) carry: Vec<f32>,
    pub(super) turn: Vec<[u8; 2]>,
    pub(super) before: Vec<Before>,
    /// `count` a synapse.
    pub(super) time: Vec<Time>,
    /// `count` a synapse.
    pub(super) pulses: Vec<u32>,
    /// `count - 1` a synapse.
    pub(super) g: Vec<f64>,
}

/// The same of a whole projection, for a checkpoint: its synapses in an order that does not depend on threads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CellsState {
    updates: Vec<u32>,
    rest: Rest,
}

impl Cells {
    /// For synapses of these keys, as they are before the first pulse.
    pub fn new(keys: Vec<u64>, needs: Needs) -> Cells {
        let n = keys.len();
        let each = |wanted: bool| if wanted { n * needs.count } else { 0 };
        let rest = Rest {
            carry: vec![0.0; if needs.carry { n } else { 0 }],
            turn: vec![[0; 2]; if needs.turn { n } else { 0 }],
            before: vec![Before::default(); if needs.before { n } else { 0 }],
            time: vec![Time::ZERO; each(needs.time)],
            pulses: vec![0; each(needs.pulses)],
            g: vec![0.0; n * needs.count.saturating_sub(1)],
        };
        Cells { needs, updates: vec![0; n], key: keys, rest }
    }

    /// Memory that they take \[bytes\].
    pub fn bytes(&self) -> usize {
        let Rest { carry, turn, before, time, pulses, g } = &self.rest;
        size_of_val(&self.key[..])
            + size_of_val(&self.updates[..])
            + size_of_val(&carry[..])
            + size_of_val(&turn[..])
            + size_of_val(&before[..])
            + size_of_val(&time[..])
            + size_of_val(&pulses[..])
            + size_of_val(&g[..])
    }

    /// Memory that it takes for each synapse \[bytes\].
    pub fn bytes_per_synapse(needs: &Needs) -> usize {
        let each = if needs.time { 8 } else { 0 } + if needs.pulses { 4 } else { 0 };
        let once = if needs.carry { 4 } else { 0 } + if needs.turn { 2 } else { 0 } + if needs.before { 8 } else { 0 };
        12 + once + needs.count * each + needs.count.saturating_sub(1) * 8
    }

    /// What a synapse keeps.
    #[inline]
    pub fn get(&self, synapse: usize) -> Kept {
        let Some(&key) = self.key.get(synapse) else { return Kept::default() };
        let mut kept = Kept { key, updates: self.updates[synapse], ..Kept::default() };
        self.rest.read(synapse, self.needs.count, &mut kept);
        kept
    }

    /// Keeps it.
    #[inline]
    pub fn put(&mut self, synapse: usize, kept: &Kept) {
        if let Some(updates) = self.updates.get_mut(synapse) {
            *updates = kept.updates;
            self.rest.write(synapse, self.needs.count, kept);
        }
    }
}

impl Rest {
    #[inline]
    fn read(&self, synapse: usize, count: usize, kept: &mut Kept) {
        if let Some(carry) = self.carry.get(synapse) {
            kept.carry = *carry;
        }
        if let Some(turn) = self.turn.get(synapse) {
            kept.turn = *turn;
        }
        if let Some(before) = self.before.get(synapse) {
            kept.before = *before;
        }
        let first = synapse * count;
        for (held, time) in kept.held.iter_mut().zip(self.time.iter().skip(first).take(count)) {
            held.at = *time;
        }
        for (held, pulses) in kept.held.iter_mut().zip(self.pulses.iter().skip(first).take(count)) {
            held.pulses = *pulses;
        }
        if count > 1 {
            let others = &self.g[synapse * (count - 1)..(synapse + 1) * (count - 1)];
            kept.held[1..].iter_mut().zip(others).for_each(|(held, g)| held.g = *g);
        }
    }

    #[inline]
    fn write(&mut self, synapse: usize, count: usize, kept: &Kept) {
        if let Some(carry) = self.carry.get_mut(synapse) {
            *carry = kept.carry;
        }
        if let Some(turn) = self.turn.get_mut(synapse) {
            *turn = kept.turn;
        }
        if let Some(before) = self.before.get_mut(synapse) {
            *before = kept.before;
        }
        let first = synapse * count;
        for (time, held) in self.time.iter_mut().skip(first).take(count).zip(&kept.held) {
            *time = held.at;
        }
        for (pulses, held) in self.pulses.iter_mut().skip(first).take(count).zip(&kept.held) {
            *pulses = held.pulses;
        }
        if count > 1 {
            let others = &mut self.g[synapse * (count - 1)..(synapse + 1) * (count - 1)];
            others.iter_mut().zip(&kept.held[1..]).for_each(|(g, held)| *g = held.g);
        }
    }
}

impl CellsState {
    /// Appends a synapse.
    pub fn push(&mut self, cells: &Cells, synapse: usize) {
        let Some(&updates) = cells.updates.get(synapse) else { return };
        self.updates.push(updates);
        let (from, count) = (&cells.rest, cells.needs.count);
        let range = synapse * count..(synapse + 1) * count;
        self.rest.carry.extend(from.carry.get(synapse));
        self.rest.turn.extend(from.turn.get(synapse));
        self.rest.before.extend(from.before.get(synapse));
        self.rest.time.extend(from.time.get(range.clone()).unwrap_or(&[]));
        self.rest.pulses.extend(from.pulses.get(range).unwrap_or(&[]));
        if count > 1 {
            self.rest.g.extend(&from.g[synapse * (count - 1)..(synapse + 1) * (count - 1)]);
        }
    }

    /// Appends the synapse in `place` of another part of the projection.
    pub fn append(&mut self, other: &CellsState, place: usize) {
        let n = other.updates.len();
        if place < n {
            self.updates.push(other.updates[place]);
            let (to, from) = (&mut self.rest, &other.rest);
            to.carry.extend(own(&from.carry, n, place));
            to.turn.extend(own(&from.turn, n, place));
            to.before.extend(own(&from.before, n, place));
            to.time.extend(own(&from.time, n, place));
            to.pulses.extend(own(&from.pulses, n, place));
            to.g.extend(own(&from.g, n, place));
        }
    }

    /// Puts the synapse in `place` back.
    pub fn put(&self, place: usize, cells: &mut Cells, synapse: usize) {
        let Some(&updates) = self.updates.get(place) else { return };
        let mut kept = Kept { key: cells.key[synapse], updates, ..Kept::default() };
        let count = cells.needs.count;
        if self.rest.g.len() == self.updates.len() * count.saturating_sub(1) {
            self.rest.read(place, count, &mut kept);
            cells.put(synapse, &kept);
        }
    }
}

/// What belongs to the synapse in `place` of a column with as much for each of `n`.
fn own<T>(column: &[T], n: usize, place: usize) -> &[T] {
    let each = column.len() / n;
    &column[place * each..(place + 1) * each]
}
