//! The shape of a spike as a device sees it, and the voltage that two spikes make across one.
//!
//! Zamarreno-Ramos et al. 2011 (doi:10.3389/fnins.2011.00026): a head that rises to the moment of the spike, and a slow tail of the
//! other sign. Neither alone passes the threshold of the device; where they overlap, the sum does.

use crate::check::Invalid;
use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Choice, Number, Quantity};
use crate::describe::{Model, param};
use crate::math::exp;
use crate::units::shown;

use super::Physical;
use super::drive::{Piece, Shape, cut, too_high};

/// Head and tail last at most so many of their time constants, and of each other; beyond a thousand nothing but an edge is left of them.
const LONGEST: f64 = 1e5;

/// The words for `wiring`.
pub const WIRINGS: [&str; 2] = ["hebbian", "anti_hebbian"];

/// The table `waveform` of a projection.
pub const MODEL: Model = Model {
    name: "waveform",
    summary: "Shape of the spikes across a physical device, which learns where they overlap",
    equations: "spk(t) = a_plus (e^(t/tau_plus) - e^(-tail_plus/tau_plus))/(1 - e^(-tail_plus/tau_plus)) for -tail_plus <= t < 0\n\
                spk(t) = -a_minus (e^(-t/tau_minus) - e^(-tail_minus/tau_minus))/(1 - e^(-tail_minus/tau_minus)) for 0 <= t <= tail_minus\n\
                voltage across the device: alpha_post spk(t - t_post) - alpha_pre spk(t - t_pre), positive potentiates (hebbian)\n\
                a spike's head precedes its time; a pair's change is applied at its later spike\n\
                a neuron's driver makes one waveform at a time: each spike meets the last earlier one of the other side;\n\
                what more than two overlapping spikes do follows pair by pair: spikes of both sides at one tick each meet the last one\n\
                of the other side before that tick, and then each other, once, at distance 0: so neither side comes first; what a spike\n\
                transmits has all its pairs in it, over an axonal delay all but that with a spike at its tick;\n\
                where a spike alone moves the device (a warning says so), it does so at its time; a partner that comes later takes that back,\n\
                and both do what they do together; energies of set and reset are null, for spikes are no pulses with a price",
    reference: "Zamarreno-Ramos et al. 2011, doi:10.3389/fnins.2011.00026; amplitudes and time constants are this project's choice",
    params: &[
        param("a_plus", Quantity("V"), 1.0, NonNegative, "height of the head"),
        param("a_minus", Quantity("V"), 0.25, NonNegative, "depth of the tail"),
        param("tail_plus", Quantity("ms"), 5.0, Positive, "length of the head, before the spike"),
        param("tail_minus", Quantity("ms"), 75.0, Positive, "length of the tail, after the spike"),
        param("tau_plus", Quantity("ms"), 3.0, Positive, "rise of the head"),
        param("tau_minus", Quantity("ms"), 40.0, Positive, "decay of the tail"),
        param("alpha_pre", Number, 1.0, NonNegative, "attenuation of presynaptic spikes"),
        param("alpha_post", Number, 1.0, NonNegative, "attenuation of postsynaptic spikes"),
        param(
            "wiring",
            Choice(&WIRINGS),
            0.0,
            Finite,
            "which terminal is whose: hebbian makes post after pre potentiate",
        ),
        param(
            "tolerance",
            Number,
            1e-3,
            Positive,
            "error of the tabulated change that is aimed at, relative to the largest change",
        ),
    ],
    variables: &[],
};

/// Checked parameters of the spikes; times \[s\].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waveform {
    /// Height of the head \[V\].
    pub a_plus: f64,
    /// Depth of the tail \[V\].
    pub a_minus: f64,
    /// Length of the head \[s\].
    pub tail_plus: f64,
    /// Length of the tail \[s\].
    pub tail_minus: f64,
    /// Rise of the head \[s\].
    pub tau_plus: f64,
    /// Decay of the tail \[s\].
    pub tau_minus: f64,
    /// Attenuation of presynaptic spikes.
    pub alpha_pre: f64,
    /// Attenuation of postsynaptic spikes.
    pub alpha_post: f64,
    /// 1, or -1 for anti-Hebbian wiring.
    pub sign: f64,
    /// Error of the table that is aimed at, relative to the largest change.
    pub tolerance: f64,
}

/// Which spike of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Presynaptic.
    Pre = 0,
    /// Postsynaptic.
    Post = 1,
}

/// A term constant + factor e^(rate (t - origin)) that holds from `start` to `end`.
struct Term {
    start: f64,
    end: f64,
    constant: f64,
    factor: f64,
    rate: f64,
    origin: f64,
}

impl Waveform {
    /// From values in the order of the table.
    ///
    /// # Errors
    /// If neither side makes a voltage, or both together one that no device is made for.
    pub fn new(values: &[f64]) -> Result<Waveform, Invalid> {
        let get = |name: &str| MODEL.param(name).and_then(|i| values.get(i)).copied().unwrap_or(f64::NAN);
        if get("a_plus") == 0.0 && get("a_minus") == 0.0 {
            return Err(Invalid::new(
                "a_plus",
                "found 0 V beside a_minus = 0 V: spikes without a voltage move no device",
            ));
        }
        // The head of one spike on the tail of another; without a tail, a head alone.
        let (head, tail) = (get("a_plus"), get("a_minus"));
        let (more, less) = (get("alpha_pre").max(get("alpha_post")), get("alpha_pre").min(get("alpha_post")));
        if let Some(wrong) = too_high(more * head.max(tail) + less * head.min(tail)) {
            let parameter = if head >= tail { "a_plus" } else { "a_minus" };
            return Err(Invalid::new(parameter, format!("two spikes that overlap make the voltage: {wrong}")));
        }
        let whole = get("tail_plus").max(get("tail_minus"));
        for name in ["tail_plus", "tail_minus"] {
            if whole / get(name) > LONGEST {
                let other = if name == "tail_plus" { "tail_minus" } else { "tail_plus" };
                let message = format!(
                    "found {} ms beside {other} = {} ms, expected a {LONGEST}th of that at least: tables of what spikes do would not end; is \
                     the unit right?",
                    shown(get(name)),
                    shown(whole)
                );
                return Err(Invalid::new(name, message));
            }
        }
        for (tau, tail, what) in [("tau_plus", "tail_plus", "head"), ("tau_minus", "tail_minus", "tail")] {
            if get(tail) / get(tau) > LONGEST {
                let message = format!(
                    "found {} ms beside {tail} = {} ms, expected a {LONGEST}th of that at least: the {what} would be nothing but its \
                     edge, which the solver would follow in steps of that length; is the unit right?",
                    shown(get(tau)),
                    shown(get(tail))
                );
                return Err(Invalid::new(tau, message));
            }
        }
        if get("tolerance") > 0.5 {
            let message =
                format!("found {}, expected at most 0.5: it is relative to the largest change", get("tolerance"));
            return Err(Invalid::new("tolerance", message));
        }
        Ok(Waveform {
            a_plus: get("a_plus"),
            a_minus: get("a_minus"),
            tail_plus: get("tail_plus") * 1e-3,
            tail_minus: get("tail_minus") * 1e-3,
            tau_plus: get("tau_plus") * 1e-3,
            tau_minus: get("tau_minus") * 1e-3,
            alpha_pre: get("alpha_pre"),
            alpha_post: get("alpha_post"),
            sign: if get("wiring") == 1.0 { -1.0 } else { 1.0 },
            tolerance: get("tolerance"),
        })
    }

    /// The waveforms of two spikes overlap if they are less than this apart \[s\].
    pub fn reach(&self) -> f64 {
        self.tail_plus + self.tail_minus
    }

    /// Head and tail of a spike at `t`, scaled by `alpha`; `until`: where the tail is cut off.
    fn terms(&self, t: f64, alpha: f64, until: f64) -> [Term; 2] {
        let (head, tail) = (exp(-self.tail_plus / self.tau_plus), exp(-self.tail_minus / self.tau_minus));
        let up = alpha * self.a_plus / (1.0 - head);
        let down = alpha * self.a_minus / (1.0 - tail);
        [
            Term {
                start: t - self.tail_plus,
                end: t.min(until),
                constant: -up * head,
                factor: up,
                rate: 1.0 / self.tau_plus,
                origin: t,
            },
            Term {
                start: t,
                end: (t + self.tail_minus).min(until),
                constant: down * tail,
                factor: -down,
                rate: -1.0 / self.tau_minus,
                origin: t,
            },
        ]
    }

    /// The voltage across `device` that spikes make, in the sign of its port; (side, time \[s\]) in order of time. A spike's head
    /// cuts off the tail of the spike before it on the same side: a driver makes one waveform at a time.
    pub fn pieces(&self, device: &Physical, spikes: &[(Side, f64)]) -> Vec<Piece> {
        let sign = self.sign * device.potentiating();
        let mut terms = Vec::new();
        for side in [Side::Pre, Side::Post] {
            let alpha = sign * if side == Side::Pre { -self.alpha_pre } else { self.alpha_post };
            let times: Vec<f64> = spikes.iter().filter(|s| s.0 == side).map(|s| s.1).collect();
            for (k, &t) in times.iter().enumerate() {
                let until = times.get(k + 1).map_or(f64::INFINITY, |next| next - self.tail_plus);
                // What makes no voltage (a_minus = 0, alpha_pre = 0) takes no place beside what does.
                terms.extend(self.terms(t, alpha, until).into_iter().filter(|t| t.end > t.start && t.factor != 0.0));
            }
        }
        let mut edges: Vec<f64> = terms.iter().flat_map(|t| [t.start, t.end]).collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let mut pieces = Vec::new();
        for pair in edges.windows(2) {
            let middle = 0.5 * (pair[0] + pair[1]);
            let mut constant = 0.0;
            let mut both = [(0.0, 0.0, 0.0); 2];
            for (place, term) in terms.iter().filter(|t| t.start < middle && middle < t.end).enumerate() {
                constant += term.constant;
                if let Some(slot) = both.get_mut(place) {
                    *slot = (term.factor, term.rate, term.origin);
                }
            }
            if both[0].0 != 0.0 {
                let shape = Shape::Exponentials { constant, terms: both };
                pieces.push(Piece { start: pair[0], end: pair[1], shape });
            }
        }
        pieces
    }

    /// The largest voltage that one spike alone puts across a device, where that moves it; none if it moves nothing.
    pub fn moves_alone(&self, device: &Physical) -> Option<f64> {
        let mut worst: Option<f64> = None;
        for side in [Side::Pre, Side::Post] {
            let pieces = cut(&self.pieces(device, &[(side, 0.0)]), &[]);
            for v in pieces.iter().flat_map(|p| [p.at(p.start), p.at(p.end)]) {
                // The very end of a head is reached, but not held.
                let inside = v * (1.0 - 1e-12);
                if device.may_move(inside) && worst.is_none_or(|w| v.abs() > w.abs()) {
                    worst = Some(v);
                }
            }
        }
        worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::physical::voltage_threshold::{PARAMS, VoltageThreshold};

    fn device() -> Physical {
        let get = |name: &str| PARAMS.iter().find(|p| p.name == name).unwrap().default;
        Physical::VoltageThreshold(VoltageThreshold::new(&get).unwrap())
    }

    fn waveform() -> Waveform {
        Waveform::new(&MODEL.params.iter().map(|p| p.default).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_pair_at_equal_times_cancels_and_swapping_the_sides_turns_the_voltage_round() {
        let (w, d) = (waveform(), device());
        let at = |pieces: &[Piece], t: f64| pieces.iter().find(|p| p.start <= t && t < p.end).map_or(0.0, |p| p.at(t));
        let same = w.pieces(&d, &[(Side::Pre, 0.0), (Side::Post, 0.0)]);
        let ahead = w.pieces(&d, &[(Side::Pre, 0.0), (Side::Post, 0.011)]);
        let behind = w.pieces(&d, &[(Side::Post, 0.0), (Side::Pre, 0.011)]);
        for k in -9..90 {
            let t = f64::from(k) * 1e-3 + 1e-5;
            assert!(at(&same, t).abs() < 1e-15);
            assert!((at(&ahead, t) + at(&behind, t)).abs() < 1e-15, "{t}");
        }
        assert!((at(&ahead, 0.011 - 1e-9) - 1.0 - 0.25 * spk_tail(0.011)).abs() < 1e-6);
    }

    fn spk_tail(t: f64) -> f64 {
        let end = (-75.0f64 / 40.0).exp();
        ((-t / 0.040).exp() - end) / (1.0 - end)
    }

    #[test]
    fn a_new_spike_cuts_off_the_tail_of_the_last() {
        let (w, d) = (waveform(), device());
        let pieces = w.pieces(&d, &[(Side::Pre, 0.0), (Side::Pre, 0.020)]);
        assert!(pieces.iter().all(|p| p.shape.is_single()), "never two waveforms of one side at a time");
        assert!(pieces.iter().any(|p| (p.start - 0.015).abs() < 1e-12));
    }

    #[test]
    fn a_tail_without_height_takes_nothing_from_the_head_that_falls_on_it() {
        let (mut w, d) = (waveform(), device());
        let height = |w: &Waveform| {
            let pieces = w.pieces(&d, &[(Side::Pre, 0.0), (Side::Post, 0.030)]);
            pieces.iter().map(|p| p.at(p.end)).fold(0.0, f64::max)
        };
        w.a_minus = 0.0;
        assert!((height(&w) - 1.0).abs() < 1e-12, "heads alone");
        (w.a_minus, w.alpha_pre) = (0.25, 0.0);
        assert!((height(&w) - 1.0).abs() < 1e-12, "nothing from the pre spike");
    }

    #[test]
    fn one_spike_alone_moves_nothing_below_the_threshold() {
        let (mut w, d) = (waveform(), device());
        assert_eq!(w.moves_alone(&d), None, "1 V at most, as much as the threshold");
        w.alpha_pre = 1.05;
        assert!((w.moves_alone(&d).unwrap().abs() - 1.05).abs() < 1e-9);
    }

    impl Shape {
        fn is_single(&self) -> bool {
            matches!(self, Shape::Exponentials { terms, .. } if terms[1].0 == 0.0)
        }
    }
}
