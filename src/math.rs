//! Elementary functions with the same bits on every processor.
//!
//! The platform's libm differs between processors and versions (it contracts to fma where
//! there is one), so nothing in building, engine or plasticity calls it. The exact square root of
//! `f64::sqrt` is fine: IEEE 754 fixes it.

/// e^x.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// e^x - 1, exact near 0.
#[inline]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// Natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// ln(1 + x), exact near 0.
#[inline]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// x^y, with 0^0 = 1; the common exponents 0 and 1 cost nothing.
#[inline]
pub fn pow(x: f64, y: f64) -> f64 {
    if y == 0.0 {
        1.0
    } else if y == 1.0 {
        x
    } else {
        libm::pow(x, y)
    }
}

/// Sine.
#[inline]
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine of a full turn times `turns`.
#[inline]
pub fn cos_turns(turns: f64) -> f64 {
    libm::cos(std::f64::consts::TAU * turns)
}
