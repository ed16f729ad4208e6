//! STDP gated by a neuromodulator (Izhikevich 2007; NEST stdp_dopamine_synapse).

use std::ops::Range;

use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Population, Quantity, Weight};
use crate::describe::{Model, param};
use crate::math::{exp_m1, ln};
use crate::time::Time;

/// The rule's table.
pub const MODEL: Model = Model {
    name: "stdp_dopamine",
    summary: "STDP marks synapses with an eligibility; a neuromodulator turns it into changes of the weight",
    equations: "dw/dt = c (n - b)\n\
                dc/dt = -c/tau_c;  at a post spike c += a_plus x,  at a pre spike c -= a_minus y\n\
                dn/dt = -n/tau_n;  n += 1/tau_n when a spike of `modulator` arrives, modulator_delay after its emission\n\
                x, y: pre- and postsynaptic traces that jump by 1 and decay with tau_plus, tau_minus\n\
                with `during`, outside of its spans spikes leave no eligibility and the weight rests; x, y, c and n go on\n\
                c, n start at 0; the bounds hold at every moment; a device gets the whole change of each span between events, whose\n\
                bounds it meets then, at the event that ends it: what was learnt since the last one is in no record of its\n\
                weights, pulses and energy yet; events are spikes of the source, spikes of the target that leave eligibility, arrivals of\n\
                the neuromodulator, and scalings by `normalize`: the end of a span of `during` is none, so what is due then is given at\n\
                the next event",
    reference: "Izhikevich 2007, doi:10.1093/cercor/bhl152; Potjans, Morrison & Diesmann 2010, \
                doi:10.3389/fncom.2010.00141; NEST stdp_dopamine_synapse, with a_plus = A_plus, a_minus = A_minus",
    params: &[
        param("a_plus", Weight, 1.0, NonNegative, "eligibility from a post spike after a pre spike"),
        param("a_minus", Weight, 1.5, NonNegative, "loss of eligibility from a pre spike after a post spike"),
        param("tau_plus", Quantity("ms"), 20.0, Positive, "decay of the presynaptic trace"),
        param("tau_minus", Quantity("ms"), 20.0, Positive, "decay of the postsynaptic trace"),
        param("tau_c", Quantity("ms"), 1000.0, Positive, "decay of the eligibility"),
        param("tau_n", Quantity("ms"), 200.0, Positive, "decay of the neuromodulator"),
        param("b", Quantity("/ms"), 0.0, Finite, "neuromodulator level at which nothing is learnt"),
        param("modulator_delay", Quantity("ms"), 1.0, Positive, "from a spike of the modulator to its effect"),
        param("modulator", Population, f64::NAN, Finite, "the population whose spikes release the neuromodulator"),
    ],
    variables: &[],
};

/// Place of the modulator in the table.
pub const MODULATOR: usize = 8;

/// Longer than any run, and a time still (30 years) \[ms\].
const NEVER_MS: f64 = 1e9;

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dopamine {
    /// Eligibility from a post spike.
    pub a_plus: f64,
    /// Loss of eligibility from a pre spike.
    pub a_minus: f64,
    /// Decay of the presynaptic trace \[ms\].
    pub tau_plus: f64,
    /// Decay of the postsynaptic trace \[ms\].
    pub tau_minus: f64,
    /// Decay of the eligibility \[ms\].
    pub tau_c: f64,
    /// Decay of the neuromodulator \[ms\].
    pub tau_n: f64,
    b: f64,
    /// From a spike of the modulator to its effect.
    pub delay: Time,
}

impl Dopamine {
    /// From values in the order of the table.
    pub fn new(values: &[f64]) -> Dopamine {
        Dopamine {
            a_plus: values[0],
            a_minus: values[1],
            tau_plus: values[2],
            tau_minus: values[3],
            tau_c: values[4],
            tau_n: values[5],
            b: values[6],
            delay: Time::from_ms(values[7]).max(Time(1)),
        }
    }

    /// How long \[ms\] it takes a level `n` \[1/ms\] to fall to `b`, where the weight turns round; a very long time if it never does.
    #[inline]
    pub fn turn(&self, n: f64) -> f64 {
        if self.b > 0.0 && n > self.b { (self.tau_n * ln(n / self.b)).min(NEVER_MS) } else { NEVER_MS }
    }

    /// The change of the weight in `ms` from eligibility `c` and neuromodulator level `n` \[1/ms\] on, if nothing happens.
    #[inline]
    pub fn drift(&self, c: f64, n: f64, ms: f64) -> f64 {
        let rate = (self.tau_c + self.tau_n) / (self.tau_c * self.tau_n);
        // exp_m1 keeps the digits of short spans.
        c * (n / rate * -exp_m1(-rate * ms) + self.b * self.tau_c * exp_m1(-ms / self.tau_c))
    }
}

/// Where a projection's neuromodulator comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Modulator {
    /// Global ids of the population's members.
    pub gids: Range<u32>,
    /// From a spike to its effect.
    pub delay: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drift_is_the_integral_of_its_equation() {
        let rule = Dopamine::new(&[1.0, 1.5, 20.0, 20.0, 50.0, 30.0, 0.01, 1.0, 0.0]);
        let (steps, h) = (100_000, 40.0 / 100_000.0);
        let at = |t: f64| 0.7 * (-t / 50.0).exp() * (0.2 * (-t / 30.0).exp() - 0.01);
        let sum: f64 = (0..steps).map(|k| h * at((k as f64 + 0.5) * h)).sum();
        assert!((rule.drift(0.7, 0.2, 40.0) - sum).abs() < 1e-9);
        let (a, b) = (rule.drift(0.7, 0.2, 1e-6), 0.7 * 0.19 * 1e-6);
        assert!((a - b).abs() < 1e-6 * b, "{a} {b}");
    }
}
