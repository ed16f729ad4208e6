//! Nonlinear ion drift with a nonlinear current (Yang et al. 2008; Lehtonen & Laiho 2010).

use crate::check::Invalid;
use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Choice, Number, Quantity};
use crate::describe::{Param, param};
use crate::math::{exp_m1, pow, sinh};

use super::window::{EXPONENT, HEIGHT, WINDOWS, Window};
use super::{FASTEST, Get, Physics};

/// Its equations.
pub const EQUATIONS: &str = "i = w^n beta sinh(alpha v) + chi (e^(gamma v) - 1);  dw/dt = a f(w) (v / 1 V)^m, m odd\n\
    w: state of the conducting channel, 0 to 1, held hard at both ends; f: the windows of hp, with v for i\n\
    conductance: i / v at v_read; a positive voltage potentiates";
/// Its sources.
pub const REFERENCE: &str = "Yang et al. 2008, doi:10.1038/nnano.2008.160; Lehtonen & Laiho 2010, doi:10.1109/CNNA.2010.5430304; \
    parameters of Kvatinsky et al. 2013, fig. 6, doi:10.1109/TCSI.2012.2215714";
/// Its parameters.
pub const PARAMS: &[Param] = &[
    param("n", Number, 2.0, Positive, "exponent of the state in the current"),
    param("m", Number, 5.0, Positive, "exponent of the voltage in the drift, odd"),
    param("a", Quantity("/s"), 1.0, Positive, "drift at 1 V"),
    param("alpha", Quantity("/V"), 2.0, Positive, "voltage dependence of the tunnelling current"),
    param("beta", Quantity("A"), 0.9e-6, Positive, "scale of the tunnelling current"),
    param("gamma", Quantity("/V"), 4.0, Positive, "voltage dependence of the rectifying current"),
    param("chi", Quantity("A"), 1e-10, NonNegative, "scale of the rectifying current"),
    param("window", Choice(&WINDOWS), 0.0, Finite, "how drift slows down near the ends"),
    EXPONENT,
    HEIGHT,
    param("v_read", Quantity("V"), 0.1, Positive, "voltage at which the conductance is read"),
];

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NonlinearDrift {
    n: f64,
    m: i32,
    a: f64,
    alpha: f64,
    beta: f64,
    gamma: f64,
    chi: f64,
    window: Window,
    v_read: f64,
}

impl NonlinearDrift {
    /// From its parameters.
    ///
    /// # Errors
    /// Which parameters do not go together.
    pub fn new(get: Get<'_>) -> Result<NonlinearDrift, Invalid> {
        let m = get("m");
        if m.fract() != 0.0 || m % 2.0 == 0.0 || m > 99.0 {
            let why =
                "expected an odd whole number up to 99: with an even one both polarities would drive the state up";
            return Err(Invalid::new("m", format!("found {m}, {why}")));
        }
        Ok(NonlinearDrift {
            n: get("n"),
            m: m as i32,
            a: get("a"),
            alpha: get("alpha"),
            beta: get("beta"),
            gamma: get("gamma"),
            chi: get("chi"),
            window: Window::new(get("window"), get("p"), get("j"))?,
            v_read: get("v_read"),
        })
    }
}

impl NonlinearDrift {
    /// a v^m \[1/s\].
    #[inline]
    fn speed(&self, v: f64) -> f64 {
        // Repeated products, not powi, whose bits may differ between compilers.
        let (square, mut power) = (v * v, v);
        for _ in 0..self.m / 2 {
            power *= square;
        }
        (self.a * power).clamp(-FASTEST, FASTEST)
    }
}

impl Physics for NonlinearDrift {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn levels(&self) -> [f64; 2] {
        [0.0, 0.0]
    }

    fn sticks(&self) -> bool {
        self.window.sticks()
    }

    fn potentiating(&self) -> f64 {
        1.0
    }

    #[inline]
    fn rate(&self, x: f64, v: f64) -> f64 {
        self.speed(v) * self.window.at(x, v >= 0.0)
    }

    fn drive(&self, v: f64) -> Option<f64> {
        Some(self.speed(v))
    }

    fn slowing(&self, x: f64, up: bool) -> f64 {
        self.window.at(x, up)
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.5]
    }

    #[inline]
    fn current(&self, x: f64, v: f64) -> f64 {
        pow(x, self.n) * self.beta * sinh(self.alpha * v) + self.chi * exp_m1(self.gamma * v)
    }

    fn conductance(&self, x: f64) -> f64 {
        self.current(x, self.v_read) / self.v_read
    }

    fn state(&self, g: f64) -> f64 {
        let tunnel = (g * self.v_read - self.chi * exp_m1(self.gamma * self.v_read)).max(0.0);
        pow(tunnel / (self.beta * sinh(self.alpha * self.v_read)), 1.0 / self.n).min(1.0)
    }
}
