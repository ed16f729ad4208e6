//! Memristive devices that hold a synapse's weight: one file each.

use crate::check::Invalid;
use crate::describe::Model;

pub mod soft_bounds;

/// A device with its checked parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceSpec {
    /// Which device.
    pub device: DeviceModel,
    /// One value per entry of `device.describe().params`.
    pub params: Vec<f64>,
}

impl DeviceSpec {
    /// The device, ready for pulses.
    ///
    /// # Errors
    /// Which parameters do not go together.
    pub fn device(&self) -> Result<Device, Invalid> {
        Ok(match self.device {
            DeviceModel::SoftBounds => Device::SoftBounds(soft_bounds::SoftBounds::new(&self.params)?),
        })
    }
}

/// How a proposed change becomes pulses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulses {
    /// A whole number of pulses with the proposed change as its mean.
    Stochastic,
    /// As many whole pulses as fit; the remainder is kept for the next change.
    Carry,
    /// One pulse in the direction of the change.
    One,
}

/// What all devices that are programmed by pulses have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// Smallest conductance \[S\].
    pub g_min: f64,
    /// Largest conductance \[S\].
    pub g_max: f64,
    /// Step of a potentiating pulse at mid-range \[S\].
    pub dg_up: f64,
    /// Step of a depressing pulse at mid-range \[S\].
    pub dg_down: f64,
    /// How changes become pulses.
    pub pulses: Pulses,
    /// Device-to-device spread of the step, relative.
    pub sigma_d2d: f64,
    /// Pulse-to-pulse spread of the step, relative.
    pub sigma_c2c: f64,
    /// Spread of the conductance that a read sees, relative.
    pub read_noise: f64,
    /// v^2 t of a potentiating pulse \[V^2 s\]: its energy per siemens; none if no price was given.
    pub price_up: Option<f64>,
    /// v^2 t of a depressing pulse \[V^2 s\].
    pub price_down: Option<f64>,
    /// v^2 t of a read \[V^2 s\].
    pub price_read: Option<f64>,
}

/// A device as a synapse uses it. Adding one takes its file, a variant here and in [`DeviceModel`], and the arms that
/// the compiler then asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Device {
    /// [`soft_bounds`]
    SoftBounds(soft_bounds::SoftBounds),
}

impl Device {
    /// Range, steps, variability and prices.
    #[inline]
    pub fn common(&self) -> &Common {
        match self {
            Device::SoftBounds(device) => &device.common,
        }
    }

    /// The conductance \[S\] after one pulse. `scale` is the device's own factor (1 + sigma_d2d N), held at 0 or more;
    /// `noise` a standard normal number, used if there is pulse-to-pulse spread.
    #[inline]
    pub fn pulse(&self, g: f64, up: bool, scale: f64, noise: f64) -> f64 {
        match self {
            Device::SoftBounds(device) => device.pulse(g, up, scale, noise),
        }
    }
}

/// The devices that ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceModel {
    /// [`soft_bounds`]
    SoftBounds,
}

impl DeviceModel {
    /// All devices.
    pub const ALL: [DeviceModel; 1] = [DeviceModel::SoftBounds];

    /// Devices that later versions bring, for the error message.
    pub const PLANNED: [&str; 12] = [
        "constant_step",
        "linear_step",
        "soft_bounds_reference",
        "exp_step",
        "pow_step",
        "piecewise_step",
        "querlioz",
        "neurosim",
        "hp",
        "team",
        "vteam",
        "yakopcic",
    ];

    /// Its parameters, equations and source.
    pub fn describe(self) -> &'static Model {
        match self {
            DeviceModel::SoftBounds => &soft_bounds::MODEL,
        }
    }

    /// The device of this name.
    pub fn named(name: &str) -> Option<DeviceModel> {
        DeviceModel::ALL.into_iter().find(|m| m.describe().name == name)
    }
}
