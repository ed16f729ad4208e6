//! Yakopcic's generalised memristor (Yakopcic et al. 2011, 2013).

use crate::check::Invalid;
use crate::describe::Bound::{Finite, Fraction, NonNegative, Positive};
use crate::describe::Kind::{Number, Quantity};
use crate::describe::{Param, param};
use crate::math::{exp, sinh};

use super::{Get, Physics};

/// Its equations.
pub const EQUATIONS: &str = "i = a1 x sinh(b v) for v >= 0, a2 x sinh(b v) for v < 0;  dx/dt = eta g(v) f(x, v)\n\
    g = a_p (e^v - e^v_p) for v > v_p; -a_n (e^-v - e^v_n) for v < -v_n; else 0 (v in volts)\n\
    eta v >= 0: f = e^(-alpha_p (x - x_p)) ((x_p - x)/(1 - x_p) + 1) for x >= x_p, else 1\n\
    eta v < 0:  f = e^(alpha_n (x + x_n - 1)) x/(1 - x_n) for x <= 1 - x_n, else 1\n\
    x: 0 to 1, held hard at both ends; conductance: i / v at v_read; a voltage of eta's sign potentiates";
/// Its sources.
pub const REFERENCE: &str = "Yakopcic et al. 2011, doi:10.1109/LED.2011.2163292; 2013, doi:10.1109/TCAD.2013.2252057; \
    default parameters: the fit of Oblea et al. 2010 in the published SPICE library";
/// Its parameters.
pub const PARAMS: &[Param] = &[
    param("a1", Quantity("A"), 0.17, Positive, "scale of the current at positive voltages"),
    param("a2", Quantity("A"), 0.17, Positive, "scale of the current at negative voltages"),
    param("b", Quantity("/V"), 0.05, Positive, "voltage dependence of the current"),
    param("v_p", Quantity("V"), 0.16, NonNegative, "positive threshold"),
    param("v_n", Quantity("V"), 0.15, NonNegative, "negative threshold, as a positive number"),
    param("a_p", Quantity("/s"), 4000.0, Positive, "speed above the positive threshold"),
    param("a_n", Quantity("/s"), 4000.0, Positive, "speed below the negative threshold"),
    param("x_p", Number, 0.3, Fraction, "where the motion upwards begins to slow down"),
    param("x_n", Number, 0.5, Fraction, "1 - x where the motion downwards begins to slow down"),
    param("alpha_p", Number, 1.0, NonNegative, "how fast it slows down upwards"),
    param("alpha_n", Number, 5.0, NonNegative, "how fast it slows down downwards"),
    param("eta", Number, 1.0, Finite, "1: a positive voltage raises x; -1: it lowers x"),
    param("v_read", Quantity("V"), 0.1, Positive, "voltage at which the conductance is read"),
];

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Yakopcic {
    a1: f64,
    a2: f64,
    b: f64,
    v_p: f64,
    v_n: f64,
    a_p: f64,
    a_n: f64,
    x_p: f64,
    x_n: f64,
    alpha_p: f64,
    alpha_n: f64,
    eta: f64,
    v_read: f64,
    exp_p: f64,
    exp_n: f64,
}

impl Yakopcic {
    /// From its parameters.
    ///
    /// # Errors
    /// Which parameters do not go together.
    pub fn new(get: Get<'_>) -> Result<Yakopcic, Invalid> {
        let eta = get("eta");
        if eta.abs() != 1.0 {
            return Err(Invalid::new("eta", format!("found {eta}, expected 1 or -1: it only says which way is up")));
        }
        for name in ["x_p", "x_n"] {
            if get(name) == 1.0 {
                let why = "the motion slows down from there to the end of the range, which needs some room";
                return Err(Invalid::new(name, format!("found 1, expected less: {why}")));
            }
        }
        let (v_p, v_n) = (get("v_p"), get("v_n"));
        Ok(Yakopcic {
            a1: get("a1"),
            a2: get("a2"),
            b: get("b"),
            v_p,
            v_n,
            a_p: get("a_p"),
            a_n: get("a_n"),
            x_p: get("x_p"),
            x_n: get("x_n"),
            alpha_p: get("alpha_p"),
            alpha_n: get("alpha_n"),
            eta,
            v_read: get("v_read"),
            exp_p: exp(v_p),
            exp_n: exp(v_n),
        })
    }
}

impl Yakopcic {
    /// eta g(v) \[1/s\].
    #[inline]
    fn free_speed(&self, v: f64) -> f64 {
        if v > self.v_p {
            self.eta * self.a_p * (exp(v) - self.exp_p)
        } else if v < -self.v_n {
            -self.eta * self.a_n * (exp(-v) - self.exp_n)
        } else {
            0.0
        }
    }
}

impl Physics for Yakopcic {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn levels(&self) -> [f64; 2] {
        [-self.v_n, self.v_p]
    }

    fn potentiating(&self) -> f64 {
        self.eta
    }

    #[inline]
    fn rate(&self, x: f64, v: f64) -> f64 {
        let free = self.free_speed(v);
        if free == 0.0 { 0.0 } else { free * self.slowing(x, free > 0.0) }
    }

    fn drive(&self, v: f64) -> Option<f64> {
        Some(self.free_speed(v))
    }

    #[inline]
    fn slowing(&self, x: f64, up: bool) -> f64 {
        if up && x >= self.x_p {
            exp(-self.alpha_p * (x - self.x_p)) * ((self.x_p - x) / (1.0 - self.x_p) + 1.0)
        } else if !up && x <= 1.0 - self.x_n {
            exp(self.alpha_n * (x + self.x_n - 1.0)) * x / (1.0 - self.x_n)
        } else {
            1.0
        }
    }

    fn kinks(&self) -> Vec<f64> {
        vec![self.x_p, 1.0 - self.x_n]
    }

    #[inline]
    fn current(&self, x: f64, v: f64) -> f64 {
        (if v >= 0.0 { self.a1 } else { self.a2 }) * x * sinh(self.b * v)
    }

    fn regime(&self, x: f64, v: f64) -> u8 {
        u8::from(if self.eta * v >= 0.0 { x >= self.x_p } else { x <= 1.0 - self.x_n })
    }

    fn conductance(&self, x: f64) -> f64 {
        self.current(x, self.v_read) / self.v_read
    }

    fn state(&self, g: f64) -> f64 {
        g * self.v_read / (self.a1 * sinh(self.b * self.v_read))
    }
}
