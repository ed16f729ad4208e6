//! One step of a membrane with decaying conductances, in closed form up to an error far below that of its spike times.
//!
//! c v' = i(t) - g(t) v is linear in v, and g and i are known: a constant plus exponentials (or alpha functions). Over a
//! part of a step, scaled to length 1, let a = g / c and r = (i - g v0) / c with v0 the potential at its start. Then
//!
//! v - v0 = integral of e^(-S(u)) r(u) du with S(u) the integral of a over the last u of the part.
//!
//! With a and r written in shifted Legendre polynomials 1, p1, p2 (a_k, r_k their coefficients: exact moments of the exponentials),
//! z = a_0, and the exponential expanded in all but z, this is (as in the Magnus series of sixth order: Blanes, Casas, Oteo & Ros
//! 2009, doi:10.1016/j.physrep.2008.11.001, section 5)
//!
//! v - v0 = r_0 phi(z) + k_1 chi(z) + \[z k_2 + a_1 (q_2 - 3/2 k_1) - a_2 q_1\] e^(-z/2) / 360 + ..
//!
//! where k_j = z q_j - a_j q_0 are commutators with q_j the coefficients of i / c (v0 cancels), phi(z) = (1 - e^-z) / z, and
//! chi(z) = 1/2 integral of u (1 - u) e^(-z u) du. phi, chi and the last exponential are polynomials, so that a neuron
//! costs some twenty to forty multiplications, all in registers. Where parts are short the bracket is left away. What a step of
//! 0.1 ms is off by, at the lengths and conductances allowed below: up to 1e-6 mV in 32 bits, whose last digit is worth
//! 4e-6 mV; some 1e-8 mV in 64, and 1e-10 mV where time constants are 5 ms.

use super::Membrane;
use crate::math;
use crate::math::real::Real;

/// The largest z for which the polynomials hold: where conductances are larger a step needs more parts.
const LARGEST: f64 = 0.5;

/// A part is at most this long, in units of the shortest time constant of the conductances: without the bracket, for 32 bits.
const SHORT: f64 = 0.025;
/// Likewise with the bracket, for 32 and 64 bits.
const LONG: [f64; 2] = [0.25, 0.1];

/// phi on \[0, LARGEST\] by Chebyshev interpolation, to 1.3e-9 and 2.7e-13.
const PHI_SINGLE: [f64; 6] = [
    0.999_999_998_742_602,
    -0.499_999_818_774_236_5,
    0.166_662_418_686_605_05,
    -0.041_630_072_831_911_9,
    0.008_189_613_631_155_07,
    -0.001_123_404_219_046_283_4,
];
const PHI_DOUBLE: [f64; 8] = [
    0.999_999_999_999_730_6,
    -0.499_999_999_931_009_5,
    0.166_666_663_763_193_5,
    -0.041_666_620_027_918_11,
    0.008_332_964_462_342_35,
    -0.001_387_297_775_384_406_2,
    0.000_194_578_904_499_497_73,
    -1.989_322_957_309_053e-5,
];
/// chi likewise, to 2.1e-7 and 3.9e-9.
const CHI_SINGLE: [f64; 4] =
    [0.083_333_124_429_993_08, -0.041_653_264_883_189_06, 0.012_364_251_594_209_777, -0.002_329_213_384_603_289_5];
const CHI_DOUBLE: [f64; 5] = [
    0.083_333_329_464_008_5,
    -0.041_666_279_223_018_76,
    0.012_493_757_904_588_038,
    -0.002_742_284_830_091_762,
    0.000_412_112_468_516_325_65,
];
/// e^(-z/2) / 360 likewise, to 2.1e-7.
const THIRD: [f64; 3] = [0.002_777_571_771_193_145, -0.001_381_446_418_266_862, 0.000_306_721_893_292_477_3];

/// The polynomial with these coefficients, lowest first.
#[inline(always)]
fn polynomial<R: Real, const N: usize>(z: R, coefficients: &[f64; N]) -> R {
    let mut sum = R::of(coefficients[N - 1]);
    for k in (0..N - 1).rev() {
        sum = sum * z + R::of(coefficients[k]);
    }
    sum
}

/// What a side's conductance does over a part.
#[derive(Clone, Copy, Debug)]
struct Side<R> {
    /// Legendre coefficients of g over a part if it starts at 1, times the part over c_m.
    g: [R; 3],
    /// Likewise of an alpha function whose rate variable starts at 1.
    rate: [R; 3],
    /// Decay over a part.
    decay: R,
    /// Reversal potential.
    e: R,
}

impl<R: Real> Side<R> {
    fn new(length: f64, tau: f64, e: f64, c_m: f64) -> Side<R> {
        let x = length / tau;
        Side {
            g: legendre(x, 0).map(|m| R::of(m * length / c_m)),
            rate: legendre(x, 1).map(|m| R::of(m * length * length / c_m)),
            decay: R::of(math::exp(-x)),
            e: R::of(e),
        }
    }

    /// Coefficient `k` of g times the part over c_m, from the conductance and its rate variable.
    #[inline(always)]
    fn moment<const ALPHA: bool>(&self, k: usize, g: R, rate: R) -> R {
        if ALPHA { g * self.g[k] + rate * self.rate[k] } else { g * self.g[k] }
    }
}

/// Coefficients of s^n e^(-x s) on \[0, 1\] in 1, s - 1/2, s^2 - s + 1/6.
fn legendre(x: f64, n: u32) -> [f64; 3] {
    let (mut sums, mut term) = ([0.0; 3], 1.0);
    for j in 0..30 {
        if j > 0 {
            term *= -x / f64::from(j);
        }
        // The moments of s^m.
        let m = f64::from(j + n);
        sums[0] += term / (m + 1.0);
        sums[1] += term * (6.0 * m) / ((m + 1.0) * (m + 2.0));
        sums[2] += term * (30.0 * m * (m - 1.0)) / ((m + 1.0) * (m + 2.0) * (m + 3.0));
    }
    sums
}

/// Parameters and constants of one neuron, for steps cut in a fixed number of parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel<R> {
    pub parts: usize,
    /// Are parts so long that the bracket is needed?
    pub fine: bool,
    ex: Side<R>,
    inh: Side<R>,
    /// Length of a part \[ms\].
    length: R,
    /// The part over c_m.
    rise: R,
    /// Likewise times g_l.
    leak: R,
    /// What a weight adds to the rate variable of an alpha function.
    pub jump_ex: R,
    pub jump_in: R,
}

impl<R: Real> Kernel<R> {
    const SINGLE: bool = size_of::<R>() == 4;

    /// `parts` is a lower bound.
    pub fn new(p: &Membrane, h: f64, parts: usize) -> Kernel<R> {
        let shortest = p.tau_ex.min(p.tau_in);
        let fine = !Self::SINGLE || h > SHORT * shortest;
        let longest = if fine { LONG[usize::from(!Self::SINGLE)] } else { SHORT };
        // Half of what the polynomials bear is left to the conductances.
        let leak = h * p.g_l / (p.c_m * LARGEST / 2.0);
        let parts = parts.max((h / (longest * shortest)).max(leak).ceil() as usize).max(1);
        let length = h / parts as f64;
        let e = math::exp(1.0);
        Kernel {
            parts,
            fine,
            ex: Side::new(length, p.tau_ex, p.e_ex, p.c_m),
            inh: Side::new(length, p.tau_in, p.e_in, p.c_m),
            length: R::of(length),
            rise: R::of(length / p.c_m),
            leak: R::of(p.g_l * length / p.c_m),
            jump_ex: R::of(e / p.tau_ex),
            jump_in: R::of(e / p.tau_in),
        }
    }

    /// What leak and constant current of a neuron drive it by in one part, for which all else is as in this kernel.
    pub fn drive(&self, p: &Membrane, h: f64) -> R {
        R::of((p.g_l * p.e_l + p.i_e) * (h / self.parts as f64) / p.c_m)
    }

    /// Are the conductances so large (or negative) that a step needs more parts?
    #[inline(always)]
    pub fn is_stiff<const ALPHA: bool>(&self, [g_ex, g_in, d_ex, d_in]: [R; 4]) -> bool {
        // An alpha function is largest at the end of its part or before: g + length * rate is above it.
        let reach = |g: R, rate: R| if ALPHA { g + rate * self.length } else { g };
        let (ex, inh) = (reach(g_ex, d_ex), reach(g_in, d_in));
        let within = (ex + inh) * self.rise + self.leak <= R::of(LARGEST);
        !(within & (ex >= R::default()) & (inh >= R::default()))
    }

    /// v after one part, driven by `drive` and an injected current; with OWN, the bracket counts only where the kernel is fine.
    #[inline(always)]
    pub fn part<const ALPHA: bool, const FINE: bool, const OWN: bool>(
        &self,
        v: R,
        [g_ex, g_in, d_ex, d_in]: [R; 4],
        drive: R,
        current: R,
    ) -> R {
        let sides = |k: usize| (self.ex.moment::<ALPHA>(k, g_ex, d_ex), self.inh.moment::<ALPHA>(k, g_in, d_in));
        let synaptic = |(ex, inh): (R, R)| ex * self.ex.e + inh * self.inh.e;
        let (s0, s1) = (sides(0), sides(1));
        let z = (s0.0 + s0.1) + self.leak;
        let q0 = synaptic(s0) + (drive + current * self.rise);
        let (a1, q1) = (s1.0 + s1.1, synaptic(s1));
        let k1 = z * q1 - a1 * q0;
        let r0 = q0 - z * v;
        let (phi, chi) = if Self::SINGLE {
            (polynomial(z, &PHI_SINGLE), polynomial(z, &CHI_SINGLE))
        } else {
            (polynomial(z, &PHI_DOUBLE), polynomial(z, &CHI_DOUBLE))
        };
        let mut change = r0 * phi + k1 * chi;
        if FINE {
            let s2 = sides(2);
            let (a2, q2) = (s2.0 + s2.1, synaptic(s2));
            let k2 = z * q2 - a2 * q0;
            let bracket = (z * k2 + (a1 * (q2 - k1 * R::of(1.5)) - a2 * q1)) * polynomial(z, &THIRD);
            change += if OWN && !self.fine { R::default() } else { bracket };
        }
        v + change
    }

    /// The conductances and rate variables after one part.
    #[inline(always)]
    pub fn decayed<const ALPHA: bool>(&self, [g_ex, g_in, d_ex, d_in]: [R; 4]) -> [R; 4] {
        if ALPHA {
            [
                (g_ex + d_ex * self.length) * self.ex.decay,
                (g_in + d_in * self.length) * self.inh.decay,
                d_ex * self.ex.decay,
                d_in * self.inh.decay,
            ]
        } else {
            [g_ex * self.ex.decay, g_in * self.inh.decay, d_ex, d_in]
        }
    }
}

/// v after a step in which the conductances are so large that it needs more parts than usual.
#[cold]
pub(super) fn stiff_step<R: Real, const ALPHA: bool>(p: &Membrane, h: f64, mut v: R, mut g: [R; 4], current: R) -> R {
    let e = math::exp(1.0);
    let [g_ex, g_in, d_ex, d_in] = g.map(R::wide);
    let rise = if ALPHA { p.tau_ex * d_ex.abs() / e + p.tau_in * d_in.abs() / e } else { 0.0 };
    let total = p.g_l + g_ex.abs() + g_in.abs() + rise;
    // Below 0 the polynomials hold less far.
    let largest = if g_ex.min(g_in).min(d_ex).min(d_in) < 0.0 { LARGEST / 4.0 } else { LARGEST };
    let parts = (total * h / (largest * p.c_m)).ceil().min(1e6) as usize;
    let kernel = Kernel::<R>::new(p, h, parts);
    let drive = kernel.drive(p, h);
    for _ in 0..kernel.parts {
        v = kernel.part::<ALPHA, true, false>(v, g, drive, current);
        g = kernel.decayed::<ALPHA>(g);
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::lif_cond_exp::MODEL;

    fn membrane(tau_ex: f64, tau_in: f64) -> Membrane {
        let values = [200.0, 10.0, -60.0, -50.0, -60.0, 5.0, 0.0, -80.0, tau_ex, tau_in, 200.0];
        Membrane::from_values(MODEL.params, &values).unwrap()
    }

    #[test]
    fn the_polynomials_are_what_they_stand_for() {
        for k in 1..=500 {
            let z = LARGEST * f64::from(k) / 500.0;
            let (near, e) =
                (|a: f64, b: f64, error: f64| assert!((a - b).abs() < error, "{z}: {a} {b}"), math::exp(-z));
            let phi = -math::exp_m1(-z) / z;
            near(polynomial(z, &PHI_SINGLE), phi, 1.3e-9);
            near(polynomial(z, &PHI_DOUBLE), phi, 4e-13);
            // 1/2 integral of u (1 - u) e^(-z u), by its series.
            let (mut chi, mut term) = (0.0, 1.0);
            for j in 0..20 {
                chi += term / (2.0 * f64::from((j + 2) * (j + 3)));
                term *= -z / f64::from(j + 1);
            }
            near(polynomial(z, &CHI_SINGLE), chi, 2.2e-7);
            near(polynomial(z, &CHI_DOUBLE), chi, 4e-9);
            near(polynomial(z, &THIRD), e.sqrt() / 360.0, 2.2e-7);
        }
    }

    /// The same by Taylor series of order 8 in 200 parts: (v, conductances) after a step.
    fn plain(p: &Membrane, alpha: bool, h: f64, mut v: f64, mut g: [f64; 4], current: f64) -> f64 {
        let x = h / 200.0;
        for _ in 0..200 {
            let rate = |g: [f64; 4]| {
                let rise = |rate: f64| if alpha { rate } else { 0.0 };
                let (ex, inh) = (-g[0] / p.tau_ex + rise(g[2]), -g[1] / p.tau_in + rise(g[3]));
                [ex, inh, -g[2] / p.tau_ex, -g[3] / p.tau_in]
            };
            let (mut terms, mut moments) = (vec![v], vec![g]);
            for k in 0..8 {
                let g = moments[k];
                let mut total = g[0] * p.e_ex + g[1] * p.e_in;
                total += if k == 0 { p.g_l * p.e_l + p.i_e + current } else { 0.0 };
                for j in 0..=k {
                    let leak = if j == 0 { p.g_l } else { 0.0 };
                    total -= (moments[j][0] + moments[j][1] + leak) * terms[k - j];
                }
                terms.push(total * x / (p.c_m * (k + 1) as f64));
                moments.push(rate(g).map(|r| r * x / (k + 1) as f64));
            }
            v = terms.iter().sum();
            g = std::array::from_fn(|i| moments.iter().map(|m| m[i]).sum());
        }
        v
    }

    /// The largest errors over neurons with conductances up to what a step bears, and beyond: in single and double precision \[mV\].
    fn errors<const ALPHA: bool>(tau_ex: f64, tau_in: f64) -> (f64, f64) {
        let (p, h) = (membrane(tau_ex, tau_in), 0.1);
        let (single, double) = (Kernel::<f32>::new(&p, h, 1), Kernel::<f64>::new(&p, h, 1));
        let mut worst = (0.0_f64, 0.0_f64);
        for k in 0..400_u32 {
            let part = |n: u32| f64::from((k * n) % 400) / 400.0;
            // A neuron in ten needs more parts.
            let total = if k % 10 == 0 { 6000.0 } else { 900.0 } * part(7) * part(11);
            let rate = if ALPHA { 20.0 * part(23) } else { 0.0 };
            let g = [total * part(13), total * (1.0 - part(13)), rate, 3.0 * rate];
            let (v, current) = (-80.0 + 30.0 * part(17), 300.0 * part(19) - 100.0);
            // Both start from the same numbers.
            let (v32, g32, current32) = (v as f32, g.map(|g| g as f32), current as f32);
            let (v, g, current) = (v32.wide(), g32.map(f32::wide), current32.wide());
            let exact = plain(&p, ALPHA, h, v, g, current);
            let advance = |fine: bool| {
                let (mut v, mut g, drive) = (v32, g32, single.drive(&p, h));
                for _ in 0..single.parts {
                    v = if fine {
                        single.part::<ALPHA, true, false>(v, g, drive, current32)
                    } else {
                        single.part::<ALPHA, false, false>(v, g, drive, current32)
                    };
                    g = single.decayed::<ALPHA>(g);
                }
                v
            };
            let found = if single.is_stiff::<ALPHA>(g32) {
                stiff_step::<f32, ALPHA>(&p, h, v32, g32, current32)
            } else {
                advance(single.fine)
            };
            worst.0 = worst.0.max((found.wide() - exact).abs());
            let found = if double.is_stiff::<ALPHA>(g) {
                stiff_step::<f64, ALPHA>(&p, h, v, g, current)
            } else {
                let (mut v, mut g, drive) = (v, g, double.drive(&p, h));
                for _ in 0..double.parts {
                    v = double.part::<ALPHA, true, false>(v, g, drive, current);
                    g = double.decayed::<ALPHA>(g);
                }
                v
            };
            worst.1 = worst.1.max((found - exact).abs());
        }
        worst
    }

    #[test]
    fn a_step_is_exact_to_rounding_in_single_and_to_a_ten_millionth_of_a_millivolt_in_double_precision() {
        for (tau_ex, tau_in) in [(5.0, 10.0), (4.0, 4.0), (1.0, 0.7), (0.2, 2.0), (0.03, 60.0)] {
            for (single, double) in [errors::<false>(tau_ex, tau_in), errors::<true>(tau_ex, tau_in)] {
                println!("{tau_ex} {tau_in}: {single:e} {double:e}");
                // A unit in the last place of 64 to 128 mV is 7.6e-6 mV; stiff steps have many parts.
                assert!(single < 2.4e-5 && double < 1e-7, "{tau_ex} {tau_in}: {single:e} {double:e}");
            }
        }
    }
}
