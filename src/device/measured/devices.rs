//! How large the steps of each device are beside those of the mean device, and the curves of that device.

use super::curve::in_order;
use super::{Change, Curve, Measured};

/// Rounds in which factors and curves are made to fit each other, at most, and the change of a factor that ends them.
const ROUNDS: (usize, f64) = (50, 1e-7);

/// What the changes of a measurement have to do with the curves of the mean device.
struct Ratios {
    /// Of each device how large its steps are beside those of the curves, and the variance that the spread from pulse to pulse gives
    /// that; none of devices that say nothing.
    of: Vec<Option<(f64, f64)>>,
    /// Their spread without that of pulses.
    sigma: f64,
}

impl Ratios {
    fn new(all: &[Change], up: &Curve, down: &Curve, devices: usize) -> Ratios {
        // Of each device the sums of its steps, of the mean curves' and of the variances, in the direction of these.
        let mut sums = vec![(0.0, 0.0, 0.0); devices];
        for c in all {
            let curve = if c.up { up } else { down };
            if let Some((mean, std)) = curve.at(c.g) {
                let (sign, sums) = (mean.signum(), &mut sums[c.device]);
                *sums = (sums.0 + sign * c.dg, sums.1 + sign * mean, sums.2 + std * std);
            }
        }
        let of: Vec<Option<(f64, f64)>> =
            sums.iter().map(|s| (s.1 > 0.0).then(|| (s.0 / s.1, s.2 / (s.1 * s.1)))).collect();
        let known: Vec<(f64, f64)> = of.iter().copied().flatten().collect();
        if known.len() < 2 {
            return Ratios { of, sigma: 0.0 };
        }
        let n = known.len() as f64;
        let mean = known.iter().map(|r| r.0).sum::<f64>() / n;
        let variance = known.iter().map(|r| (r.0 - mean) * (r.0 - mean)).sum::<f64>() / (n - 1.0);
        let noise = known.iter().map(|r| r.1).sum::<f64>() / n;
        Ratios { of, sigma: (variance - noise).max(0.0).sqrt() }
    }

    /// The factors of the devices, of mean 1: each as far from it as its pulses tell, beside the spread of all.
    fn factors(&self) -> Vec<f64> {
        let known: Vec<f64> = self.of.iter().flatten().map(|r| r.0).collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let square = self.sigma * self.sigma;
        let factor = |ratio: &Option<(f64, f64)>| match ratio {
            Some((ratio, noise)) if square > 0.0 && mean > 0.0 => {
                1.0 + square / (square + noise) * (ratio / mean - 1.0)
            }
            _ => 1.0,
        };
        self.of.iter().map(factor).collect()
    }
}

/// The spread of the devices' steps about the mean device's, relative: of the ratios of their mean steps to the mean curves', less what the
/// spread from pulse to pulse makes of such ratios, and not below 0.
pub(super) fn between_devices(all: &[Change], up: &Curve, down: &Curve, devices: usize) -> f64 {
    Ratios::new(all, up, down, devices).sigma
}

impl Curve {
    /// With the means of the mean device: those by which each device's changes are its factor times the mean, in least squares.
    fn of_mean_device(&mut self, own: &[Change], factors: &[f64]) {
        let mut from = 0;
        for (mean, count) in self.mean.iter_mut().zip(&self.count) {
            let part = &own[from..from + count];
            let sum = |f: &dyn Fn(&Change) -> f64| part.iter().map(f).sum::<f64>();
            let (over, square) = (sum(&|c| factors[c.device] * c.dg), sum(&|c| factors[c.device].powi(2)));
            if square > 0.0 {
                *mean = over / square;
            }
            from += count;
        }
    }
}

impl Measured {
    /// The same measurement seen as one law, whose steps each device has a factor larger or smaller: with the curves of the mean device, and
    /// the [`factors`](Measured::factors). Where devices differ so, those with the larger steps are alone at the ends of the range, so that a
    /// mean over all would bend there.
    ///
    /// Factors and curves are fitted to each other in turn, least squares for a product of the two.
    #[must_use]
    pub fn evened(&self, all: &[Change]) -> Measured {
        let mut even = self.clone();
        let own = [true, false].map(|up| in_order(all, up));
        for _ in 0..ROUNDS.0 {
            let ratios = Ratios::new(all, &even.up, &even.down, self.devices);
            let factors = ratios.factors();
            let moved = factors.iter().zip(&even.factors).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            (even.factors, even.sigma_d2d) = (factors, ratios.sigma);
            even.up.of_mean_device(&own[0], &even.factors);
            even.down.of_mean_device(&own[1], &even.factors);
            if moved < ROUNDS.1 {
                break;
            }
        }
        even
    }

    /// What of the devices' changes neither their factors nor the spread from pulse to pulse explain: root mean square, as a share of that of
    /// all changes. More than a little where devices differ in more than the size of their steps.
    pub fn unexplained(&self, all: &[Change]) -> f64 {
        let (mut off, mut size) = (0.0, 0.0);
        for c in all {
            let Some((mean, std)) = self.curve(c.up).at(c.g) else { continue };
            off += (c.dg - self.factors[c.device] * mean).powi(2) - std * std;
            size += c.dg * c.dg;
        }
        if size > 0.0 { (off.max(0.0) / size).sqrt() } else { 0.0 }
    }
}
