//! How pulses scatter about the course of their device's changes with conductance: how far in each bin, and by what law.

use std::collections::BTreeMap;

use super::Change;
use super::shape::Shape;

/// Squares of how far one device's changes, in the order of their conductance, are off their course: the conductance, the sum of squares
/// and how many free ones it stands for. Changes from one conductance are compared with their mean, and that with the straight line through
/// the means at the next conductances on both sides, whose own uncertainty counts: T. Gasser, L. Sroka, C. Jennen-Steinmetz, Biometrika 73,
/// 625 (1986), doi:10.1093/biomet/73.3.625. So a course that bends little from one pulse to the next is no noise. Nor is it one that a bound
/// cuts a step short: what ends at the outermost conductance, if several do, is not on the course.
fn off_course(own: &[Change]) -> Vec<(f64, f64, f64)> {
    let groups: Vec<(f64, f64, f64, f64)> = own
        .chunk_by(|a, b| a.g == b.g)
        .map(|part| {
            let n = part.len() as f64;
            let mean = part.iter().map(|c| c.dg).sum::<f64>() / n;
            (part[0].g, mean, n, part.iter().map(|c| (c.dg - mean) * (c.dg - mean)).sum())
        })
        .collect();
    let mut all: Vec<(f64, f64, f64)> = groups.iter().map(|&(g, _, n, squares)| (g, squares, n - 1.0)).collect();
    let sign = if own.first().is_some_and(|c| c.up) { 1.0 } else { -1.0 };
    let end = |c: &Change| sign * (c.g + c.dg);
    let outermost = own.iter().map(end).fold(f64::NEG_INFINITY, f64::max);
    let at_bound = |c: &Change| outermost - end(c) <= 1e-9 * outermost.abs();
    let bounded = own.iter().filter(|c| at_bound(c)).count() > 1;
    let off_bound = |part: &[Change]| !bounded || !part.iter().all(at_bound);
    let course: Vec<usize> =
        own.chunk_by(|a, b| a.g == b.g).enumerate().filter(|(_, part)| off_bound(part)).map(|(k, _)| k).collect();
    for three in course.windows(3) {
        let (k, [before, here, after]) = (three[1], [groups[three[0]], groups[three[1]], groups[three[2]]]);
        let share = (here.0 - before.0) / (after.0 - before.0);
        let off = here.1 - before.1 - share * (after.1 - before.1);
        let variance = 1.0 / here.2 + share * share / after.2 + (1.0 - share) * (1.0 - share) / before.2;
        all[k].1 += off * off / variance;
        all[k].2 += 1.0;
    }
    all
}

/// The changes of each device, in their order.
fn by_device(own: &[Change]) -> Vec<Vec<Change>> {
    let mut devices: BTreeMap<usize, Vec<Change>> = BTreeMap::new();
    own.iter().for_each(|c| devices.entry(c.device).or_default().push(*c));
    devices.into_values().collect()
}

/// The bin of a conductance, of bins of changes in the order of their conductance that end at `ends`.
fn bin_of(own: &[Change], ends: &[usize], g: f64) -> usize {
    ends.partition_point(|&end| own[end - 1].g < g)
}

/// The spread in each bin: of the devices' changes about their own course, pooled; where no device was seen often enough to have one, about
/// that of all devices. A bin in which nothing is to be compared has that of the nearest in which something is.
pub(super) fn within(own: &[Change], ends: &[usize]) -> Vec<f64> {
    let mut off: Vec<(f64, f64, f64)> = by_device(own).iter().flat_map(|own| off_course(own)).collect();
    if off.iter().all(|o| o.2 == 0.0) {
        off = off_course(own);
    }
    let mut sums = vec![(0.0, 0.0); ends.len()];
    for (g, squares, free) in off {
        let bin = bin_of(own, ends, g);
        sums[bin] = (sums[bin].0 + squares, sums[bin].1 + free);
    }
    let known: Vec<usize> = (0..sums.len()).filter(|&bin| sums[bin].1 > 0.0).collect();
    let spread = |bin: usize| {
        let nearest = known.iter().min_by_key(|&&k| k.abs_diff(bin))?;
        Some((sums[*nearest].0 / sums[*nearest].1).sqrt())
    };
    (0..sums.len()).map(|bin| spread(bin).unwrap_or(0.0)).collect()
}

/// Pulses of a device, at least, through which its course is drawn where its deviations are read off; fewer if it has no more.
const COURSE: usize = 8;
/// A pulse that has more than the other share of where its course lies says nothing about how far it is off.
const FREE: f64 = 0.25;
/// Bins whose own deviations are too few to tell a law have that of so many, with the nearest bins' ones.
const POOL: usize = 100;
/// Fewer free deviations than this do not say whether devices are alike.
const FEW: f64 = 30.0;
/// Spreads below this share of the largest are none.
const NONE: f64 = 1e-6;

/// How far a change is off its course.
struct Off {
    bin: usize,
    device: usize,
    /// As large as if the course were known \[S\].
    by: f64,
}

/// How far changes, in the order of their conductance, are off the straight line through all of them in the same bin, or at least through the
/// nearest ones.
fn off_line(own: &[Change], bin_of: impl Fn(f64) -> usize) -> Vec<Off> {
    let (mut all, mut from) = (Vec::new(), 0);
    for part in own.chunk_by(|a, b| bin_of(a.g) == bin_of(b.g)) {
        let (to, more) = (from + part.len(), COURSE.saturating_sub(part.len()).div_ceil(2));
        // Of changes from one conductance all or none, since they lie by their size.
        let low = own[from.saturating_sub(more)].g;
        let high = own[(to + more).min(own.len()) - 1].g;
        let line = &own[own.partition_point(|c| c.g < low)..own.partition_point(|c| c.g <= high)];
        let n = line.len() as f64;
        let mean = |f: &dyn Fn(&Change) -> f64| line.iter().map(f).sum::<f64>() / n;
        // From one of them on, so that equal conductances are equal to their mean.
        let (middle, change) = (mean(&|c| c.g - low), mean(&|c| c.dg));
        let along = |c: &Change| c.g - low - middle;
        let (square, product) = (mean(&|c| along(c) * along(c)), mean(&|c| along(c) * (c.dg - change)));
        let over = |x: f64| if square > 0.0 { x / square } else { 0.0 };
        for c in part {
            let free = 1.0 - (1.0 + over(along(c) * along(c))) / n;
            if free > FREE {
                let by = (c.dg - change - over(product) * along(c)) / free.sqrt();
                all.push(Off { bin: bin_of(c.g), device: c.device, by });
            }
        }
        from = to;
    }
    all
}

/// Can the devices not be told apart, at a level of 1 %? By deviations from a course that they share, relative to the spread in their bin: an
/// analysis of variance over devices in each bin. Not if there are too few to say.
fn are_alike(off: &[Off], std: &[f64], least: f64) -> bool {
    // Of a device in a bin: how many, and their sum.
    let mut groups: BTreeMap<(usize, usize), (f64, f64)> = BTreeMap::new();
    let (mut n, mut square) = (0.0, 0.0);
    for Off { bin, device, by } in off.iter().filter(|off| std[off.bin] > least) {
        let (z, sums) = (by / std[*bin], groups.entry((*bin, *device)).or_default());
        (n, square, *sums) = (n + 1.0, square + z * z, (sums.0 + 1.0, sums.1 + z));
    }
    let bins = (0..std.len()).filter(|bin| groups.range((*bin, 0)..=(*bin, usize::MAX)).next().is_some()).count();
    let between = groups.values().map(|(n, sum)| sum * sum / n).sum::<f64>();
    let (free, within) = ((groups.len() - bins) as f64, n - groups.len() as f64);
    if free < 1.0 || within < FEW {
        return false;
    }
    // The level of chi squared by Wilson and Hilferty.
    let share = 2.0 / (9.0 * free);
    let root = 1.0 - share + 2.326 * share.sqrt();
    between / free <= (square - between) / within * root * root * root
}

/// The law of deviations in each bin, whose spread is `std`: that of its own if they can be told from a Gaussian's, else that of these with
/// the nearest bins', each relative to its spread. A bin without spread has the law of the nearest with one. Deviations are from each device's
/// own course, or of devices that are alike from that of all, for the courses of few pulses scatter, and would blur levels that they share.
pub(super) fn shapes(own: &[Change], ends: &[usize], std: &[f64]) -> Vec<Shape> {
    let least = NONE * std.iter().copied().fold(0.0, f64::max);
    let bin_of = |g: f64| bin_of(own, ends, g);
    let common = off_line(own, bin_of);
    let mut all: Vec<Off> = by_device(own).iter().flat_map(|own| off_line(own, bin_of)).collect();
    if all.is_empty() || are_alike(&common, std, least) {
        all = common;
    }
    let mut off = vec![Vec::new(); ends.len()];
    all.iter().filter(|off| std[off.bin] > least).for_each(|one| off[one.bin].push(one.by / std[one.bin]));
    let nearest = |bin: usize| {
        let mut others: Vec<usize> = (0..std.len()).filter(|&other| std[other] > least).collect();
        others.sort_by_key(|other| other.abs_diff(bin));
        others
    };
    let pooled = |bin: usize| {
        let mut pool = Vec::new();
        for other in nearest(bin) {
            if pool.len() < POOL {
                pool.extend_from_slice(&off[other]);
            }
        }
        pool
    };
    let shape = |bin: usize| Shape::of(off[bin].clone()).or_else(|| Shape::of(pooled(bin))).unwrap_or_default();
    (0..std.len()).map(|bin| nearest(bin).first().map_or_else(Shape::default, |&bin| shape(bin))).collect()
}
