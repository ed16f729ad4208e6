//! What a pair of overlapping spikes does to a device, over their distance and the state: computed once per projection, looked up at
//! every spike.
//!
//! Where the rate of the state is a product of a drive and a slowing-down (all models but team and stanford_rram), what is tabulated
//! are fluxes ([`super::flux`]), and the table is as good as exact. For the others it is the change itself ([`super::grid`]). Beside the table
//! stands its error: the largest deviation from the solver at points that were not used to make it, relative to the largest
//! change, and the share of those points at which it missed the tolerance.

use rayon::prelude::*;

use super::flux::Fluxes;
use super::grid::Grid;
use super::pairs::{Pairs, edges};
use super::waveform::{Side, Waveform};
use super::{Physical, with_device};

/// Distances between two kinks at which a table is checked, and states at each beside the ends of the range.
const CHECKS: (usize, usize) = (12, 5);
/// The stated error is larger than what was found by this factor, for what lies between the points.
const MARGIN: f64 = 2.0;
/// Error of a step of the solver for the check.
const SOLVER: f64 = 1e-11;
/// The least error that is stated, for the flows and fluxes have about that.
const LEAST: f64 = 1e-7;

#[derive(Clone, Debug, PartialEq)]
enum Table {
    Fluxes(Fluxes),
    Grid(Grid),
}

/// The changes that pairs of spikes make.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    device: Physical,
    low: f64,
    span: f64,
    /// Does the conductance rise with the state?
    rises: bool,
    table: Table,
    /// The largest deviation from the solver, relative to `largest`.
    pub error: f64,
    /// The share of the points checked at which the tolerance was missed.
    pub missed: f64,
    /// The largest change \[S\].
    pub largest: f64,
    /// The error that was aimed at, relative to `largest`.
    pub tolerance: f64,
    /// Largest voltage that a spike alone makes, where that moves the device \[V\].
    pub crosses_alone: Option<f64>,
}

impl Surface {
    /// Tabulates what spikes of this shape do to a device.
    pub fn new(device: &Physical, waveform: &Waveform) -> Surface {
        let pairs = Pairs::new(device, waveform);
        let crosses_alone = waveform.moves_alone(device);
        let fluxes = with_device!(device, d => Fluxes::new(d, &pairs, waveform.tolerance));
        let table = match fluxes {
            Some(fluxes) => Table::Fluxes(fluxes),
            None => Table::Grid(Grid::new(&pairs, crosses_alone.is_some(), waveform.tolerance)),
        };
        let (low, span) = (pairs.low, pairs.span);
        let mut surface = Surface {
            device: device.clone(),
            low,
            span,
            rises: device.conductance(low + span) > device.conductance(low),
            table,
            error: 0.0,
            missed: 0.0,
            largest: 0.0,
            tolerance: waveform.tolerance,
            crosses_alone,
        };
        surface.check(&pairs);
        surface
    }

    /// Compares with the solver at points of a low-discrepancy sequence, and states the error.
    fn check(&mut self, pairs: &Pairs<'_>) {
        // Multiples of the golden section fill an interval evenly; so do those of a second such number beside them.
        let spread = |k: usize, step: f64| (0.5 + k as f64 * step).fract();
        let edges = edges(pairs.waveform);
        let mut points = Vec::new();
        for (stretch, edge) in edges.windows(2).enumerate() {
            for k in 0..2 * CHECKS.0 {
                let number = stretch * 2 * CHECKS.0 + k;
                let share = spread(number, 0.754_877_666_246_692_8);
                // Half of the distances lie near the beginning, where changes vary most.
                let share = if k % 4 < 2 { share } else { share * share };
                let dt = edge[0] + (edge[1] - edge[0]) * share;
                let within = (0..CHECKS.1).map(|i| spread(number * CHECKS.1 + i, 0.569_840_290_998_053_2));
                let us: Vec<f64> = within.chain([0.0, 1.0]).collect();
                points.push((if k % 2 == 0 { dt } else { -dt }, us));
            }
        }
        let one = |(dt, us): &(f64, Vec<f64>)| -> Vec<(f64, f64)> {
            let side = usize::from(*dt >= 0.0);
            let after = pairs.changes(&Pairs::spikes(*dt), us, SOLVER, true);
            // The table says what the later spike adds to what the earlier one did alone.
            let first = if self.heeds_single_spikes() {
                pairs.changes(&Pairs::spikes(*dt)[..1], us, SOLVER, true)
            } else {
                vec![0.0; us.len()]
            };
            let compare = |i: usize| {
                let (from, to) = (us[i] + first[i], us[i] + after[i]);
                // What ran into a bound has forgotten where it came from, and a pair's overlap can't be told from it any more.
                let known = first[i] == 0.0 || (self.before(1 - side, from) - us[i]).abs() < 1e-3;
                let found = (from + self.change(side, Some(dt.abs()), from)).clamp(0.0, 1.0);
                let off = if known { (pairs.siemens(found) - pairs.siemens(to)).abs() } else { 0.0 };
                (off, (pairs.siemens(to) - pairs.siemens(us[i])).abs())
            };
            (0..us.len()).map(compare).collect()
        };
        let found: Vec<(f64, f64)> = points.par_iter().flat_map_iter(one).collect();
        self.largest = found.iter().fold(0.0, |a, f| a.max(f.1));
        let worst = found.iter().fold(0.0_f64, |a, f| a.max(f.0));
        let seen = if let Table::Grid(grid) = &self.table { grid.error } else { 0.0 };
        if self.largest > 0.0 {
            self.error = (MARGIN * worst.max(seen) / self.largest).max(LEAST);
            let over = found.iter().filter(|f| f.0 > self.tolerance * self.largest).count();
            self.missed = over as f64 / found.len() as f64;
        }
    }

    /// The state from which one spike on `side` alone leads to `u`.
    fn before(&self, side: usize, u: f64) -> f64 {
        match &self.table {
            Table::Fluxes(fluxes) => fluxes.before(side, u),
            Table::Grid(grid) => grid.before(side, u),
        }
    }

    /// The change of the relative state at a spike on `side` (1: post) that comes `since` the last of the other side, if there was one.
    #[inline]
    fn change(&self, side: usize, since: Option<f64>, u: f64) -> f64 {
        let since = since.unwrap_or(f64::INFINITY);
        match &self.table {
            Table::Fluxes(fluxes) => fluxes.change(side, since, u),
            Table::Grid(grid) => grid.change(side, since, u),
        }
    }

    /// The conductance \[S\] after a spike on `side`, when the last one of the other side was `since` \[s\] before it, if there was
    /// one. `factor` scales the change, up or down.
    #[inline]
    pub fn after(&self, side: Side, g: f64, since: Option<f64>, factor: impl FnOnce(bool) -> f64) -> f64 {
        let u = (self.device.state(g) - self.low) / self.span;
        let du = self.change(usize::from(side == Side::Post), since, u);
        if du == 0.0 {
            return g;
        }
        let factor = factor((du > 0.0) == self.rises);
        self.device.conductance(self.low + self.span * (u + factor * du).clamp(0.0, 1.0))
    }

    /// Does one spike alone move the device?
    #[inline]
    pub fn heeds_single_spikes(&self) -> bool {
        match &self.table {
            Table::Fluxes(fluxes) => fluxes.heeds_single_spikes(),
            Table::Grid(grid) => grid.heeds_single_spikes(),
        }
    }

    /// What to say where one spike alone moves the device, no pair moves it, or the table misses its tolerance.
    pub fn warnings(&self, name: &str) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(v) = self.crosses_alone {
            all.push(format!(
                "{name}: one spike alone puts up to {v:.3} V across the device, which moves it: every spike changes the conductance, \
                 also without a partner on the other side, so what is learnt is not only coincidence. A device with a threshold \
                 above the spike's height learns from overlaps alone: lower a_plus (or alpha_pre, alpha_post), or raise the threshold."
            ));
        } else if self.largest == 0.0 {
            all.push(format!(
                "{name}: no pair of spikes moves the device: the two waveforms together stay below its threshold. Raise a_plus or \
                 a_minus, or lower the threshold."
            ));
        }
        if self.error > self.tolerance {
            all.push(format!(
                "{name}: the tabulated change is wrong by up to {:.2e} of the largest, beyond the tolerance of {:.0e} for {:.1} % of the pairs: the \
                 device switches too abruptly between two nodes for any table. Smaller or shorter spikes, or a less mobile device, are \
                 followed better; memspike device stdp shows the change itself.",
                self.error,
                self.tolerance,
                100.0 * self.missed
            ));
        }
        all
    }

    /// The device.
    pub fn device(&self) -> &Physical {
        &self.device
    }

    /// How many numbers are tabulated.
    pub fn len(&self) -> usize {
        match &self.table {
            Table::Fluxes(fluxes) => fluxes.size(),
            Table::Grid(grid) => grid.size(),
        }
    }

    /// Whether nothing is tabulated.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
