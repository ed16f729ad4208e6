//! Statistics of phase-change memory, fitted to a million devices: Joshi et al. 2020, doi:10.1038/s41467-020-16108-9, and
//! Nandakumar et al. 2019 (ICECS), doi:10.1109/ICECS46596.2019.8964852, as aihwkit's PCMLikeNoiseModel has them.
//! x is g/g_max; the largest conductance of the fit is 25 uS.

use crate::math::{ln_positive, pow_positive};

/// Spread of the conductance after programming, relative to g_max.
pub fn sigma_program(x: f64) -> f64 {
    (0.26348 + 1.9650 * x - 1.1731 * x * x).max(0.0) / 25.0
}

/// Mean exponent of drift.
#[inline(always)]
pub fn mean_nu(x: f64) -> f64 {
    if x > 0.0 { (-0.0155 * ln_positive(x) + 0.0244).clamp(0.049, 0.1) } else { 0.1 }
}

/// Device-to-device spread of that exponent.
#[inline(always)]
pub fn sigma_nu(x: f64) -> f64 {
    if x > 0.0 { (-0.0125 * ln_positive(x) - 0.0059).clamp(0.008, 0.045) } else { 0.045 }
}

/// Size of the 1/f noise.
#[inline(always)]
pub fn read_noise(x: f64) -> f64 {
    if x > 0.0 { (0.0088 / pow_positive(x, 0.65).max(1e-3)).min(0.2) } else { 0.2 }
}
