//! What stands beside a rule: short-term plasticity (Tsodyks, Uziel & Markram 2000 in the form of Maass & Markram 2002; NEST
//! tsodyks2_synapse).

use serde::{Deserialize, Serialize};

use crate::describe::Bound::{Fraction, NonNegative, Positive};
use crate::describe::Kind::{Number, Quantity};
use crate::describe::{Model, param};
use crate::math::exp;
use crate::time::Time;

/// The table of `short_term`.
pub const MODEL: Model = Model {
    name: "short_term",
    summary: "Short-term depression and facilitation: a spike transmits x u w",
    equations: "a spike that comes h after the last one of its source finds\n\
                    x <- 1 + (x - x u - 1) exp(-h/tau_rec)\n\
                    u <- u_0 + u (1 - u_0) exp(-h/tau_fac)        (u_0 if tau_fac is 0)\n\
                the first one x = 1, u = u_0; w, which a rule may change, is not changed\n\
                recorded weights: on = \"pre_spike\" gives x u w of each spike (NEST's weight_recorder), interval and on = \"end\" give w\n\
                (`weight` of NEST's connection)",
    reference: "Tsodyks, Uziel & Markram 2000, doi:10.1523/JNEUROSCI.20-01-j0003.2000; Maass & Markram 2002, \
                doi:10.1016/S0893-6080(01)00144-7; NEST tsodyks2_synapse",
    params: &[
        param("u_0", Number, 0.5, Fraction, "share of the resources that a spike after rest uses"),
        param("tau_rec", Quantity("ms"), 800.0, Positive, "recovery from depression"),
        param("tau_fac", Quantity("ms"), 0.0, NonNegative, "decay of facilitation; 0: none"),
    ],
    variables: &[],
};

/// Checked parameters of `short_term`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShortTerm {
    u_0: f64,
    tau_rec: f64,
    tau_fac: f64,
}

/// What a source has left to transmit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    u: f64,
    x: f64,
}

impl ShortTerm {
    /// From values in the order of the table.
    pub fn new(values: &[f64]) -> ShortTerm {
        ShortTerm { u_0: values[0], tau_rec: values[1], tau_fac: values[2] }
    }

    /// What the next spike finds; `since`: how long after the last one it comes, none for the first.
    pub fn next(&self, last: Resources, since: Option<Time>) -> Resources {
        let Some(since) = since else { return Resources { u: self.u_0, x: 1.0 } };
        let decay = |tau: f64| if tau > 0.0 { exp(-since.ms() / tau) } else { 0.0 };
        Resources {
            x: 1.0 + (last.x - last.x * last.u - 1.0) * decay(self.tau_rec),
            u: self.u_0 + last.u * (1.0 - self.u_0) * decay(self.tau_fac),
        }
    }
}

impl Resources {
    /// The share of the weight that a spike transmits.
    pub fn gain(self) -> f64 {
        self.x * self.u
    }
}
