//! A resistance between two ends, as a function of a share of the way from one to the other.

use crate::check::Invalid;
use crate::math::{exp, ln};

/// The words for `law`.
pub const LAWS: [&str; 2] = ["linear", "exponential"];

/// r_on at a share of 0, r_off at 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resistance {
    on: f64,
    off: f64,
    /// ln(r_off/r_on) where the law is exponential, else 0.
    lambda: f64,
}

impl Resistance {
    /// Between `on` and `off` \[ohm\].
    ///
    /// # Errors
    /// If the on state is not the one that conducts better.
    pub fn new(on: f64, off: f64, exponential: bool) -> Result<Resistance, Invalid> {
        if on >= off {
            let why = "the on state is the one that conducts better, and with both equal there is nothing to learn";
            return Err(Invalid::new("r_on", format!("found {on} ohm, expected less than r_off ({off} ohm): {why}")));
        }
        Ok(Resistance { on, off, lambda: if exponential { ln(off / on) } else { 0.0 } })
    }

    /// The resistance \[ohm\].
    #[inline]
    pub fn at(&self, share: f64) -> f64 {
        if self.lambda > 0.0 {
            self.on * exp(self.lambda * share)
        } else {
            // Both ends to the last bit.
            self.on * (1.0 - share) + self.off * share
        }
    }

    /// The share at which the conductance is `g`.
    #[inline]
    pub fn share(&self, g: f64) -> f64 {
        if self.lambda > 0.0 { -ln(g * self.on) / self.lambda } else { (1.0 / g - self.on) / (self.off - self.on) }
    }

    /// r_on.
    pub fn least(&self) -> f64 {
        self.on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_the_inverse_of_the_resistance() {
        for exponential in [false, true] {
            let r = Resistance::new(100.0, 16e3, exponential).unwrap();
            assert!((r.at(0.0) - 100.0).abs() < 1e-12 && (r.at(1.0) - 16e3).abs() < 1e-9);
            for s in [0.0, 0.1, 0.5, 0.99, 1.0] {
                assert!((r.share(1.0 / r.at(s)) - s).abs() < 1e-13);
            }
        }
        assert!(Resistance::new(5.0, 5.0, false).unwrap_err().to_string().contains("nothing to learn"));
    }
}
