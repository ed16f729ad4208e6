//! What stands beside a rule: the normalisation of the weights onto each target.

use crate::describe::Bound::{Finite, Positive};
use crate::describe::Kind::{Quantity, Weight};
use crate::describe::{Model, param};
use crate::time::Time;

/// The table of `normalize`.
pub const MODEL: Model = Model {
    name: "normalize",
    summary: "Scales the weights onto each target to a sum, every so often",
    equations: "after all events at every, 2 every, 3 every, ..: w <- w sum / (sum of the projection's weights onto the target)\n\
                within [w_min, w_max]; a snapshot at that very time shows the weights before; a device gets it as pulses, none\n\
                where the sum is within 1e-6 of its target, relative: that is rounding",
    reference: "Diehl & Cook 2015, doi:10.3389/fncom.2015.00099; Turrigiano et al. 1998, doi:10.1038/36103",
    params: &[
        param("sum", Weight, f64::NAN, Finite, "sum of the weights onto each target"),
        param("every", Quantity("ms"), f64::NAN, Positive, "time between two scalings"),
    ],
    variables: &[],
};

/// Checked parameters of `normalize`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalize {
    /// Sum of the weights onto each target, in their unit and with their sign.
    pub sum: f64,
    /// Time between two scalings.
    pub every: Time,
}

impl Normalize {
    /// From values in the order of the table.
    pub fn new(values: &[f64]) -> Normalize {
        Normalize { sum: values[0], every: Time::from_ms(values[1]).max(Time(1)) }
    }
}
