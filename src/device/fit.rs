//! Pulse devices fitted to measured changes: least squares over the change by every pulse, from where a search over the mean change by
//! conductance and direction ends.

use std::cmp::Ordering;

use crate::check::{Invalid, check};
use crate::math::{exp, exp_m1, ln};

use super::measured::{Change, Measured};
use super::search::{least_squares, simplex};
use super::{Cell, DeviceModel, DeviceSpec};

/// A device fitted to a measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Which device.
    pub model: DeviceModel,
    /// The parameters that were fitted or follow from the measurement, in SI units.
    pub given: Vec<(&'static str, f64)>,
    /// Number of parameters that were free.
    pub free: usize,
    /// Root mean square deviation from the measured mean change, over pulses \[S\].
    pub residual: f64,
    /// Root mean square of the measured mean change \[S\].
    pub size: f64,
    /// Number of pulses.
    pub pulses: usize,
    /// Sum over them of the squared deviation of their change from that of the device without noise \[S^2\].
    pub squares: f64,
}

/// Deviations below this share of a step are not told from none: no measurement is as fine, and the search ends there.
const FINEST: f64 = 1e-6;

impl Fit {
    /// The device.
    pub fn spec(&self) -> DeviceSpec {
        DeviceSpec::with(self.model, &self.given)
    }

    /// Akaike's information criterion with the correction for few data, by which models with different numbers of parameters are
    /// compared; the least is best, and what lies within 2 of it is hardly worse. For independent Gaussian deviations of one variance,
    /// n ln(RSS / n) + 2 K + 2 K (K + 1) / (n - K - 1), with n pulses, the sum RSS of their squared deviations \[S^2\], and K the free
    /// parameters and the variance: C. M. Hurvich, C.-L. Tsai, Biometrika 76, 297 (1989), doi:10.1093/biomet/76.2.297; in this form
    /// K. P. Burnham, D. R. Anderson, Model Selection and Multimodel Inference, 2nd ed. (2002), sections 2.2 and 2.4.
    ///
    /// None with too few pulses for it, n <= K + 1.
    pub fn aicc(&self) -> Option<f64> {
        let (n, k) = (self.pulses as f64, (self.free + 1) as f64);
        let least = FINEST * self.size;
        let variance = (self.squares / n).max(least * least);
        (n > k + 1.0).then(|| n * ln(variance) + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0))
    }

    /// The order of preference: by [`aicc`](Fit::aicc), those that have none last, by their residual.
    pub fn compare(&self, other: &Fit) -> Ordering {
        let key = |fit: &Fit| fit.aicc().unwrap_or(f64::INFINITY);
        key(self).total_cmp(&key(other)).then(self.free.cmp(&other.free)).then(self.residual.total_cmp(&other.residual))
    }
}

/// How a free number becomes a parameter.
#[derive(Clone, Copy)]
enum Map {
    /// Its exponential, times this.
    Times(f64),
    /// It plus this.
    Plus(f64),
    /// One over itself: through 0 a curve bends the other way.
    Inverse,
    /// What an exponential term has grown to at the end of the range where it is largest, `a e^|gamma|`, so that the number means as much
    /// whatever the rate of the same direction is.
    AtEnd,
    /// The upper bound of what was seen, and more by this share of the range: its size's exponential, less 1. So 0 is that bound itself.
    Above,
    /// The lower bound of what was seen, less such a share, but above 0.
    Below,
}

/// A free parameter, and where the search for it starts.
struct Free {
    name: &'static str,
    map: Map,
    /// Groups of free numbers: a search starts from the best of each group.
    starts: &'static [&'static [f64]],
}

/// As one number alone.
const fn one(name: &'static str, map: Map) -> Free {
    Free { name, map, starts: &[&[0.0]] }
}

/// From all these together, the best of which is taken.
const fn among(name: &'static str, map: Map, starts: &'static [&'static [f64]]) -> Free {
    Free { name, map, starts }
}

/// Steps that are as seen, larger or smaller.
const SIZES: &[&[f64]] = &[&[0.0, 0.5, -0.5, -1.2, -2.0]];
/// Bounds that the data reach, a little beyond them and far beyond them.
const BOUNDS: &[&[f64]] = &[&[0.0], &[1.0], &[3.5]];
/// Curves that bend either way.
const BENDS: &[&[f64]] = &[&[2.0, 0.5, 5.0], &[-2.0, -0.5, -5.0]];
/// Exponentials that rise and that fall along the range.
const RATES: &[&[f64]] = &[&[2.0, 0.7, 4.0, 8.0], &[-2.0, -0.7, -4.0, -8.0]];
/// Terms that take from the steps and that add to them.
const TERMS: &[&[f64]] = &[&[0.7, 0.2, 1.0, 2.0, -0.3, -1.0, -5.0, -30.0, -300.0]];

/// The models that can be fitted.
pub const MODELS: [DeviceModel; 7] = [
    DeviceModel::ConstantStep,
    DeviceModel::LinearStep,
    DeviceModel::SoftBounds,
    DeviceModel::ExpStep,
    DeviceModel::PowStep,
    DeviceModel::Querlioz,
    DeviceModel::NeuroSim,
];

/// The free parameters of a model.
fn free(model: DeviceModel, m: &Measured) -> Option<Vec<Free>> {
    let range = m.range.1 - m.range.0;
    let mid = 0.5 * (m.range.0 + m.range.1);
    let step = |up: bool| {
        let at = m.at(mid, up).0.abs();
        let curve = m.curve(up);
        let mean = curve.mean.iter().map(|x| x.abs()).sum::<f64>() / curve.mean.len() as f64;
        (if at > 0.0 { at } else { mean }).clamp(1e-6 * range, 0.2 * range)
    };
    let mut all = vec![among("dg_up", Map::Times(step(true)), SIZES), among("dg_down", Map::Times(step(false)), SIZES)];
    let bounds = [among("g_min", Map::Below, BOUNDS), among("g_max", Map::Above, BOUNDS)];
    match model {
        DeviceModel::ConstantStep => {}
        DeviceModel::LinearStep => all.extend([one("slope_up", Map::Plus(0.5)), one("slope_down", Map::Plus(0.5))]),
        DeviceModel::SoftBounds => all.extend(bounds),
        DeviceModel::PowStep => {
            all.extend([one("gamma_up", Map::Times(1.0)), one("gamma_down", Map::Times(1.0))]);
            all.extend(bounds);
        }
        DeviceModel::Querlioz => all.extend([one("beta_up", Map::Times(2.0)), one("beta_down", Map::Times(2.0))]),
        DeviceModel::ExpStep => all.extend([
            among("a_up", Map::AtEnd, TERMS),
            among("a_down", Map::AtEnd, TERMS),
            among("gamma_up", Map::Plus(0.0), RATES),
            among("gamma_down", Map::Plus(0.0), RATES),
        ]),
        DeviceModel::NeuroSim => {
            all = vec![
                among("levels_up", Map::Times(range / step(true)), SIZES),
                among("levels_down", Map::Times(range / step(false)), SIZES),
                among("nonlinearity_up", Map::Inverse, BENDS),
                among("nonlinearity_down", Map::Inverse, BENDS),
            ];
            all.extend(bounds);
        }
        _ => return None,
    }
    // No conductance lies below 0.
    all.retain(|free| !matches!(free.map, Map::Below) || m.range.0 > 0.0);
    Some(all)
}

/// The parameters that free numbers stand for.
fn given(model: DeviceModel, m: &Measured, free: &[Free], x: &[f64]) -> Vec<(&'static str, f64)> {
    let range = m.range.1 - m.range.0;
    let mut all = vec![("g_min", m.range.0), ("g_max", m.range.1)];
    if model == DeviceModel::ExpStep {
        // z = a u + b is the place along the range. a scales what both gamma scale, and b what a_up and a_down do: with these free, a
        // and b add nothing to the curves that there are.
        all.extend([("a", 1.0), ("b", 0.0)]);
    }
    let rate = |name: &str| {
        let of = name.replace("a_", "gamma_");
        free.iter().zip(x).find(|(free, _)| free.name == of).map_or(0.0, |(_, x)| *x)
    };
    for (Free { name, map, .. }, &x) in free.iter().zip(x) {
        let beyond = || 0.02 * range * exp_m1(x.abs());
        let value = match *map {
            Map::Times(scale) => scale * exp(x),
            Map::Plus(start) => start + x,
            Map::Inverse => 1.0 / x,
            Map::AtEnd => x * exp(-rate(name).abs()),
            Map::Above => m.range.1 + beyond(),
            // Never flat, so that the search finds its way back from 0.
            Map::Below => m.range.0 * (m.range.0 / (m.range.0 + beyond())),
        };
        all.retain(|(n, _)| n != name);
        all.push((name, value));
    }
    all
}

/// Most places from which the search goes on.
const PLACES: usize = 6;

/// Places to start from, best first: for each choice of a group for every parameter, the best of the numbers in these groups, those of one
/// direction after those of the other.
fn places(free: &[Free], cost: &dyn Fn(&[f64]) -> f64) -> Vec<Vec<f64>> {
    let mut all: Vec<(f64, Vec<f64>)> = Vec::new();
    // Goes through the groups as a counter does.
    let mut group = vec![0; free.len()];
    loop {
        let of = |k: usize| free[k].starts[group[k]];
        let mut x: Vec<f64> = (0..free.len()).map(|k| of(k)[0]).collect();
        let mut least = cost(&x);
        for direction in ["_up", "_down"] {
            let own: Vec<usize> = (0..free.len()).filter(|&k| free[k].name.ends_with(direction)).collect();
            let count: usize = own.iter().map(|&k| of(k).len()).product();
            for number in 0..count {
                let (mut there, mut rest) = (x.clone(), number);
                for &k in &own {
                    there[k] = of(k)[rest % of(k).len()];
                    rest /= of(k).len();
                }
                let found = cost(&there);
                if found < least {
                    (x, least) = (there, found);
                }
            }
        }
        all.push((least, x));
        let Some(next) = (0..free.len()).find(|&k| group[k] + 1 < free[k].starts.len()) else { break };
        group[..next].fill(0);
        group[next] += 1;
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.truncate(PLACES);
    all.into_iter().map(|(_, x)| x).collect()
}

/// What a bound beyond the data costs, as a deviation in units of their range: less than any measurement tells.
const PULL: f64 = 1e-7;

/// Fits a model to a measurement, whose changes are these: its steps are those of the mean device, and each device's as much larger as
/// the measurement's [`factors`](Measured::factors) say.
///
/// # Errors
/// If the model can't be fitted.
pub fn fit(model: DeviceModel, m: &Measured, pulses: &[Change]) -> Result<Fit, Invalid> {
    let name = model.describe().name;
    let Some(free) = free(model, m) else {
        let known: Vec<&str> = MODELS.iter().map(|m| m.describe().name).collect();
        return Err(Invalid::new("as", format!("{name} has no fit; expected some of {}", known.join(", "))));
    };
    let range = m.range.1 - m.range.0;
    let given = |x: &[f64]| given(model, m, &free, x);
    // (direction, mean change, pulses, where these started) of each bin.
    let bins: Vec<(bool, f64, f64, &[f64])> = [true, false]
        .into_iter()
        .flat_map(|up| {
            let c = m.curve(up);
            (0..c.g.len()).map(move |k| (up, c.mean[k], c.count[k] as f64, &c.points[k][..]))
        })
        .collect();
    let total: f64 = bins.iter().map(|b| b.2).sum();
    // How far bounds are from those of the data, for next to nothing: where nothing else tells, they are these.
    let pull = |x: &[f64]| -> Vec<f64> {
        let of = |(free, x): (&Free, &f64)| matches!(free.map, Map::Above | Map::Below).then_some(PULL * x);
        free.iter().zip(x).filter_map(of).collect()
    };
    let squared = |off: &[f64]| off.iter().map(|off| off * off).sum::<f64>();
    // How far each bin is off, weighted so that the sum of squares is their mean over pulses.
    let means = |x: &[f64]| -> Option<Vec<f64>> {
        let change = change(model, &given(x))?;
        let off = bins.iter().map(|&(up, mean, count, points)| {
            let found = points.iter().map(|&g| change(g, up, 1.0)).sum::<f64>() / points.len() as f64;
            (found - mean) / range * (count / total).sqrt()
        });
        let off = off.chain(pull(x));
        Some(off.collect()).filter(|off: &Vec<f64>| off.iter().all(|off| off.is_finite()))
    };
    let cost = |x: &[f64]| means(x).map_or(f64::INFINITY, |off| squared(&off));
    // From several places, since a law may have its curves in several ways: the deviations have more than one least.
    let ends = places(&free, &cost).into_iter().map(|x| least_squares(&means, x));
    let Some((mut x, _)) = ends.min_by(|a, b| a.1.total_cmp(&b.1)).filter(|end| end.1.is_finite()) else {
        return Err(Invalid::new("as", format!("{name} fits no steps as large as those that were measured")));
    };
    // Restarts leave the flat corners in which a simplex may have folded up.
    for size in [0.5, 0.3, 0.1] {
        x = simplex(&cost, x, size);
    }
    let deviations = |x: &[f64]| -> Option<Vec<f64>> {
        let change = change(model, &given(x))?;
        let of = |pulse: &Change| change(pulse.g, pulse.up, m.factors[pulse.device]) - pulse.dg;
        let off = pulses.iter().map(|pulse| of(pulse) / range).chain(pull(x));
        Some(off.collect()).filter(|off: &Vec<f64>| off.iter().all(|off| off.is_finite()))
    };
    let (x, squares) = least_squares(&deviations, x);
    let pulled = squared(&pull(&x));
    let (best, squares) = ((cost(&x) - pulled).max(0.0), (squares - pulled).max(0.0));
    let size = (bins.iter().map(|b| b.2 * b.1 * b.1).sum::<f64>() / total).sqrt();
    let mut given = given(&x);
    given.extend(spread(m));
    // What no model file may say is no fit: steps of 0, say, where pulses do nothing.
    for (key, value) in &given {
        let param = model.describe().param(key).map(|i| &model.describe().params[i]);
        if let Some(Err(error)) = param.map(|param| check(param, *value)) {
            return Err(Invalid::new("as", format!("{name} fits no such pulses: {error}")));
        }
    }
    let (residual, squares) = (best.sqrt() * range, squares * range * range);
    Ok(Fit { model, given, free: free.len(), residual, size, pulses: pulses.len(), squares })
}

/// The change by a pulse of a device without noise, by conductance, direction and a factor of its steps; none if there is no such device.
fn change(model: DeviceModel, given: &[(&'static str, f64)]) -> Option<impl Fn(f64, bool, f64) -> f64 + use<>> {
    let device = DeviceSpec::with(model, given).device().ok()?;
    let cell = Cell::nominal(&device.common);
    let (low, high) = (device.common.g_min, device.common.g_max);
    // A step that ends at a bound is as long as the way there.
    Some(move |g: f64, up: bool, factor: f64| (g + factor * device.step(&cell, g, up)).clamp(low, high) - g)
}

/// Pulse-to-pulse and device-to-device spread of the step, relative, as measured.
pub fn spread(m: &Measured) -> [(&'static str, f64); 2] {
    let (mut squares, mut steps, mut means) = (0.0, 0.0, 0.0);
    for c in [&m.up, &m.down] {
        for k in 0..c.g.len() {
            let n = c.count[k] as f64;
            squares += n * c.std[k] * c.std[k];
            // The noise is in the squares of changes too.
            steps += n * (c.square[k] - c.std[k] * c.std[k]);
            means += n * c.mean[k] * c.mean[k];
        }
    }
    let steps = f64::max(steps, means);
    let c2c = if steps > 0.0 { (squares / steps).sqrt() } else { 0.0 };
    [("sigma_c2c", c2c), ("sigma_d2d", m.sigma_d2d)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::measured::{Row, changes};

    /// Pulses of a device, up then down, twice.
    fn staircase(spec: &DeviceSpec, pulses: usize) -> (Measured, Vec<Change>) {
        noisy(spec, pulses, 0.0, 0)
    }

    /// The same of one whose steps have this noise \[S\], rms.
    fn noisy(spec: &DeviceSpec, pulses: usize, noise: f64, seed: u32) -> (Measured, Vec<Change>) {
        let device = spec.device().unwrap();
        let cell = Cell::nominal(&device.common);
        let (low, high) = (device.common.g_min, device.common.g_max);
        // Twelve even numbers are as good as normal.
        let normal = |k: usize| {
            let words = (0..3).flat_map(|part| crate::rng::philox([k as u32, part, 0, 0], [seed, 0]));
            words.map(|word| f64::from(word) / 2f64.powi(32)).sum::<f64>() - 6.0
        };
        let (mut g, mut rows) = (0.5 * (low + high), Vec::new());
        for cycle in 0..2 {
            for k in 0..2 * pulses {
                g = device.pulse(&cell, g, k < pulses, 0, || 0) + noise * normal(rows.len());
                rows.push(Row { g, up: k < pulses, device: 0, cycle });
            }
        }
        (Measured::new(&rows).unwrap(), changes(&rows))
    }

    #[test]
    fn a_device_is_found_again_from_its_own_pulses() {
        for (model, given) in [
            (DeviceModel::SoftBounds, vec![("dg_up", 2e-6), ("dg_down", 3e-6)]),
            (DeviceModel::LinearStep, vec![("dg_up", 1e-6), ("dg_down", 2e-6), ("slope_up", 0.4), ("slope_down", 0.7)]),
            (DeviceModel::NeuroSim, vec![("levels_up", 97.0), ("levels_down", 100.0), ("nonlinearity_up", 0.5)]),
            (
                DeviceModel::ExpStep,
                vec![
                    ("a", 1.0),
                    ("b", 0.0),
                    ("gamma_up", 2.0),
                    ("gamma_down", 2.0),
                    ("a_up", 0.1),
                    ("a_down", 0.15),
                    ("dg_up", 1e-6),
                    ("dg_down", 1e-6),
                ],
            ),
        ] {
            let (m, pulses) = staircase(&DeviceSpec::with(model, &given), 120);
            let fit = fit(model, &m, &pulses).unwrap();
            assert!(fit.residual < 0.01 * fit.size, "{model:?}: {} of {}", fit.residual, fit.size);
            let other = super::fit(DeviceModel::ConstantStep, &m, &pulses).unwrap();
            assert!(other.residual > 5.0 * fit.residual, "{model:?} is not constant");
        }
    }

    #[test]
    fn the_criterion_is_that_of_hurvich_and_tsai() {
        let (m, pulses) = staircase(&DeviceSpec::with(DeviceModel::SoftBounds, &[]), 20);
        let fit = fit(DeviceModel::ConstantStep, &m, &pulses).unwrap();
        let change = change(fit.model, &fit.given).unwrap();
        let squares: f64 = pulses.iter().map(|p| (change(p.g, p.up, 1.0) - p.dg).powi(2)).sum();
        assert!((fit.squares / squares - 1.0).abs() < 1e-9 && fit.pulses == 78, "{} {squares}", fit.squares);
        // Two steps and the variance.
        let (n, k) = (78.0, 3.0);
        let expected = n * (squares / n).ln() + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
        assert!((fit.aicc().unwrap() - expected).abs() < 1e-6, "{:?} {expected}", fit.aicc());
        assert_eq!(Fit { pulses: 4, ..fit.clone() }.aicc(), None);
        assert!(Fit { pulses: 5, ..fit.clone() }.aicc().is_some());
        assert_eq!(Fit { pulses: 4, ..fit.clone() }.compare(&fit), Ordering::Greater);
    }

    #[test]
    fn the_model_that_made_the_pulses_is_preferred_to_those_that_have_more_parameters() {
        let made: [(DeviceModel, Vec<(&'static str, f64)>); 2] = [
            (DeviceModel::ConstantStep, vec![("dg_up", 1e-6), ("dg_down", 1e-6)]),
            (DeviceModel::SoftBounds, vec![("dg_up", 1e-6), ("dg_down", 1.5e-6)]),
        ];
        for (model, given) in made {
            let spec = DeviceSpec::with(model, &given);
            for (noise, seed) in [(0.0, 0), (3e-7, 1), (3e-7, 2)] {
                let pulses = if model == DeviceModel::ConstantStep { 40 } else { 120 };
                let (m, pulses) = noisy(&spec, pulses, noise, seed);
                let mut fits: Vec<Fit> = MODELS.iter().filter_map(|model| fit(*model, &m, &pulses).ok()).collect();
                assert!(fits.len() > 5);
                fits.sort_by(Fit::compare);
                let of = |fit: &Fit| (fit.model.describe().name, fit.free, fit.squares, fit.aicc());
                let all: Vec<_> = fits.iter().map(of).collect();
                // linear_step and soft_bounds are the same curve with as many parameters, but for where these may lie.
                let own = fits.iter().find(|fit| fit.model == model).unwrap();
                let worse = own.aicc().unwrap() - fits[0].aicc().unwrap();
                assert!(fits[0].free == own.free && worse < 4.0, "noise {noise}, seed {seed}: {all:?}");
                // By their deviations alone, another one with more parameters would win.
                let closer = fits.iter().any(|fit| fit.free > fits[0].free && fit.squares < fits[0].squares);
                assert!(closer || noise == 0.0, "{all:?}");
            }
        }
    }

    /// Each pulse of a staircase of 60 pulses in steps of a law that the sets that ship have: its exponentials add to the steps, and rise
    /// where z falls.
    #[test]
    fn the_exponential_law_is_found_whichever_way_it_bends() {
        let reram = [
            ("a_up", -1.18445),
            ("a_down", -0.081404),
            ("gamma_up", 5.0),
            ("gamma_down", 5.0),
            ("a", -0.5),
            ("b", -0.5),
        ];
        let pcm =
            [("a_up", -27.235), ("a_down", -2.235), ("gamma_up", 2.5), ("gamma_down", 2.5), ("a", -1.0), ("b", -1.0)];
        for (law, steps, pulses) in [(reram, 6e-7, 60), (reram, 1e-7, 300), (pcm, 4e-7, 60), (pcm, 8e-7, 100)] {
            let steps = [("g_min", 2e-6), ("g_max", 52e-6), ("dg_up", steps), ("dg_down", 1.2 * steps)];
            let (m, pulses) =
                staircase(&DeviceSpec::with(DeviceModel::ExpStep, &[&law[..], &steps[..]].concat()), pulses);
            let fit = |model| fit(model, &m, &pulses).unwrap();
            let own = fit(DeviceModel::ExpStep);
            let off = (own.squares / own.pulses as f64).sqrt();
            assert!(off < 1e-4 * own.size, "{law:?}: {off} of {}", own.size);
            // One for the size, one for the term and one for the rate of each direction: a and b add none.
            assert_eq!(own.free, 6);
            for model in [DeviceModel::Querlioz, DeviceModel::LinearStep, DeviceModel::PowStep] {
                assert_eq!(own.compare(&fit(model)), Ordering::Less, "{law:?}, {model:?}");
            }
        }
    }

    #[test]
    fn a_curve_that_ends_at_the_bounds_of_the_data_is_found() {
        for (levels, bend) in [(50.0, 0.5), (97.0, 0.49918), (60.0, 0.2)] {
            let law = [
                ("levels_up", levels),
                ("levels_down", levels),
                ("nonlinearity_up", bend),
                ("nonlinearity_down", -bend),
            ];
            for pulses in [50, 55, 70, 100, 130] {
                let (m, pulses) = staircase(&DeviceSpec::with(DeviceModel::NeuroSim, &law), pulses);
                let fit = fit(DeviceModel::NeuroSim, &m, &pulses).unwrap();
                let share = fit.residual / fit.size;
                assert!(share < 1e-3, "{levels} levels, {} pulses: {share} with {:?}", pulses.len(), fit.given);
            }
        }
    }

    #[test]
    fn bounds_that_the_pulses_do_not_tell_are_near_those_of_the_data() {
        // Of steps that are linear in the conductance neurosim has the curves with any bounds; even steps go on for ever.
        let linear = [("dg_up", 1e-6), ("dg_down", 2e-6), ("slope_up", 0.4), ("slope_down", 0.7)];
        let even = [("dg_up", 1e-6), ("dg_down", 1e-6), ("slope_up", 0.0), ("slope_down", 0.0)];
        for (law, noise) in [(linear, 0.0), (linear, 3e-7), (even, 0.0), (even, 3e-7)] {
            let (m, pulses) = noisy(&DeviceSpec::with(DeviceModel::LinearStep, &law), 40, noise, 3);
            let fit = fit(DeviceModel::NeuroSim, &m, &pulses).unwrap();
            let value = |name: &str| fit.given.iter().find(|(n, _)| *n == name).unwrap().1;
            let ((low, high), given) = (m.range, (value("g_min"), value("g_max")));
            assert!(given.0 > 0.5 * low && given.1 < high + (high - low), "{law:?} {noise}: {given:?} of {low} {high}");
        }
    }

    #[test]
    fn the_spread_that_goes_into_a_set_is_that_of_the_pulses() {
        let law = [("dg_up", 1e-6), ("dg_down", 1.5e-6)];
        for sigma in [0.0, 0.1, 0.3] {
            let device = DeviceSpec::with(DeviceModel::SoftBounds, &[&law[..], &[("sigma_c2c", sigma)]].concat());
            let device = device.device().unwrap();
            let cell = Cell::nominal(&device.common);
            let measured = |seed: u32| {
                let (mut g, mut rows) = (30e-6, Vec::new());
                for k in 0..2000u32 {
                    let word = crate::rng::philox([k, 0, 0, 0], [seed, 0])[0];
                    let up = k % 100 < 50;
                    g = device.pulse(&cell, g, up, word, || 0);
                    rows.push(Row { g, up, device: 0, cycle: 0 });
                }
                spread(&Measured::new(&rows).unwrap())[0].1
            };
            let found = (0..32).map(measured).sum::<f64>() / 32.0;
            // Of one measurement 2.9 %: so 300 of them scatter, since large steps count most and neighbours' squares are alike.
            let error = 0.029 * sigma / 32.0f64.sqrt();
            assert!((found - sigma).abs() < 3.0 * error + 1e-6, "{found} {sigma}");
        }
    }

    /// All changes pooled, those with the larger steps alone reach the ends of the range: the law bends there, and its bounds go away.
    #[test]
    fn the_law_of_devices_whose_steps_differ_is_found() {
        let law = [("g_min", 10e-6), ("g_max", 110e-6), ("dg_up", 1e-6), ("dg_down", 0.75e-6)];
        let device = DeviceSpec::with(DeviceModel::SoftBounds, &law).device().unwrap();
        let cell = Cell::nominal(&device.common);
        // Standard normal numbers: twelve even ones are as good.
        let normal = |k: u32| {
            let words = (0..3).flat_map(|part| crate::rng::philox([k, part, 0, 0], [11, 0]));
            words.map(|word| f64::from(word) / 2f64.powi(32)).sum::<f64>() - 6.0
        };
        let factors: Vec<f64> = (0..24).map(|k| 1.0 + 0.3 * normal(1_000_000 + k)).collect();
        let mut rows = Vec::new();
        for (number, factor) in factors.iter().enumerate() {
            for cycle in 0..2 {
                let mut g = 10e-6;
                for k in 0..120 {
                    let step = factor * device.step(&cell, g, k < 60) * (1.0 + 0.1 * normal(rows.len() as u32));
                    g = (g + step).max(0.0);
                    rows.push(Row { g, up: k < 60, device: number, cycle });
                }
            }
        }
        let pulses = changes(&rows);
        let pooled = Measured::new(&rows).unwrap();
        let even = pooled.evened(&pulses);
        let fit = |model, m: &Measured| fit(model, m, &pulses).unwrap();
        let bound = |fit: &Fit| fit.given.iter().find(|given| given.0 == "g_max").unwrap().1 / 110e-6 - 1.0;
        let own = fit(DeviceModel::SoftBounds, &even);
        assert!(bound(&own).abs() < 0.02, "{:?}", own.given);
        for other in [DeviceModel::ExpStep, DeviceModel::LinearStep, DeviceModel::PowStep] {
            let other = fit(other, &even);
            let better = own.aicc().unwrap() - other.aicc().unwrap();
            assert!(better < 12.0, "{:?}: {better}", other.model);
        }
        let away = fit(DeviceModel::SoftBounds, &pooled);
        assert!(bound(&away) > 0.05, "pooled: {:?}", away.given);

        let n = factors.len() as f64;
        let mean = factors.iter().sum::<f64>() / n;
        let sigma = (factors.iter().map(|f| (f / mean - 1.0).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        assert!((even.sigma_d2d / sigma - 1.0).abs() < 0.05, "{} {sigma}", even.sigma_d2d);
        for (found, made) in even.factors.iter().zip(&factors) {
            assert!((found - made / mean).abs() < 0.05, "{found} {}", made / mean);
        }
        assert!(even.unexplained(&pulses) < 0.1 && pooled.unexplained(&pulses) > 0.15, "{}", even.unexplained(&pulses));
    }

    #[test]
    fn a_fit_that_no_model_file_may_have_is_none() {
        let (m, pulses) = staircase(&DeviceSpec::with(DeviceModel::SoftBounds, &[]), 20);
        let error = fit(DeviceModel::ConstantStep, &Measured { sigma_d2d: f64::NAN, ..m }, &pulses).unwrap_err();
        assert!(error.to_string().contains("constant_step fits no such pulses: sigma_d2d: found NaN"), "{error}");
    }

    #[test]
    fn what_has_no_fit_says_what_has() {
        let (m, pulses) = staircase(&DeviceSpec::with(DeviceModel::SoftBounds, &[]), 50);
        let error = fit(DeviceModel::TwoState, &m, &pulses).unwrap_err().to_string();
        assert!(error.contains("soft_bounds"), "{error}");
    }
}
