//! The voltage-threshold memristor with exponential overdrive, by which STDP from overlapping spikes was explained
//! (Linares-Barranco & Serrano-Gotarredona 2009; Zamarreno-Ramos et al. 2011).

use crate::check::Invalid;
use crate::describe::Bound::{NonNegative, Positive};
use crate::describe::Kind::Quantity;
use crate::describe::{Param, param};
use crate::math::exp;

use super::{FASTEST, Get, Physics};

/// Its equations.
pub const EQUATIONS: &str = "dx/dt = i_o sgn(v) (e^(|v|/v_o) - e^(v_th/v_o)) for |v| > v_th, else 0\n\
    g = g_off + (g_on - g_off) x;  i = g v;  x: 0 to 1, held hard at both ends\n\
    a positive voltage potentiates";
/// Its sources.
pub const REFERENCE: &str = "Linares-Barranco & Serrano-Gotarredona 2009, doi:10.1038/npre.2009.3010.1; \
    Zamarreno-Ramos et al. 2011, doi:10.3389/fnins.2011.00026; default parameters of this project";
/// Its parameters.
pub const PARAMS: &[Param] = &[
    param("g_off", Quantity("S"), 1e-6, Positive, "conductance at x = 0"),
    param("g_on", Quantity("S"), 1e-4, Positive, "conductance at x = 1"),
    param("i_o", Quantity("/ms"), 1e-5, Positive, "speed"),
    param("v_th", Quantity("V"), 1.0, NonNegative, "threshold"),
    param("v_o", Quantity("V"), 1.0 / 7.0, Positive, "voltage over which the speed grows e-fold"),
];

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoltageThreshold {
    g_off: f64,
    g_on: f64,
    /// \[1/s\]
    speed: f64,
    v_th: f64,
    v_o: f64,
    at_threshold: f64,
}

impl VoltageThreshold {
    /// From its parameters.
    ///
    /// # Errors
    /// Which parameters do not go together.
    pub fn new(get: Get<'_>) -> Result<VoltageThreshold, Invalid> {
        let (g_off, g_on) = (get("g_off"), get("g_on"));
        if g_off >= g_on {
            let message = format!("found {g_off} S, expected less than g_on ({g_on} S): the on state conducts better");
            return Err(Invalid::new("g_off", message));
        }
        let (v_th, v_o) = (get("v_th"), get("v_o"));
        Ok(VoltageThreshold { g_off, g_on, speed: get("i_o") * 1e3, v_th, v_o, at_threshold: exp(v_th / v_o) })
    }
}

impl Physics for VoltageThreshold {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn levels(&self) -> [f64; 2] {
        [-self.v_th, self.v_th]
    }

    fn potentiating(&self) -> f64 {
        1.0
    }

    #[inline]
    fn rate(&self, _x: f64, v: f64) -> f64 {
        if v.abs() <= self.v_th {
            return 0.0;
        }
        // Also where both exponentials are beyond numbers, and their difference is none.
        v.signum() * (self.speed * (exp(v.abs() / self.v_o) - self.at_threshold)).min(FASTEST)
    }

    fn drive(&self, v: f64) -> Option<f64> {
        Some(self.rate(0.5, v))
    }

    #[inline]
    fn current(&self, x: f64, v: f64) -> f64 {
        self.conductance(x) * v
    }

    #[inline]
    fn conductance(&self, x: f64) -> f64 {
        self.g_off + (self.g_on - self.g_off) * x
    }

    fn state(&self, g: f64) -> f64 {
        (g - self.g_off) / (self.g_on - self.g_off)
    }
}
