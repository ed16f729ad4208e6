//! Runge-Kutta-Fehlberg 4(5) with the step control of the GNU Scientific Library, which NEST uses.
//!
//! The grid engine's adex follows it operation by operation, because NEST resets inside a step where the adaptive step
//! happened to end: another integrator, however exact, would be off by what v does in between.
//! Coefficients: Fehlberg 1969, NASA TR R-315; control as in GSL's `gsl_odeiv_control_y_new` and `gsl_odeiv_evolve_apply`.

/// One step of length `h` from `y`: the values of order 5 and the error estimate.
pub fn step<const N: usize>(f: impl Fn(&[f64; N]) -> [f64; N], y: &[f64; N], h: f64) -> ([f64; N], [f64; N]) {
    let at = |terms: &[(f64, &[f64; N])]| -> [f64; N] {
        std::array::from_fn(|i| y[i] + h * terms.iter().map(|(a, k)| a * k[i]).sum::<f64>())
    };
    let k1 = f(y);
    let k2 = f(&at(&[(1.0 / 4.0, &k1)]));
    let k3 = f(&at(&[(3.0 / 32.0, &k1), (9.0 / 32.0, &k2)]));
    let k4 = f(&at(&[(1932.0 / 2197.0, &k1), (-7200.0 / 2197.0, &k2), (7296.0 / 2197.0, &k3)]));
    let k5 =
        f(&at(&[(8341.0 / 4104.0, &k1), (-32832.0 / 4104.0, &k2), (29440.0 / 4104.0, &k3), (-845.0 / 4104.0, &k4)]));
    let k6 = f(&at(&[
        (-6080.0 / 20520.0, &k1),
        (41040.0 / 20520.0, &k2),
        (-28352.0 / 20520.0, &k3),
        (9295.0 / 20520.0, &k4),
        (-5643.0 / 20520.0, &k5),
    ]));
    let new = at(&[
        (902880.0 / 7618050.0, &k1),
        (3953664.0 / 7618050.0, &k3),
        (3855735.0 / 7618050.0, &k4),
        (-1371249.0 / 7618050.0, &k5),
        (277020.0 / 7618050.0, &k6),
    ]);
    let error = std::array::from_fn(|i| {
        h * (k1[i] / 360.0 - 128.0 / 4275.0 * k3[i] - 2197.0 / 75240.0 * k4[i] + k5[i] / 50.0 + 2.0 / 55.0 * k6[i])
    });
    (new, error)
}

/// Takes one accepted step from `*t` towards `end`, with absolute error at most about `tolerance`; `suggestion` is the
/// length to try (the solver's state), updated for the next call.
pub fn evolve<const N: usize>(
    f: impl Fn(&[f64; N]) -> [f64; N],
    tolerance: f64,
    t: &mut f64,
    end: f64,
    suggestion: &mut f64,
    y: &mut [f64; N],
) {
    let remaining = end - *t;
    let mut h = *suggestion;
    loop {
        let last = h > remaining;
        if last {
            h = remaining;
        }
        let (new, error) = step(&f, y, h);
        let worst = error.iter().fold(f64::MIN_POSITIVE, |worst, e| worst.max(e.abs() / tolerance));
        let tried = h;
        if worst > 1.1 {
            h = tried * (0.9 * crate::math::pow(worst, -1.0 / 5.0)).max(0.2);
            // Too short to move on in time: accept.
            if h < tried && *t + h != *t {
                continue;
            }
            h = tried;
        } else if worst < 0.5 {
            h = tried * (0.9 * crate::math::pow(worst, -1.0 / 6.0)).clamp(1.0, 5.0);
        }
        *t = if last { end } else { *t + tried };
        *suggestion = h;
        *y = new;
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decay_is_followed_to_the_tolerance_and_the_step_grows() {
        let (mut t, mut h, mut y) = (0.0, 0.1, [1.0]);
        while t < 5.0 {
            evolve(|y: &[f64; 1]| [-y[0]], 1e-6, &mut t, 5.0, &mut h, &mut y);
        }
        assert_eq!(t, 5.0);
        assert!((y[0] - crate::math::exp(-5.0)).abs() < 1e-5, "{}", y[0]);
        assert!(h > 0.1);
    }
}
