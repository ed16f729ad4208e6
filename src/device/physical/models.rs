//! The tables of the physical devices: each one's own parameters, and what all devices share.

use crate::describe::{Model, Param};
use crate::device::table::{shared_length, with_shared};

use super::{PhysicalModel, hp, nonlinear_drift, stanford_rram, team, voltage_threshold, vteam, yakopcic};

/// A model's own parameters with the shared ones behind them.
macro_rules! table {
    ($name:literal, $summary:literal, $from:ident) => {{
        const PARAMS: [Param; shared_length($from::PARAMS)] = with_shared($from::PARAMS);
        const MODEL: Model = Model {
            name: $name,
            summary: $summary,
            equations: $from::EQUATIONS,
            reference: $from::REFERENCE,
            params: &PARAMS,
            variables: &[],
        };
        &MODEL
    }};
}

impl PhysicalModel {
    /// Its parameters, equations and source.
    pub fn describe(self) -> &'static Model {
        match self {
            PhysicalModel::Hp => {
                table!("hp", "Physical device: linear ion drift of the HP memristor, with windows", hp)
            }
            PhysicalModel::NonlinearDrift => table!(
                "nonlinear_drift",
                "Physical device: nonlinear ion drift with a nonlinear current",
                nonlinear_drift
            ),
            PhysicalModel::Team => {
                table!("team", "Physical device: threshold-adaptive memristor controlled by current", team)
            }
            PhysicalModel::Vteam => {
                table!("vteam", "Physical device: threshold-adaptive memristor controlled by voltage", vteam)
            }
            PhysicalModel::Yakopcic => {
                table!("yakopcic", "Physical device: Yakopcic's generalised memristor", yakopcic)
            }
            PhysicalModel::StanfordRram => table!(
                "stanford_rram",
                "Physical device: filamentary RRAM with a gap, a field and a temperature (Stanford/ASU)",
                stanford_rram
            ),
            PhysicalModel::VoltageThreshold => table!(
                "voltage_threshold",
                "Physical device: voltage threshold with exponential overdrive, after which STDP was explained",
                voltage_threshold
            ),
        }
    }
}
