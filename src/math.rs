//! Elementary functions with the same bits on every processor; numbers of either width ([`real`]), and an integrator ([`rkf45`]).
//!
//! The platform's libm differs between processors and versions (it contracts to fma where
//! there is one), so nothing in building, engine, neurons, plasticity or devices calls it. The exact square root of
//! `f64::sqrt` is fine: IEEE 754 fixes it.

mod exp_table;
pub mod real;
pub mod rkf45;
pub mod vector;

use exp_table::POWERS;

/// 1.5 * 2^52: added and taken away again, it rounds to an integer, which then stands in the low bits.
pub(crate) const ROUND: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts; the first has 21 trailing zero bits, so that its products with the integers here are exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

/// The whole number that a double is, below 2^53; none if it is none, or may stand for its neighbours too.
pub(crate) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

/// e^x, to less than 1 unit in the last place.
///
/// x = k ln 2 / 128 + r with |r| <= 0.0028; a table gives 2^(k/128) in two parts, a Taylor polynomial of degree 5
/// (its remainder is 6e-19) e^r - 1. (Tang 1989, doi:10.1145/63522.214389. A polynomial of degree 13 without a table could be
/// vectorised, but took 1.6 (latency) to 2 times (throughput) as long for one number, and the event engine asks for one at a time.)
#[inline]
pub fn exp(x: f64) -> f64 {
    // Beyond these e^x is 0 or infinite. Comparisons, unlike f64::max, let NaN pass.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let (n, power, small) = reduced(x);
    let exponent = n >> 7;
    if exponent.wrapping_add(1021) as u64 <= 2043 {
        let power = f64::from_bits(power.wrapping_add((exponent << 52) as u64));
        power + power * small
    } else {
        // Near the ends of the range, in two steps, for infinity and gradual underflow.
        let power = f64::from_bits(power);
        let half = exponent >> 1;
        let scale = |n: i64| f64::from_bits((n.wrapping_add(1023) as u64) << 52);
        (power + power * small) * scale(half) * scale(exponent.wrapping_sub(half))
    }
}

/// [`exp`] of -700 <= x <= 700, bit for bit, without a branch: a loop over numbers becomes vector instructions. For other
/// numbers it gives anything.
#[inline(always)]
pub fn exp_in_range(x: f64) -> f64 {
    let (n, power, small) = reduced(x);
    let power = f64::from_bits(power.wrapping_add(((n & !127) << 45) as u64));
    power + power * small
}

/// e^x - 1 of -700 <= x <= 700, exact near 0, without a branch; for other numbers it gives anything. A table's entry less 1 is exact where
/// it is near 1.
#[inline(always)]
pub fn exp_m1_in_range(x: f64) -> f64 {
    let (n, power, small) = reduced(x);
    let power = f64::from_bits(power.wrapping_add(((n & !127) << 45) as u64));
    (power - 1.0) + power * small
}

/// e^x of x held within -700 .. 700, without a branch.
#[inline(always)]
pub fn exp_held(x: f64) -> f64 {
    exp_in_range(x.clamp(-700.0, 700.0))
}

/// e^x as 2^(n / 128) (1 + small) with n's last seven bits in the table: n, the bits of 2^(k / 128), small.
#[inline(always)]
fn reduced(x: f64) -> (i64, u64, f64) {
    let shifted = x * (128.0 * std::f64::consts::LOG2_E) + ROUND;
    let k = shifted - ROUND;
    let n = (shifted.to_bits() as i64).wrapping_sub(ROUND.to_bits() as i64);
    let r = (x - k * (LN_2[0] / 128.0)) - k * (LN_2[1] / 128.0);

    let [power, rest] = POWERS[(n & 127) as usize];
    let r2 = r * r;
    let small = (f64::from_bits(rest) + r) + r2 * ((0.5 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0)));
    (n, power, small)
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

/// Hyperbolic sine.
#[inline]
pub fn sinh(x: f64) -> f64 {
    libm::sinh(x)
}

/// [`ln`] of a positive normal number, bit for bit, without a branch: a loop over numbers becomes vector instructions. For other
/// numbers it gives anything. (The function and its constants are those of FreeBSD's e_log.c, as in the crate libm.)
#[inline(always)]
pub fn ln_normal(x: f64) -> f64 {
    const EVEN: [f64; 3] = [3.999_999_999_940_942e-1, 2.222_219_843_214_978_4e-1, 1.531_383_769_920_937_3e-1];
    const ODD: [f64; 4] =
        [6.666_666_666_666_735e-1, 2.857_142_874_366_239e-1, 1.818_357_216_161_805e-1, 1.479_819_860_511_658_6e-1];
    /// The upper halves of 1 and of nearly the square root of 1/2: mantissas lie between that and the root of 2.
    const ONE: u64 = 0x3FF0_0000 << 32;
    const ROOT: u64 = 0x3FE6_A09E << 32;
    const MANTISSA: u64 = (1 << 52) - 1;
    const TWO_52: f64 = 4_503_599_627_370_496.0;

    let bits = x.to_bits().wrapping_add(ONE - ROOT);
    let k = f64::from_bits(TWO_52.to_bits() | bits >> 52) - (TWO_52 + 1023.0);
    let f = f64::from_bits((bits & MANTISSA) + ROOT) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (EVEN[0] + w * (EVEN[1] + w * EVEN[2]));
    let odd = z * (ODD[0] + w * (ODD[1] + w * (ODD[2] + w * ODD[3])));
    s * (half_square + (odd + even)) + k * LN_2[1] - half_square + f + k * LN_2[0]
}

/// ln x for x > 1e-307, without a branch or a table, so that a loop over it becomes vector code; relative error a few 1e-16. By the series of
/// atanh((m - 1)/(m + 1)) on the mantissa m.
#[inline(always)]
pub fn ln_positive(x: f64) -> f64 {
    /// Odd terms of atanh beyond the first: 1/3, 1/5, .., whose remainder is 1e-17 on |s| <= 0.172.
    const ATANH: [f64; 11] = {
        let mut terms = [0.0; 11];
        let mut k = 0;
        while k < 11 {
            terms[k] = 1.0 / (2 * k + 3) as f64;
            k += 1;
        }
        terms
    };
    /// Bits of the square root of 1/2: mantissas lie between it and the root of 2.
    const ROOT: u64 = 0x3FE6_A09E_667F_3BCD;
    const TWO_52: f64 = 4_503_599_627_370_496.0;

    let bits = x.to_bits();
    // The binary exponent, plus 1024.
    let exponent = bits.wrapping_sub(ROOT).wrapping_add(1024 << 52) >> 52;
    let m = f64::from_bits(bits.wrapping_sub(exponent << 52).wrapping_add(1024 << 52));
    let e = f64::from_bits(TWO_52.to_bits() | exponent) - (TWO_52 + 1024.0);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let mut series = ATANH[10];
    for k in (0..10).rev() {
        series = series * z + ATANH[k];
    }
    e * LN_2[0] + (2.0 * s + (2.0 * s * z * series + e * LN_2[1]))
}

/// x^y for x >= 0 and y > 0, or x > 1e-307 and any y, without a branch or a table, so that a loop over it becomes vector code. Relative error a few
/// 1e-16 while |y ln x| is of order 1, and that times 1e-16 beyond; what lies below 1e-307 counts as 0.
///
/// e^(y ln x) by a Taylor polynomial of degree 13 after reduction by ln 2.
#[inline(always)]
pub fn pow_positive(x: f64, y: f64) -> f64 {
    /// 1/k! from k = 2 on.
    const EXP: [f64; 12] = {
        let mut terms = [0.5; 12];
        let mut k = 1;
        while k < 12 {
            terms[k] = terms[k - 1] / (k + 2) as f64;
            k += 1;
        }
        terms
    };

    let t = y * ln_positive(x);
    let t = if t < -708.0 { -708.0 } else { t };
    let t = if t > 709.0 { 709.0 } else { t };
    let shifted = t * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits());
    let r = (t - k * LN_2[0]) - k * LN_2[1];
    let mut series = EXP[11];
    for k in (0..11).rev() {
        series = series * r + EXP[k];
    }
    let power = (1.0 + (r + r * r * series)) * f64::from_bits(n.wrapping_add(1023) << 52);
    if x >= f64::MIN_POSITIVE { power } else { 0.0 }
}

/// Sine.
#[inline]
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Sine of a full turn times `turns`.
#[inline]
pub fn sin_turns(turns: f64) -> f64 {
    libm::sin(std::f64::consts::TAU * turns)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` fixed numbers in [low, high), by integer arithmetic and exact operations only.
    fn inputs(low: f64, high: f64, count: u64) -> impl Iterator<Item = f64> {
        let mut x = 0x9E37_79B9_7F4A_7C15_u64;
        (0..count).map(move |_| {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            low + (high - low) * ((x >> 11) as f64 / (1_u64 << 53) as f64)
        })
    }

    /// FNV-1a of the bits of `f` over the inputs.
    fn fingerprint(low: f64, high: f64, f: impl Fn(f64) -> f64) -> u64 {
        let bytes: Vec<u8> = inputs(low, high, 10_000).flat_map(|x| f(x).to_bits().to_le_bytes()).collect();
        crate::fnv::digest(&bytes)
    }

    /// Distance in units of the last place.
    fn ulps(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn every_processor_gives_these_bits() {
        let found = [
            fingerprint(-40.0, 5.0, exp),
            fingerprint(-740.0, 709.0, exp),
            fingerprint(-2.0, 2.0, exp_m1),
            fingerprint(0.0, 50.0, ln),
            fingerprint(-0.9, 5.0, ln_1p),
            fingerprint(0.0, 30.0, |x| pow(x, 0.4)),
            fingerprint(-10.0, 10.0, sin),
            fingerprint(-20.0, 20.0, sinh),
        ];
        assert_eq!(found, GOLDEN, "{found:#018x?}");
    }

    const GOLDEN: [u64; 8] = [
        0x7e3a_be59_e088_a894,
        0x3c69_cdfb_a0fc_bc83,
        0x2602_fb5e_6efb_4e02,
        0x1bb6_6990_a8f0_a8c3,
        0xf261_a299_9aef_fda8,
        0x965f_4545_6140_0458,
        0x64de_38e6_890c_6194,
        0x3a63_807a_f6e2_63b6,
    ];

    #[test]
    fn exp_is_within_one_unit_in_the_last_place() {
        for (low, high) in [(-1.0, 1.0), (-1e-3, 1e-3), (-40.0, 40.0), (-707.0, 709.0)] {
            let worst = inputs(low, high, 200_000).map(|x| ulps(exp(x), x.exp())).max().unwrap();
            assert!(worst <= 1, "{worst} units in [{low}, {high})");
        }
    }

    #[test]
    fn the_other_functions_are_within_two_units() {
        let within = |name: &str, low, high, f: fn(f64) -> f64, std: fn(f64) -> f64| {
            let worst = inputs(low, high, 100_000).map(|x| ulps(f(x), std(x))).max().unwrap();
            assert!(worst <= 2, "{name}: {worst} units");
        };
        within("exp_m1", -3.0, 3.0, exp_m1, f64::exp_m1);
        within("ln", 1e-9, 100.0, ln, f64::ln);
        within("ln_1p", -0.99, 10.0, ln_1p, f64::ln_1p);
        within("sin", -10.0, 10.0, sin, f64::sin);
        within("sinh", -20.0, 20.0, sinh, f64::sinh);
        within("pow", 0.0, 50.0, |x| pow(x, 0.4), |x| x.powf(0.4));
    }

    #[test]
    fn the_power_for_vectors_agrees_with_the_exact_one() {
        for (low, high, y) in
            [(1e-9, 1.0, 0.4), (0.0, 100.0, 0.4), (0.0, 2.0, 0.02), (0.1, 30.0, 3.0), (1e-4, 1e4, 1.0)]
        {
            let worst =
                inputs(low, high, 100_000).map(|x| (pow_positive(x, y) / x.powf(y) - 1.0).abs()).fold(0.0, f64::max);
            assert!(worst < 4e-15, "{worst:e} for [{low}, {high})^{y}");
        }
        assert_eq!((pow_positive(0.0, 0.4), pow_positive(1.0, 0.4), pow_positive(-0.0, 0.4)), (0.0, 1.0, 0.0));
        let bits = fingerprint(0.0, 30.0, |x| pow_positive(x, 0.4));
        assert_eq!(bits, POWER, "{bits:#018x}");
    }

    #[test]
    fn so_does_the_logarithm() {
        for (low, high) in [(1e-9, 1.0), (0.5, 2.0), (0.999, 1.001), (0.0, 1e6)] {
            let worst = inputs(low, high, 100_000).map(|x| ulps(ln_positive(x), x.ln())).max().unwrap();
            assert!(worst <= 3, "{worst} units for [{low}, {high})");
        }
        assert_eq!(ln_positive(1.0), 0.0);
        let bits = fingerprint(0.0, 50.0, ln_positive);
        assert_eq!(bits, LOGARITHM, "{bits:#018x}");
    }

    const LOGARITHM: u64 = 0xba36_9c7d_9e22_27eb;

    const POWER: u64 = 0x6dbf_817f_8a89_7132;

    #[test]
    fn the_logarithm_of_a_normal_number_needs_no_branch() {
        for (low, high) in [(0.0, 1.0), (0.999, 1.001), (0.5, 2.0), (1e-300, 1e-290), (0.0, 1e300)] {
            assert!(
                inputs(low, high, 100_000).filter(|x| x.is_normal()).all(|x| ln(x).to_bits() == ln_normal(x).to_bits())
            );
        }
        for x in [f64::MIN_POSITIVE, f64::MAX, 1.0, 2.0, 0.5, 1.0 - f64::EPSILON / 2.0, std::f64::consts::SQRT_2] {
            assert_eq!(ln(x).to_bits(), ln_normal(x).to_bits(), "{x}");
        }
        // Anything, but no panic.
        for x in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-310] {
            ln_normal(x);
        }
    }

    #[test]
    fn within_range_no_branch_is_needed() {
        for (low, high) in [(-1.0, 1.0), (-40.0, 5.0), (-700.0, 700.0)] {
            assert!(inputs(low, high, 50_000).all(|x| exp(x).to_bits() == exp_in_range(x).to_bits()));
        }
        assert_eq!((exp_in_range(0.0), exp_in_range(-0.0)), (1.0, 1.0));
        // Anything, but no panic.
        for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
            exp_in_range(x);
        }
    }

    #[test]
    fn nor_is_one_for_what_is_left_near_0() {
        for (low, high) in [(-1e-15, 1e-15), (-0.01, 0.01), (-1.0, 1.0), (-40.0, 5.0)] {
            let worst = inputs(low, high, 100_000).map(|x| ulps(exp_m1_in_range(x), x.exp_m1())).max().unwrap();
            assert!(worst <= 2, "{worst} units in [{low}, {high})");
        }
        assert_eq!([0.0, -700.0].map(exp_m1_in_range), [0.0, -1.0]);
    }

    #[test]
    fn exp_has_the_right_limits() {
        assert_eq!((exp(0.0), exp(-0.0)), (1.0, 1.0));
        assert_eq!((exp(f64::INFINITY), exp(f64::NEG_INFINITY)), (f64::INFINITY, 0.0));
        assert_eq!((exp(710.0), exp(-746.0)), (f64::INFINITY, 0.0));
        assert_eq!((exp(1e300), exp(-1e300)), (f64::INFINITY, 0.0));
        assert!(exp(f64::NAN).is_nan());
        assert!(exp(709.78) < f64::INFINITY);
        // Subnormal results lose digits gradually.
        for x in [-708.5, -720.0, -740.0, -745.1] {
            assert!(ulps(exp(x), x.exp()) <= 1, "e^{x}");
        }
    }

    #[test]
    fn pow_of_zero_is_one() {
        assert_eq!((pow(0.0, 0.0), pow(7.5, 1.0), pow(2.0, 3.0)), (1.0, 7.5, 8.0));
    }
}
