//! Voltage-based STDP (Clopath, Busing, Vasilaki & Gerstner 2010; NEST clopath_synapse).

use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Flag, Number, Quantity};
use crate::describe::{Model, param};
use crate::math::exp;
use crate::time::Time;

/// The rule's table.
pub const MODEL: Model = Model {
    name: "clopath",
    summary: "Voltage-based STDP: the target's membrane potential and its running means decide",
    equations: "at a pre spike:  dw = -a (u_minus - theta_minus)+,  a = a_ltd, or a_ltd u_bar_bar^2/u_ref_squared with a_ltd_const = false\n\
                in between:      dw/dt = a_ltp x (v_m - theta_plus)+ (u_plus - theta_minus)+\n\
                du_plus/dt = (v_m - u_plus)/tau_u_bar_plus,  du_minus/dt = (v_m - u_minus)/tau_u_bar_minus;  (z)+ = max(z, 0)\n\
                du_bar_bar/dt = (u_minus - u_bar_bar)/tau_u_bar_bar, at once, of the potential itself and not above rest, as in NEST: set\n\
                u_ref_squared to the square of the mean at which depression shall be a_ltd; potentials are negative, so a target that is\n\
                depolarised for long is depressed less: at a mean of -60 mV by (60/70)^2 = 0.73 of what it is at -70 mV\n\
                x: presynaptic trace that jumps by 1/tau_x and decays with tau_x; u_plus, u_minus count delay_u_bars later\n\
                the target is looked at every `resolution` of the simulation, in both engines, as NEST does; for t_clamp after a\n\
                spike v_m counts as v_clamp, which stands for the spike's shape (t_clamp = 0: no shape); what t_clamp and delay_u_bars last\n\
                between two looks they last to the next one; between looks the means follow a straight line from one potential to the\n\
                next; any neuron model will do, and u_plus, u_minus, u_bar_bar start at its v_m; a look at the tick of a pre spike comes\n\
                before it over a dendritic delay, after it over an axonal one",
    reference: "Clopath, Busing, Vasilaki & Gerstner 2010, doi:10.1038/nn.2479; NEST clopath_synapse with \
                aeif_psc_delta_clopath, here with any target",
    params: &[
        param("a_ltd", Number, 14e-5, NonNegative, "depression, in the weight's unit per mV"),
        param("a_ltp", Number, 8e-5, NonNegative, "potentiation, in the weight's unit per mV^2"),
        param("theta_plus", Quantity("mV"), -45.3, Finite, "potential above which potentiation sets in"),
        param("theta_minus", Quantity("mV"), -70.6, Finite, "mean potential above which there is plasticity"),
        param("tau_x", Quantity("ms"), 15.0, Positive, "decay of the presynaptic trace"),
        param("tau_u_bar_plus", Quantity("ms"), 7.0, Positive, "running mean of the potential, for potentiation"),
        param("tau_u_bar_minus", Quantity("ms"), 10.0, Positive, "running mean of the potential, for depression"),
        param("delay_u_bars", Quantity("ms"), 4.0, NonNegative, "how much later the running means count"),
        param("v_clamp", Quantity("mV"), 33.0, Finite, "what the potential counts as after a spike"),
        param("t_clamp", Quantity("ms"), 2.0, NonNegative, "for how long it does"),
        param(
            "a_ltd_const",
            Flag,
            1.0,
            Finite,
            "is depression a_ltd at all times? false: the homeostatic factor scales it",
        ),
        param("tau_u_bar_bar", Quantity("ms"), 500.0, Positive, "slow mean of u_minus, for that factor"),
        param("u_ref_squared", Quantity("mV^2"), 60.0, Positive, "square of the slow mean at which that factor is 1"),
    ],
    variables: &[],
};

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clopath {
    a_ltd: f64,
    a_ltp: f64,
    theta_plus: f64,
    theta_minus: f64,
    /// Decay of the presynaptic trace \[ms\].
    pub tau_x: f64,
    tau_u: [f64; 2],
    /// How much later the running means count.
    pub delay: Time,
    /// What the potential counts as after a spike \[mV\].
    pub v_clamp: f64,
    /// For how long it does.
    pub t_clamp: Time,
    /// Decay of the slow mean \[ms\].
    tau_slow: f64,
    /// Square of the slow mean at which depression is `a_ltd` \[mV^2\]; none where it is so always.
    u_ref_squared: Option<f64>,
}

impl Clopath {
    /// From values in the order of the table.
    pub fn new(values: &[f64]) -> Clopath {
        Clopath {
            a_ltd: values[0],
            a_ltp: values[1],
            theta_plus: values[2],
            theta_minus: values[3],
            tau_x: values[4],
            tau_u: [values[5], values[6]],
            delay: Time::from_ms(values[7]),
            v_clamp: values[8],
            t_clamp: Time::from_ms(values[9]),
            tau_slow: values[11],
            u_ref_squared: (values[10] == 0.0).then_some(values[12]),
        }
    }

    /// The running means (plus, minus, slow) `ms` later, if the potential goes straight from `from` to `to` \[mV\].
    pub fn means(&self, u: [f64; 3], from: f64, to: f64, ms: f64) -> [f64; 3] {
        let [plus, minus] = [0, 1].map(|k| follow(u[k], (from, to), ms, self.tau_u[k]));
        // The mean that the slow one follows bends so little within a step that its ends are enough.
        [plus, minus, follow(u[2], (u[1], minus), ms, self.tau_slow)]
    }

    /// What a step of `ms` potentiates per unit of the trace, for a potential and the running mean that counts \[mV\].
    pub fn drive(&self, v: f64, u_plus: f64, ms: f64) -> f64 {
        self.a_ltp * (v - self.theta_plus).max(0.0) * (u_plus - self.theta_minus).max(0.0) * ms / self.tau_x
    }

    /// The change at a pre spike, for the running mean that counts and the slow one \[mV\].
    pub fn on_pre(&self, u_minus: f64, slow: f64) -> f64 {
        let factor = self.u_ref_squared.map_or(1.0, |squared| slow * slow / squared);
        -self.a_ltd * factor * (u_minus - self.theta_minus).max(0.0)
    }
}

/// A running mean `ms` later, if what it follows goes straight from one value to another.
fn follow(u: f64, (from, to): (f64, f64), ms: f64, tau: f64) -> f64 {
    let lag = tau * (to - from) / ms;
    to - lag + (u - from + lag) * exp(-ms / tau)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depression_grows_with_the_square_of_the_slow_mean_where_asked() {
        let mut values: Vec<f64> = MODEL.params.iter().map(|p| p.default).collect();
        let constant = Clopath::new(&values);
        assert_eq!(constant.on_pre(-60.0, -70.0), constant.on_pre(-60.0, -30.0));
        (values[10], values[12]) = (0.0, 4900.0);
        let rule = Clopath::new(&values);
        assert!((rule.on_pre(-60.0, -70.0) / constant.on_pre(-60.0, 0.0) - 1.0).abs() < 1e-15);
        assert!((rule.on_pre(-60.0, -35.0) / constant.on_pre(-60.0, 0.0) - 0.25).abs() < 1e-15);
    }

    #[test]
    fn running_means_follow_a_straight_course_exactly() {
        let values: Vec<f64> = MODEL.params.iter().map(|p| p.default).collect();
        let rule = Clopath::new(&values);
        let (steps, h) = (100_000, 3.0 / 100_000.0);
        let (mut u, v) = ([-70.0, -60.0], |t: f64| -65.0 + 10.0 * t / 3.0);
        for k in 0..steps {
            let t = (k as f64 + 0.5) * h;
            for (u, tau) in u.iter_mut().zip([7.0, 10.0]) {
                let half = *u + 0.5 * h * (v(t - 0.5 * h) - *u) / tau;
                *u += h * (v(t) - half) / tau;
            }
        }
        let found = rule.means([-70.0, -60.0, -60.0], -65.0, -55.0, 3.0);
        assert!((found[0] - u[0]).abs() < 1e-8 && (found[1] - u[1]).abs() < 1e-8, "{found:?} {u:?}");
    }
}
