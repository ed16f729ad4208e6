//! Windows: how the drift of a boundary slows down near the ends of its range.

use crate::check::Invalid;
use crate::describe::Bound::{Finite, Positive};
use crate::describe::Kind::Number;
use crate::describe::{Param, param};
use crate::math::{exp, pow};

/// The words for `window`, in the order of their stored index.
pub const WINDOWS: [&str; 4] = ["rectangular", "joglekar", "biolek", "prodromakis"];
/// As [`WINDOWS`], with the one that TEAM brings.
pub const WINDOWS_TEAM: [&str; 5] = ["rectangular", "joglekar", "biolek", "prodromakis", "kvatinsky"];

/// Exponent of [`WINDOWS`].
pub const EXPONENT: Param =
    param("p", Number, 1.0, Positive, "exponent of the window, 1 or more, a whole number or not; rectangular has none");
/// Exponent of [`WINDOWS_TEAM`].
pub const EXPONENT_TEAM: Param = param(
    "p",
    Number,
    1.0,
    Positive,
    "exponent of the window, 1 or more, a whole number or not; rectangular and kvatinsky have none",
);
/// Height of one of the windows.
pub const HEIGHT: Param = param("j", Number, 1.0, Finite, "height of the prodromakis window");

/// A window with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Window {
    /// 1 everywhere; the state stops hard at its bounds.
    Rectangular,
    /// 1 - |2s - 1|^(2p): 0 at both ends, where the state sticks (Joglekar & Wolf 2009).
    Joglekar {
        /// p
        p: f64,
    },
    /// 1 - s^(2p) on the way up, 1 - |s - 1|^(2p) on the way down: 0 only at the end ahead (Biolek 2009).
    Biolek {
        /// p
        p: f64,
    },
    /// j (1 - ((s - 1/2)^2 + 3/4)^p) (Prodromakis 2011).
    Prodromakis {
        /// p
        p: f64,
        /// j
        j: f64,
    },
    /// e^(-e^((x - a_off)/w_c)) on the way to the off state, e^(-e^(-(x - a_on)/w_c)) on the way back
    /// (Kvatinsky 2013, eq. 18 and 19).
    Kvatinsky {
        /// a_on, relative to the range.
        on: f64,
        /// a_off, relative to the range.
        off: f64,
        /// w_c, relative to the range.
        width: f64,
    },
}

/// y^(2p) for an even power of any sign of y.
#[inline]
fn even_power(y: f64, p: f64) -> f64 {
    let square = y * y;
    if p == 1.0 {
        square
    } else if p == 2.0 {
        square * square
    } else {
        pow(square, p)
    }
}

impl Window {
    /// Window number `kind` of [`WINDOWS`].
    ///
    /// # Errors
    /// If the exponent or the scale is not one of a window.
    pub fn new(kind: f64, p: f64, j: f64) -> Result<Window, Invalid> {
        if kind != 0.0 && p < 1.0 {
            let why = "below 1 a window has a cusp or falls to 0 with infinite slope, so that the boundary would reach \
                       the end of its range at full speed and could leave it by itself; expected 1 or more, where larger is squarer";
            return Err(Invalid::new("p", format!("found {p}: {why}")));
        }
        if kind == 3.0 && j <= 0.0 {
            let why =
                "the window's height scales the mobility; at 0 nothing moves, and below 0 ions drift against the field";
            return Err(Invalid::new("j", format!("found {j}, expected more than 0: {why}")));
        }
        Ok([Window::Rectangular, Window::Joglekar { p }, Window::Biolek { p }, Window::Prodromakis { p, j }]
            [kind as usize])
    }

    /// Does it vanish at both ends, whatever the direction?
    pub fn sticks(&self) -> bool {
        matches!(self, Window::Joglekar { .. } | Window::Prodromakis { .. })
    }

    /// Its value at `s` (0 to 1); `up`: does the state grow?
    #[inline]
    pub fn at(&self, s: f64, up: bool) -> f64 {
        match *self {
            Window::Rectangular => 1.0,
            Window::Joglekar { p } => 1.0 - even_power(2.0 * s - 1.0, p),
            Window::Biolek { p } => 1.0 - even_power(if up { s } else { s - 1.0 }, p),
            Window::Prodromakis { p, j } => {
                let y = s - 0.5;
                j * (1.0 - pow(y * y + 0.75, p))
            }
            Window::Kvatinsky { on, off, width } => {
                let z = if up { (s - off) / width } else { (on - s) / width };
                exp(-exp(z))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_vanish_where_their_papers_say() {
        let at = |kind, p, s, up| Window::new(kind, p, 1.0).unwrap().at(s, up);
        for p in [1.0, 2.0, 3.5] {
            assert_eq!([at(1.0, p, 0.0, true), at(1.0, p, 0.5, true), at(1.0, p, 1.0, false)], [0.0, 1.0, 0.0]);
            assert_eq!([at(2.0, p, 1.0, true), at(2.0, p, 1.0, false), at(2.0, p, 0.0, false)], [0.0, 1.0, 0.0]);
            assert!(at(3.0, p, 0.0, true).abs() < 1e-15 && at(3.0, p, 1.0, true).abs() < 1e-15);
        }
        assert!((at(3.0, 1.0, 0.5, true) - 0.25).abs() < 1e-15);
        assert!((at(1.0, 2.0, 0.25, true) - (1.0 - 0.0625)).abs() < 1e-15, "not the misplaced braces of MemTorch");
    }

    #[test]
    fn an_exponent_below_one_is_refused_with_the_reason() {
        let error = Window::new(1.0, 0.5, 1.0).unwrap_err();
        assert_eq!(error.parameter, "p");
        assert!(error.message.contains("slope"), "{error}");
        assert!(Window::new(0.0, 0.5, 1.0).is_ok(), "the rectangular window has no exponent");
        assert_eq!(Window::new(3.0, 1.0, 0.0).unwrap_err().parameter, "j");
    }
}
