//! Integrals of smooth functions: Gauss's rule of eight points on halves of halves.

/// Places and weights of the rule on -1 .. 1, for one half of them.
const RULE: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];
/// How often a stretch may be halved.
const DEPTH: u32 = 24;

/// The integral from `a` to `b` by one application of the rule; exact for polynomials of degree 15.
pub fn gauss(f: &impl Fn(f64) -> f64, a: f64, b: f64) -> f64 {
    let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
    half * RULE.iter().map(|(x, w)| w * (f(middle - half * x) + f(middle + half * x))).sum::<f64>()
}

/// The integral from `a` to `b`, where halving changes no part by more than `relative` of it or of the whole, or than `floor`:
/// what is left where the rounding of `f` counts.
pub fn integral(f: &impl Fn(f64) -> f64, a: f64, b: f64, relative: f64, floor: f64) -> f64 {
    let whole = gauss(f, a, b);
    halved(f, (a, b), whole, relative, (relative * whole.abs()).max(floor), DEPTH)
}

fn halved(f: &impl Fn(f64) -> f64, (a, b): (f64, f64), whole: f64, relative: f64, absolute: f64, depth: u32) -> f64 {
    let middle = 0.5 * (a + b);
    let (left, right) = (gauss(f, a, middle), gauss(f, middle, b));
    let sum = left + right;
    // Written so that what is no number ends the search.
    if depth == 0 || (sum - whole).abs() <= (relative * sum.abs()).max(absolute) || sum.is_nan() {
        return sum;
    }
    halved(f, (a, middle), left, relative, absolute, depth - 1)
        + halved(f, (middle, b), right, relative, absolute, depth - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_agree_with_their_closed_forms() {
        let near = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-11, "{found} {expected}");
        near(integral(&f64::exp, -3.0, 2.0, 1e-12, 0.0), 2f64.exp() - (-3f64).exp());
        near(integral(&|x: f64| 1.0 / x, 1e-6, 1.0, 1e-12, 0.0), 6.0 * 10f64.ln());
        // The end of a threshold with an exponent that is no whole number.
        near(integral(&|x: f64| x.powf(1.3), 0.0, 1.0, 1e-12, 0.0), 1.0 / 2.3);
        near(gauss(&|x: f64| x.powi(14), -1.0, 1.0), 2.0 / 15.0);
    }
}
