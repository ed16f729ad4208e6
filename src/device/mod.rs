//! Memristive devices that hold a synapse's weight: one file each.

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
