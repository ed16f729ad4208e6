//! Devices that were measured: the change that a pulse makes as a function of conductance and direction, from one row per pulse.
//!
//! Never extrapolated: beyond the conductances that were measured a pulse changes nothing. Within them, but beyond those at which pulses of a
//! direction were seen (none of a cycle follows its last row, which is often the lowest), the change at the nearest of these is held.

use crate::check::Invalid;
use crate::describe::Bound::{Finite, Optional};
use crate::describe::Kind::{Flag, Number, Text};
use crate::describe::{Model, Param, param};

use super::table::{SIGMA_D2D, shared_length, with_shared};
use super::{Common, Values};
use shape::Shape;

mod curve;
mod devices;
mod shape;
mod spread;
mod still;

pub use curve::Curve;
use devices::between_devices;
pub use still::{Still, said, set_apart};

/// Its own parameters: which columns of the file hold what.
const OWN: [Param; 7] = [
    param("file", Text, f64::NAN, Optional, "a CSV file with one row per pulse, in the order of the pulses"),
    param("g", Text, f64::NAN, Optional, "column with the conductance after each pulse"),
    param(
        "unit",
        Text,
        f64::NAN,
        Optional,
        "unit of that column; without, that in its name, as in G_uS or `g [uS]`, or S",
    ),
    param("direction", Text, f64::NAN, Optional, "column with up or down, set or reset, 1 or -1, or a voltage"),
    param("reverse", Flag, 0.0, Finite, "swap the directions, as of cells that a negative voltage sets"),
    param("device", Text, f64::NAN, Optional, "column that names the device; one device without"),
    param("cycle", Text, f64::NAN, Optional, "column that numbers the runs of pulses of a device; one run without"),
];
/// Those of them without which there is no measurement.
pub const NEEDED: [&str; 3] = ["file", "g", "direction"];
/// Those and what all devices share, of which the spread of devices is measured unless it is given, be it as 0.
const PARAMS: [Param; shared_length(&OWN)] = {
    let mut all = with_shared(&OWN);
    all[OWN.len() + SIGMA_D2D] = param(
        "sigma_d2d",
        Number,
        f64::NAN,
        Optional,
        "device-to-device spread of the step, relative; without it that of the measurement",
    );
    all
};

/// The device's table.
pub const MODEL: Model = Model {
    name: "table",
    summary: "Measured device: the change of a pulse by conductance and direction, from a file of pulses",
    equations: "up, down: g += mean(g, direction) + spread(g, direction) D, D: drawn per pulse, of mean 0 and spread 1\n\
                mean and spread: of the changes between consecutive rows of a device and cycle, in bins of conductance with about equal\n\
                numbers of pulses (equal conductances in one), linear between the means of the bins; spread: of each device's changes\n\
                about their own course with conductance, read off the neighbouring ones (Gasser et al. 1986); D: a standard normal\n\
                number where the deviations from that course (of devices that can't be told apart, 1 %, from the common one) can't be told from such (Shapiro and Francia, 1 %; those of the nearest\n\
                bins too where a bin has few), else by their quantiles, as up to 32 points; between two bins as in either, in the nearer\n\
                one more often; sigma_d2d: that of the devices' mean steps about the common one, without the share of the spread from\n\
                pulse to pulse, unless it is given; where no pulse of a direction was measured, the change at the nearest conductance\n\
                where one was; no pulse leads beyond the conductances that were measured, and beyond them nothing changes; devices that\n\
                pulses up and down do not move, from the start or from some pulse on, are left out there, which a note tells",
    reference: "the measurement itself; binning as in Boybat et al. 2018, doi:10.1038/s41467-018-04933-y; spread as in Gasser et al. 1986, \
                doi:10.1093/biomet/73.3.625; test of the law: Royston 1993, doi:10.1002/sim.4780120209",
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

/// Goes through the changes that rows of pulses show, each with the number of its row: of pulses that follow another one of the same device
/// and cycle.
fn each_change(rows: &[Row], mut to: impl FnMut(usize, Change)) {
    let mut last = std::collections::HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        if let Some(g) = last.insert((row.device, row.cycle), row.g) {
            to(place, Change { g, dg: row.g - g, up: row.up, device: row.device });
        }
    }
}

/// The changes that rows of pulses show.
pub fn changes(rows: &[Row]) -> Vec<Change> {
    let mut all = Vec::new();
    each_change(rows, |_, change| all.push(change));
    all
}

/// Mean changes against their standard error, from which on they are not chance.
const CLEAR: f64 = 3.0;

/// The mean of changes that is clearly above 0; none if it is not.
fn off_zero(own: &[f64]) -> Option<f64> {
    let n = own.len() as f64;
    let mean = own.iter().sum::<f64>() / n;
    let variance = own.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    (mean > CLEAR * (variance / n).sqrt()).then_some(mean)
}

/// How far pulses up lower the conductance and pulses down raise it, on average \[S\]; none unless both clearly do.
fn backwards(all: &[Change]) -> Option<[f64; 2]> {
    let against = |up: bool| {
        let own: Vec<f64> = all.iter().filter(|c| c.up == up).map(|c| if up { -c.dg } else { c.dg }).collect();
        off_zero(&own)
    };
    Some([against(true)?, against(false)?])
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
    /// How much larger the steps of each device are than those of the curves: 1 of all, until [`evened`](Measured::evened).
    pub factors: Vec<f64>,
    /// Do pulses scatter?
    pub noisy: bool,
}

/// The names under which a table's numbers are kept in a [`super::DeviceSpec`]: of pulses up, of pulses down, of both.
const LISTS: [[&str; 5]; 2] = [
    ["up.g", "up.mean", "up.std", "up.seen", "up.shape"],
    ["down.g", "down.mean", "down.std", "down.seen", "down.shape"],
];
const REST: &str = "range and spread";

impl Measured {
    /// From one row per pulse.
    ///
    /// # Errors
    /// If a direction is missing, nothing changes, or pulses do the opposite of what they are called.
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
        if let Some([up, down]) = backwards(&all) {
            return Err(wrong(&format!(
                "found that pulses up lower the conductance, by {up:.3e} S on average, and pulses down raise it, by {down:.3e} S: swap \
                 the directions with `reverse = true` (--reverse) where cells are set at the other polarity; expected conductances \
                 after each pulse, not before it"
            )));
        }
        let devices = 1 + all.iter().map(|c| c.device).max().unwrap_or(0);
        let sigma_d2d = between_devices(&all, &up, &down, devices);
        let factors = vec![1.0; devices];
        Ok(Measured { up, down, range: (low, high), sigma_d2d, devices, factors, noisy: true })
    }

    /// As the lists of a [`super::DeviceSpec`].
    pub fn lists(&self) -> Vec<(&'static str, Vec<f64>)> {
        let of =
            |c: &Curve| [c.g.clone(), c.mean.clone(), c.std.clone(), vec![c.seen.0, c.seen.1], Shape::list(&c.shape)];
        let rest = vec![self.range.0, self.range.1, self.sigma_d2d, self.devices as f64];
        let curves = LISTS.into_iter().zip([&self.up, &self.down]).flat_map(|(names, c)| names.into_iter().zip(of(c)));
        curves.chain([(REST, rest)]).collect()
    }

    /// From the values and lists of a [`super::DeviceSpec`]; states the range, the steps at mid-range and the spread of devices.
    ///
    /// # Errors
    /// If no file was read.
    pub fn of_table(v: &Values<'_>, common: &mut Common) -> Result<Measured, Invalid> {
        let (rest, ideal) = (v.list(REST), v.flag("ideal"));
        let &[low, high, sigma_d2d, devices] = &rest[..] else {
            let message = "is missing: expected file = \"pulses.csv\" with g and direction, the names of its columns";
            return Err(Invalid::new("file", message));
        };
        let [up, down] = LISTS.map(|names| {
            let [g, mean, std, seen, shape] = names.map(|name| v.list(name));
            let shape = Shape::of_list(&shape, g.len());
            Curve { g, mean, std, shape, seen: (seen[0], seen[1]), ..Curve::default() }
        });
        let devices = devices as usize;
        let m =
            Measured { up, down, range: (low, high), sigma_d2d, devices, factors: vec![1.0; devices], noisy: !ideal };
        (common.g_min, common.g_max) = m.range;
        if common.sigma_d2d.is_nan() {
            common.sigma_d2d = if ideal { 0.0 } else { sigma_d2d };
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

    /// Where a device at `g` is looked up: within the range at the nearest conductance at which a pulse was seen.
    #[inline]
    fn nearest(&self, curve: &Curve, g: f64) -> f64 {
        let within = g >= self.range.0 && g <= self.range.1 && curve.seen.0 <= curve.seen.1;
        if within { g.clamp(curve.seen.0, curve.seen.1) } else { g }
    }

    /// Mean change \[S\] and its spread from pulse to pulse: within the range that of the nearest conductance at which one was seen, beyond
    /// it 0.
    #[inline]
    pub fn at(&self, g: f64, up: bool) -> (f64, f64) {
        let curve = self.curve(up);
        curve.at(self.nearest(curve, g)).unwrap_or((0.0, 0.0))
    }

    /// The change \[S\] by a pulse that has this random word.
    #[inline]
    pub fn drawn(&self, g: f64, up: bool, word: u32) -> f64 {
        let curve = self.curve(up);
        curve.drawn(self.nearest(curve, g), word).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod law_tests;
#[cfg(test)]
mod tests;
