//! What a pair of overlapping spikes does to a device, over their distance and the state: computed once per projection, looked up at
//! every spike.
//!
//! Where the rate of the state is a product of a drive and a slowing-down (all models but team and stanford_rram), what is tabulated
//! are fluxes ([`super::flux`]), and the table is as good as exact. For the others it is the change itself ([`super::grid`]), and
//! pairs where that jumps are solved one by one. Beside the table stands its error: the largest deviation from the solver at
//! points that were not used to make it, relative to the largest change, and the share of those points at which it missed the tolerance.
//!
//! Where one spike alone moves the device, it does so at its time. A partner that comes later starts from where the device was
//! before ([`Before`]), for a device that was driven into its bound does not show that any more.

use rayon::prelude::*;

use super::flux::Fluxes;
use super::grid::Grid;
use super::pairs::{Pairs, edges};
use super::waveform::{Side, Waveform};
use super::{Physical, with_device};

/// Distances between two kinks at which a table is checked, and states at each beside the ends of the range.
const CHECKS: (usize, usize) = (24, 5);
/// How near to kinks it is checked besides, relative to the reach.
const NEAR: [f64; 5] = [1e-2, 1e-3, 1e-4, 1e-6, 1e-8];
/// The stated error is larger than what was found by this factor, for what lies between the points.
const MARGIN: f64 = 3.0;
/// Error of a step of the solver for the check: of fluxes, and of a grid, which is coarser.
const SOLVER: [f64; 2] = [1e-11, 1e-8];
/// The same for pairs that are solved one by one.
const ONE: f64 = 1e-9;
/// So many of the pairs may be solved one by one, in shares, before it is worth a word: each takes a hundred look-ups.
const SLOW: f64 = 0.05;
/// The least error that is stated, for the flows and fluxes have about that; of a grid it is the one aimed at.
const LEAST: f64 = 1e-5;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Table {
    Fluxes(Box<Fluxes>),
    Grid(Box<Grid>),
}

/// Where a device was before its last spike, and on which side that was: it alone would have led from there to where the device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Before(f64);

impl Before {
    /// A relative state, 0 to 1, whose sign is the side's.
    #[inline]
    pub(super) fn new(side: usize, u: f64) -> Before {
        Before(if side == 1 { u.abs() } else { -u.abs() })
    }

    #[inline]
    pub(super) fn side(self) -> usize {
        usize::from(self.0.is_sign_positive())
    }

    #[inline]
    pub(super) fn state(self) -> f64 {
        self.0.abs()
    }
}

/// The changes that pairs of spikes make.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    pub(super) device: Physical,
    waveform: Waveform,
    pub(super) low: f64,
    pub(super) span: f64,
    /// Does the conductance rise with the state?
    rises: bool,
    pub(super) table: Table,
    /// The largest deviation of a look-up from the solver, relative to `largest`.
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
            Some(fluxes) => Table::Fluxes(Box::new(fluxes)),
            None => Table::Grid(Box::new(Grid::new(&pairs, crosses_alone.is_some(), waveform.tolerance))),
        };
        let (low, span) = (pairs.low, pairs.span);
        let mut surface = Surface {
            device: device.clone(),
            waveform: *waveform,
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
        let mut edges = edges(pairs.waveform);
        let is_grid = matches!(self.table, Table::Grid(_));
        let tolerance = SOLVER[usize::from(is_grid)];
        // Beyond the reach too, where the table does one spike after the other. In a grid those are two look-ups, each as wrong as is said.
        if !is_grid {
            edges.extend(edges.last().map(|reach| 1.1 * reach));
        }
        // Some of the states lie near the ends of the range.
        let states = |number: usize| -> Vec<f64> {
            let state = |i: usize| {
                let u = spread(number * CHECKS.1 + i, 0.569_840_290_998_053_2);
                match i {
                    0 => u * u * u,
                    1 => 1.0 - u * u * u,
                    _ => u,
                }
            };
            (0..CHECKS.1).map(state).chain([0.0, 1.0]).collect()
        };
        let mut distances = Vec::new();
        for (stretch, edge) in edges.windows(2).enumerate() {
            for k in 0..2 * CHECKS.0 {
                let share = spread(stretch * 2 * CHECKS.0 + k, 0.754_877_666_246_692_8);
                // Half of the distances lie near the beginning, where changes vary most.
                let share = if k % 4 < 2 { share } else { share * share };
                distances.push(edge[0] + (edge[1] - edge[0]) * share);
            }
        }
        // Next to kinks large motions to and fro nearly cancel.
        let reach = pairs.waveform.reach();
        let beside = |edge: &f64| NEAR.map(|near| [edge - near * reach, edge + near * reach]);
        let beside = edges.iter().flat_map(beside).flatten().filter(|dt| (0.0..=reach).contains(dt));
        distances.extend(beside.flat_map(|dt| [dt, dt]));
        let signed = |(number, dt): (usize, f64)| (if number % 2 == 0 { dt } else { -dt }, states(number));
        let points: Vec<(f64, Vec<f64>)> = distances.into_iter().enumerate().map(signed).collect();
        let pair = |(dt, us): &(f64, Vec<f64>)| -> Vec<(f64, f64)> {
            let after = pairs.changes(&Pairs::spikes(*dt), us, tolerance);
            let (side, since) = (usize::from(*dt >= 0.0), dt.abs());
            let found = |u: f64| {
                if since < self.reach(side) {
                    self.pair(side, since, u)
                } else {
                    self.alone(side, self.alone(1 - side, u))
                }
            };
            us.iter().zip(after).map(|(&u, du)| self.compare(u, found(u), u + du)).collect()
        };
        let mut found: Vec<(f64, f64)> = points.par_iter().flat_map_iter(pair).collect();
        if self.heeds_single_spikes() {
            let us: Vec<f64> = points.iter().flat_map(|(_, us)| us).copied().collect();
            for side in [Side::Pre, Side::Post] {
                let one = |us: &[f64]| -> Vec<(f64, f64)> {
                    let after = pairs.changes(&[(side, 0.0)], us, tolerance);
                    us.iter().zip(after).map(|(&u, du)| self.compare(u, self.alone(side as usize, u), u + du)).collect()
                };
                found.extend(us.par_chunks(CHECKS.1 + 2).flat_map_iter(one).collect::<Vec<_>>());
            }
        }
        let seen = if let Table::Grid(grid) = &self.table { grid.largest() } else { 0.0 };
        self.largest = found.iter().fold(seen, |a, f| a.max(f.1));
        let worst = found.iter().fold(0.0_f64, |a, f| a.max(f.0));
        if self.largest > 0.0 {
            let least = if is_grid { self.tolerance } else { LEAST };
            self.error = (MARGIN * worst / self.largest).max(least);
            let over = found.iter().filter(|f| f.0 > self.tolerance * self.largest).count();
            self.missed = over as f64 / found.len() as f64;
        }
    }

    /// How far a state that was found is off, and how large the change is \[S\].
    fn compare(&self, from: f64, found: f64, to: f64) -> (f64, f64) {
        let siemens = |u: f64| self.device.conductance(self.low + self.span * u.clamp(0.0, 1.0));
        ((siemens(found) - siemens(to)).abs(), (siemens(to) - siemens(from)).abs())
    }

    /// Beyond this distance a pair does what its spikes do alone \[s\]; `side`: of the later spike, 1 for post.
    #[inline]
    fn reach(&self, side: usize) -> f64 {
        match &self.table {
            Table::Fluxes(fluxes) => fluxes.reach(side),
            Table::Grid(grid) => grid.reach(side),
        }
    }

    /// The state after both spikes of a pair, within the reach.
    #[inline]
    fn pair(&self, side: usize, since: f64, u: f64) -> f64 {
        match &self.table {
            Table::Fluxes(fluxes) => fluxes.pair(side, since, u),
            Table::Grid(grid) => {
                u + grid
                    .pair(side, since, u)
                    .unwrap_or_else(|| self.solved(&Pairs::spikes(if side == 1 { since } else { -since }), u))
            }
        }
    }

    /// The state after one spike alone.
    #[inline]
    fn alone(&self, side: usize, u: f64) -> f64 {
        match &self.table {
            Table::Fluxes(fluxes) => fluxes.alone(side, u),
            Table::Grid(grid) => {
                let spike = [(if side == 1 { Side::Post } else { Side::Pre }, 0.0)];
                u + grid.alone(side, u).unwrap_or_else(|| self.solved(&spike, u))
            }
        }
    }

    /// The change of the state, by the solver.
    #[cold]
    fn solved(&self, spikes: &[(Side, f64)], u: f64) -> f64 {
        let pairs = Pairs { device: &self.device, waveform: &self.waveform, low: self.low, span: self.span };
        pairs.changes(spikes, &[u], ONE)[0]
    }

    /// The state from which one spike on `side` alone leads to `u`: of several the one nearest to `hint`.
    fn before(&self, side: usize, u: f64, hint: f64) -> f64 {
        match &self.table {
            Table::Fluxes(fluxes) => fluxes.before(side, u, hint),
            Table::Grid(grid) => grid.before(side, u, hint),
        }
    }

    fn state(&self, g: f64) -> f64 {
        (self.device.state(g) - self.low) / self.span
    }

    /// A device of this conductance \[S\] before its first spike.
    pub fn untouched(&self, g: f64) -> Before {
        Before::new(1, self.state(g))
    }

    /// The conductance \[S\] after a spike on `side`, when the last one of the other side was `since` \[s\] before it, if there was
    /// one. `factor` scales the change, up or down; without one the pair is what the solver makes of it.
    #[inline]
    pub fn after<F: FnOnce(bool) -> f64>(
        &self,
        side: Side,
        g: f64,
        since: Option<f64>,
        before: &mut Before,
        factor: Option<F>,
    ) -> f64 {
        let (side, other, now) = (side as usize, 1 - side as usize, self.state(g));
        let since = since.filter(|since| *since < self.reach(side));
        let alone = self.heeds_single_spikes();
        let from = match since {
            // What the earlier spike did alone is taken back.
            Some(_) if alone && before.side() == other => before.state(),
            Some(_) if alone => self.before(other, now, before.state()),
            _ => now,
        };
        let to = match since {
            Some(since) => self.pair(side, since, from),
            None if alone => self.alone(side, from),
            None => return g,
        };
        let new = match factor {
            None => to,
            Some(factor) => {
                let expected = if alone && since.is_some() { self.alone(other, from) } else { from };
                let du = to - expected;
                now + if du == 0.0 { 0.0 } else { factor((du > 0.0) == self.rises) * du }
            }
        };
        let new = new.clamp(0.0, 1.0);
        if alone {
            *before = Before::new(side, if since.is_some() { self.before(side, new, from) } else { from });
        }
        if new == now { g } else { self.device.conductance(self.low + self.span * new) }
    }

    /// Does a spike on `side` make a pair with one of the other side that was `since` \[s\] before it?
    #[inline]
    pub fn meets(&self, side: Side, since: f64) -> bool {
        since < self.reach(side as usize)
    }

    /// The conductance \[S\] of a device at `g` without what its last spike did alone, for another pair of that spike says it again.
    #[inline]
    pub fn take_back(&self, g: f64, before: &Before) -> f64 {
        if self.heeds_single_spikes() { self.device.conductance(self.low + self.span * before.state()) } else { g }
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
                "{name}: the tabulated change is wrong by up to {:.2e} of the largest, beyond the tolerance of {:.0e} for {:.1} % of the pairs that \
                 were compared with the solver. Smaller or shorter spikes, or a less mobile device, are followed better; memspike device \
                 stdp shows the change itself.",
                self.error,
                self.tolerance,
                100.0 * self.missed
            ));
        }
        if self.solved_share() > SLOW {
            all.push(format!(
                "{name}: {:.0} % of the distances and states are solved pair by pair, for the device switches too abruptly there for a table: \
                 each takes a tenth of a millisecond or so. A larger tolerance of the waveform leaves fewer.",
                100.0 * self.solved_share()
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

    /// Memory that it takes \[bytes\].
    pub fn bytes(&self) -> usize {
        match &self.table {
            Table::Fluxes(fluxes) => fluxes.bytes(),
            Table::Grid(grid) => grid.bytes(),
        }
    }

    /// The share of distances and states, spread evenly, at which a pair is solved when it comes.
    pub fn solved_share(&self) -> f64 {
        match &self.table {
            Table::Fluxes(_) => 0.0,
            Table::Grid(grid) => grid.steep(),
        }
    }

    /// Whether nothing is tabulated.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::PhysicalModel;
    use super::super::waveform::MODEL;
    use super::*;

    /// Just behind the end of the heads large fluxes of both signs nearly cancel: a table was wrong there by twelve times what it said.
    #[test]
    fn the_stated_error_holds_where_large_fluxes_nearly_cancel() {
        let model = PhysicalModel::Hp;
        let given = [("r_on", 28.0), ("r_off", 4877.0), ("mu_v", 1.63e-11), ("v_threshold", 0.57)];
        let spikes = [0.83, 0.0, 2.15, 16.5, 2.1, 21.6];
        let value = |name: &str| {
            let own = given.iter().find(|g| g.0 == name).map(|g| g.1);
            own.unwrap_or_else(|| model.params().iter().find(|p| p.name == name).unwrap().default)
        };
        let shape = MODEL.params.iter().enumerate().map(|(k, p)| spikes.get(k).copied().unwrap_or(p.default));
        let waveform = Waveform::new(&shape.collect::<Vec<_>>()).unwrap();
        let surface = Surface::new(&model.device(&value).unwrap(), &waveform);
        assert!(surface.error <= 1e-4, "{}", surface.error);
        let (pairs, us) = (Pairs::new(surface.device(), &waveform), [0.99, 0.9956, 0.999]);
        for dt in [2.12e-3, 2.14e-3, 2.141e-3, 2.142e-3, 2.148e-3] {
            for (u, du) in us.into_iter().zip(pairs.changes(&Pairs::spikes(dt), &us, SOLVER[0])) {
                let found = surface.pair(1, dt, u);
                let off = (pairs.siemens(found) - pairs.siemens(u + du)).abs() / surface.largest;
                assert!(off <= surface.error, "{dt} {u}: {off} {}", surface.error);
            }
        }
    }
}
