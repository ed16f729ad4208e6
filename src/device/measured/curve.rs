//! What pulses of one direction do, by conductance.

use super::shape::Shape;
use super::{Change, spread};
use crate::device::{normal, uniform};

/// The mean, spread and law of the change in one direction, by conductance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Mean conductance of each bin, rising \[S\].
    pub g: Vec<f64>,
    /// Mean change in each bin \[S\].
    pub mean: Vec<f64>,
    /// Mean of the squared change in each bin \[S^2\].
    pub square: Vec<f64>,
    /// Spread from pulse to pulse within devices, about the course of their changes with conductance \[S\].
    pub std: Vec<f64>,
    /// By what law they scatter so.
    pub shape: Vec<Shape>,
    /// Pulses in each bin.
    pub count: Vec<usize>,
    /// Conductances before some pulses of each bin, evenly chosen \[S\]: a fit averages over them, since a device may stop within a bin.
    pub points: Vec<Vec<f64>>,
    /// Smallest and largest conductance from which a pulse was seen \[S\].
    pub seen: (f64, f64),
}

/// Fewest pulses of a bin, and most bins.
const BIN: (usize, usize) = (8, 32);
/// Most points of a bin.
const POINTS: usize = 16;

/// The changes of one direction, by the conductance before them.
pub(super) fn in_order(changes: &[Change], up: bool) -> Vec<Change> {
    let mut own: Vec<Change> = changes.iter().filter(|c| c.up == up).copied().collect();
    // By all that counts, so that the order of the file does not.
    own.sort_by(|a, b| a.g.total_cmp(&b.g).then(a.dg.total_cmp(&b.dg)).then(a.device.cmp(&b.device)));
    own
}

impl Curve {
    /// From the changes of one direction.
    pub(super) fn new(changes: &[Change], up: bool) -> Curve {
        let own = in_order(changes, up);
        let mut curve = Curve::default();
        let (Some(first), Some(last)) = (own.first(), own.last()) else { return curve };
        curve.seen = (first.g, last.g);
        let ends = ends(&own);
        let mut from = 0;
        for &to in &ends {
            let part = &own[from..to];
            let n = part.len() as f64;
            let mean = |f: &dyn Fn(&Change) -> f64| part.iter().map(f).sum::<f64>() / n;
            // Equal numbers have a mean that may differ from them by rounding.
            curve.g.push(mean(&|c| c.g).clamp(part[0].g, part[part.len() - 1].g));
            curve.mean.push(mean(&|c| c.dg));
            curve.square.push(mean(&|c| c.dg * c.dg));
            curve.count.push(part.len());
            let points = part.len().min(POINTS);
            curve.points.push((0..points).map(|k| part[(2 * k + 1) * part.len() / (2 * points)].g).collect());
            from = to;
        }
        curve.std = spread::within(&own, &ends);
        curve.shape = spread::shapes(&own, &ends, &curve.std);
        curve
    }

    /// The bins around `g`, and how much the second counts; none where no pulse was seen.
    #[inline]
    fn place(&self, g: f64) -> Option<(usize, usize, f64)> {
        if self.g.is_empty() || g < self.seen.0 || g > self.seen.1 {
            return None;
        }
        let next = self.g.partition_point(|x| *x <= g);
        if next == 0 || next == self.g.len() {
            let k = next.min(self.g.len() - 1);
            return Some((k, k, 0.0));
        }
        Some((next - 1, next, (g - self.g[next - 1]) / (self.g[next] - self.g[next - 1])))
    }

    /// Mean change and spread at `g`; none where no pulse was seen.
    #[inline]
    pub fn at(&self, g: f64) -> Option<(f64, f64)> {
        let (before, after, share) = self.place(g)?;
        let between = |y: &[f64]| y[before] + share * (y[after] - y[before]);
        Some((between(&self.mean), between(&self.std)))
    }

    /// The change by one pulse at `g` that has this random word; none where no pulse was seen. Between two bins the law is that of either,
    /// by chance, of the nearer one more often: so mean and spread stay those of [`Curve::at`].
    #[inline]
    pub fn drawn(&self, g: f64, word: u32) -> Option<f64> {
        let ((before, after, share), (mean, std)) = (self.place(g)?, self.at(g)?);
        if self.shape[before].is_gaussian() && self.shape[after].is_gaussian() {
            return Some(mean + std * normal(word));
        }
        let u = uniform(word);
        // What is left of the word once it has chosen the bin.
        let (bin, u) = if u < share { (after, u / share) } else { (before, (u - share) / (1.0 - share)) };
        Some(mean + std * self.shape[bin].at(u.clamp(uniform(0), uniform(u32::MAX))))
    }
}

/// Where bins of changes in the order of their conductance end. Equal conductances are in one bin; where these are as many as a bin has
/// on average, they are one by themselves, and what lies between is divided evenly.
fn ends(own: &[Change]) -> Vec<usize> {
    let bins = (own.len() / BIN.0).clamp(1, BIN.1);
    let run = |at: usize| at + own[at..].partition_point(|c| c.g <= own[at].g);
    let mut ends = Vec::new();
    let between = |from: usize, to: usize, ends: &mut Vec<usize>| {
        let parts = ((to - from) * bins / own.len()).max(1);
        for part in 1..=parts {
            let end = from + part * (to - from) / parts;
            // To the end of the run that it would divide.
            let divides = end < to && own[end].g <= own[end - 1].g;
            let end = if divides { run(end) } else { end };
            if ends.last().copied().unwrap_or(0) < end {
                ends.push(end);
            }
        }
    };
    let (mut from, mut at) = (0, 0);
    while at < own.len() {
        let to = run(at);
        if (to - at) * bins >= own.len() {
            if from < at {
                between(from, at, &mut ends);
            }
            ends.push(to);
            from = to;
        }
        at = to;
    }
    if from < at {
        between(from, at, &mut ends);
    }
    ends
}
