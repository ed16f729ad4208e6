//! Simplified STDP for memristive synapses (Querlioz, Bichler & Gamrat 2011; Querlioz et al. 2013).

use crate::describe::Bound::NonNegative;
use crate::describe::Kind::{Number, Quantity};
use crate::describe::{Model, param};
use crate::math::exp;
use crate::time::Time;

use super::AtPost;

/// The rule's table.
pub const MODEL: Model = Model {
    name: "querlioz",
    summary: "Simplified STDP: each post spike moves every synapse a step, up if its source fired lately, else down",
    equations: "at a post spike, with the last pre spike before it at most t_ltp ago:\n\
                    dw = a_plus w_max exp(-b_plus (w - w_min)/(w_max - w_min))\n\
                at a post spike, else (sources that never fired included):\n\
                    dw = -a_minus w_max exp(-b_minus (w_max - w)/(w_max - w_min))\n\
                a pre spike that meets the synapse at the same instant as the post spike (axonal delay) is not before it\n\
                with a device: one pulse up or down in place of these steps, whatever its `pulses`",
    reference: "Querlioz, Bichler & Gamrat 2011, doi:10.1109/IJCNN.2011.6033439; \
                Querlioz, Bichler, Dollfus & Gamrat 2013, doi:10.1109/TNANO.2013.2250995; N2D2 Xnet",
    params: &[
        param(
            "t_ltp",
            Quantity("ms"),
            25.0,
            NonNegative,
            "age, > 0, up to which (inclusive) the last pre spike potentiates; with 0 none does",
        ),
        param("a_plus", Number, 0.01, NonNegative, "step up at w_min, relative to w_max"),
        param("a_minus", Number, 0.005, NonNegative, "step down at w_max, relative to w_max"),
        param("b_plus", Number, 3.0, NonNegative, "how steps up shrink toward w_max"),
        param("b_minus", Number, 3.0, NonNegative, "how steps down shrink toward w_min"),
    ],
    variables: &[],
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Querlioz {
    t_ltp: Time,
    a_plus: f64,
    a_minus: f64,
    b_plus: f64,
    b_minus: f64,
    /// w_min / w_max.
    low: f64,
}

impl Querlioz {
    /// From values in the order of the table; `low`: w_min / w_max.
    pub fn new(values: &[f64], low: f64) -> Querlioz {
        let [t_ltp, a_plus, a_minus, b_plus, b_minus] = [values[0], values[1], values[2], values[3], values[4]];
        Querlioz { t_ltp: Time::from_ms(t_ltp), a_plus, a_minus, b_plus, b_minus, low }
    }

    /// The change of a relative weight `w` at a post spike.
    #[inline]
    pub fn on_post(&self, w: f64, seen: &AtPost) -> f64 {
        let range = 1.0 - self.low;
        if seen.since_pre.is_some_and(|age| age <= self.t_ltp) {
            self.a_plus * exp(-self.b_plus * (w - self.low) / range)
        } else {
            -self.a_minus * exp(-self.b_minus * (1.0 - w) / range)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_closed_and_silence_depresses() {
        let rule = Querlioz::new(&[25.0, 0.01, 0.005, 3.0, 3.0], 0.1);
        let at = |w, since_pre: Option<f64>| {
            rule.on_post(w, &AtPost { x: 0.0, since_pre: since_pre.map(Time::from_ms), y: 1.0, second: 0.0 })
        };
        assert_eq!(at(0.1, Some(25.0)), 0.01);
        assert!((at(1.0, Some(0.0)) - 0.01 * (-3.0f64).exp()).abs() < 1e-17);
        assert_eq!(at(1.0, Some(25.000_000_001)), -0.005);
        assert_eq!(at(1.0, None), -0.005);
    }
}
