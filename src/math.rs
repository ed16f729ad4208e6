//! Elementary functions with the same bits on every processor.
//!
//! The platform's libm differs between processors and versions (it contracts to fma where
//! there is one), so nothing in building, engine or plasticity calls it. The exact square root of
//! `f64::sqrt` is fine: IEEE 754 fixes it.

/// 1.5 * 2^52: added and taken away again, it rounds to an integer, which then stands in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts; the first has 21 trailing zero bits, so that its products with exponents are exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238_164_90e-1, 1.908_214_929_270_587_700_02e-10];

/// e^x, to less than 1 unit in the last place.
///
/// Cody & Waite's reduction x = k ln 2 + r, the Taylor polynomial of degree 13 in r, |r| <= 0.347 (its
/// remainder is 4e-18), and a product with 2^k in two steps, which gives subnormal numbers, 0 and infinity
/// too. There is no branch and no table, so a loop over it can use vector instructions; the polynomial is
/// summed in a fixed tree (Estrin's), which is shorter than Horner's chain.
#[inline]
pub fn exp(x: f64) -> f64 {
    // Beyond these e^x is 0 or infinite. Comparisons, unlike f64::max, let NaN pass.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let power = (shifted.to_bits() as i64).wrapping_sub(ROUND.to_bits() as i64);
    let r = (x - k * LN_2[0]) - k * LN_2[1];

    let (r2, c) = (r * r, &INVERSE_FACTORIALS);
    let r4 = r2 * r2;
    let low = (c[0] + c[1] * r) + (c[2] + c[3] * r) * r2;
    let middle = (c[4] + c[5] * r) + (c[6] + c[7] * r) * r2;
    let high = (c[8] + c[9] * r) + (c[10] + c[11] * r) * r2;
    let tail = low + (middle + high * r4) * r4;
    let mantissa = 1.0 + (r + r2 * tail);

    let half = power >> 1;
    let scale = |n: i64| f64::from_bits((n.wrapping_add(1023) as u64) << 52);
    mantissa * scale(half) * scale(power.wrapping_sub(half))
}

/// 1/2!, 1/3!, .. 1/13!.
const INVERSE_FACTORIALS: [f64; 12] = [
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];

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
        inputs(low, high, 10_000)
            .flat_map(|x| f(x).to_bits().to_le_bytes())
            .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
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
        ];
        assert_eq!(found, GOLDEN, "{found:#018x?}");
    }

    const GOLDEN: [u64; 7] = [
        0xda2b_2200_afa9_512f,
        0x699d_032c_bde6_ba0c,
        0x2602_fb5e_6efb_4e02,
        0x1bb6_6990_a8f0_a8c3,
        0xf261_a299_9aef_fda8,
        0x965f_4545_6140_0458,
        0x64de_38e6_890c_6194,
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
        within("pow", 0.0, 50.0, |x| pow(x, 0.4), |x| x.powf(0.4));
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
