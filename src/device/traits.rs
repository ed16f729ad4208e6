//! Everything that distinguishes one device from another, beyond its [`Cell`]: faults, exponents, lifetime, reference.

use crate::rng::StreamKey;

use super::{Cell, Device, Law, normal, uniform};

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

/// A constant that differs from device to device: its name and unit, and what it is of one.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    of: fn(&Traits, &Device) -> f64,
}

impl Constant {
    /// That of one device.
    pub fn of(&self, traits: &Traits, device: &Device) -> f64 {
        (self.of)(traits, device)
    }
}

/// The slope of its steps up (0) or down (1).
fn slope_of(traits: &Traits, device: &Device, side: usize) -> f64 {
    let Law::LinearStep(law) = &device.law else { return f64::NAN };
    law.slopes()[side] + traits.cell.slope[side]
}

/// One, if there is such a spread.
fn some(differs: bool, name: &'static str, unit: &'static str, of: fn(&Traits, &Device) -> f64) -> Option<Constant> {
    differs.then_some(Constant { name, unit, of })
}

impl Device {
    /// The constants in which its devices differ.
    pub fn constants(&self) -> Vec<Constant> {
        let (c, ageing) = (&self.common, &self.ageing);
        let steps = c.sigma_d2d > 0.0 || c.sigma_up_down > 0.0;
        let slope = |side: usize| matches!(&self.law, Law::LinearStep(law) if law.spread()[side] > 0.0);
        let all = [
            some(c.sigma_g_min > 0.0, "g_min", "S", |t, _| t.cell.g_min),
            some(c.sigma_g_max > 0.0, "g_max", "S", |t, _| t.cell.g_max),
            some(steps, "step_up", "", |t, _| t.cell.up),
            some(steps, "step_down", "", |t, _| t.cell.down),
            some(slope(0), "slope_up", "", |t, d| slope_of(t, d, 0)),
            some(slope(1), "slope_down", "", |t, d| slope_of(t, d, 1)),
            some(self.reference.as_ref().is_some_and(|law| law.differs(c)), "reference", "S", |t, _| t.reference),
            some(self.bank.has_faults(), "stuck", "S", |t, _| t.stuck.unwrap_or(f64::NAN)),
            some(ageing.drift.as_ref().is_some_and(|d| d.sigma_nu > 0.0), "drift_nu", "", Traits::exponent),
            some(ageing.retention.as_ref().is_some_and(|r| r.sigma > 0.0), "retention_tau", "s", Traits::time_constant),
            some(ageing.endurance.as_ref().is_some_and(|e| e.sigma > 0.0), "endurance_pulses", "", |t, _| t.life),
        ];
        all.into_iter().flatten().collect()
    }
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

    /// The exponent of its drift, where it was left at g_max.
    fn exponent(&self, device: &Device) -> f64 {
        let c = &device.common;
        device.ageing.drift.as_ref().map_or(f64::NAN, |drift| drift.exponent(c, c.g_max, self.nu))
    }

    /// Its time constant \[s\].
    fn time_constant(&self, device: &Device) -> f64 {
        device.ageing.retention.as_ref().map_or(f64::NAN, |retention| retention.own_tau(self.tau))
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
