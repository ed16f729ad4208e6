//! Devices that hold the weights of a projection: from proposed changes to pulses to conductances.

use crate::device::{self, Cell, Common, Pulses, normal, uniform};
use crate::rng::{Purpose, StreamKey, name_key};

use super::Price;

/// The devices of a projection, and how their conductance maps to a weight.
#[derive(Clone, Debug)]
pub struct Memristor {
    /// The device.
    pub device: device::Device,
    w_low: f64,
    w_span: f64,
    spread: StreamKey,
    pulses: StreamKey,
    reads: StreamKey,
}

/// What one device keeps, besides its conductance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Device {
    /// Names the device in its random numbers: wiring row and ordinal.
    pub key: u64,
    /// How many changes have been proposed so far.
    pub updates: u32,
    /// What is left of the proposed changes, in pulses (`pulses = "carry"`).
    pub carry: f32,
}

impl Memristor {
    /// Devices of the projection `name`, with weights `w_min` at g_min and `w_max` at g_max.
    pub fn new(device: device::Device, w_min: f64, w_max: f64, seed: u64, name: &str) -> Memristor {
        let key = |purpose| StreamKey::new(seed, purpose, name_key(name));
        Memristor {
            device,
            w_low: w_min,
            w_span: w_max - w_min,
            spread: key(Purpose::Device),
            pulses: key(Purpose::Pulse),
            reads: key(Purpose::Read),
        }
    }

    /// The weight at conductance `g`.
    #[inline]
    pub fn weight(&self, g: f64) -> f64 {
        let Common { g_min, g_max, .. } = self.device.common;
        self.w_low + self.w_span * (g - g_min) / (g_max - g_min)
    }

    /// The conductance that stands for weight `w`.
    pub fn conductance(&self, w: f64) -> f64 {
        let d = &self.device.common;
        (d.g_min + (d.g_max - d.g_min) * (w - self.w_low) / self.w_span).clamp(d.g_min, d.g_max)
    }

    /// Applies a proposed change of the weight, in pulses; returns the new conductance.
    pub fn change(&self, g: f64, dw: f64, device: &mut Device, price: &mut Price) -> f64 {
        if dw == 0.0 {
            return g;
        }
        let d = &self.device.common;
        let dg = dw / self.w_span * (d.g_max - d.g_min);
        let wanted = if dg > 0.0 { dg / d.dg_up } else { dg / d.dg_down };
        let serial = u64::from(device.updates);
        device.updates = device.updates.wrapping_add(1);
        let count = match d.pulses {
            Pulses::One => wanted.signum(),
            Pulses::Carry => {
                let total = wanted + f64::from(device.carry);
                device.carry = (total - total.trunc()) as f32;
                total.trunc()
            }
            Pulses::Stochastic => {
                // The whole part for sure, one more with the chance of the rest: the mean is what was asked for.
                let more = uniform(self.word(device.key, serial, 0)) < wanted.abs().fract();
                wanted.signum() * (wanted.abs().trunc() + f64::from(u8::from(more)))
            }
        };
        self.apply(g, count, serial, device.key, price)
    }

    /// Random word number `n` of change number `serial`: 0 says how many pulses, n belongs to the n-th pulse.
    #[inline]
    fn word(&self, key: u64, serial: u64, n: u64) -> u32 {
        self.pulses.block(key, serial << 16 | n >> 2)[(n & 3) as usize]
    }

    /// `count` pulses, up if positive. Never more than 65,535 at once: by then any device is at its bound.
    fn apply(&self, mut g: f64, count: f64, serial: u64, key: u64, price: &mut Price) -> f64 {
        let d = &self.device.common;
        let (up, n) = (count > 0.0, count.abs().min(65_535.0) as u64);
        if n == 0 {
            return g;
        }
        let cell = Cell::of(&self.device, self.spread, key, 0);
        let draws = self.device.draws();
        for pulse in 1..=n {
            let word = if draws { self.word(key, serial, pulse) } else { 0 };
            let energy = if up { (&mut price.set, d.price_up) } else { (&mut price.reset, d.price_down) };
            if let (sum, Some(per_siemens)) = energy {
                sum.add(per_siemens * g);
            }
            g = self.device.pulse(&cell, g, up, word);
        }
        g
    }

    /// The weight that the `ordinal`-th spike of its source reads: of the side of its range that it is on, never beyond 0.
    pub fn read(&self, g: f64, key: u64, ordinal: u32, price: &mut Price) -> f64 {
        let d = &self.device.common;
        if let Some(per_siemens) = d.price_read {
            price.read.add(per_siemens * g);
        }
        if d.read_noise == 0.0 {
            return self.weight(g);
        }
        let seen = g * (1.0 + d.read_noise * normal(self.reads.block(key, u64::from(ordinal))[0])).max(0.0);
        let w = self.weight(seen);
        if w * (self.w_low + self.w_span) < 0.0 { 0.0 } else { w }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memristor(values: [f64; 9]) -> Memristor {
        let names = ["g_min", "g_max", "dg_up", "dg_down", "pulses", "sigma_d2d", "sigma_c2c", "read_noise", "ideal"];
        let prices =
            [("pulse_up.v", 2.0), ("pulse_up.width", 1e-7), ("pulse_down.v", -2.0), ("pulse_down.width", 1e-7)];
        let given: Vec<_> = names.into_iter().zip(values).chain(prices).collect();
        let spec = device::DeviceSpec::with(device::DeviceModel::SoftBounds, &given);
        Memristor::new(spec.device().unwrap(), 0.0, 1.0, 7, "p")
    }

    #[test]
    fn stochastic_pulses_have_the_proposed_change_as_their_mean() {
        let m = memristor([0.0, 1e-4, 1e-7, 1e-7, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let (mut price, g0) = (Price::default(), 5e-5);
        let mut device = Device { key: 3, ..Device::default() };
        // 0.3 pulses each time, always from mid-range: a mean of 0.3 steps.
        let total: f64 = (0..20_000).map(|_| m.change(g0, 0.3e-3, &mut device, &mut price) - g0).sum();
        let pulses = total / 1e-7;
        assert!((pulses / 20_000.0 - 0.3).abs() < 0.012, "{pulses}");
        let spent = price.set.joules() / (4.0 * 1e-7 * g0);
        assert!((spent - pulses).abs() < 1e-6 * pulses, "one price per pulse: {spent} {pulses}");
        assert_eq!(price.reset.joules(), 0.0);
    }

    #[test]
    fn carry_loses_nothing() {
        let m = memristor([0.0, 1e-4, 1e-7, 1e-7, 1.0, 0.0, 0.0, 0.0, 0.0]);
        let (mut device, mut price) = (Device::default(), Price::default());
        let pulses: f64 =
            (0..1000).map(|_| ((m.change(5e-5, 0.3e-3, &mut device, &mut price) - 5e-5) / 1e-7).round()).sum();
        assert!((pulses - 300.0).abs() <= 1.0, "{pulses}");
    }

    #[test]
    fn spread_is_a_constant_of_the_device_and_noise_differs_between_pulses() {
        let spread = memristor([0.0, 1e-4, 1e-7, 1e-7, 2.0, 0.3, 0.0, 0.0, 0.0]);
        let step = |m: &Memristor, key, n| {
            let mut device = Device { key, updates: n, carry: 0.0 };
            m.change(5e-5, 1e-3, &mut device, &mut Price::default()) - 5e-5
        };
        assert_eq!(step(&spread, 1, 0), step(&spread, 1, 9));
        assert_ne!(step(&spread, 1, 0), step(&spread, 2, 0));
        let noisy = memristor([0.0, 1e-4, 1e-7, 1e-7, 2.0, 0.0, 0.3, 0.0, 0.0]);
        assert_ne!(step(&noisy, 1, 0), step(&noisy, 1, 9));
        let ideal = memristor([0.0, 1e-4, 1e-7, 1e-7, 2.0, 0.3, 0.3, 0.3, 1.0]);
        assert!((step(&ideal, 1, 0) - 1e-7).abs() < 1e-18);
        let n = 4000;
        let steps: Vec<f64> = (0..n).map(|key| step(&spread, key, 0) / 1e-7).collect();
        let mean = steps.iter().sum::<f64>() / n as f64;
        let std = (steps.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        assert!((mean - 1.0).abs() < 0.02 && (std - 0.3).abs() < 0.02, "{mean} {std}");
    }

    #[test]
    fn reads_scatter_around_the_weight_and_keep_its_sign() {
        let m = memristor([0.0, 1e-4, 1e-7, 1e-7, 0.0, 0.0, 0.0, 0.5, 0.0]);
        let reads: Vec<f64> = (0..4000).map(|k| m.read(5e-5, 1, k, &mut Price::default())).collect();
        let mean = reads.iter().sum::<f64>() / 4000.0;
        assert!((mean - 0.5).abs() < 0.02 && reads.iter().all(|w| *w >= 0.0), "{mean}");
    }
}
