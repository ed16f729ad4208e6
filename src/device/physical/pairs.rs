//! What a pair of spikes does to a device, by the solver: what tables are made from, and what they are checked against.

use super::drive::cut;
use super::solve::{FromBounds, Options, Solver};
use super::waveform::{Side, Waveform};
use super::{Physical, Physics, with_device};

/// A device across which spikes of one shape overlap; states relative to their range.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    /// The device.
    pub device: &'a Physical,
    /// Shape of the spikes.
    pub waveform: &'a Waveform,
    /// The smallest state.
    pub low: f64,
    /// The largest one, less that.
    pub span: f64,
}

impl<'a> Pairs<'a> {
    /// Spikes of this shape across this device.
    pub fn new(device: &'a Physical, waveform: &'a Waveform) -> Pairs<'a> {
        let (low, high) = device.range();
        Pairs { device, waveform, low, span: high - low }
    }

    /// The spikes of a pair, `dt` = t_post - t_pre \[s\], the earlier one at 0.
    pub fn spikes(dt: f64) -> [(Side, f64); 2] {
        if dt >= 0.0 { [(Side::Pre, 0.0), (Side::Post, dt)] } else { [(Side::Post, 0.0), (Side::Pre, -dt)] }
    }

    /// The changes that `spikes` make from the states `us`, with this error of a step.
    pub fn changes(&self, spikes: &[(Side, f64)], us: &[f64], tolerance: f64) -> Vec<f64> {
        self.more_changes(spikes, us, tolerance, &mut FromBounds::default())
    }

    /// The same where something is `known` of these spikes, of earlier states.
    pub fn more_changes(&self, spikes: &[(Side, f64)], us: &[f64], tolerance: f64, known: &mut FromBounds) -> Vec<f64> {
        let pieces = self.waveform.pieces(self.device, spikes);
        with_device!(self.device, d => {
            let moving = |v: f64| d.may_move(v);
            let pieces: Vec<_> = cut(&pieces, &d.levels())
                .into_iter()
                .filter(|p| [p.at(p.start), p.at(p.middle()), p.at(p.end)].into_iter().any(moving))
                .collect();
            let options = Options { tolerance, noise: None };
            // Where nothing moves, nothing does, to the last bit.
            let run = |&u: &f64| {
                let x = self.low + self.span * u;
                (Solver::new(d, options).after(x, &pieces, known) - x) / self.span
            };
            us.iter().map(run).collect()
        })
    }

    /// The conductance of a state \[S\]; beyond the range, that of its end.
    pub fn siemens(&self, u: f64) -> f64 {
        self.device.conductance(self.low + self.span * u.clamp(0.0, 1.0))
    }
}

/// Distances at which ends of the two waveforms meet, and hence changes have kinks, from 0 to the reach \[s\].
pub fn edges(w: &Waveform) -> Vec<f64> {
    let mut edges = vec![0.0, w.tail_plus, w.tail_minus, (w.tail_minus - w.tail_plus).abs(), w.reach()];
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    edges
}

/// Interpolates between four of equally spaced values; `at` counts intervals.
#[inline]
pub fn cubic(at: f64, last: usize, value: impl Fn(usize) -> f64) -> f64 {
    let (first, weights) = four(at, last);
    weighted(&weights, |k| value(first + k))
}

/// The first of the four, and the weight of each.
#[inline(always)]
pub fn four(at: f64, last: usize) -> (usize, [f64; 4]) {
    let first = (at as usize).saturating_sub(1).min(last.saturating_sub(3));
    let t = at - first as f64;
    let (a, b, c) = (t - 1.0, t - 2.0, t - 3.0);
    (first, [a * b * c / -6.0, t * b * c / 2.0, t * a * c / -2.0, t * a * b / 6.0])
}

/// Their sum.
#[inline(always)]
pub fn weighted(weights: &[f64; 4], value: impl Fn(usize) -> f64) -> f64 {
    value(0) * weights[0] + value(1) * weights[1] + value(2) * weights[2] + value(3) * weights[3]
}
