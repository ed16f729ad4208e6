//! Everything that distinguishes one device from another, beyond its [`Cell`]: faults, exponents, lifetime, reference.

use crate::rng::StreamKey;

use super::{Cell, Device, normal, uniform};

/// One device's constants, drawn from its key when they are needed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traits {
    /// Bounds and steps.
    pub cell: Cell,
    /// The conductance at which it is stuck \[S\].
    pub stuck: Option<f64>,
    /// What is taken off its conductance \[S\].
    pub reference: f64,
    /// How many pulses it survives.
    pub life: f64,
    /// Standard normal number of its drift exponent.
    nu: f64,
    /// Standard normal number of the logarithm of its time constant.
    tau: f64,
}

impl Traits {
    /// Those of the device of this key; `place` numbers the devices of one synapse.
    pub fn of(device: &Device, spread: StreamKey, key: u64, place: u64) -> Traits {
        let cell = Cell::of(device, spread, key, place);
        let mut traits = Traits { cell, stuck: None, reference: 0.0, life: f64::INFINITY, nu: 0.0, tau: 0.0 };
        if device.reference.is_some() || device.ageing.drift.is_some() {
            let [.., reference, nu] = spread.block(key, place << 4 | 1);
            traits.nu = normal(nu);
            if let Some(law) = &device.reference {
                traits.reference = law.of(&device.common, &cell, normal(reference));
            }
        }
        if device.bank.has_faults() || device.ageing.endurance.is_some() || device.ageing.retention.is_some() {
            let [which, where_, life, tau] = spread.block(key, place << 4 | 2);
            let share = device.bank.stuck(uniform(which), uniform(where_));
            traits.stuck = share.map(|share| cell.g_min + share * (cell.g_max - cell.g_min));
            traits.life = device.ageing.life(normal(life));
            traits.tau = normal(tau);
        }
        traits
    }

    /// The conductance that a device left at `g` has after `t` seconds.
    pub fn after(&self, device: &Device, g: f64, t: f64) -> f64 {
        if self.stuck.is_some() { g } else { device.ageing.after(&device.common, g, t, self.nu, self.tau) }
    }

    /// The conductance to which it is set at the start, where `g` is wanted to show: spread by programming, or by chance one
    /// of two.
    pub fn programmed(&self, device: &Device, spread: StreamKey, key: u64, place: u64, g: f64) -> f64 {
        if let Some(stuck) = self.stuck {
            return stuck;
        }
        let c = &device.common;
        let [noise, chance, ..] = spread.block(key, place << 4 | 3);
        if device.is_two_state() {
            let share = (g - c.g_min) / c.range();
            return if uniform(chance) < share { self.cell.g_max } else { self.cell.g_min };
        }
        let mut sigma = c.program_noise;
        if device.ageing.pcm_programming {
            let fit = super::pcm::sigma_program(g / c.g_max) * c.g_max;
            sigma = (sigma * sigma + fit * fit).sqrt();
        }
        let mut set = g + self.reference;
        if sigma > 0.0 {
            set += sigma * normal(noise);
        }
        set.clamp(self.cell.g_min, self.cell.g_max)
    }
}
