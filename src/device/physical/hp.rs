//! The linear ion drift of the HP memristor (Strukov, Snider, Stewart & Williams 2008).

use crate::check::Invalid;
use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Choice, Quantity};
use crate::describe::{Param, param};

use super::window::{EXPONENT, HEIGHT, WINDOWS, Window};
use super::{Get, Physics, Resistance};

/// Its equations.
pub const EQUATIONS: &str = "v = (r_on x + r_off (1 - x)) i;  dx/dt = mu_v r_on/d^2 i f(x) where |v| >= v_threshold, else 0\n\
    x: width of the doped region / d, 0 to 1, held hard at both ends\n\
    f: 1 (rectangular); 1 - |2x - 1|^(2p) (joglekar);\n\
    1 - x^(2p) for i >= 0, 1 - |x - 1|^(2p) for i < 0 (biolek); j (1 - ((x - 1/2)^2 + 3/4)^p) (prodromakis)\n\
    joglekar, prodromakis: x stays at 0 and at 1, and comes no nearer to them than 1e-8 from elsewhere\n\
    a positive voltage potentiates";
/// Its sources.
pub const REFERENCE: &str = "Strukov et al. 2008, doi:10.1038/nature06932; windows: Joglekar & Wolf 2009, \
    doi:10.1088/0143-0807/30/4/001; Biolek et al. 2009, Radioengineering 18:210; Prodromakis et al. 2011, doi:10.1109/TED.2011.2158004";
/// Its parameters.
pub const PARAMS: &[Param] = &[
    param("r_on", Quantity("ohm"), 100.0, Positive, "resistance when fully doped"),
    param("r_off", Quantity("ohm"), 16e3, Positive, "resistance when not doped"),
    param("d", Quantity("nm"), 10.0, Positive, "thickness of the film"),
    param("mu_v", Quantity("m^2/V/s"), 1e-14, Positive, "mobility of the dopants"),
    param("window", Choice(&WINDOWS), 0.0, Finite, "how drift slows down near the ends"),
    EXPONENT,
    HEIGHT,
    param("v_threshold", Quantity("V"), 0.0, NonNegative, "nothing moves below this voltage; 0 as published"),
];

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hp {
    resistance: Resistance,
    /// mu_v r_on / d^2 \[1/(A s)\].
    mobility: f64,
    window: Window,
    threshold: f64,
}

impl Hp {
    /// From its parameters.
    ///
    /// # Errors
    /// Which parameters do not go together.
    pub fn new(get: Get<'_>) -> Result<Hp, Invalid> {
        let resistance = Resistance::new(get("r_on"), get("r_off"), false)?;
        let d = get("d") * 1e-9;
        Ok(Hp {
            resistance,
            mobility: get("mu_v") * get("r_on") / (d * d),
            window: Window::new(get("window"), get("p"), get("j"))?,
            threshold: get("v_threshold"),
        })
    }
}

impl Physics for Hp {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn levels(&self) -> [f64; 2] {
        [-self.threshold, self.threshold]
    }

    fn sticks(&self) -> bool {
        self.window.sticks()
    }

    fn potentiating(&self) -> f64 {
        1.0
    }

    #[inline]
    fn rate(&self, x: f64, v: f64) -> f64 {
        if v.abs() < self.threshold {
            return 0.0;
        }
        let i = self.current(x, v);
        self.mobility * i * self.window.at(x, i >= 0.0)
    }

    fn drive(&self, v: f64) -> Option<f64> {
        Some(if v.abs() < self.threshold { 0.0 } else { self.mobility * v / self.resistance.least() })
    }

    fn slowing(&self, x: f64, up: bool) -> f64 {
        self.window.at(x, up) * self.resistance.least() / self.resistance.at(1.0 - x)
    }

    fn kinks(&self) -> Vec<f64> {
        vec![0.5]
    }

    #[inline]
    fn current(&self, x: f64, v: f64) -> f64 {
        v / self.resistance.at(1.0 - x)
    }

    fn conductance(&self, x: f64) -> f64 {
        1.0 / self.resistance.at(1.0 - x)
    }

    fn state(&self, g: f64) -> f64 {
        1.0 - self.resistance.share(g)
    }
}
