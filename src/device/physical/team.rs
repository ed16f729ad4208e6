//! TEAM: threshold-adaptive memristor controlled by current (Kvatinsky et al. 2013).

use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Choice, Number, Quantity};
use crate::describe::{Param, param};

use super::vteam::Team as Shared;
use super::window::{EXPONENT_TEAM, HEIGHT, WINDOWS_TEAM};
use super::{LAWS, Physics};

/// Its equations.
pub const EQUATIONS: &str = "as vteam with the current i = v/r in the place of v:\n\
    dx/dt = k_off (i/i_off - 1)^alpha_off f for i > i_off; k_on (i/i_on - 1)^alpha_on f for i < i_on; else 0\n\
    with k = mu_v r_on/d, alpha = 1 and thresholds near 0 it is hp; a negative voltage potentiates";
/// Its sources.
pub const REFERENCE: &str = "Kvatinsky, Friedman, Kolodny & Weiser 2013, eq. 14 to 19, doi:10.1109/TCSI.2012.2215714; \
    default parameters of this project, symmetric; the paper's fit of Pickett et al. 2009 has k_on = -4.68e-13 nm/s, \
    k_off = 1.46e-9 nm/s, alpha = 10, i_on = -8.9 uA, i_off = 115 uA, r_on = 50 ohm, r_off = 1 kohm (fig. 10 and 12)";
/// Its parameters.
pub const PARAMS: &[Param] = &[
    param("r_on", Quantity("ohm"), 100.0, Positive, "resistance at x_on"),
    param("r_off", Quantity("ohm"), 2000.0, Positive, "resistance at x_off"),
    param("law", Choice(&LAWS), 0.0, Finite, "how the resistance follows from the state"),
    param("x_on", Quantity("nm"), 0.0, NonNegative, "state of the lowest resistance"),
    param("x_off", Quantity("nm"), 3.0, Positive, "state of the highest resistance"),
    param("k_on", Quantity("m/s"), -8e-5, Finite, "speed towards x_on, negative"),
    param("k_off", Quantity("m/s"), 8e-5, Positive, "speed towards x_off"),
    param("alpha_on", Number, 3.0, Positive, "exponent of the overdrive towards x_on"),
    param("alpha_off", Number, 3.0, Positive, "exponent of the overdrive towards x_off"),
    param("i_on", Quantity("A"), -2e-4, Finite, "threshold towards x_on, negative"),
    param("i_off", Quantity("A"), 2e-4, Positive, "threshold towards x_off"),
    param("window", Choice(&WINDOWS_TEAM), 0.0, Finite, "how drift slows down near the ends"),
    EXPONENT_TEAM,
    HEIGHT,
    param("a_on", Quantity("nm"), 1.8, Finite, "place of the kvatinsky window on the way to x_on"),
    param("a_off", Quantity("nm"), 1.2, Finite, "place of the kvatinsky window on the way to x_off"),
    param("w_c", Quantity("nm"), 0.107, Positive, "width of the kvatinsky window"),
];

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Team(pub Shared);

impl Physics for Team {
    fn range(&self) -> (f64, f64) {
        (self.0.x_on, self.0.x_on + self.0.span)
    }

    fn levels(&self) -> [f64; 2] {
        [0.0, 0.0]
    }

    fn sticks(&self) -> bool {
        self.0.window.sticks()
    }

    fn potentiating(&self) -> f64 {
        -1.0
    }

    #[inline]
    fn rate(&self, x: f64, v: f64) -> f64 {
        self.0.speed(x, self.current(x, v))
    }

    #[inline]
    fn current(&self, x: f64, v: f64) -> f64 {
        v / self.0.ohm(x)
    }

    #[inline]
    fn regime(&self, x: f64, v: f64) -> u8 {
        let i = self.current(x, v);
        u8::from(i > self.0.off.1) + 2 * u8::from(i < self.0.on.1)
    }

    #[inline]
    fn margin(&self, x: f64, v: f64) -> f64 {
        self.current(x, v) / if v > 0.0 { self.0.off.1 } else { self.0.on.1 } - 1.0
    }

    fn conductance(&self, x: f64) -> f64 {
        self.0.siemens(x)
    }

    fn state(&self, g: f64) -> f64 {
        self.0.of_siemens(g)
    }

    fn may_move(&self, v: f64) -> bool {
        let most = self.0.resistance.least();
        v / most > self.0.off.1 || v / most < self.0.on.1
    }
}
