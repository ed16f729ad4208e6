//! VTEAM: threshold-adaptive memristor controlled by voltage (Kvatinsky et al. 2015).

use crate::check::Invalid;
use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Choice, Number, Quantity};
use crate::describe::{Param, param};
use crate::math::pow;

use super::window::{EXPONENT_TEAM, HEIGHT, WINDOWS_TEAM, Window};
use super::{FASTEST, Get, LAWS, Physics, Resistance};

/// Its equations.
pub const EQUATIONS: &str = "dx/dt = k_off (v/v_off - 1)^alpha_off f for v > v_off; k_on (v/v_on - 1)^alpha_on f for v < v_on; else 0\n\
    x from x_on to x_off, held hard at both ends; s = (x - x_on)/(x_off - x_on)\n\
    r = r_on + (r_off - r_on) s (linear) or r_on (r_off/r_on)^s (exponential); i = v/r\n\
    f: the windows of hp in s, up meaning v > 0; kvatinsky: e^(-e^((x - a_off)/w_c)) up, e^(-e^(-(x - a_on)/w_c)) down\n\
    a negative voltage potentiates";
/// Its sources.
pub const REFERENCE: &str = "Kvatinsky, Ramadan, Friedman & Kolodny 2015, doi:10.1109/TCSII.2015.2433536; \
    default parameters: the Technion models, as in MemTorch 1.1.6 (Lammie et al. 2022, doi:10.1016/j.neucom.2022.02.043)";
/// Its parameters.
pub const PARAMS: &[Param] = &[
    param("r_on", Quantity("ohm"), 50.0, Positive, "resistance at x_on"),
    param("r_off", Quantity("ohm"), 1000.0, Positive, "resistance at x_off"),
    param("law", Choice(&LAWS), 0.0, Finite, "how the resistance follows from the state"),
    param("x_on", Quantity("nm"), 0.0, NonNegative, "state of the lowest resistance"),
    param("x_off", Quantity("nm"), 3.0, Positive, "state of the highest resistance"),
    param("k_on", Quantity("m/s"), -10.0, Finite, "speed towards x_on, negative"),
    param("k_off", Quantity("m/s"), 5e-4, Positive, "speed towards x_off"),
    param("alpha_on", Number, 3.0, Positive, "exponent of the overdrive towards x_on"),
    param("alpha_off", Number, 1.0, Positive, "exponent of the overdrive towards x_off"),
    param("v_on", Quantity("V"), -0.2, Finite, "threshold towards x_on, negative"),
    param("v_off", Quantity("V"), 0.02, Positive, "threshold towards x_off"),
    param("window", Choice(&WINDOWS_TEAM), 0.0, Finite, "how drift slows down near the ends"),
    EXPONENT_TEAM,
    HEIGHT,
    param("a_on", Quantity("nm"), 1.8, Finite, "place of the kvatinsky window on the way to x_on"),
    param("a_off", Quantity("nm"), 1.2, Finite, "place of the kvatinsky window on the way to x_off"),
    param("w_c", Quantity("nm"), 0.107, Positive, "width of the kvatinsky window"),
];

/// What VTEAM and TEAM have in common; they differ in what drives the state, voltage or current.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Team {
    pub(super) resistance: Resistance,
    pub(super) x_on: f64,
    pub(super) span: f64,
    /// (k, threshold, alpha) towards on.
    pub(super) on: (f64, f64, f64),
    /// (k, threshold, alpha) towards off.
    pub(super) off: (f64, f64, f64),
    pub(super) window: Window,
}

impl Team {
    /// From its parameters; `threshold`: `v` or `i`, the first letter of the thresholds' names.
    ///
    /// # Errors
    /// Which parameters do not go together.
    pub fn new(get: Get<'_>, threshold: &str) -> Result<Team, Invalid> {
        let resistance = Resistance::new(get("r_on"), get("r_off"), get("law") == 1.0)?;
        let (x_on, x_off) = (get("x_on") * 1e-9, get("x_off") * 1e-9);
        if x_on >= x_off {
            let message = format!("found {} nm, expected less than x_off ({} nm)", get("x_on"), get("x_off"));
            return Err(Invalid::new("x_on", message));
        }
        let (on_name, off_name) = (format!("{threshold}_on"), format!("{threshold}_off"));
        let (k_on, on, off) = (get("k_on"), get(&on_name), get(&off_name));
        if k_on >= 0.0 {
            let why = "the state falls towards x_on, so its speed is negative";
            return Err(Invalid::new("k_on", format!("found {k_on} m/s, expected less than 0: {why}")));
        }
        if on >= 0.0 {
            let why = "the two thresholds lie on either side of 0; between them the device keeps its state";
            let unit = if threshold == "v" { "V" } else { "A" };
            return Err(Invalid::new(on_name, format!("found {on} {unit}, expected less than 0: {why}")));
        }
        let span = x_off - x_on;
        let window = if get("window") == 4.0 {
            let place = |name: &str| (get(name) * 1e-9 - x_on) / span;
            Window::Kvatinsky { on: place("a_on"), off: place("a_off"), width: get("w_c") * 1e-9 / span }
        } else {
            Window::new(get("window"), get("p"), get("j"))?
        };
        Ok(Team {
            resistance,
            x_on,
            span,
            on: (k_on, on, get("alpha_on")),
            off: (get("k_off"), off, get("alpha_off")),
            window,
        })
    }

    /// The resistance \[ohm\].
    #[inline]
    pub(super) fn ohm(&self, x: f64) -> f64 {
        self.resistance.at((x - self.x_on) / self.span)
    }

    /// dx/dt \[m/s\] under a drive, of which `off` and `on` hold the thresholds.
    #[inline]
    pub(super) fn speed(&self, x: f64, drive: f64) -> f64 {
        let free = self.free_speed(drive);
        if free == 0.0 { 0.0 } else { free * self.slowing(x, free > 0.0) }
    }

    /// That without the window.
    #[inline]
    pub(super) fn free_speed(&self, drive: f64) -> f64 {
        let (k, threshold, alpha) = if drive > 0.0 { self.off } else { self.on };
        let over = drive / threshold - 1.0;
        if over <= 0.0 {
            return 0.0;
        }
        let power = if alpha == 3.0 { over * over * over } else { pow(over, alpha) };
        (k * power).clamp(-FASTEST, FASTEST)
    }

    /// The window.
    #[inline]
    pub(super) fn slowing(&self, x: f64, up: bool) -> f64 {
        self.window.at((x - self.x_on) / self.span, up)
    }

    /// 1 / r.
    pub(super) fn siemens(&self, x: f64) -> f64 {
        1.0 / self.ohm(x)
    }

    /// The state of conductance `g`.
    pub(super) fn of_siemens(&self, g: f64) -> f64 {
        self.x_on + self.span * self.resistance.share(g)
    }
}

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vteam(pub Team);

impl Physics for Vteam {
    fn range(&self) -> (f64, f64) {
        (self.0.x_on, self.0.x_on + self.0.span)
    }

    fn levels(&self) -> [f64; 2] {
        [self.0.on.1, self.0.off.1]
    }

    fn sticks(&self) -> bool {
        self.0.window.sticks()
    }

    fn potentiating(&self) -> f64 {
        -1.0
    }

    #[inline]
    fn rate(&self, x: f64, v: f64) -> f64 {
        self.0.speed(x, v)
    }

    fn drive(&self, v: f64) -> Option<f64> {
        Some(self.0.free_speed(v))
    }

    fn slowing(&self, x: f64, up: bool) -> f64 {
        self.0.slowing(x, up)
    }

    fn kinks(&self) -> Vec<f64> {
        vec![self.0.x_on + 0.5 * self.0.span]
    }

    #[inline]
    fn current(&self, x: f64, v: f64) -> f64 {
        v / self.0.ohm(x)
    }

    fn conductance(&self, x: f64) -> f64 {
        self.0.siemens(x)
    }

    fn state(&self, g: f64) -> f64 {
        self.0.of_siemens(g)
    }
}
