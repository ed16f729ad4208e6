//! What pairs of spikes do to a device whose rate is a product of a drive and a slowing-down: fluxes over their distance.
//!
//! The voltage of a pair is a sequence of stretches of one sign; each moves the state along its [`Flow`] by its flux. So a surface over
//! distance and state falls apart into curves over distance, and is as exact as those.

use rayon::prelude::*;

use super::Physics;
use super::drive::{Piece, cut};
use super::flow::Flow;
use super::pairs::{Pairs, cubic, edges};
use super::quadrature::{gauss, integral};
use super::waveform::Side;

/// Intervals of a panel.
const STEPS: usize = 8;
/// How often a panel may be halved.
const DEPTH: u32 = 40;
/// Ends of panels lie this much of their length within, where the sequence of signs is still theirs.
const WITHIN: f64 = 1e-9;
/// Error of the integrals, relative.
const INTEGRAL: f64 = 1e-12;
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
    /// 1 / distance of two rows \[1/s\].
    per_step: f64,
    /// Does the first flux raise the state?
    up: bool,
    /// Fluxes of a row.
    count: usize,
    /// (STEPS + 1) rows.
    rows: Vec<f64>,
}

/// One sign of the distance.
#[derive(Clone, Debug, Default, PartialEq)]
struct Branch {
    panels: Vec<Panel>,
    /// Beyond this |dt| the two spikes do what each does alone \[s\].
    reach: f64,
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
        let floor = ROUNDING * some.map(coarse).fold(0.0, f64::max);
        let of = |spikes: &[(Side, f64)]| stretches(device, span, &pairs.waveform.pieces(pairs.device, spikes), floor);
        let alone = [Side::Pre, Side::Post].map(|side| of(&[(side, 0.0)]));
        let mut fluxes = Fluxes { flows, branches: Default::default(), alone };
        let pair = |dt: f64| of(&Pairs::spikes(dt));
        fluxes.branches = [-1.0, 1.0].map(|sign| branch(&|t| pair(sign * t), &edges, tolerance));
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
        let panel = &branch.panels[branch.panels.partition_point(|p| p.start <= since).max(1) - 1];
        let place = ((since - panel.start) * panel.per_step).clamp(0.0, STEPS as f64);
        let mut now = u;
        for k in 0..panel.count {
            let up = panel.up == (k % 2 == 0);
            let flux = cubic(place, STEPS, |r| panel.rows[r * panel.count + k]);
            let flux = if up { flux.max(0.0) } else { flux.min(0.0) };
            now = self.moved(now, flux, up);
        }
        now
    }

    /// Does one spike alone move the device?
    #[inline]
    pub fn heeds_single_spikes(&self) -> bool {
        self.alone.iter().any(|a| !a.is_empty())
    }

    /// How many numbers are tabulated.
    pub fn size(&self) -> usize {
        let rows: usize = self.panels().map(|p| p.rows.len()).sum();
        rows + self.flows.iter().map(Flow::size).sum::<usize>()
    }

    /// Memory that they take \[bytes\].
    pub fn bytes(&self) -> usize {
        let rows: usize = self.panels().map(|p| size_of_val(p) + size_of_val(&p.rows[..])).sum();
        rows + self.flows.iter().map(Flow::bytes).sum::<usize>()
    }

    fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.branches.iter().flat_map(|b| &b.panels)
    }
}

/// The panels of one sign of the distance; `pair` gives the fluxes at a distance.
fn branch(pair: &(impl Fn(f64) -> Vec<f64> + Sync), edges: &[f64], tolerance: f64) -> Branch {
    let reach = edges.last().copied().unwrap_or(0.0);
    let scale = edges
        .windows(2)
        .flat_map(|e| pair(0.5 * (e[0] + e[1])))
        .chain(pair(1e-6 * reach))
        .fold(0.0_f64, |a, f| a.max(f.abs()));
    // Far below what the surface promises: a flux costs microseconds. Beside fluxes that drive the state from end to end there may be
    // small ones in the same panel, which count.
    let allowed = |flux: f64| 1e-4 * tolerance * flux.abs().max(1e-6 * scale.min(1.0));
    let one = |&(start, end): &(f64, f64)| {
        let (mut done, mut open) = (Vec::new(), vec![(start, end, 0)]);
        while let Some((start, end, depth)) = open.pop() {
            let length = end - start;
            let at = |k: usize| {
                let share = k as f64 / (2 * STEPS) as f64;
                start + length * share.clamp(WITHIN, 1.0 - WITHIN)
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
    Branch { panels: stretches.par_iter().flat_map_iter(one).collect(), reach }
}

/// Have two sequences of fluxes the same signs?
fn alike(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.first().is_none_or(|first| (*first > 0.0) == (b[0] > 0.0))
}

fn panel(start: f64, end: f64, rows: &[Vec<f64>]) -> Panel {
    let first = &rows[0];
    Panel {
        start,
        per_step: STEPS as f64 / (end - start),
        up: first.first().is_some_and(|f| *f > 0.0),
        count: first.len(),
        rows: rows.concat(),
    }
}
