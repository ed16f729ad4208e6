//! Devices that were measured: the change that a pulse makes as a function of conductance and direction, from one row per pulse.
//!
//! Never extrapolated: beyond the conductances that were measured a pulse changes nothing. Within them, but beyond those at which pulses of a
//! direction were seen (none of a cycle follows its last row, which is often the lowest), the change at the nearest of these is held.

use crate::check::Invalid;
use crate::describe::Bound::Optional;
use crate::describe::Kind::Text;
use crate::describe::{Model, Param, param};

use super::table::{shared_length, with_shared};
use super::{Common, Values};

/// Its own parameters: which columns of the file hold what.
const OWN: [Param; 6] = [
    param("file", Text, f64::NAN, Optional, "a CSV file with one row per pulse, in the order of the pulses"),
    param("g", Text, f64::NAN, Optional, "column with the conductance after each pulse"),
    param("unit", Text, f64::NAN, Optional, "unit of that column; S without"),
    param("direction", Text, f64::NAN, Optional, "column with up or down, set or reset, 1 or -1, or a voltage"),
    param("device", Text, f64::NAN, Optional, "column that names the device; one device without"),
    param("cycle", Text, f64::NAN, Optional, "column that numbers the runs of pulses of a device; one run without"),
];
/// Those and what all devices share.
const PARAMS: [Param; shared_length(&OWN)] = with_shared(&OWN);

/// The device's table.
pub const MODEL: Model = Model {
    name: "table",
    summary: "Measured device: the change of a pulse by conductance and direction, from a file of pulses",
    equations: "up, down: g += mean(g, direction) + spread(g, direction) N, N: a fresh standard normal number per pulse\n\
                mean and spread: of the changes between consecutive rows of a device and cycle, in bins of conductance with about equal\n\
                numbers of pulses (equal conductances in one), linear between the means of the bins; spread: of each device's changes\n\
                about their own course with conductance, read off the neighbouring ones (Gasser et al. 1986); sigma_d2d: that of the\n\
                devices' mean steps about the common one, unless it is given; where no pulse of a direction was measured, the change at\n\
                the nearest conductance where one was; beyond all conductances that were measured nothing changes",
    reference: "the measurement itself; binning as in Boybat et al. 2018, doi:10.1038/s41467-018-04933-y; spread as in Gasser et al. 1986, \
                doi:10.1093/biomet/73.3.625",
    params: &PARAMS,
    variables: &[],
};

/// A pulse that was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Conductance after the pulse \[S\].
    pub g: f64,
    /// Was it a potentiating pulse?
    pub up: bool,
    /// Which device.
    pub device: usize,
    /// Which run of pulses of that device.
    pub cycle: usize,
}

/// One change: from where, which way, and whose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Conductance before the pulse \[S\].
    pub g: f64,
    /// Change by the pulse \[S\].
    pub dg: f64,
    /// Was it a potentiating pulse?
    pub up: bool,
    /// Which device.
    pub device: usize,
}

/// The changes that rows of pulses show: of pulses that follow another one of the same device and cycle.
pub fn changes(rows: &[Row]) -> Vec<Change> {
    let mut last = std::collections::HashMap::new();
    let mut all = Vec::new();
    for row in rows {
        if let Some(g) = last.insert((row.device, row.cycle), row.g) {
            all.push(Change { g, dg: row.g - g, up: row.up, device: row.device });
        }
    }
    all
}

/// The mean and spread of the change in one direction, by conductance.
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

impl Curve {
    /// From the changes of one direction.
    fn new(changes: &[Change], up: bool) -> Curve {
        let mut own: Vec<Change> = changes.iter().filter(|c| c.up == up).copied().collect();
        // By all that counts, so that the order of the file does not.
        own.sort_by(|a, b| a.g.total_cmp(&b.g).then(a.dg.total_cmp(&b.dg)).then(a.device.cmp(&b.device)));
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
        curve.std = within(&own, &ends);
        curve
    }

    /// Mean change and spread at `g`; none where no pulse was seen.
    pub fn at(&self, g: f64) -> Option<(f64, f64)> {
        if self.g.is_empty() || g < self.seen.0 || g > self.seen.1 {
            return None;
        }
        let next = self.g.partition_point(|x| *x <= g);
        if next == 0 || next == self.g.len() {
            let k = next.min(self.g.len() - 1);
            return Some((self.mean[k], self.std[k]));
        }
        let share = (g - self.g[next - 1]) / (self.g[next] - self.g[next - 1]);
        let between = |y: &[f64]| y[next - 1] + share * (y[next] - y[next - 1]);
        Some((between(&self.mean), between(&self.std)))
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

/// The spread in each bin: of the devices' changes about their own course, pooled; where no device was seen often enough to have one, about
/// that of all devices. A bin in which nothing is to be compared has that of the nearest in which something is.
fn within(own: &[Change], ends: &[usize]) -> Vec<f64> {
    let mut devices: std::collections::BTreeMap<usize, Vec<Change>> = Default::default();
    own.iter().for_each(|c| devices.entry(c.device).or_default().push(*c));
    let mut off: Vec<(f64, f64, f64)> = devices.values().flat_map(|own| off_course(own)).collect();
    if off.iter().all(|o| o.2 == 0.0) {
        off = off_course(own);
    }
    let mut sums = vec![(0.0, 0.0); ends.len()];
    for (g, squares, free) in off {
        let bin = ends.partition_point(|&end| own[end - 1].g < g);
        sums[bin] = (sums[bin].0 + squares, sums[bin].1 + free);
    }
    let known: Vec<usize> = (0..sums.len()).filter(|&bin| sums[bin].1 > 0.0).collect();
    let spread = |bin: usize| {
        let nearest = known.iter().min_by_key(|&&k| k.abs_diff(bin))?;
        Some((sums[*nearest].0 / sums[*nearest].1).sqrt())
    };
    (0..sums.len()).map(|bin| spread(bin).unwrap_or(0.0)).collect()
}

/// A measured device.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Potentiating pulses.
    pub up: Curve,
    /// Depressing pulses.
    pub down: Curve,
    /// Smallest and largest conductance seen \[S\].
    pub range: (f64, f64),
    /// Spread of the devices' steps about the mean device's, relative.
    pub sigma_d2d: f64,
    /// Number of devices.
    pub devices: usize,
    /// Do pulses scatter?
    pub noisy: bool,
}

/// The names under which a table's numbers are kept in a [`super::DeviceSpec`].
const LISTS: [&str; 9] =
    ["up.g", "up.mean", "up.std", "down.g", "down.mean", "down.std", "up.seen", "down.seen", "range and spread"];

impl Measured {
    /// From one row per pulse.
    ///
    /// # Errors
    /// If a direction is missing, or nothing changes.
    pub fn new(rows: &[Row]) -> Result<Measured, Invalid> {
        let all = changes(rows);
        let wrong = |message: &str| Invalid::new("table", message);
        let (up, down) = (Curve::new(&all, true), Curve::new(&all, false));
        for (curve, name) in [(&up, "up"), (&down, "down")] {
            if curve.g.is_empty() {
                let message = format!(
                    "found no {name} pulse after another pulse of its device and cycle: a change is a difference of two rows, \
                     and what was not measured is not guessed"
                );
                return Err(wrong(&message));
            }
        }
        let (low, high) = rows.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), r| (a.min(r.g), b.max(r.g)));
        if low >= high || low < 0.0 || !low.is_finite() {
            return Err(wrong(&format!(
                "found conductances from {low} S to {high} S, expected a range of positive ones: the column holds \
                 conductances after each pulse"
            )));
        }
        let devices = 1 + all.iter().map(|c| c.device).max().unwrap_or(0);
        let mut sums = vec![(0.0, 0.0); devices];
        for c in &all {
            let curve = if c.up { &up } else { &down };
            if let Some((mean, _)) = curve.at(c.g) {
                let sign = mean.signum();
                sums[c.device].0 += sign * c.dg;
                sums[c.device].1 += sign * mean;
            }
        }
        let ratios: Vec<f64> = sums.iter().filter(|s| s.1 > 0.0).map(|s| s.0 / s.1).collect();
        let n = ratios.len() as f64;
        let mean = ratios.iter().sum::<f64>() / n;
        let sigma_d2d = if ratios.len() < 2 {
            0.0
        } else {
            (ratios.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / (n - 1.0)).sqrt()
        };
        Ok(Measured { up, down, range: (low, high), sigma_d2d, devices, noisy: true })
    }

    /// As the lists of a [`super::DeviceSpec`].
    pub fn lists(&self) -> Vec<(&'static str, Vec<f64>)> {
        let (up, down) = (&self.up, &self.down);
        let seen = |c: &Curve| vec![c.seen.0, c.seen.1];
        let rest = vec![self.range.0, self.range.1, self.sigma_d2d, self.devices as f64];
        let all = [
            up.g.clone(),
            up.mean.clone(),
            up.std.clone(),
            down.g.clone(),
            down.mean.clone(),
            down.std.clone(),
            seen(up),
            seen(down),
            rest,
        ];
        LISTS.into_iter().zip(all).collect()
    }

    /// From the values and lists of a [`super::DeviceSpec`]; states the range, the steps at mid-range and the spread of devices.
    ///
    /// # Errors
    /// If no file was read.
    pub fn of_table(v: &Values<'_>, common: &mut Common) -> Result<Measured, Invalid> {
        let list = |k: usize| v.list(LISTS[k]);
        let (rest, ideal) = (list(8), v.flag("ideal"));
        let &[low, high, sigma_d2d, devices] = &rest[..] else {
            let message = "is missing: expected file = \"pulses.csv\" with g and direction, the names of its columns";
            return Err(Invalid::new("file", message));
        };
        let curve = |k: usize, seen: usize| {
            let seen = list(seen);
            let (g, mean, std) = (list(k), list(k + 1), list(k + 2));
            Curve { g, mean, std, seen: (seen[0], seen[1]), ..Curve::default() }
        };
        let (up, down) = (curve(0, 6), curve(3, 7));
        let m = Measured { up, down, range: (low, high), sigma_d2d, devices: devices as usize, noisy: !ideal };
        (common.g_min, common.g_max) = m.range;
        if common.sigma_d2d == 0.0 && !ideal {
            common.sigma_d2d = sigma_d2d;
        }
        // Where mid-range was not reached, the mean over what was.
        let size = |up: bool| match m.curve(up).at(common.mid()) {
            Some((mean, _)) if mean != 0.0 => mean.abs(),
            _ => m.curve(up).mean.iter().map(|x| x.abs()).sum::<f64>() / m.curve(up).mean.len() as f64,
        };
        (common.dg_up, common.dg_down) = (size(true), size(false));
        Ok(m)
    }

    /// The curve of a direction.
    #[inline]
    pub fn curve(&self, up: bool) -> &Curve {
        if up { &self.up } else { &self.down }
    }

    /// Mean change \[S\] and its spread from pulse to pulse: within the range that of the nearest conductance at which one was seen, beyond
    /// it 0.
    #[inline]
    pub fn at(&self, g: f64, up: bool) -> (f64, f64) {
        let curve = self.curve(up);
        let within = g >= self.range.0 && g <= self.range.1 && curve.seen.0 <= curve.seen.1;
        let nearest = if within { g.clamp(curve.seen.0, curve.seen.1) } else { g };
        curve.at(nearest).unwrap_or((0.0, 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Soft bounds between 10 and 110 uS: 3 devices with factors 0.8, 1 and 1.2.
    fn rows() -> Vec<Row> {
        let mut rows = Vec::new();
        for (device, factor) in [0.8, 1.0, 1.2].into_iter().enumerate() {
            for cycle in 0..4 {
                let mut g = 10e-6;
                for k in 0..200 {
                    let up = k < 100;
                    let step = if up { 0.04 * (110e-6 - g) } else { -0.04 * (g - 10e-6) };
                    g += factor * step;
                    rows.push(Row { g, up, device, cycle });
                }
            }
        }
        rows
    }

    #[test]
    fn the_law_and_the_spread_of_devices_come_back() {
        let m = Measured::new(&rows()).unwrap();
        assert_eq!(m.devices, 3);
        for g in [30e-6, 60e-6, 90e-6] {
            let (up, down) = (m.at(g, true).0, m.at(g, false).0);
            assert!((up / (0.04 * (110e-6 - g)) - 1.0).abs() < 0.06, "{g}: {up}");
            assert!((down / (-0.04 * (g - 10e-6)) - 1.0).abs() < 0.06, "{g}: {down}");
        }
        assert!((m.sigma_d2d - 0.2).abs() < 0.05, "{}", m.sigma_d2d);
        assert!(m.up.std.iter().all(|s| *s < 0.3e-6), "no noise within devices: {:?}", m.up.std);
    }

    #[test]
    fn beyond_what_was_measured_nothing_changes_and_within_it_the_nearest_change_holds() {
        let m = Measured::new(&rows()).unwrap();
        assert_eq!(m.at(9e-6, true), (0.0, 0.0));
        assert_eq!(m.at(m.down.seen.1 * 1.001, false), (0.0, 0.0));
        assert!(m.at(m.up.seen.0, true).0 > 0.0, "held at the outermost bin within");
        assert!(m.range.0 < m.up.seen.0, "the last row of a cycle, which no pulse follows");
        assert_eq!(m.at(m.range.0, true), m.at(m.up.seen.0, true), "a device does not die there");
    }

    #[test]
    fn a_direction_that_was_not_measured_is_an_error() {
        let only: Vec<Row> = rows().into_iter().filter(|r| r.up).collect();
        assert!(Measured::new(&only).unwrap_err().to_string().contains("no down pulse"));
        assert!(Measured::new(&[]).is_err());
    }

    #[test]
    fn changes_are_differences_within_a_cycle() {
        let row = |g, cycle| Row { g, up: true, device: 0, cycle };
        let all = changes(&[row(1.0, 0), row(2.0, 0), row(5.0, 1), row(4.0, 1), row(2.5, 0)]);
        assert_eq!(all.iter().map(|c| c.dg).collect::<Vec<_>>(), [1.0, -1.0, 0.5]);
    }
    /// Standard normal numbers: twelve even ones are as good.
    fn normal(k: u32) -> f64 {
        let words = (0..3).flat_map(|part| crate::rng::philox([k, part, 0, 0], [5, 0]));
        words.map(|word| f64::from(word) / 2f64.powi(32)).sum::<f64>() - 6.0
    }

    /// 600 pulses up from 10 uS, of which the first 60 do nothing and the rest set the device to 20 uS; 600 down from there, every other
    /// of which resets it.
    fn two_levels() -> Vec<Row> {
        let row = |g: f64, up, cycle| Row { g: g * 1e-6, up, device: 0, cycle };
        let up = (0..600).flat_map(|k| [row(10.0, false, k), row(if k < 60 { 10.0 } else { 20.0 }, true, k)]);
        let down = (600..1200).flat_map(|k| [row(20.0, true, k), row(if k % 2 == 0 { 10.0 } else { 20.0 }, false, k)]);
        up.chain(down).collect()
    }

    #[test]
    fn all_pulses_from_equal_conductances_count() {
        let m = Measured::new(&two_levels()).unwrap();
        let (low, high) = m.range;
        for (g, up, mean, spread) in [(low, true, 9e-6, 3e-6), (high, false, -5e-6, 5e-6)] {
            let (found, std) = m.at(g, up);
            assert!((found - mean).abs() < 1e-12 && (std / spread - 1.0).abs() < 0.002, "{found} {std}");
        }
        assert_eq!((m.up.count.clone(), m.down.count.clone()), (vec![600], vec![600]));
        // A few pulses from another conductance are a bin of their own.
        let mut rows = two_levels();
        rows.extend((1200..1205).flat_map(|cycle| [high; 2].map(|g| Row { g, up: true, device: 0, cycle })));
        let m = Measured::new(&rows).unwrap();
        assert_eq!(m.up.count, [600, 5]);
        assert!((m.at(low, true).0 - 9e-6).abs() < 1e-12 && m.at(high, true).0 == 0.0);
    }

    #[test]
    fn rounded_conductances_have_the_means_of_those_that_were_not() {
        let (mut fine, mut rounded) = (Vec::new(), Vec::new());
        for (device, factor) in [0.5, 0.8, 1.2, 1.5].into_iter().enumerate() {
            for cycle in 0..40 {
                let mut g = 20.0 + 0.25 * cycle as f64;
                for k in 0..24 {
                    let step = factor * 1.5 * (1.0 + 0.1 * normal(fine.len() as u32));
                    g = (if k < 12 { g + step } else { g - step }).clamp(15.0, 45.0);
                    let row = |g: f64| Row { g: g * 1e-6, up: k < 12, device, cycle };
                    fine.push(row(g));
                    rounded.push(row(g.round()));
                }
            }
        }
        let m = Measured::new(&rounded).unwrap();
        let all = changes(&rounded);
        assert_eq!(m.up.count.iter().sum::<usize>(), all.iter().filter(|c| c.up).count());
        for g in [25.0, 30.0] {
            let own: Vec<f64> = all.iter().filter(|c| c.up && (c.g * 1e6 - g).abs() < 0.5).map(|c| c.dg).collect();
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            let found = m.at(g * 1e-6, true).0;
            assert!(own.len() > 50 && (found / mean - 1.0).abs() < 0.05, "{g}: {found} {mean}");
        }
    }

    #[test]
    fn the_order_of_devices_and_cycles_in_the_file_does_not_matter() {
        let mut rows = two_levels();
        rows.extend(rows_of_noise());
        let m = Measured::new(&rows).unwrap();
        // Later runs first; the rows of a run stay in their order.
        rows.sort_by_key(|r| (std::cmp::Reverse(r.cycle), std::cmp::Reverse(r.device)));
        let other = Measured::new(&rows).unwrap();
        assert_eq!((m.up, m.down), (other.up, other.down));
    }

    /// One device whose steps up and down have noise of 0.1 uS, in 5 runs.
    fn rows_of_noise() -> Vec<Row> {
        let mut rows = Vec::new();
        for cycle in 2000..2005 {
            let mut g = 20.0;
            for k in 0..200 {
                let step = if k < 100 { 0.02 * (80.0 - g) } else { -0.02 * (g - 5.0) };
                g += step + 0.1 * normal(rows.len() as u32);
                rows.push(Row { g: g * 1e-6, up: k < 100, device: 0, cycle });
            }
        }
        rows
    }

    #[test]
    fn steps_that_a_bound_cuts_short_are_no_noise() {
        let (mut g, mut rows) = (2.0, Vec::new());
        for k in 0..80 {
            g = f64::clamp(if k < 40 { g + 1.7 } else { g - 1.3 }, 2.0, 52.0);
            rows.push(Row { g: g * 1e-6, up: k < 40, device: 0, cycle: 0 });
        }
        let m = Measured::new(&rows).unwrap();
        let most = m.up.std.iter().chain(&m.down.std).copied().fold(0.0, f64::max);
        assert!(most < 1e-9 * 1e-6, "{:?} {:?}", m.up, m.down);
    }

    #[test]
    fn a_course_without_noise_has_no_spread_and_noise_has_its_own() {
        // A staircase of 30 pulses of soft bounds, and one whose steps bend.
        for bent in [false, true] {
            let (mut g, mut rows) = (2.0, Vec::new());
            for k in 0..60 {
                let step = |x: f64| if bent { 0.3 + 3.0 * crate::math::exp(-4.0 * x) } else { 2.4 * (1.0 - x) };
                g += if k < 30 { step((g - 2.0) / 50.0) } else { -step((52.0 - g) / 50.0) };
                rows.push(Row { g: g * 1e-6, up: k < 30, device: 0, cycle: 0 });
            }
            let m = Measured::new(&rows).unwrap();
            for curve in [&m.up, &m.down] {
                let share = curve.std.iter().zip(&curve.mean).map(|(s, m)| (s / m).abs()).fold(0.0, f64::max);
                assert!(share < if bent { 0.02 } else { 1e-9 }, "{bent}: {share}");
            }
        }
        let m = Measured::new(&rows_of_noise()).unwrap();
        for curve in [&m.up, &m.down] {
            let n: f64 = curve.count.iter().map(|n| *n as f64).sum();
            let square: f64 = curve.std.iter().zip(&curve.count).map(|(s, n)| s * s * *n as f64).sum();
            let found = (square / n).sqrt();
            // The squares of neighbours' deviations are alike: a variance of 35/18 the usual one.
            let error = (35.0f64 / 18.0).sqrt() / (2.0 * n).sqrt();
            assert!((found / 0.1e-6 - 1.0).abs() < 3.0 * error, "{found} within {error}");
        }
    }
}
