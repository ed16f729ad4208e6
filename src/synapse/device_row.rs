//! A run of synapses that are one plain device each: what [`Plastic::transmit`] does synapse by synapse, with everything that the
//! run has in common taken out of the loop, and random words for many devices at once. The same bits.

use std::ops::Range;

use multiversion::multiversion;

use crate::device::{Cell, Pulses, normal};
use crate::neuron::Real;
use crate::plasticity::{Pair, Pairing, Rule};
use crate::rng::StreamKey;
use crate::time::Time;

use super::Price;
use super::memristor::{MOST_PULSES, Memristor};
use super::plastic::{Plastic, PreSpike};

/// Devices whose random words are made together.
const CHUNK: usize = 32;

/// Random words of a chunk: word w of device d is `[w][d]`.
type Words = [[u32; CHUNK]; 4];

impl<W: Real> Plastic<W> {
    /// Can whole runs of devices be brought up to date at once?
    #[inline]
    pub fn has_device_rows(&self) -> bool {
        let setup = &self.setup;
        let pairs = |rule: &Rule| {
            let pair = matches!(rule, Rule::Stdp(_) | Rule::PowerLaw(_) | Rule::Inhibitory(_));
            pair && matches!(rule.pairing(), Pairing::AllToAll | Pairing::NearestSymmetric)
        };
        let plain = |m: &Memristor| m.is_plain() && m.device.common.pulses != Pulses::Carry;
        setup.rule.as_ref().is_some_and(pairs)
            && setup.memristor.as_ref().is_some_and(plain)
            && !setup.axonal
            && setup.during.is_none()
            && setup.normalize.is_none()
            && setup.short_term.is_none()
    }

    /// As [`Plastic::transmit_run`], where [`Plastic::has_device_rows`]; a weight is not rounded to the width in which
    /// conductances are stored, as when synapses go one by one.
    pub fn transmit_device_run(
        &mut self,
        synapses: Range<usize>,
        targets: &[u16],
        delay: Time,
        pre: &PreSpike,
        receive: impl FnMut(u16, f64),
    ) {
        let Some(rule) = self.setup.rule.clone() else { return };
        let all_to_all = rule.pairing() == Pairing::AllToAll;
        match rule {
            Rule::Stdp(rule) => self.device_run(&rule, all_to_all, synapses, targets, delay, pre, receive),
            Rule::PowerLaw(rule) => self.device_run(&rule, all_to_all, synapses, targets, delay, pre, receive),
            Rule::Inhibitory(rule) => self.device_run(&rule, all_to_all, synapses, targets, delay, pre, receive),
            _ => {}
        }
    }

    #[inline]
    #[allow(clippy::too_many_arguments)]
    fn device_run<R: Pair>(
        &mut self,
        rule: &R,
        all_to_all: bool,
        synapses: Range<usize>,
        targets: &[u16],
        delay: Time,
        pre: &PreSpike,
        mut receive: impl FnMut(u16, f64),
    ) {
        let Some(memristor) = &self.setup.memristor else { return };
        let c = &memristor.device.common;
        let last = pre.past.last();
        let (seen, scale) = (pre.time - delay, self.setup.scale);
        let trace = if all_to_all { pre.past.trace() } else { 1.0 };
        let after = last.map_or(seen, |last| last.max(self.settled) - delay);
        let mut price = Price::default();
        let mut long = Vec::new();
        let (mut words, mut spread) = ([[[0; CHUNK]; 4]; 2], [[0; CHUNK]; 4]);
        let spreads = c.sigma_d2d > 0.0 || c.sigma_up_down > 0.0 || c.sigma_g_min > 0.0 || c.sigma_g_max > 0.0;
        let nominal = Cell::nominal(c);
        let draws = memristor.device.draws();
        let mut first = synapses.start;
        while first < synapses.end {
            let chunk = first..(first + CHUNK).min(synapses.end);
            let (keys, updates) = (&self.cells.key[chunk.clone()], &mut self.cells.updates[chunk.clone()]);
            if c.pulses == Pulses::Stochastic || draws {
                blocks(memristor.pulses, keys, updates, &mut words);
            }
            if spreads {
                same_blocks(memristor.spread, keys, &mut spread);
            }
            let values = &mut self.value[chunk.clone()];
            for (lane, (value, &target)) in values.iter_mut().zip(&targets[chunk.clone()]).enumerate() {
                let recent = &self.recent[usize::from(target)];
                let Some((posts, before)) = recent.found(after, seen) else {
                    long.push((chunk.start + lane, target));
                    continue;
                };
                let mut g = value.wide();
                let begun = updates[lane];
                let mut change = |g: f64, change: f64| {
                    let dw = change * scale;
                    if dw == 0.0 {
                        return g;
                    }
                    let serial = updates[lane];
                    updates[lane] = serial.wrapping_add(1);
                    // Words of this block and the next one are at hand.
                    let block = (serial >> 1).wrapping_sub(begun >> 1) as usize;
                    let pair = 2 * (serial & 1) as usize;
                    let (key, number) = (keys[lane], u64::from(serial));
                    let word = |n: usize| match words.get(block) {
                        Some(words) => words[pair + n][lane],
                        None => memristor.word(key, number, n as u64),
                    };
                    let count = memristor.count(dw, &mut 0.0, || word(0));
                    if count == 0.0 {
                        return g;
                    }
                    let cell = if spreads { Cell::drawn(c, spread.each_ref().map(|w| w[lane])) } else { nominal };
                    let cell = cell.with_slopes(&memristor.device, memristor.spread, key, 0);
                    let (up, n) = (count > 0.0, count.abs().min(MOST_PULSES) as u64);
                    let first = if draws { word(1) } else { 0 };
                    W::of(memristor.apply(g, up, n, &cell, (key, number), first, &mut price)).wide()
                };
                if let Some(last) = last {
                    for spike in posts.rev() {
                        let x = trace * self.decay_plus.over(recent.time[spike] + delay - last);
                        if x != 0.0 {
                            g = change(g, rule.on_post(memristor.weight_of(g) / scale, x));
                        }
                    }
                }
                let post = recent.trace_after(before);
                let mut y = 0.0;
                if post > 0.0 {
                    y = self.decay_minus.over(seen - recent.time[before]);
                    y = if all_to_all { post * y } else { y };
                }
                if R::AT_EVERY_PRE || y != 0.0 {
                    g = change(g, rule.on_pre(memristor.weight_of(g) / scale, y));
                }
                *value = W::of(g);
                price.reads += 1;
                if let Some(per_siemens) = c.price_read {
                    price.read.add(per_siemens * g);
                }
                let weight = if c.read_noise == 0.0 {
                    memristor.weight_of(g)
                } else {
                    memristor.noisy(g, normal(memristor.read_word(keys[lane], pre.ordinal)))
                };
                receive(target, weight);
            }
            first = chunk.end;
        }
        self.price.merge(&price);
        for (synapse, target) in long {
            let weight = self.transmit(synapse, u32::from(target), delay, pre);
            receive(target, weight);
        }
    }
}

/// Blocks `updates / 2` of the streams of these keys, and the ones after.
fn blocks(key: StreamKey, keys: &[u64], updates: &[u32], out: &mut [Words; 2]) {
    let mut low = [0u32; CHUNK];
    let (mut c, mut d) = ([0u32; CHUNK], [0u32; CHUNK]);
    for (lane, (key, updates)) in keys.iter().zip(updates).enumerate() {
        (low[lane], c[lane], d[lane]) = (updates >> 1, *key as u32, (*key >> 32) as u32);
    }
    cipher(key.words(), &low, &c, &d, &mut out[0]);
    low.iter_mut().for_each(|n| *n += 1);
    cipher(key.words(), &low, &c, &d, &mut out[1]);
}

/// Block 0 of the streams of these keys.
fn same_blocks(key: StreamKey, keys: &[u64], out: &mut Words) {
    let (mut c, mut d) = ([0u32; CHUNK], [0u32; CHUNK]);
    for (lane, key) in keys.iter().enumerate() {
        (c[lane], d[lane]) = (*key as u32, (*key >> 32) as u32);
    }
    cipher(key.words(), &[0; CHUNK], &c, &d, out);
}

/// Philox4x32-10 of many counters, whose second word is 0: the same words as [`crate::rng::philox`], as vector instructions.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn cipher(key: [u32; 2], low: &[u32; CHUNK], item: &[u32; CHUNK], high: &[u32; CHUNK], out: &mut Words) {
    const LANES: usize = 8;
    const LOW: u64 = 0xFFFF_FFFF;
    for from in (0..CHUNK).step_by(LANES) {
        let lane = |words: &[u32; CHUNK]| -> [u64; LANES] { std::array::from_fn(|l| u64::from(words[from + l])) };
        let (mut a, mut b, mut c, mut d) = (lane(low), [0u64; LANES], lane(item), lane(high));
        let [mut k0, mut k1] = key;
        for _ in 0..10 {
            for l in 0..LANES {
                let p = (a[l] & LOW) * 0xD251_1F53;
                let q = (c[l] & LOW) * 0xCD9E_8D57;
                (a[l], b[l], c[l], d[l]) = ((q >> 32) ^ b[l] ^ u64::from(k0), q, (p >> 32) ^ d[l] ^ u64::from(k1), p);
            }
            k0 = k0.wrapping_add(0x9E37_79B9);
            k1 = k1.wrapping_add(0xBB67_AE85);
        }
        for l in 0..LANES {
            (out[0][from + l], out[1][from + l]) = (a[l] as u32, b[l] as u32);
            (out[2][from + l], out[3][from + l]) = (c[l] as u32, d[l] as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    #[test]
    #[allow(clippy::needless_range_loop)] // a lane goes across the words
    fn many_words_at_once_are_those_of_the_blocks_one_by_one() {
        let key = StreamKey::new(9, Purpose::Pulse, 4);
        let keys: [u64; CHUNK] = std::array::from_fn(|l| ((l as u64) << 33) | (7 * l as u64));
        let updates: [u32; CHUNK] = std::array::from_fn(|l| l as u32 * 0x0765_4321);
        let mut words = [[[0; CHUNK]; 4]; 2];
        blocks(key, &keys, &updates, &mut words);
        let mut same = [[0; CHUNK]; 4];
        same_blocks(key, &keys, &mut same);
        for l in 0..CHUNK {
            for n in 0..2 {
                let one = key.block(keys[l], u64::from(updates[l] >> 1) + n);
                assert_eq!(one, std::array::from_fn(|w| words[n as usize][w][l]));
            }
            assert_eq!(key.block(keys[l], 0), std::array::from_fn(|w| same[w][l]));
        }
    }
}
