//! What devices do by themselves: their course under pulses, and with time.

use crate::rng::{Purpose, StreamKey, name_key};

use super::{Cell, Device, Law, Traits, normal, uniform};

/// A device's conductance after each of some pulses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Staircase {
    /// Directions of the pulses.
    pub up: Vec<bool>,
    /// What shows of the device without spread or noise in the first cycle \[S\]; the mean course of a device with two states.
    pub nominal: Vec<f64>,
    /// Mean over cells and cycles of what shows \[S\].
    pub mean: Vec<f64>,
    /// Spread from cell to cell \[S\]: of their means over cycles, less the share that the spread over cycles has in these, and not below 0;
    /// over n - 1, as the other. With one cycle that share is not known, and stays.
    pub cells: Vec<f64>,
    /// Spread over cycles of one cell, root mean square over cells \[S\].
    pub cycles: Vec<f64>,
    /// Least and greatest that any cell shows in any cycle \[S\].
    pub reach: Vec<(f64, f64)>,
    /// Mean energy of each pulse \[J\]; none if the device has no price for one of them.
    pub energy: Option<Vec<f64>>,
}

/// A device's conductance after some times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// The conductance to which it was set \[S\].
    pub start: f64,
    /// Times since then \[s\].
    pub times: Vec<f64>,
    /// Mean over cells \[S\].
    pub mean: Vec<f64>,
    /// Spread over cells \[S\].
    pub std: Vec<f64>,
    /// Least and greatest that any cell shows \[S\].
    pub reach: Vec<(f64, f64)>,
    /// Mean relative spread of a read.
    pub read_noise: Vec<f64>,
}

/// Random numbers of devices that belong to no projection.
struct Streams {
    spread: StreamKey,
    pulses: StreamKey,
}

impl Streams {
    fn new(seed: u64) -> Streams {
        let key = |purpose| StreamKey::new(seed, purpose, name_key("device"));
        Streams { spread: key(Purpose::Device), pulses: key(Purpose::Pulse) }
    }
}

/// Mean of numbers, and the spread of what they were drawn from: over n - 1, as the reader of measured pulses has it; 0 of one alone.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
    (mean, (squares / (n - 1.0).max(1.0)).sqrt())
}

/// The least and the greatest of no number.
const NOWHERE: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

/// The least and the greatest of numbers, and of those of which these are the two so far.
fn reach(so_far: (f64, f64), values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    values.into_iter().fold(so_far, |(low, high), v| (low.min(v), high.max(v)))
}

/// Where a device with two states is at the start of a cycle: high with the chance that makes `start` the mean.
fn either(device: &Device, own: &Traits, start: f64, chance: f64) -> f64 {
    let share = (start - device.common.g_min) / device.common.range();
    if chance < share { own.cell.g_max } else { own.cell.g_min }
}

/// Applies pulses to `cells` devices, `cycles` times each, from `start` \[S\].
pub fn staircase(device: &Device, up: &[bool], start: f64, cells: usize, cycles: usize, seed: u64) -> Staircase {
    let streams = Streams::new(seed);
    let c = &device.common;
    let nominal = Cell::nominal(c);
    let mut out = Staircase { up: up.to_vec(), ..Staircase::default() };
    let reference = device.reference.map_or(0.0, |law| law.of(c, &nominal, 0.0));
    let mut g = (start + reference).clamp(c.g_min, c.g_max);
    let life = device.ageing.life(0.0);
    for (number, &up) in up.iter().enumerate() {
        g = match &device.law {
            _ if number as f64 >= life => g,
            _ if device.bank.one_sided && !up => c.g_min,
            Law::TwoState(law) => law.mean_after(c, g, up),
            _ => (g + device.step(&nominal, g, up)).clamp(c.g_min, c.g_max),
        };
        let shown = (g - reference).max(0.0);
        // Each device is at one of the levels, their mean is at none.
        out.nominal.push(if device.is_two_state() { shown } else { device.quantised(shown) });
    }
    // By pulse: per cell the mean over its cycles, and the variance around it.
    let (mut means, mut variances) = (vec![Vec::with_capacity(cells); up.len()], vec![0.0; up.len()]);
    let mut energy = vec![0.0; up.len()];
    out.reach = vec![NOWHERE; up.len()];
    for cell in 0..cells as u64 {
        let own = Traits::of(device, streams.spread, cell, 0);
        let mut shown = vec![Vec::with_capacity(cycles); up.len()];
        let (mut number, mut g, mut write) = (0u64, f64::NAN, 0.0);
        for cycle in 0..cycles as u64 {
            let set = match device.is_two_state() {
                true => either(device, &own, start, uniform(streams.pulses.block(cell, 1 << 62 | cycle)[0])),
                false => start + own.reference,
            };
            // What is worn out can't be set anew: it stays where its last pulse left it.
            if cycle == 0 || (number as f64) < own.life {
                g = own.stuck.unwrap_or(set).clamp(own.cell.g_min, own.cell.g_max);
            }
            for (pulse, &up) in up.iter().enumerate() {
                let [word, noise, second, _] = streams.pulses.block(cell, number);
                energy[pulse] += device.pulse_energy(g, up).unwrap_or(f64::NAN) / (cells * cycles) as f64;
                if own.stuck.is_none() && (number as f64) < own.life {
                    g = device.bank_pulse(&own, g, up, word, || second);
                    write = c.write_noise * normal(noise);
                }
                number += 1;
                shown[pulse].push(device.shown(g + write, own.reference));
            }
        }
        for (pulse, shown) in shown.iter().enumerate() {
            let (mean, std) = moments(shown);
            means[pulse].push(mean);
            variances[pulse] += std * std / cells as f64;
            out.reach[pulse] = reach(out.reach[pulse], shown.iter().copied());
        }
    }
    for (means, variance) in means.iter().zip(&variances) {
        let (mean, std) = moments(means);
        out.mean.push(mean);
        // Means over cycles differ by the spread of these too, of which only what is more is that of the cells.
        out.cells.push((std * std - variance / cycles as f64).max(0.0).sqrt());
        out.cycles.push(variance.sqrt());
    }
    out.energy = energy.iter().all(|e| !e.is_nan()).then_some(energy);
    out
}

/// What `cells` devices that are set to `start` \[S\] at time 0 show after each of `times` \[s\].
pub fn course(device: &Device, start: f64, times: &[f64], cells: usize, seed: u64) -> Course {
    let streams = Streams::new(seed);
    let c = &device.common;
    // What shows is off what was set by as much at all times.
    let devices: Vec<(Traits, f64, f64)> = (0..cells as u64)
        .map(|key| {
            let own = Traits::of(device, streams.spread, key, 0);
            let off = match own.stuck {
                None if c.write_noise > 0.0 => c.write_noise * normal(streams.pulses.block(key, 1 << 63)[0]),
                _ => 0.0,
            };
            (own, own.programmed(device, streams.spread, key, 0, start), off)
        })
        .collect();
    let mut out = Course { start, times: times.to_vec(), ..Course::default() };
    for &t in times {
        let seen: Vec<(f64, f64)> = devices
            .iter()
            .map(|(own, set, off)| {
                let g = device.shown(own.after(device, *set, t) + off, own.reference);
                let flicker = device.ageing.flicker_sigma(c, *set, t);
                (g, (flicker * flicker + c.read_noise * c.read_noise).sqrt())
            })
            .collect();
        let (mean, std) = moments(&seen.iter().map(|s| s.0).collect::<Vec<_>>());
        out.mean.push(mean);
        out.std.push(std);
        out.reach.push(reach(NOWHERE, seen.iter().map(|s| s.0)));
        out.read_noise.push(moments(&seen.iter().map(|s| s.1).collect::<Vec<_>>()).0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{DeviceModel, DeviceSpec};

    #[test]
    fn the_reach_of_pulses_is_where_cells_were() {
        let device = DeviceSpec::with(DeviceModel::TwoState, &[("p_up", 0.2), ("p_down", 0.2)]).device().unwrap();
        let (c, up) = (&device.common, [true, true, false]);
        let found = staircase(&device, &up, c.g_min, 50, 4, 1);
        // After each pulse some are at one level, some at the other.
        assert_eq!(found.reach, [(c.g_min, c.g_max); 3]);
        let stuck = DeviceSpec::with(DeviceModel::ConstantStep, &[("stuck_high", 0.3)]).device().unwrap();
        let found = staircase(&stuck, &[true], 1e-6, 50, 4, 1);
        assert_eq!(found.reach, [(2e-6, 1e-4)]);
    }
}
