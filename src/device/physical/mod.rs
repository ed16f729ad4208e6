//! Physical devices: a state variable that a voltage moves, and a current that follows from both.
//!
//! Each model is a file with its equations and parameters; [`solve`] integrates any of them under a [`drive`], and
//! [`surface`] tabulates what a pair of overlapping spikes ([`waveform`]) does to one. SI units: seconds, volts, siemens.

mod after;
pub mod drive;
mod energy;
pub mod flow;
pub mod flux;
pub mod grid;
pub mod guide;
pub mod hp;
mod locate;
mod models;
pub mod nonlinear_drift;
pub mod overlap;
pub mod pairs;
pub mod pass;
pub mod pulsed;
pub mod quadrature;
mod resistance;
pub mod solve;
pub mod stanford_rram;
pub mod surface;
pub mod team;
pub mod voltage_threshold;
pub mod vteam;
pub mod waveform;
pub mod window;
pub mod yakopcic;

pub use resistance::{LAWS, Resistance};

use crate::check::Invalid;
use crate::describe::Param;

/// The value of a parameter by its name.
pub type Get<'a> = &'a dyn Fn(&str) -> f64;

/// How near to an end of the range a state can come where motion both ways vanishes there ([`Physics::sticks`]), relative to the
/// range: a hundred millionth of a film of 10 nm. Nearer than that, rounding would say how long it takes to come back, or whether.
pub const NEAREST: f64 = 1e-8;

/// The parameter that says how strongly the state moves at random.
pub const NOISE: &str = "delta_gap";

/// The fastest rate that is told apart: with it a state is at its bound at once, and products and differences are still numbers.
pub const FASTEST: f64 = 1e200;

/// What the solver asks of a device.
///
/// The direction in which the state moves depends on the sign of the voltage only (and on whether it is past a threshold).
pub trait Physics: Clone + Send + Sync {
    /// Smallest and largest state: it stops at them while it would go on.
    fn range(&self) -> (f64, f64);

    /// Voltages besides 0 at which the equations change, whatever the state is: thresholds.
    fn levels(&self) -> [f64; 2];

    /// The sign of the voltages that raise the conductance.
    fn potentiating(&self) -> f64;

    /// d state/dt \[/s\] at a state within the range and a voltage \[V\].
    fn rate(&self, x: f64, v: f64) -> f64;

    /// The current \[A\].
    fn current(&self, x: f64, v: f64) -> f64;

    /// The conductance \[S\]: of the read where the current is not proportional to the voltage.
    fn conductance(&self, x: f64) -> f64;

    /// The state of this conductance.
    fn state(&self, g: f64) -> f64;

    /// Where the rate is a product of [`Physics::slowing`] and a function of the voltage only: that function \[unit of the state/s\].
    fn drive(&self, _v: f64) -> Option<f64> {
        None
    }

    /// What multiplies the drive at a state that it moves up or down; 0 or more, continuous.
    fn slowing(&self, _x: f64, _up: bool) -> f64 {
        1.0
    }

    /// Do all motions vanish at both ends of the range (the windows joglekar and prodromakis)? Then a state at an end stays there for
    /// good, and one within the range comes no nearer to it than [`NEAREST`].
    fn sticks(&self) -> bool {
        false
    }

    /// States at which the slowing has a kink.
    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Which of its equations holds, where that depends on the state: the solver finds the moment at which it changes.
    fn regime(&self, _x: f64, _v: f64) -> u8 {
        0
    }

    /// A number that passes 0 where the regime changes, at voltages of one sign, by which that moment is found sooner; NaN if there is none.
    fn margin(&self, _x: f64, _v: f64) -> f64 {
        f64::NAN
    }

    /// Where motion comes to rest within the range at this voltage, because its field falls below a limit there.
    fn resting(&self, _v: f64) -> Option<f64> {
        None
    }

    /// Can any state move at this voltage?
    fn may_move(&self, v: f64) -> bool {
        let [low, high] = self.levels();
        v > high || v < low
    }

    /// How long a random number of [`Physics::noise`] holds \[s\]; none without noise.
    fn noise_step(&self) -> Option<f64> {
        None
    }

    /// Standard deviation of a random speed that adds to the rate.
    fn noise(&self, _x: f64, _v: f64) -> f64 {
        0.0
    }
}

/// A device with its checked parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Physical {
    /// [`hp`]
    Hp(hp::Hp),
    /// [`nonlinear_drift`]
    NonlinearDrift(nonlinear_drift::NonlinearDrift),
    /// [`team`]
    Team(team::Team),
    /// [`vteam`]
    Vteam(vteam::Vteam),
    /// [`yakopcic`]
    Yakopcic(yakopcic::Yakopcic),
    /// [`stanford_rram`]
    StanfordRram(stanford_rram::StanfordRram),
    /// [`voltage_threshold`]
    VoltageThreshold(voltage_threshold::VoltageThreshold),
}

/// Runs `$body` with `$device` bound to the model's own type, so that loops inside know it.
macro_rules! with_device {
    ($physical:expr, $device:ident => $body:expr) => {
        match $physical {
            $crate::device::physical::Physical::Hp($device) => $body,
            $crate::device::physical::Physical::NonlinearDrift($device) => $body,
            $crate::device::physical::Physical::Team($device) => $body,
            $crate::device::physical::Physical::Vteam($device) => $body,
            $crate::device::physical::Physical::Yakopcic($device) => $body,
            $crate::device::physical::Physical::StanfordRram($device) => $body,
            $crate::device::physical::Physical::VoltageThreshold($device) => $body,
        }
    };
}
pub(crate) use with_device;

/// The physical models that ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhysicalModel {
    /// [`hp`]
    Hp,
    /// [`nonlinear_drift`]
    NonlinearDrift,
    /// [`team`]
    Team,
    /// [`vteam`]
    Vteam,
    /// [`yakopcic`]
    Yakopcic,
    /// [`stanford_rram`]
    StanfordRram,
    /// [`voltage_threshold`]
    VoltageThreshold,
}

impl PhysicalModel {
    /// All of them.
    pub const ALL: [PhysicalModel; 7] = [
        PhysicalModel::Hp,
        PhysicalModel::NonlinearDrift,
        PhysicalModel::Team,
        PhysicalModel::Vteam,
        PhysicalModel::Yakopcic,
        PhysicalModel::StanfordRram,
        PhysicalModel::VoltageThreshold,
    ];

    /// Its own parameters, without what all devices share.
    pub const fn params(self) -> &'static [Param] {
        match self {
            PhysicalModel::Hp => hp::PARAMS,
            PhysicalModel::NonlinearDrift => nonlinear_drift::PARAMS,
            PhysicalModel::Team => team::PARAMS,
            PhysicalModel::Vteam => vteam::PARAMS,
            PhysicalModel::Yakopcic => yakopcic::PARAMS,
            PhysicalModel::StanfordRram => stanford_rram::PARAMS,
            PhysicalModel::VoltageThreshold => voltage_threshold::PARAMS,
        }
    }

    /// The device with these parameters.
    ///
    /// # Errors
    /// Which parameters do not go together.
    pub fn device(self, get: Get<'_>) -> Result<Physical, Invalid> {
        Ok(match self {
            PhysicalModel::Hp => Physical::Hp(hp::Hp::new(get)?),
            PhysicalModel::NonlinearDrift => Physical::NonlinearDrift(nonlinear_drift::NonlinearDrift::new(get)?),
            PhysicalModel::Team => Physical::Team(team::Team(vteam::Team::new(get, "i")?)),
            PhysicalModel::Vteam => Physical::Vteam(vteam::Vteam(vteam::Team::new(get, "v")?)),
            PhysicalModel::Yakopcic => Physical::Yakopcic(yakopcic::Yakopcic::new(get)?),
            PhysicalModel::StanfordRram => Physical::StanfordRram(stanford_rram::StanfordRram::new(get)?),
            PhysicalModel::VoltageThreshold => {
                Physical::VoltageThreshold(voltage_threshold::VoltageThreshold::new(get)?)
            }
        })
    }
}

impl Physical {
    /// Smallest and largest state.
    pub fn range(&self) -> (f64, f64) {
        with_device!(self, d => d.range())
    }

    /// Smallest and largest conductance \[S\].
    pub fn conductances(&self) -> (f64, f64) {
        let (low, high) = self.range();
        let (a, b) = (self.conductance(low), self.conductance(high));
        if a < b { (a, b) } else { (b, a) }
    }

    /// The sign of the voltages that raise the conductance.
    pub fn potentiating(&self) -> f64 {
        with_device!(self, d => d.potentiating())
    }

    /// The current \[A\] at a state and a voltage.
    pub fn current(&self, x: f64, v: f64) -> f64 {
        with_device!(self, d => d.current(x, v))
    }

    /// d state/dt \[/s\] at a state and a voltage.
    pub fn rate(&self, x: f64, v: f64) -> f64 {
        with_device!(self, d => d.rate(x, v))
    }

    /// Do all motions vanish at both ends of the range ([`Physics::sticks`])?
    pub fn sticks(&self) -> bool {
        with_device!(self, d => d.sticks())
    }

    /// The conductance \[S\] of a state.
    #[inline]
    pub fn conductance(&self, x: f64) -> f64 {
        with_device!(self, d => d.conductance(x))
    }

    /// The state of a conductance \[S\], within the range.
    #[inline]
    pub fn state(&self, g: f64) -> f64 {
        let (low, high) = self.range();
        with_device!(self, d => d.state(g)).clamp(low, high)
    }

    /// Can any state move at this voltage?
    pub fn may_move(&self, v: f64) -> bool {
        with_device!(self, d => d.may_move(v))
    }

    /// Has the state a random part, and how long does each of its numbers hold \[s\]?
    pub fn noise_step(&self) -> Option<f64> {
        with_device!(self, d => d.noise_step())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A device of those parameters, else with its defaults.
    pub(super) fn device(model: PhysicalModel, given: &[(&str, f64)]) -> Physical {
        let value = |name: &str| {
            let own = given.iter().find(|g| g.0 == name).map(|g| g.1);
            own.unwrap_or_else(|| model.params().iter().find(|p| p.name == name).unwrap().default)
        };
        model.device(&value).unwrap()
    }

    proptest! {
        /// What the tables of fluxes rest on.
        #[test]
        fn a_rate_that_says_it_is_a_product_is_one(
            share in 0.0..=1.0_f64, v in -2.0..2.0_f64, window in 0..4_u8, p in 1.0..4.0_f64, which in 0..7_usize,
        ) {
            let model = PhysicalModel::ALL[which];
            let given = [("window", f64::from(window)), ("p", p)];
            let windowed = model.params().iter().any(|p| p.name == "window");
            let d = device(model, if windowed { &given } else { &[] });
            let (low, high) = d.range();
            let x = low + (high - low) * share;
            with_device!(&d, d => {
                if let Some(drive) = d.drive(v) {
                    let (rate, product) = (d.rate(x, v), drive * d.slowing(x, drive > 0.0));
                    prop_assert!((rate - product).abs() <= 1e-12 * rate.abs(), "{model:?}: {rate} {product}");
                    prop_assert!(d.slowing(x, drive > 0.0) >= 0.0);
                    prop_assert_eq!(drive == 0.0, !d.may_move(v) || v == 0.0);
                }
            });
        }
    }
}
