//! A physical device under pulses of one voltage and width each way: what a rule's changes become.

use crate::check::Invalid;
use crate::device::{Common, Values};

use super::Physical;
use super::drive::pulse;
use super::solve::Options;

/// Steps of the table.
const STEPS: usize = 512;

/// The energy of a pulse is a sum over twice so many stretches of it.
const HALF: usize = 32;

/// The changes that a potentiating and a depressing pulse make, by state.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulsed {
    /// The device.
    pub device: Physical,
    low: f64,
    span: f64,
    /// States after a pulse, up and down, from evenly spaced ones, relative to the range; empty where no pulse was given.
    after: [Vec<f64>; 2],
    /// What the pulse costs in these states \[J\].
    energy: [Vec<f64>; 2],
}

impl Pulsed {
    /// From the device and its `pulse_up`, `pulse_down`; states the range and the steps at mid-range, which are NaN where no pulse
    /// was given.
    ///
    /// # Errors
    /// If a pulse has the wrong sign.
    pub fn new(device: Physical, v: &Values<'_>, common: &mut Common) -> Result<Pulsed, Invalid> {
        (common.g_min, common.g_max) = device.conductances();
        let pulsed = Pulsed::tabulate(device, v)?;
        let size = |up: bool| {
            let step = pulsed.step(common.mid(), up);
            if pulsed.after[usize::from(!up)].is_empty() { f64::NAN } else { step }
        };
        (common.dg_up, common.dg_down) = (size(true), size(false));
        Ok(pulsed)
    }

    fn tabulate(device: Physical, v: &Values<'_>) -> Result<Pulsed, Invalid> {
        let (low, high) = device.range();
        let mut pulsed = Pulsed {
            device,
            low,
            span: high - low,
            after: [const { Vec::new() }; 2],
            energy: [const { Vec::new() }; 2],
        };
        for (side, group, sign) in [(0, "pulse_up", 1.0), (1, "pulse_down", -1.0)] {
            let (volt, width) = (v.get(&format!("{group}.v")), v.get(&format!("{group}.width")));
            if volt.is_nan() || width.is_nan() {
                continue;
            }
            let wanted = sign * pulsed.device.potentiating();
            if volt * wanted <= 0.0 {
                let (what, which) = (
                    if side == 0 { "potentiates" } else { "depresses" },
                    if wanted > 0.0 { "positive" } else { "negative" },
                );
                let message = format!("found {volt} V, expected a {which} voltage: that is what {what} this device");
                return Err(Invalid::new(format!("{group}.v"), message));
            }
            let piece = pulse(volt, 0.0, width);
            let options = Options { tolerance: 1e-10, ..Options::EXACT };
            let state = |k: usize| low + pulsed.span * k as f64 / STEPS as f64;
            let after = |k| (pulsed.device.states(state(k), &[piece], &[width], options)[0] - low) / pulsed.span;
            let energy = |k| pulsed.device.energy(state(k), &[piece], HALF, options);
            let (after, energy) = ((0..=STEPS).map(after).collect(), (0..=STEPS).map(energy).collect());
            (pulsed.after[side], pulsed.energy[side]) = (after, energy);
        }
        Ok(pulsed)
    }

    /// Are both pulses given?
    pub fn is_complete(&self) -> bool {
        self.after.iter().all(|a| !a.is_empty())
    }

    /// Size of the change by a pulse \[S\]; 0 where no pulse was given.
    #[inline]
    pub fn step(&self, g: f64, up: bool) -> f64 {
        let after = &self.after[usize::from(!up)];
        if after.is_empty() {
            return 0.0;
        }
        let (first, share) = self.place(g);
        let at = first as f64 + share;
        // The change is interpolated, not the state: where nothing moves, nothing does.
        let change = |k: usize| after[k] - k as f64 / STEPS as f64;
        let moved = change(first) + share * (change(first + 1) - change(first));
        let u = (at / STEPS as f64 + moved).clamp(0.0, 1.0);
        (self.device.conductance(self.low + self.span * u) - g).abs()
    }

    /// What a pulse costs at `g` \[J\]; none where no pulse was given.
    pub fn energy(&self, g: f64, up: bool) -> Option<f64> {
        let (first, share) = self.place(g);
        let energy = &self.energy[usize::from(!up)];
        let (before, behind) = (energy.get(first)?, energy.get(first + 1)?);
        Some((before + share * (behind - before)).max(0.0))
    }

    /// The step of the table before the state of a conductance, and how far beyond it that is.
    #[inline]
    fn place(&self, g: f64) -> (usize, f64) {
        let at = ((self.device.state(g) - self.low) / self.span * STEPS as f64).clamp(0.0, STEPS as f64);
        let first = (at as usize).min(STEPS - 1);
        (first, at - first as f64)
    }
}
