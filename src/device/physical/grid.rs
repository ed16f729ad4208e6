//! What pairs of spikes do to any device, tabulated over their distance and the state: panels of the distance, halved until the table
//! agrees with the solver between its nodes, or they are as many as allowed.

use rayon::prelude::*;

use super::pairs::{Pairs, cubic, edges};
use super::waveform::Side;

/// Intervals of a panel.
const STEPS: usize = 8;
/// How often a panel may be halved.
const DEPTH: u32 = 6;
/// Panels of a stretch between two kinks, at most.
const MOST_PANELS: usize = 12;
/// Where the coarsest states miss the error aimed at by this factor, the device switches too abruptly for any table, which then stays
/// coarse: a step between two nodes stays one.
const ABRUPT: f64 = 200.0;
/// Panels of a stretch, then.
const FEW_PANELS: usize = 3;
/// Intervals of the state, from coarse to fine.
const STATES: [usize; 3] = [16, 32, 64];
/// Intervals of the state in the table of one spike alone.
const FINEST: usize = 64;
/// Error of a step of the solver for a table, relative to the range of the state.
const SOLVER: f64 = 1e-7;

/// Changes over a stretch of distances, one row per distance.
#[derive(Clone, Debug, PartialEq)]
struct Panel {
    start: f64,
    /// 1 / distance of two rows \[1/s\].
    per_step: f64,
    /// (STEPS + 1) rows of (steps of the state + 1) changes of the state, relative to its range.
    rows: Vec<f64>,
}

/// One sign of the distance: panels that join, in order of |dt|.
#[derive(Clone, Debug, Default, PartialEq)]
struct Branch {
    panels: Vec<Panel>,
    /// Beyond this |dt| the pair changes nothing that the spikes alone do not \[s\].
    reach: f64,
}

/// The table.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Intervals of the state.
    steps: usize,
    /// The later spike is the pre one, and the post one.
    branches: [Branch; 2],
    /// What one spike alone does, pre and post, where it does anything.
    alone: Option<[Vec<f64>; 2]>,
    /// The largest deviation that was found between nodes \[S\].
    pub error: f64,
}

fn states(steps: usize) -> Vec<f64> {
    (0..=steps).map(|i| i as f64 / steps as f64).collect()
}

/// The state which the changes of one spike alone took to `u`.
fn before(alone: &[f64], u: f64) -> f64 {
    let done = |u: f64| cubic(u.clamp(0.0, 1.0) * FINEST as f64, FINEST, |i| alone[i]);
    (0..20).fold(u, |from, _| (u - done(from)).clamp(0.0, 1.0))
}

/// The table that is being made.
struct Maker<'a> {
    pairs: &'a Pairs<'a>,
    alone: Option<[Vec<f64>; 2]>,
    /// The largest change that was seen \[S\].
    largest: f64,
}

impl Maker<'_> {
    /// The change of a pair, `dt` = t_post - t_pre, when what the earlier spike does alone has been done.
    fn pair(&self, dt: f64, us: &[f64]) -> Vec<f64> {
        let spikes = Pairs::spikes(dt);
        let Some(alone) = &self.alone else { return self.pairs.changes(&spikes, us, SOLVER, false) };
        let before: Vec<f64> = us.iter().map(|&u| before(&alone[usize::from(dt < 0.0)], u)).collect();
        let after = self.pairs.changes(&spikes, &before, SOLVER, false);
        (0..us.len()).map(|i| before[i] + after[i] - us[i]).collect()
    }

    fn rows(&self, dts: Vec<f64>, us: &[f64]) -> Vec<Vec<f64>> {
        dts.par_iter().map(|&dt| self.pair(dt, us)).collect()
    }

    /// The largest difference between two sets of changes from the same states \[S\].
    fn differ(&self, us: &[f64], a: impl Fn(usize) -> f64, b: impl Fn(usize) -> f64) -> f64 {
        let one = |(i, &u): (usize, &f64)| (self.pairs.siemens(u + a(i)) - self.pairs.siemens(u + b(i))).abs();
        us.iter().enumerate().map(one).fold(0.0, f64::max)
    }

    /// How fine the states must be for this error \[S\], seen at some distances.
    ///
    /// The second number is the most panels of a stretch.
    fn fineness(&self, distances: &[f64], aim: f64) -> (usize, usize) {
        for steps in STATES {
            let us = states(2 * steps);
            let off = |row: &Vec<f64>| {
                let between: Vec<f64> = us.iter().skip(1).step_by(2).copied().collect();
                self.differ(&between, |i| cubic(i as f64 + 0.5, steps, |k| row[2 * k]), |i| row[2 * i + 1])
            };
            let worst = self.rows(distances.to_vec(), &us).iter().map(off).fold(0.0, f64::max);
            if worst <= aim {
                return (steps, MOST_PANELS);
            }
            if worst > ABRUPT * aim {
                return (steps, FEW_PANELS);
            }
        }
        (STATES[STATES.len() - 1], MOST_PANELS)
    }

    /// The panels of a stretch of distances, halved as needed, and their error \[S\].
    fn panels(
        &self,
        (steps, most): (usize, usize),
        aim: f64,
        sign: f64,
        (start, end): (f64, f64),
    ) -> (Vec<Panel>, f64) {
        let us = states(steps);
        let at = |start: f64, end: f64, place: f64| sign * (start + (end - start) * place / STEPS as f64);
        let nodes = (0..=STEPS).map(|k| at(start, end, k as f64)).collect();
        let (mut done, mut error) = (Vec::new(), 0.0_f64);
        let mut open = vec![(start, end, 0, self.rows(nodes, &us))];
        while let Some((start, end, depth, nodes)) = open.pop() {
            let between = self.rows((0..STEPS).map(|k| at(start, end, k as f64 + 0.5)).collect(), &us);
            let off = |(k, exact): (usize, &Vec<f64>)| {
                self.differ(&us, |i| cubic(k as f64 + 0.5, STEPS, |r| nodes[r][i]), |i| exact[i])
            };
            let worst = between.iter().enumerate().map(off).fold(0.0, f64::max);
            if worst > aim && depth < DEPTH && done.len() + open.len() + 1 < most {
                // Nodes and middles together are the nodes of both halves.
                let mut all = Vec::with_capacity(2 * STEPS + 1);
                for (k, node) in nodes.into_iter().enumerate() {
                    all.push(node);
                    all.extend(between.get(k).cloned());
                }
                let middle = 0.5 * (start + end);
                open.push((middle, end, depth + 1, all[STEPS..].to_vec()));
                all.truncate(STEPS + 1);
                open.push((start, middle, depth + 1, all));
                continue;
            }
            error = error.max(worst);
            done.push(Panel { start, per_step: STEPS as f64 / (end - start), rows: nodes.concat() });
        }
        (done, error)
    }
}

impl Grid {
    /// Tabulates, aiming at an error relative to the largest change.
    pub fn new(pairs: &Pairs<'_>, moves_alone: bool, tolerance: f64) -> Grid {
        let alone = moves_alone.then(|| {
            let one = |side| pairs.changes(&[(side, 0.0)], &states(FINEST), SOLVER, false);
            [one(Side::Pre), one(Side::Post)]
        });
        let mut make = Maker { pairs, alone, largest: 0.0 };
        let edges = edges(pairs.waveform);
        let some = edges
            .windows(2)
            .flat_map(|e| [0.0203, 0.11, 0.27, 0.49, 0.77, 0.96].map(|share| e[0] + share * (e[1] - e[0])));
        let distances: Vec<f64> = some.flat_map(|t| [-t, t]).collect();
        let us = states(STATES[0]);
        let sizes = make.rows(distances.clone(), &us);
        make.largest = sizes.iter().map(|row| make.differ(&us, |i| row[i], |_| 0.0)).fold(0.0, f64::max);
        let aim = 0.5 * tolerance * make.largest;
        let fineness = make.fineness(&distances, aim);
        let mut error = 0.0_f64;
        let branches = [-1.0, 1.0].map(|sign| {
            let mut branch = Branch::default();
            for pair in edges.windows(2) {
                let (panels, worst) = make.panels(fineness, aim, sign, (pair[0], pair[1]));
                branch.panels.extend(panels);
                error = error.max(worst);
            }
            branch.trim(pairs.waveform.reach());
            branch
        });
        Grid { steps: fineness.0, branches, alone: make.alone, error }
    }

    /// The state from which one spike on `side` alone leads to `u`; known unless it ran into a bound on the way.
    pub fn before(&self, side: usize, u: f64) -> f64 {
        self.alone.as_ref().map_or(u, |alone| before(&alone[side], u))
    }

    /// The change of the state at the later spike of a pair on `side` (1: post), `since` after the earlier, whose own change is done.
    #[inline]
    pub fn change(&self, side: usize, since: f64, u: f64) -> f64 {
        let branch = &self.branches[side];
        if since >= branch.reach {
            return self.alone.as_ref().map_or(0.0, |alone| cubic(u * FINEST as f64, FINEST, |i| alone[side][i]));
        }
        let panel = &branch.panels[branch.panels.partition_point(|p| p.start <= since).max(1) - 1];
        let place = ((since - panel.start) * panel.per_step).clamp(0.0, STEPS as f64);
        let (at, width) = (u * self.steps as f64, self.steps + 1);
        cubic(place, STEPS, |r| cubic(at, self.steps, |i| panel.rows[r * width + i]))
    }

    /// Does one spike alone move the device?
    #[inline]
    pub fn heeds_single_spikes(&self) -> bool {
        self.alone.is_some()
    }

    /// How many numbers are tabulated.
    pub fn size(&self) -> usize {
        self.branches.iter().flat_map(|b| &b.panels).map(|p| p.rows.len()).sum()
    }
}

impl Branch {
    /// Drops what is 0 at the far end.
    fn trim(&mut self, reach: f64) {
        while self.panels.last().is_some_and(|p| p.rows.iter().all(|d| d.abs() < 1e-15)) {
            self.panels.pop();
        }
        self.reach = self.panels.last().map_or(0.0, |p| p.start + STEPS as f64 / p.per_step).min(reach);
    }
}
