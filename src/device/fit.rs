//! Pulse devices fitted to measured changes: least squares over the mean change by conductance and direction.

use crate::check::Invalid;
use crate::math::exp;

use super::measured::Measured;
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
}

impl Fit {
    /// The device.
    pub fn spec(&self) -> DeviceSpec {
        DeviceSpec::with(self.model, &self.given)
    }
}

/// How a free number becomes a parameter.
#[derive(Clone, Copy)]
enum Map {
    /// Its exponential, times this.
    Times(f64),
    /// It plus this.
    Plus(f64),
    /// The upper bound of what was seen, and more by this share of the range: its exponential.
    Above,
    /// The lower bound of what was seen, less such a share, but above 0.
    Below,
}

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

/// The free parameters of a model, from where the search starts.
fn free(model: DeviceModel, m: &Measured) -> Option<Vec<(&'static str, Map)>> {
    let range = m.range.1 - m.range.0;
    let mid = 0.5 * (m.range.0 + m.range.1);
    let step = |up: bool| {
        let at = m.at(mid, up).0.abs();
        let curve = m.curve(up);
        let mean = curve.mean.iter().map(|x| x.abs()).sum::<f64>() / curve.mean.len() as f64;
        (if at > 0.0 { at } else { mean }).clamp(1e-6 * range, 0.2 * range)
    };
    let mut all = vec![("dg_up", Map::Times(step(true))), ("dg_down", Map::Times(step(false)))];
    match model {
        DeviceModel::ConstantStep => {}
        DeviceModel::LinearStep => all.extend([("slope_up", Map::Plus(0.5)), ("slope_down", Map::Plus(0.5))]),
        DeviceModel::SoftBounds => all.extend([("g_min", Map::Below), ("g_max", Map::Above)]),
        DeviceModel::PowStep => all.extend([
            ("gamma_up", Map::Times(1.0)),
            ("gamma_down", Map::Times(1.0)),
            ("g_min", Map::Below),
            ("g_max", Map::Above),
        ]),
        DeviceModel::Querlioz => all.extend([("beta_up", Map::Times(2.0)), ("beta_down", Map::Times(2.0))]),
        DeviceModel::ExpStep => all.extend([
            ("a_up", Map::Plus(0.1)),
            ("a_down", Map::Plus(0.1)),
            ("gamma_up", Map::Times(2.0)),
            ("gamma_down", Map::Times(2.0)),
        ]),
        DeviceModel::NeuroSim => {
            all = vec![
                ("levels_up", Map::Times(range / step(true))),
                ("levels_down", Map::Times(range / step(false))),
                ("nonlinearity_up", Map::Times(0.5)),
                ("nonlinearity_down", Map::Times(-0.5)),
                ("g_min", Map::Below),
                ("g_max", Map::Above),
            ];
        }
        _ => return None,
    }
    Some(all)
}

/// Fits a model to a measurement.
///
/// # Errors
/// If the model can't be fitted.
pub fn fit(model: DeviceModel, m: &Measured) -> Result<Fit, Invalid> {
    let name = model.describe().name;
    let Some(free) = free(model, m) else {
        let known: Vec<&str> = MODELS.iter().map(|m| m.describe().name).collect();
        return Err(Invalid::new("as", format!("{name} has no fit; expected some of {}", known.join(", "))));
    };
    let range = m.range.1 - m.range.0;
    let fixed: Vec<(&'static str, f64)> = if model == DeviceModel::ExpStep {
        // a scales what gamma scales, and b what a_up and a_down do.
        vec![("a", 1.0), ("b", 0.0)]
    } else {
        Vec::new()
    };
    let given = |x: &[f64]| -> Vec<(&'static str, f64)> {
        let mut all = vec![("g_min", m.range.0), ("g_max", m.range.1)];
        all.extend(&fixed);
        for ((name, map), &x) in free.iter().zip(x) {
            let value = match *map {
                Map::Times(scale) => scale * exp(x),
                Map::Plus(start) => start + x,
                Map::Above => m.range.1 + 0.02 * range * exp(x),
                // Never flat, so that the search finds its way back from 0.
                Map::Below => {
                    let below = 0.02 * range * exp(x);
                    if m.range.0 > 0.0 { m.range.0 * (m.range.0 / (m.range.0 + below)) } else { 0.0 }
                }
            };
            all.retain(|(n, _)| n != name);
            all.push((name, value));
        }
        all
    };
    // (direction, mean change, pulses, where these started) of each bin.
    let bins: Vec<(bool, f64, f64, &[f64])> = [true, false]
        .into_iter()
        .flat_map(|up| {
            let c = m.curve(up);
            (0..c.g.len()).map(move |k| (up, c.mean[k], c.count[k] as f64, &c.points[k][..]))
        })
        .collect();
    let total: f64 = bins.iter().map(|b| b.2).sum();
    let cost = |x: &[f64]| -> f64 {
        let Ok(device) = DeviceSpec::with(model, &given(x)).device() else { return f64::INFINITY };
        let cell = Cell::nominal(&device.common);
        let (low, high) = (device.common.g_min, device.common.g_max);
        let mut sum = 0.0;
        for &(up, mean, count, points) in &bins {
            // A step that ends at a bound is as long as the way there.
            let one = |g: f64| (g + device.step(&cell, g, up)).clamp(low, high) - g;
            let found = points.iter().map(|&g| one(g)).sum::<f64>() / points.len() as f64;
            let off = (found - mean) / range;
            sum += count * off * off;
        }
        sum / total
    };
    let mut x = vec![0.0; free.len()];
    if !cost(&x).is_finite() {
        // A step at the far bound that crosses the range: start from smaller ones.
        for k in 1..30 {
            for ((name, map), x) in free.iter().zip(&mut x) {
                if name.starts_with("dg_") && matches!(map, Map::Times(_)) {
                    *x = -0.3 * f64::from(k);
                } else if name.starts_with("levels_") {
                    *x = 0.3 * f64::from(k);
                }
            }
            if cost(&x).is_finite() {
                break;
            }
        }
    }
    // Restarts leave the flat corners in which a simplex may have folded up.
    for size in [0.5, 0.3, 0.1] {
        x = simplex(&cost, x, size);
    }
    let best = cost(&x);
    if !best.is_finite() {
        return Err(Invalid::new("as", format!("{name} fits no steps as large as those that were measured")));
    }
    let size = (bins.iter().map(|b| b.2 * b.1 * b.1).sum::<f64>() / total).sqrt();
    let mut given = given(&x);
    given.extend(spread(m));
    Ok(Fit { model, given, free: free.len(), residual: best.sqrt() * range, size })
}

/// Cycle-to-cycle and device-to-device spread of the step, relative, as measured.
pub fn spread(m: &Measured) -> [(&'static str, f64); 2] {
    let (mut squares, mut steps) = (0.0, 0.0);
    for c in [&m.up, &m.down] {
        for k in 0..c.g.len() {
            squares += c.count[k] as f64 * c.std[k] * c.std[k];
            steps += c.count[k] as f64 * c.mean[k] * c.mean[k];
        }
    }
    let c2c = if steps > 0.0 { (squares / steps).sqrt() } else { 0.0 };
    [("sigma_c2c", c2c), ("sigma_d2d", m.sigma_d2d)]
}

/// The simplex search of Nelder & Mead 1965 (doi:10.1093/comjnl/7.4.308) from `start`.
fn simplex(cost: &dyn Fn(&[f64]) -> f64, start: Vec<f64>, size: f64) -> Vec<f64> {
    let n = start.len();
    let mut corners: Vec<(f64, Vec<f64>)> = (0..=n)
        .map(|k| {
            let mut x = start.clone();
            if k > 0 {
                x[k - 1] += size;
            }
            (cost(&x), x)
        })
        .collect();
    for _ in 0..400 * n {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (best, worst) = (corners[0].0, corners[n].0);
        if worst - best <= 1e-14 * best || best == 0.0 {
            break;
        }
        let centre: Vec<f64> = (0..n).map(|i| corners[..n].iter().map(|c| c.1[i]).sum::<f64>() / n as f64).collect();
        let from = corners[n].1.clone();
        let at = |factor: f64| -> (f64, Vec<f64>) {
            let x: Vec<f64> = (0..n).map(|i| centre[i] + factor * (from[i] - centre[i])).collect();
            (cost(&x), x)
        };
        let reflected = at(-1.0);
        let next = if reflected.0 < best {
            let further = at(-2.0);
            if further.0 < reflected.0 { further } else { reflected }
        } else if reflected.0 < corners[n - 1].0 {
            reflected
        } else {
            let inner = at(if reflected.0 < worst { -0.5 } else { 0.5 });
            if inner.0 < worst.min(reflected.0) {
                inner
            } else {
                let around = corners[0].1.clone();
                for corner in &mut corners[1..] {
                    corner.1.iter_mut().zip(&around).for_each(|(x, b)| *x = 0.5 * (*x + b));
                    corner.0 = cost(&corner.1);
                }
                continue;
            }
        };
        corners[n] = next;
    }
    corners.sort_by(|a, b| a.0.total_cmp(&b.0));
    corners.swap_remove(0).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::measured::Row;

    /// Pulses of a device, up then down, twice.
    fn staircase(spec: &DeviceSpec, pulses: usize) -> Measured {
        let device = spec.device().unwrap();
        let cell = Cell::nominal(&device.common);
        let (mut g, mut rows) = (device.common.g_min, Vec::new());
        for cycle in 0..2 {
            for k in 0..2 * pulses {
                g = device.pulse(&cell, g, k < pulses, 0);
                rows.push(Row { g, up: k < pulses, device: 0, cycle });
            }
        }
        Measured::new(&rows).unwrap()
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
            let m = staircase(&DeviceSpec::with(model, &given), 120);
            let fit = fit(model, &m).unwrap();
            assert!(fit.residual < 0.01 * fit.size, "{model:?}: {} of {}", fit.residual, fit.size);
            let other = super::fit(DeviceModel::ConstantStep, &m).unwrap();
            assert!(other.residual > 5.0 * fit.residual, "{model:?} is not constant");
        }
    }

    #[test]
    fn what_has_no_fit_says_what_has() {
        let m = staircase(&DeviceSpec::with(DeviceModel::SoftBounds, &[]), 50);
        let error = fit(DeviceModel::TwoState, &m).unwrap_err().to_string();
        assert!(error.contains("soft_bounds"), "{error}");
    }
}
