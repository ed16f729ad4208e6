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
                mean and spread: of the changes between consecutive rows of a device and cycle, in bins of conductance with equal numbers\n\
                of pulses, linear between the means of the bins; spread: within devices; sigma_d2d: that of the devices' mean steps\n\
                about the common one, unless it is given; where no pulse of a direction was measured, the change at the nearest\n\
                conductance where one was; beyond all conductances that were measured nothing changes",
    reference: "the measurement itself; binning as in Boybat et al. 2018, doi:10.1038/s41467-018-04933-y",
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
    /// Spread from cycle to cycle within devices \[S\].
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
        let mut own: Vec<&Change> = changes.iter().filter(|c| c.up == up).collect();
        own.sort_by(|a, b| a.g.total_cmp(&b.g));
        let mut curve = Curve::default();
        let (Some(first), Some(last)) = (own.first(), own.last()) else { return curve };
        curve.seen = (first.g, last.g);
        let bins = (own.len() / BIN.0).clamp(1, BIN.1);
        for bin in 0..bins {
            let part = &own[bin * own.len() / bins..(bin + 1) * own.len() / bins];
            let n = part.len() as f64;
            let mean = |f: &dyn Fn(&Change) -> f64| part.iter().map(|c| f(c)).sum::<f64>() / n;
            let (g, dg) = (mean(&|c| c.g), mean(&|c| c.dg));
            // Many pulses from the very same conductance make one bin.
            if curve.g.last().is_some_and(|before| g <= *before) {
                continue;
            }
            curve.g.push(g);
            curve.mean.push(dg);
            curve.std.push(within(part, dg));
            curve.count.push(part.len());
            let points = part.len().min(POINTS);
            curve.points.push((0..points).map(|k| part[(2 * k + 1) * part.len() / (2 * points)].g).collect());
        }
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

/// The spread of a bin's changes about the mean of their own device, pooled; about the bin's mean where no device has two.
fn within(part: &[&Change], mean: f64) -> f64 {
    let mut sums: std::collections::BTreeMap<usize, (f64, f64, f64)> = Default::default();
    for c in part {
        let s = sums.entry(c.device).or_default();
        *s = (s.0 + 1.0, s.1 + c.dg, s.2 + c.dg * c.dg);
    }
    let (mut squares, mut free) = (0.0, 0.0);
    for (n, sum, square) in sums.values() {
        squares += (square - sum * sum / n).max(0.0);
        free += n - 1.0;
    }
    if free > 0.0 {
        return (squares / free).sqrt();
    }
    let n = part.len() as f64;
    if n < 2.0 { 0.0 } else { (part.iter().map(|c| (c.dg - mean) * (c.dg - mean)).sum::<f64>() / (n - 1.0)).sqrt() }
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
}
