//! What pairs of spikes do to a device whose rate is a product of a drive and a slowing-down: fluxes over their distance.
//!
//! The voltage of a pair is a sequence of stretches of one sign; each moves the state along its [`Flow`] by its flux. So a surface over
//! distance and state falls apart into curves over distance, and is as exact as those.

use rayon::prelude::*;

use super::Physics;
use super::drive::{Piece, cut};
use super::flow::Flow;
use super::pairs::{Pairs, cubic, edges, four, weighted};
use super::quadrature::{gauss, integral};
use super::waveform::Side;
use crate::math::vector::{Kernel, Target};

/// Intervals of a panel.
const STEPS: usize = 8;
/// How often a panel may be halved.
const DEPTH: u32 = 40;
/// Ends of panels lie this much of their length within, where the sequence of signs is still theirs.
const WITHIN: f64 = 1e-9;
/// Farther than this beyond the first and last row, in intervals, no distance of a panel is, whatever the rounding.
const BEYOND: f64 = 1e-6;
/// Error of the integrals, relative.
const INTEGRAL: f64 = 1e-12;
/// How often the distance to an edge is halved where the size of fluxes is looked for.
const NEAR: i32 = 20;
/// Fluxes below this share of the largest are rounding.
const ROUNDING: f64 = 1e-15;

/// The fluxes of the stretches of one sign, signs alternating; those up to `floor` do not count.
pub fn stretches(device: &impl Physics, span: f64, pieces: &[Piece], floor: f64) -> Vec<f64> {
    let drive = |v: f64| device.drive(v).unwrap_or(0.0);
    let mut all: Vec<f64> = Vec::new();
    for piece in cut(pieces, &device.levels()) {
        if drive(piece.at(piece.middle())) == 0.0 {
            continue;
        }
        all.push(integral(&|t| drive(piece.at(t)), piece.start, piece.end, INTEGRAL, floor * span) / span);
    }
    joined(joined(all).into_iter().filter(|flux| flux.abs() > floor))
}

/// Neighbours of one sign as one.
fn joined(fluxes: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = Vec::new();
    for flux in fluxes {
        match all.last_mut() {
            Some(last) if (*last > 0.0) == (flux > 0.0) => *last += flux,
            _ if flux != 0.0 => all.push(flux),
            _ => {}
        }
    }
    all
}

/// Fluxes over a stretch of distances in which the sequence of signs is one.
#[derive(Clone, Debug, PartialEq)]
struct Panel {
    start: f64,
    /// The distance of the first row, a little within.
    first: f64,
    /// 1 / distance of two rows \[1/s\].
    per_step: f64,
    /// Does the first flux raise the state?
    up: bool,
    /// Fluxes of a row.
    count: usize,
    /// Where its STEPS + 1 rows begin.
    rows: usize,
}

/// Equal stretches of the reach, each of which knows the panel in which it begins, at most.
const BUCKETS: usize = 256;

/// One sign of the distance.
#[derive(Clone, Debug, Default, PartialEq)]
struct Branch {
    panels: Vec<Panel>,
    /// The panel in which each bucket begins.
    first: Vec<u32>,
    /// Buckets per second.
    per_second: f64,
    /// Of all panels.
    rows: Vec<f64>,
    /// Beyond this |dt| the two spikes do what each does alone \[s\].
    reach: f64,
}

/// The fluxes at a distance: between which rows, in which shares.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    rows: u32,
    count: u32,
    up: bool,
    /// Which of several it belongs to.
    at: u32,
    weights: [f64; 4],
}

impl Branch {
    fn new(made: Vec<(Panel, Vec<f64>)>, reach: f64) -> Branch {
        let per_second = if reach > 0.0 { BUCKETS as f64 / reach } else { 0.0 };
        let mut branch = Branch { per_second, reach, ..Branch::default() };
        for (panel, rows) in made {
            branch.panels.push(Panel { rows: branch.rows.len(), ..panel });
            branch.rows.extend(rows);
        }
        let begun = |bucket: usize| branch.panels.partition_point(|p| branch.bucket(p.start) < bucket).max(1) - 1;
        branch.first = (0..BUCKETS).map(|bucket| begun(bucket) as u32).collect();
        branch
    }

    /// Pairs beyond the last panel that moves something are out of reach.
    fn trim(&mut self) {
        let still = self.panels.iter().rev().take_while(|panel| panel.count == 0).last();
        self.reach = still.map_or(self.reach, |panel| panel.start);
    }

    #[inline(always)]
    fn bucket(&self, since: f64) -> usize {
        ((since * self.per_second) as usize).min(BUCKETS - 1)
    }

    /// Where the fluxes at a distance are found.
    #[inline(always)]
    fn place(&self, since: f64) -> Place {
        let mut at = self.first[self.bucket(since)] as usize;
        while self.panels.get(at + 1).is_some_and(|next| next.start <= since) {
            at += 1;
        }
        let panel = &self.panels[at];
        if panel.count == 0 {
            return Place::default();
        }
        let (first, weights) =
            four(((since - panel.first) * panel.per_step).clamp(-BEYOND, STEPS as f64 + BEYOND), STEPS);
        let rows = (panel.rows + first * panel.count) as u32;
        Place { rows, count: panel.count as u32, up: panel.up, at: 0, weights }
    }

    /// The `k`-th flux there, and whether it raises the state.
    #[inline(always)]
    fn flux(&self, place: &Place, k: usize) -> (f64, bool) {
        let up = place.up == k.is_multiple_of(2);
        let flux = weighted(&place.weights, |r| self.rows[place.rows as usize + r * place.count as usize + k]);
        (if up { flux.max(0.0) } else { flux.min(0.0) }, up)
    }
}

/// Fluxes of all pairs, and the flows along which they move the state.
#[derive(Clone, Debug, PartialEq)]
pub struct Fluxes {
    /// Down and up.
    flows: [Flow; 2],
    /// The later spike is the pre one, and the post one.
    branches: [Branch; 2],
    /// The fluxes of one spike alone, pre and post.
    alone: [Vec<f64>; 2],
}

impl Fluxes {
    /// Tabulates; none where the rate is not a product.
    pub fn new(device: &impl Physics, pairs: &Pairs<'_>, tolerance: f64) -> Option<Fluxes> {
        device.drive(0.0)?;
        let (low, span) = (pairs.low, pairs.span);
        let slowing = |up: bool| move |u: f64| device.slowing(low + span * u, up);
        let steepest = (0..=400).map(|k| {
            let u = f64::from(k) / 400.0;
            ((pairs.siemens(u + 1e-6) - pairs.siemens(u - 1e-6)) / 2e-6).abs()
        });
        let (least, most) = pairs.device.conductances();
        // A state's error counts as much as the conductance varies with it.
        let finest = 0.01 * tolerance * (most - least) / steepest.fold(0.0, f64::max);
        let fastest =
            (0..=200).flat_map(|k| [false, true].map(|up| slowing(up)(f64::from(k) / 200.0))).fold(0.0, f64::max);
        let kinks: Vec<f64> = device.kinks().iter().map(|x| (x - low) / span).collect();
        let flows = [false, true].map(|up| Flow::new(slowing(up), &kinks, device.sticks(), finest.clamp(1e-12, 1e-10)));
        let edges = edges(pairs.waveform);
        // A coarse floor first, for the size of fluxes.
        let some = edges.windows(2).flat_map(|e| [-1.0, 1.0].map(|s| s * 0.5 * (e[0] + e[1])));
        let coarse = |dt: f64| -> f64 {
            let pieces = cut(&pairs.waveform.pieces(pairs.device, &Pairs::spikes(dt)), &device.levels());
            let one = |p: &Piece| gauss(&|t| device.drive(p.at(t)).unwrap_or(0.0).abs(), p.start, p.end) / span;
            pieces.iter().map(one).fold(0.0, f64::max)
        };
        let near = near_edges(&edges).flat_map(|dt| [-dt, dt]).map(coarse).fold(0.0, f64::max);
        let floor = ROUNDING * known(some.map(coarse).fold(0.0, f64::max), near);
        let of = |spikes: &[(Side, f64)]| stretches(device, span, &pairs.waveform.pieces(pairs.device, spikes), floor);
        let alone = [Side::Pre, Side::Post].map(|side| of(&[(side, 0.0)]));
        let mut fluxes = Fluxes { flows, branches: Default::default(), alone };
        let pair = |dt: f64| of(&Pairs::spikes(dt));
        // Large ones of both signs may nearly cancel, so that it is the state's error that counts.
        let allowed = (1e-4 * tolerance, 0.1 * finest / fastest);
        fluxes.branches = [-1.0, 1.0].map(|sign| branch(&|t| pair(sign * t), &edges, allowed));
        if !fluxes.heeds_single_spikes() {
            fluxes.branches.iter_mut().for_each(Branch::trim);
        }
        Some(fluxes)
    }

    /// The state after some fluxes.
    #[inline]
    fn moved(&self, u: f64, flux: f64, up: bool) -> f64 {
        self.flows[usize::from(up)].moved(u, flux)
    }

    /// Beyond this distance a pair does what its spikes do alone \[s\]; `side`: of the later spike.
    #[inline]
    pub fn reach(&self, side: usize) -> f64 {
        self.branches[side].reach
    }

    /// The state after one spike on `side` alone.
    #[inline]
    pub fn alone(&self, side: usize, u: f64) -> f64 {
        self.alone[side].iter().fold(u, |u, &flux| self.moved(u, flux, flux > 0.0))
    }

    /// The state from which one spike on `side` alone leads to `u`; where many do, `hint` if it is one of them.
    pub fn before(&self, side: usize, u: f64, hint: f64) -> f64 {
        let fluxes = &self.alone[side];
        let mut now = u;
        for (k, &flux) in fluxes.iter().enumerate().rev() {
            let up = flux > 0.0;
            let held = now == self.flows[usize::from(up)].end(up);
            let came = |from: f64| fluxes[..k].iter().fold(from, |u, &flux| self.moved(u, flux, flux > 0.0));
            let from = if held { came(hint) } else { f64::NAN };
            now = if held && self.moved(from, flux, up) == now { from } else { self.moved(now, -flux, up) };
        }
        now
    }

    /// The state after both spikes of a pair, the later one on `side` (1: post), `since` after the earlier.
    #[inline]
    pub fn pair(&self, side: usize, since: f64, u: f64) -> f64 {
        let branch = &self.branches[side];
        let place = branch.place(since);
        let mut now = u;
        for k in 0..place.count as usize {
            let (flux, up) = branch.flux(&place, k);
            now = self.moved(now, flux, up);
        }
        now
    }

    /// [`Fluxes::pair`] of many at once, `us` being states.
    pub fn pair_each(&self, side: usize, since: &[f64], us: &mut [f64], room: &mut Vec<(Place, f64)>) {
        if self.flows.iter().any(Flow::is_still) {
            us.iter_mut().zip(since).for_each(|(u, &since)| *u = self.pair(side, since, *u));
            return;
        }
        let branch = &self.branches[side];
        room.clear();
        let place = |(at, (&u, &since)): (usize, (&f64, &f64))| (Place { at: at as u32, ..branch.place(since) }, u);
        room.extend(us.iter().zip(since).enumerate().map(place));
        // Those with most fluxes first, so that each loop is over all of some.
        room.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(place.count));
        let mut some = room.len();
        for k in 0.. {
            while some > 0 && room[some - 1].0.count as usize <= k {
                some -= 1;
            }
            if some == 0 {
                break;
            }
            Target::best().run(PairStep { flows: &self.flows, branch, k, some: &mut room[..some] });
        }
        room.iter().for_each(|(place, u)| us[place.at as usize] = *u);
    }

    /// [`Fluxes::alone`] of many at once.
    pub fn alone_each(&self, side: usize, us: &mut [f64]) {
        for &flux in &self.alone[side] {
            self.flow_each(us, flux, flux > 0.0);
        }
    }

    /// [`Fluxes::before`] of many at once.
    pub fn before_each(&self, side: usize, us: &mut [f64], hints: &[f64], room: &mut Vec<(f64, bool)>) {
        room.clear();
        room.extend(us.iter().map(|&u| (u, false)));
        for &flux in self.alone[side].iter().rev() {
            let up = flux > 0.0;
            let end = self.flows[usize::from(up)].end(up);
            room.iter_mut().zip(&*us).for_each(|((_, held), u)| *held |= *u == end);
            self.flow_each(us, -flux, up);
        }
        // Where it was held at an end on the way, the hint counts: one by one.
        for ((u, hint), (from, _)) in us.iter_mut().zip(hints).zip(&*room).filter(|(_, (_, held))| *held) {
            *u = self.before(side, *from, *hint);
        }
    }

    /// The same flux for all, along one flow.
    #[inline]
    fn flow_each(&self, us: &mut [f64], flux: f64, up: bool) {
        let flow = &self.flows[usize::from(up)];
        if !flow.is_still() {
            Target::best().run(FlowStep { flow, flux, us });
        }
    }

    /// Does one spike alone move the device?
    #[inline]
    pub fn heeds_single_spikes(&self) -> bool {
        self.alone.iter().any(|a| !a.is_empty())
    }

    /// How many numbers are tabulated.
    pub fn size(&self) -> usize {
        let rows: usize = self.branches.iter().map(|b| b.rows.len()).sum();
        rows + self.flows.iter().map(Flow::size).sum::<usize>()
    }

    /// Memory that they take \[bytes\].
    pub fn bytes(&self) -> usize {
        let of = |b: &Branch| size_of_val(&b.panels[..]) + size_of_val(&b.first[..]) + size_of_val(&b.rows[..]);
        self.branches.iter().map(of).sum::<usize>() + self.flows.iter().map(Flow::bytes).sum::<usize>()
    }
}

/// The `k`-th flux of some pairs that have as many.
struct PairStep<'a> {
    flows: &'a [Flow; 2],
    branch: &'a Branch,
    k: usize,
    some: &'a mut [(Place, f64)],
}

impl Kernel for PairStep<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        for (place, u) in self.some {
            let (flux, up) = self.branch.flux(place, self.k);
            *u = self.flows[usize::from(up)].moved_with_others(*u, flux);
        }
    }
}

/// One flux along one flow, of some states.
struct FlowStep<'a> {
    flow: &'a Flow,
    flux: f64,
    us: &'a mut [f64],
}

impl Kernel for FlowStep<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        for u in self.us {
            *u = self.flow.moved_with_others(*u, self.flux);
        }
    }
}

/// The panels of one sign of the distance; `pair` gives the fluxes at a distance, which may be wrong by so much, relative and absolute.
fn branch(pair: &(impl Fn(f64) -> Vec<f64> + Sync), edges: &[f64], (relative, absolute): (f64, f64)) -> Branch {
    let reach = edges.last().copied().unwrap_or(0.0);
    let largest = |fluxes: &mut dyn Iterator<Item = f64>| fluxes.fold(0.0_f64, |a, f| a.max(f.abs()));
    let scale = largest(&mut edges.windows(2).flat_map(|e| pair(0.5 * (e[0] + e[1]))).chain(pair(1e-6 * reach)));
    let scale = known(scale, largest(&mut near_edges(edges).flat_map(pair)));
    // Far below what the surface promises: a flux costs microseconds. Beside fluxes that drive the state from end to end there may be
    // small ones in the same panel, which count.
    let allowed =
        |flux: f64| (relative * flux.abs().max(1e-6 * scale.min(1.0))).min(absolute).max(10.0 * INTEGRAL * flux.abs());
    let one = |&(start, end): &(f64, f64)| {
        let (mut done, mut open) = (Vec::new(), vec![(start, end, 0)]);
        while let Some((start, end, depth)) = open.pop() {
            let length = end - start;
            let at = |k: usize| {
                let share = k as f64 / (2 * STEPS) as f64;
                start + length * (WITHIN + (1.0 - 2.0 * WITHIN) * share)
            };
            let rows: Vec<Vec<f64>> = (0..=2 * STEPS).map(|k| pair(at(k))).collect();
            let first = &rows[STEPS];
            let small = length < 1e-10 * reach || depth >= DEPTH;
            if small {
                // A sliver between two sequences, or around the end of one: as in its middle.
                done.push(panel(start, end, &vec![first.clone(); STEPS + 1]));
                continue;
            }
            if let Some(k) = (0..2 * STEPS).find(|&k| !alike(&rows[k], &rows[k + 1])) {
                let (mut a, mut b) = (at(k), at(k + 1));
                while b - a > 1e-15 * reach {
                    let middle = 0.5 * (a + b);
                    if middle <= a || middle >= b {
                        break;
                    }
                    if alike(&pair(middle), &rows[k]) { a = middle } else { b = middle }
                }
                open.push((b, end, depth + 1));
                open.push((start, b, depth + 1));
                continue;
            }
            let off = |k: usize, i: usize| {
                let exact = rows[2 * k + 1][i];
                (cubic(k as f64 + 0.5, STEPS, |r| rows[2 * r][i]) - exact).abs() > allowed(exact)
            };
            if (0..STEPS).any(|k| (0..first.len()).any(|i| off(k, i))) {
                let middle = 0.5 * (start + end);
                open.push((middle, end, depth + 1));
                open.push((start, middle, depth + 1));
            } else {
                let nodes: Vec<Vec<f64>> = rows.into_iter().step_by(2).collect();
                done.push(panel(start, end, &nodes));
            }
        }
        done
    };
    let stretches: Vec<(f64, f64)> = edges.windows(2).map(|e| (e[0], e[1])).collect();
    Branch::new(stretches.par_iter().flat_map_iter(one).collect(), reach)
}

/// Distances that approach the edges.
fn near_edges(edges: &[f64]) -> impl Iterator<Item = f64> {
    let of = |e: &[f64]| {
        let (start, end) = (e[0], e[1]);
        let shares = (2..=NEAR).map(move |k| 0.5f64.powi(k) * (end - start));
        shares.flat_map(move |share| [start + share, end - share])
    };
    edges.windows(2).flat_map(of)
}

/// The size of fluxes: that between the edges, but where waveforms are far longer than their time constants. There all happens near the
/// edges, and what is between them is rounding, which no halving follows.
fn known(between: f64, near: f64) -> f64 {
    if between < 1e-3 * near { near } else { between }
}

/// Have two sequences of fluxes the same signs?
fn alike(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.first().is_none_or(|first| (*first > 0.0) == (b[0] > 0.0))
}

fn panel(start: f64, end: f64, rows: &[Vec<f64>]) -> (Panel, Vec<f64>) {
    let first = &rows[0];
    let up = first.first().is_some_and(|f| *f > 0.0);
    let length = end - start;
    let per_step = STEPS as f64 / (length * (1.0 - 2.0 * WITHIN));
    (Panel { start, first: start + length * WITHIN, per_step, up, count: first.len(), rows: 0 }, rows.concat())
}
