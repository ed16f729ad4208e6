//! What the linear integrate-and-fire models share: a leaky membrane with threshold, reset and refractory period.
//!
//! Potentials are kept relative to rest, so that their last digits are not spent on e_l.

use crate::check::Invalid;
use crate::neuron::crossing::Point;
use crate::time::Time;

/// The last lines of these models' equations; a macro, for `concat!` takes no constant.
macro_rules! start_at_threshold {
    () => {
        "A neuron that starts at or above v_th is looked at after one tick (event), at the end of the first step (grid), and spikes\n\
         then if the leak has not taken it below."
    };
}
pub(crate) use start_at_threshold;

/// Checked parameters of a leaky membrane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membrane {
    /// Membrane time constant \[ms\].
    pub tau_m: f64,
    /// Capacitance \[pF\].
    pub c_m: f64,
    /// tau_m / c_m \[GOhm\].
    pub resistance: f64,
    /// Rest \[mV\].
    pub e_l: f64,
    /// Threshold above rest \[mV\].
    pub theta: f64,
    /// Reset above rest \[mV\].
    pub reset: f64,
    /// Refractory period \[ms\].
    pub t_ref_ms: f64,
    /// Refractory period.
    pub t_ref: Time,
    /// Constant current \[pA\].
    pub i_e: f64,
}

/// A synaptic current from some moment on: i' = di - i / tau, di' = -di / tau (di = 0 where the current only decays).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side {
    /// Current \[pA\].
    pub i: f64,
    /// Its rate variable \[pA/ms\].
    pub di: f64,
    /// Time constant \[ms\].
    pub tau: f64,
}

impl Side {
    /// The current never rises above this from now on \[pA\]: i e^(-s) + di tau s e^(-s) with s e^(-s) <= 1/e.
    #[inline(always)]
    pub fn high(&self) -> f64 {
        self.i.max(0.0) + self.di.max(0.0) * self.tau * INVERSE_E
    }
    /// The current never falls below this from now on \[pA\].
    #[inline]
    pub fn low(&self) -> f64 {
        self.i.min(0.0) + self.di.min(0.0) * self.tau * INVERSE_E
    }
}

/// The two sides as bounds on their course see them. With one time constant they are one current, in which excitation and
/// inhibition cancel: the bounds become far tighter. The sum is rounded up by more than the path's own rounding errors.
#[inline]
pub(crate) fn merged(ex: Side, inh: Side) -> (Side, Side) {
    if ex.tau != inh.tau {
        return (ex, inh);
    }
    let up = |a: f64, b: f64| a + b + 1e-14 * (a.abs() + b.abs());
    (Side { i: up(ex.i, inh.i), di: up(ex.di, inh.di), tau: ex.tau }, Side { i: 0.0, di: 0.0, tau: inh.tau })
}

/// [`merged`] without a branch.
#[inline(always)]
pub(crate) fn merged_in_lanes(ex: Side, inh: Side) -> (Side, Side) {
    let up = |a: f64, b: f64| a + b + 1e-14 * (a.abs() + b.abs());
    let (i, di) = (up(ex.i, inh.i), up(ex.di, inh.di));
    let apart = ex.tau != inh.tau;
    let choose = |one: f64, other: f64| if apart { one } else { other };
    (
        Side { i: choose(ex.i, i), di: choose(ex.di, di), tau: ex.tau },
        Side { i: choose(inh.i, 0.0), di: choose(inh.di, 0.0), tau: inh.tau },
    )
}

/// 1/e, rounded up.
const INVERSE_E: f64 = 0.367_879_441_171_442_4;

impl Membrane {
    /// From the first seven values that all linear models' tables begin with: tau_m, c_m, e_l, v_th, v_reset, t_ref, i_e.
    ///
    /// # Errors
    /// A reset at or above the threshold.
    pub fn new(values: &[f64]) -> Result<Membrane, Invalid> {
        let &[tau_m, c_m, e_l, v_th, v_reset, t_ref, i_e, ..] = values else {
            return Err(Invalid::new("parameters", format!("found {} values, expected at least 7", values.len())));
        };
        if v_reset >= v_th {
            return Err(Invalid::new(
                "v_reset",
                format!(
                    "found {v_reset} mV, expected less than v_th = {v_th} mV: a neuron that is reset at or above its threshold \
                     would fire without end"
                ),
            ));
        }
        Ok(Membrane {
            tau_m,
            c_m,
            resistance: tau_m / c_m,
            e_l,
            theta: v_th - e_l,
            reset: v_reset - e_l,
            t_ref_ms: t_ref,
            t_ref: Time::from_ms(t_ref),
            i_e,
        })
    }

    /// Where `current` (beyond i_e) holds the membrane, above rest \[mV\].
    #[inline]
    pub fn target(&self, current: f64) -> f64 {
        self.resistance * (self.i_e + current)
    }

    /// The membrane never rises above the larger of its potential and this from now on \[mV above rest\].
    #[inline]
    pub fn ceiling(&self, current: f64, ex: Side, inh: Side) -> f64 {
        self.target(current + (ex.high() + inh.high()))
    }

    /// The point of a path at potential `v` with these currents.
    ///
    /// From tau_m v' = target - v + R i follows -v'' = (target - v) / tau_m^2 + i / (c_m tau_m) - i' / c_m, of
    /// which each term is bounded from here on: v from below, i and -i' from above.
    #[inline]
    pub fn point(&self, v: f64, current: f64, ex: Side, inh: Side) -> Point {
        let target = self.target(current);
        let high = ex.high() + inh.high();
        let lowest = v.min(target + self.resistance * (ex.low() + inh.low()));
        let fall = ex.high() / ex.tau + inh.high() / inh.tau + (-ex.di).max(0.0) + (-inh.di).max(0.0);
        Point {
            v,
            slope: (target - v) / self.tau_m + (ex.i + inh.i) / self.c_m,
            bend: ((target - lowest) / (self.tau_m * self.tau_m) + (high / self.tau_m + fall) / self.c_m).max(0.0),
            ceiling: target + self.resistance * high,
        }
    }

    /// The refractory period in steps of `h_ms`, rounded.
    pub fn refractory_steps(&self, h_ms: f64) -> u32 {
        (self.t_ref_ms / h_ms).round() as u32
    }
}

/// Appends the indices of the neurons that fired, in ascending order. Few do: eight flags are looked at at once.
pub(crate) fn collect_spikes(fired: &[u8], first: u32, spikes: &mut Vec<u32>) {
    for (chunk, flags) in fired.chunks(8).enumerate() {
        if flags.iter().fold(0, |any, &flag| any | flag) != 0 {
            let base = chunk * 8;
            spikes.extend(
                flags.iter().enumerate().filter(|(_, flag)| **flag != 0).map(|(k, _)| first + (base + k) as u32),
            );
        }
    }
}
