//! Runge-Kutta-Fehlberg 4(5) with the step control of the GNU Scientific Library, which NEST uses.
//!
//! The grid engine's adex follows its control decision by decision, because NEST resets inside a step where the adaptive step
//! happened to end: another integrator, however exact, would be off by what v does in between.
//! Coefficients: Fehlberg 1969, NASA TR R-315; control as in GSL's `gsl_odeiv_control_y_new` and `gsl_odeiv_evolve_apply`.

/// `N` variables of `L` independent systems: as many systems as a vector has places.
pub type Lanes<const N: usize, const L: usize> = [[f64; L]; N];

/// The right-hand sides of `L` systems. A trait, since a closure that isn't inlined is compiled without the vector instructions of the
/// kernel that calls it; implementations are `#[inline(always)]`.
pub trait Slopes<const N: usize, const L: usize> {
    /// The derivatives of the variables.
    fn slopes(&self, y: &Lanes<N, L>) -> Lanes<N, L>;
}

/// One system.
struct Alone<F>(F);

impl<const N: usize, F: Fn(&[f64; N]) -> [f64; N]> Slopes<N, 1> for Alone<F> {
    #[inline(always)]
    fn slopes(&self, y: &Lanes<N, 1>) -> Lanes<N, 1> {
        (self.0)(&y.map(|[y]| y)).map(|k| [k])
    }
}

/// The state at a stage: y + h times the weighted slopes.
#[inline(always)]
#[allow(clippy::needless_range_loop)] // `i` and `l` index several arrays at once.
fn stage<const N: usize, const L: usize, const K: usize>(
    y: &Lanes<N, L>,
    h: &[f64; L],
    terms: [(f64, &Lanes<N, L>); K],
) -> Lanes<N, L> {
    let mut out = *y;
    for i in 0..N {
        for l in 0..L {
            let mut sum = 0.0;
            for (a, k) in terms {
                sum += a * k[i][l];
            }
            out[i][l] += h[l] * sum;
        }
    }
    out
}

/// One step of each of `L` systems, of lengths `h`, from `y`: the values of order 5 and the error estimates. Straight, so that a kernel
/// that calls it becomes vector instructions.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
pub fn step_lanes<const N: usize, const L: usize>(
    f: &impl Slopes<N, L>,
    y: &Lanes<N, L>,
    h: &[f64; L],
) -> (Lanes<N, L>, Lanes<N, L>) {
    let k1 = f.slopes(y);
    let k2 = f.slopes(&stage(y, h, [(1.0 / 4.0, &k1)]));
    let k3 = f.slopes(&stage(y, h, [(3.0 / 32.0, &k1), (9.0 / 32.0, &k2)]));
    let k4 = f.slopes(&stage(y, h, [(1932.0 / 2197.0, &k1), (-7200.0 / 2197.0, &k2), (7296.0 / 2197.0, &k3)]));
    let k5 = f.slopes(&stage(
        y,
        h,
        [(8341.0 / 4104.0, &k1), (-32832.0 / 4104.0, &k2), (29440.0 / 4104.0, &k3), (-845.0 / 4104.0, &k4)],
    ));
    let k6 = f.slopes(&stage(
        y,
        h,
        [
            (-6080.0 / 20520.0, &k1),
            (41040.0 / 20520.0, &k2),
            (-28352.0 / 20520.0, &k3),
            (9295.0 / 20520.0, &k4),
            (-5643.0 / 20520.0, &k5),
        ],
    ));
    let new = stage(
        y,
        h,
        [
            (902880.0 / 7618050.0, &k1),
            (3953664.0 / 7618050.0, &k3),
            (3855735.0 / 7618050.0, &k4),
            (-1371249.0 / 7618050.0, &k5),
            (277020.0 / 7618050.0, &k6),
        ],
    );
    let mut error = k1;
    for i in 0..N {
        for l in 0..L {
            error[i][l] = h[l]
                * (k1[i][l] / 360.0 - 128.0 / 4275.0 * k3[i][l] - 2197.0 / 75240.0 * k4[i][l]
                    + k5[i][l] / 50.0
                    + 2.0 / 55.0 * k6[i][l]);
        }
    }
    (new, error)
}

/// One step of length `h` from `y`: the values of order 5 and the error estimate.
pub fn step<const N: usize>(f: impl Fn(&[f64; N]) -> [f64; N], y: &[f64; N], h: f64) -> ([f64; N], [f64; N]) {
    let (new, error) = step_lanes(&Alone(f), &y.map(|y| [y]), &[h]);
    (new.map(|[y]| y), error.map(|[e]| e))
}

/// An error of so many tolerances asks for the step once more.
pub const TOO_LARGE: f64 = 1.1;
/// Below this the next step may be longer.
pub const SMALL: f64 = 0.5;

/// A step of `tried` whose error was `worst` tolerances, at `t`: the length to try instead, or none if it is accepted.
pub fn shorter(worst: f64, tried: f64, t: f64) -> Option<f64> {
    if worst <= TOO_LARGE || worst.is_nan() {
        return None;
    }
    let h = tried * (0.9 * crate::math::pow_positive(worst, -1.0 / 5.0)).max(0.2);
    // Too short to move on in time: accept.
    (h < tried && t + h != t).then_some(h)
}

/// The length to try after an accepted step.
pub fn next(worst: f64, tried: f64) -> f64 {
    if worst < SMALL { tried * (0.9 * crate::math::pow_positive(worst, -1.0 / 6.0)).clamp(1.0, 5.0) } else { tried }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decay_is_followed_to_the_tolerance_and_the_step_grows() {
        let (mut t, mut h, mut y, end) = (0.0_f64, 0.1_f64, [1.0], 5.0);
        while t < end {
            let tried = h.min(end - t);
            let (new, error) = step(|y: &[f64; 1]| [-y[0]], &y, tried);
            let worst = (error[0].abs() / 1e-6).max(f64::MIN_POSITIVE);
            match shorter(worst, tried, t) {
                Some(shorter) => h = shorter,
                None => {
                    h = next(worst, tried);
                    t = if tried == end - t { end } else { t + tried };
                    y = new;
                }
            }
        }
        assert!((y[0] - crate::math::exp(-5.0)).abs() < 1e-5, "{}", y[0]);
        assert!(h > 0.1);
    }

    #[test]
    fn systems_side_by_side_have_the_bits_of_each_alone() {
        fn f(y: &[f64; 2]) -> [f64; 2] {
            [y[1], -y[0] * y[0]]
        }
        let lanes = [[1.0, 0.3, -0.2, 5.0], [0.0, 1.0, 2.0, -3.0]];
        let h = [0.1, 0.2, 0.01, 1.0];
        struct Many;
        impl Slopes<2, 4> for Many {
            fn slopes(&self, y: &Lanes<2, 4>) -> Lanes<2, 4> {
                let alone: [[f64; 2]; 4] = std::array::from_fn(|l| f(&[y[0][l], y[1][l]]));
                std::array::from_fn(|i| std::array::from_fn(|l| alone[l][i]))
            }
        }
        let (new, error) = step_lanes(&Many, &lanes, &h);
        for l in 0..4 {
            let alone = step(f, &[lanes[0][l], lanes[1][l]], h[l]);
            assert_eq!(alone, ([new[0][l], new[1][l]], [error[0][l], error[1][l]]));
        }
    }
}
