//! The law of how pulses deviate from their mean: a Gaussian, or what was measured, as a quantile function of some points.

use crate::math::ln;
use crate::sample::{Quantile, normal_quantile};

/// A law of deviations with mean 0 and standard deviation 1.
///
/// Points (share of pulses, deviation that these stay below), linear in between: a device that goes to either of two levels has a step
/// there. No points: a Gaussian.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape(Vec<[f64; 2]>);

/// Most points.
const POINTS: usize = 32;
/// Fewest deviations that tell a law.
const FEWEST: usize = 8;
/// Deviations closer than this are equal, but for rounding.
const EQUAL: f64 = 1e-6;
/// Largest mean square of deviations, relative to the spread that was found for them: beyond it they hold a course too.
const LOOSE: f64 = 1.5;

impl Shape {
    /// The law of deviations relative to their spread; none if they can't be told from a Gaussian's.
    pub fn of(mut z: Vec<f64>) -> Option<Shape> {
        z.sort_by(f64::total_cmp);
        let square = z.iter().map(|z| z * z).sum::<f64>() / z.len() as f64;
        if z.len() < FEWEST || square > LOOSE || is_gaussian(&z) {
            return None;
        }
        Shape(thinned(&vertices(&z))).standardised()
    }

    /// Is it a Gaussian?
    #[inline]
    pub fn is_gaussian(&self) -> bool {
        self.0.is_empty()
    }

    /// The deviation that a share `u` of pulses stays below, 0 < u < 1.
    #[inline]
    pub fn at(&self, u: f64) -> f64 {
        if self.is_gaussian() {
            return Quantile::table().at(u);
        }
        let next = self.0.partition_point(|point| point[0] <= u).clamp(1, self.0.len() - 1);
        let ([from, low], [to, high]) = (self.0[next - 1], self.0[next]);
        low + ((u - from) / (to - from)).clamp(0.0, 1.0) * (high - low)
    }

    /// Mean, and mean square.
    fn moments(&self) -> (f64, f64) {
        self.0.windows(2).fold((0.0, 0.0), |(mean, square), two| {
            let ([from, a], [to, b]) = (two[0], two[1]);
            (mean + (to - from) * (a + b) / 2.0, square + (to - from) * (a * a + a * b + b * b) / 3.0)
        })
    }

    /// The same, of mean 0 and standard deviation 1; none if it has no spread.
    fn standardised(mut self) -> Option<Shape> {
        let (mean, _) = self.moments();
        self.0.iter_mut().for_each(|point| point[1] -= mean);
        let spread = self.moments().1.sqrt();
        self.0.iter_mut().for_each(|point| point[1] /= spread);
        (spread > EQUAL).then_some(self)
    }

    /// Laws as one list of numbers: of each, how many points, then these.
    pub fn list(all: &[Shape]) -> Vec<f64> {
        all.iter()
            .flat_map(|shape| [shape.0.len() as f64].into_iter().chain(shape.0.iter().flatten().copied()))
            .collect()
    }

    /// So many laws from such a list.
    pub fn of_list(mut list: &[f64], count: usize) -> Vec<Shape> {
        let mut next = || {
            let (points, rest) = list.split_first()?;
            let (own, rest) = rest.split_at_checked(2 * *points as usize)?;
            list = rest;
            Some(Shape(own.chunks_exact(2).map(|point| [point[0], point[1]]).collect()))
        };
        (0..count).map(|_| next().unwrap_or_default()).collect()
    }
}

/// Can sorted numbers not be told from a Gaussian's, at a level of 1 %? By how well they lie on a line over its quantiles: the test of
/// Shapiro and Francia with the levels of P. Royston, Statistics in Medicine 12, 181 (1993), doi:10.1002/sim.4780120209.
fn is_gaussian(z: &[f64]) -> bool {
    let n = z.len() as f64;
    let mean = z.iter().sum::<f64>() / n;
    let (mut along, mut expected, mut square) = (0.0, 0.0, 0.0);
    for (rank, z) in z.iter().enumerate() {
        let quantile = normal_quantile((rank as f64 + 0.625) / (n + 0.25));
        along += quantile * (z - mean);
        expected += quantile * quantile;
        square += (z - mean) * (z - mean);
    }
    let off = 1.0 - along * along / (expected * square);
    let (u, v) = (ln(n), ln(ln(n)));
    let (mean, spread) = (1.0521 * (v - u) - 1.2725, 1.0308 - 0.26758 * (v + 2.0 / u));
    // Numbers that are all equal have no law at all.
    off.is_nan() || off <= 0.0 || (ln(off) - mean) / spread < 2.326
}

/// The quantile function of sorted numbers: each stands in the middle of its share, and equal ones on all of theirs.
fn vertices(z: &[f64]) -> Vec<[f64; 2]> {
    let n = z.len() as f64;
    let (mut points, mut before) = (Vec::new(), 0);
    for equal in z.chunk_by(|a, b| b - a <= EQUAL) {
        let (from, to) = (before as f64 / n, (before + equal.len()) as f64 / n);
        match equal {
            [one] => points.push([0.5 * (from + to), *one]),
            _ => {
                let mean = equal.iter().sum::<f64>() / equal.len() as f64;
                points.extend([[from, mean], [to, mean]]);
            }
        }
        before += equal.len();
    }
    let ends = points.first().map(|p| p[1]).zip(points.last().map(|p| p[1]));
    if let Some((low, high)) = ends {
        points.insert(0, [0.0, low]);
        points.push([1.0, high]);
    }
    points.dedup();
    points
}

/// The vertices of a rising line that say most of it: again and again that which is farthest off the line through those taken by now.
fn thinned(all: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut taken = vec![0, all.len() - 1];
    while taken.len() < POINTS.min(all.len()) {
        let farthest = |two: &[usize]| {
            let ([from, low], [to, high]) = (all[two[0]], all[two[1]]);
            let slope = if to > from { (high - low) / (to - from) } else { 0.0 };
            let off = |k: usize| (all[k][1] - low - slope * (all[k][0] - from)).abs();
            (two[0] + 1..two[1]).map(|k| (off(k), k)).max_by(|a, b| a.0.total_cmp(&b.0))
        };
        let Some((_, next)) = taken.windows(2).filter_map(farthest).max_by(|a, b| a.0.total_cmp(&b.0)) else { break };
        taken.insert(taken.partition_point(|&k| k < next), next);
    }
    taken.into_iter().map(|k| all[k]).collect()
}
