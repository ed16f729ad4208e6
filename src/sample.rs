//! Random deviates from counter-based streams, with the same bits on every processor.
//!
//! Own samplers, because a result must not change with the version of a crate or with the
//! platform's libm: everything here is made of [`crate::math`], IEEE arithmetic and [`Stream`].

mod counts;
mod exponentials;
mod law;
mod quantile;
mod steps;

use thiserror::Error;

pub use counts::{binomial, poisson};
pub use exponentials::Exponentials;
pub use law::Law;
pub use quantile::{Places, Quantile};
pub use steps::Steps;

use crate::math;
use crate::rng::Stream;
use crate::value::{Limits, Value};

/// How often a value is drawn again before its limits are taken to leave nothing.
const REDRAWS: usize = 10_000;

/// Why a value cannot be drawn.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SampleError {
    /// The limits keep (almost) nothing of the distribution.
    #[error(
        "The limits min = {min}, max = {max}, same_sign = {same_sign} leave (almost) nothing of {distribution}: \
         {REDRAWS} values in a row fell outside. Widen the limits or move the mean."
    )]
    Limits {
        /// The distribution, as the user knows it.
        distribution: String,
        /// Smallest value that is kept.
        min: f64,
        /// Largest value that is kept.
        max: f64,
        /// Is what has another sign than the mean drawn again?
        same_sign: bool,
    },
    /// A list ends before the index.
    #[error("The list has {len} values, but number {index} (counted from 0) is needed. Give one value for each.")]
    List {
        /// What was asked for.
        index: usize,
        /// How many there are.
        len: usize,
    },
    /// A function of the in-degree was not replaced by its value first.
    #[error("A value that depends on `indegree` is only possible in a projection, where the in-degree is known.")]
    Indegree,
}

/// A number that is exactly representable, symmetric about 1/2 and never 0 or 1: 52 random bits
/// and a half.
#[inline]
fn uniform_inside(stream: &mut Stream) -> f64 {
    ((stream.bits() >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

/// A standard normal deviate, from one uniform number by the inverse of the distribution function.
#[inline]
pub fn normal(stream: &mut Stream) -> f64 {
    normal_quantile(uniform_inside(stream))
}

/// An exponential deviate of mean 1, from one uniform number.
#[inline]
pub fn exponential(stream: &mut Stream) -> f64 {
    -math::ln(stream.uniform_open())
}

/// The value that a standard normal deviate stays below with probability `p`, 0 < p < 1; relative
/// error below 1e-15 (PPND16 of Wichura 1988, algorithm AS 241, doi:10.2307/2347330).
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let r = (-math::ln(if q < 0.0 { p } else { 1.0 - p })).sqrt();
    let z = if r <= 5.0 { ratio(&MIDDLE, r - 1.6) } else { ratio(&TAIL, r - 5.0) };
    if q < 0.0 { -z } else { z }
}

/// A quotient of two polynomials of degree 7, coefficients from the constant up.
#[inline]
fn ratio([over, under]: &[[f64; 8]; 2], r: f64) -> f64 {
    let horner = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * r + c);
    horner(over) / horner(under)
}

// The digits are the paper's, so that they can be compared.
#[rustfmt::skip]
#[allow(clippy::excessive_precision)]
const CENTRE: [[f64; 8]; 2] = [
    [3.387_132_872_796_366_608, 133.141_667_891_784_377_45, 1_971.590_950_306_551_442_7, 13_731.693_765_509_461_125,
     45_921.953_931_549_871_457, 67_265.770_927_008_700_853, 33_430.575_583_588_128_105, 2_509.080_928_730_122_672_7],
    [1.0, 42.313_330_701_600_911_252, 687.187_007_492_057_908_30, 5_394.196_021_424_751_107_7,
     21_213.794_301_586_595_867, 39_307.895_800_092_710_610, 28_729.085_735_721_942_674, 5_226.495_278_852_854_561_0],
];
#[rustfmt::skip]
#[allow(clippy::excessive_precision)]
const MIDDLE: [[f64; 8]; 2] = [
    [1.423_437_110_749_683_577_34, 4.630_337_846_156_545_295_90, 5.769_497_221_460_691_405_50, 3.647_848_324_763_204_605_04,
     1.270_458_252_452_368_382_58, 2.417_807_251_774_506_117_70e-1, 2.272_384_498_926_918_458_33e-2, 7.745_450_142_783_414_076_40e-4],
    [1.0, 2.053_191_626_637_758_821_87, 1.676_384_830_183_803_849_40, 6.897_673_349_851_000_045_50e-1,
     1.481_039_764_274_800_745_90e-1, 1.519_866_656_361_645_719_66e-2, 5.475_938_084_995_344_946_00e-4, 1.050_750_071_644_416_843_24e-9],
];
#[rustfmt::skip]
#[allow(clippy::excessive_precision)]
const TAIL: [[f64; 8]; 2] = [
    [6.657_904_643_501_103_777_20, 5.463_784_911_164_114_369_90, 1.784_826_539_917_291_335_80, 2.965_605_718_285_048_912_30e-1,
     2.653_218_952_657_612_309_30e-2, 1.242_660_947_388_078_438_60e-3, 2.711_555_568_743_487_578_15e-5, 2.010_334_399_292_288_132_65e-7],
    [1.0, 5.998_322_065_558_879_376_90e-1, 1.369_298_809_227_358_053_10e-1, 1.487_536_129_085_061_485_25e-2,
     7.868_691_311_456_132_591_00e-4, 1.846_318_317_510_054_681_80e-5, 1.421_511_758_316_445_888_70e-7, 2.044_263_103_389_939_785_64e-15],
];

/// Draws one value from `stream`; of a list it takes number `index`.
///
/// # Errors
/// If the limits leave (almost) nothing, the list is too short, or the value still depends on an
/// in-degree.
pub fn draw(value: &Value, stream: &mut Stream, index: usize) -> Result<f64, SampleError> {
    match value {
        Value::Constant(value) => Ok(*value),
        Value::Uniform { low, high } => Ok(low + (high - low) * stream.uniform()),
        Value::Normal { mean, std, limits } => redraw(value, limits, *mean, || mean + std * normal(stream)),
        Value::Lognormal { mean, std, limits } => {
            // Moments of the logarithm that give the values these moments.
            let variance = if *mean == 0.0 { 0.0 } else { math::ln_1p((std / mean) * (std / mean)) };
            let (sigma, median) = (variance.sqrt(), mean * math::exp(-0.5 * variance));
            redraw(value, limits, *mean, || median * math::exp(sigma * normal(stream)))
        }
        Value::Exponential { mean, limits } => redraw(value, limits, *mean, || mean * exponential(stream)),
        Value::List(values) => values.get(index).copied().ok_or(SampleError::List { index, len: values.len() }),
        Value::OfIndegree(_) => Err(SampleError::Indegree),
    }
}

/// Draws until the limits keep what was drawn.
fn redraw(value: &Value, limits: &Limits, mean: f64, mut next: impl FnMut() -> f64) -> Result<f64, SampleError> {
    let mut candidates = (0..REDRAWS).map(|_| next());
    candidates.find(|&x| limits.keep(x, mean)).ok_or_else(|| limits_error(value, limits))
}

fn limits_error(value: &Value, limits: &Limits) -> SampleError {
    SampleError::Limits {
        distribution: match value {
            Value::Normal { mean, std, .. } => format!("the normal distribution with mean {mean} and std {std}"),
            Value::Lognormal { mean, std, .. } => format!("the lognormal distribution with mean {mean} and std {std}"),
            Value::Exponential { mean, .. } => format!("the exponential distribution with mean {mean}"),
            other => format!("{other:?}"),
        },
        min: limits.min,
        max: limits.max,
        same_sign: limits.same_sign,
    }
}

#[cfg(test)]
mod tests;
