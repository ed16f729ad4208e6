//! A physical device under pulses of one voltage and width each way: what a rule's changes become.

use crate::check::Invalid;
use crate::device::{Common, Values};
use crate::rng::{Purpose, StreamKey, name_key};

use super::after::After;
use super::drive::{Piece, pulse};
use super::solve::Options;
use super::{NOISE, Physical};

/// Most random numbers of a pulse: each of its noise steps takes one, and is solved.
const MOST_STEPS: f64 = 10_000.0;

/// Error of a step of the solver where the state moves at random, relative to its range.
const NOISY: f64 = 1e-6;

/// Steps of the range between states in which it is known what a read takes.
const STEPS: usize = 512;

/// The changes that a potentiating and a depressing pulse make, by state.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulsed {
    /// The device.
    pub device: Physical,
    low: f64,
    span: f64,
    /// What a pulse does, up and down; none where no pulse was given.
    after: [Option<After>; 2],
    /// The pulses.
    pieces: [Option<Piece>; 2],
    /// The current of a read over its voltage and the conductance, in evenly spaced states; empty where it is the same in all of them.
    read: Vec<f64>,
}

/// A share of the current by which it may differ from state to state, or from an ohmic one, by rounding.
const ALIKE: f64 = 1e-12;

impl Pulsed {
    /// From the device and its `pulse_up`, `pulse_down`; states the range and the steps at mid-range, which are NaN where no pulse
    /// was given.
    ///
    /// # Errors
    /// If a pulse has the wrong sign, or a voltage for which the device is not made.
    pub fn new(device: Physical, v: &Values<'_>, common: &mut Common) -> Result<Pulsed, Invalid> {
        (common.g_min, common.g_max) = device.conductances();
        common.widest = true;
        let mut pulsed = Pulsed::tabulate(device, v)?;
        pulsed.price_reads(v.get("read.v"), common)?;
        let size = |up: bool| {
            let step = pulsed.step(common.mid(), up);
            if pulsed.after[usize::from(!up)].is_none() { f64::NAN } else { step }
        };
        (common.dg_up, common.dg_down) = (size(true), size(false));
        Ok(pulsed)
    }

    fn tabulate(device: Physical, v: &Values<'_>) -> Result<Pulsed, Invalid> {
        let (low, high) = device.range();
        let mut pulsed =
            Pulsed { device, low, span: high - low, after: [const { None }; 2], pieces: [None; 2], read: Vec::new() };
        for (side, group, sign) in [(0, "pulse_up", 1.0), (1, "pulse_down", -1.0)] {
            let (volt, width) = (v.get(&format!("{group}.v")), v.get(&format!("{group}.width")));
            if volt.is_nan() || width.is_nan() {
                continue;
            }
            let parameter = format!("{group}.v");
            let wanted = sign * pulsed.device.potentiating();
            if volt * wanted <= 0.0 {
                let (what, which) = (
                    if side == 0 { "potentiates" } else { "depresses" },
                    if wanted > 0.0 { "positive" } else { "negative" },
                );
                let message = format!("found {volt} V, expected a {which} voltage: that is what {what} this device");
                return Err(Invalid::new(parameter, message));
            }
            if let Some(step) = pulsed.device.noise_step()
                && width / step > MOST_STEPS
            {
                let message = format!(
                    "found {step} s, in which a pulse of {width} s draws {:.0} random numbers, expected at most {MOST_STEPS}",
                    width / step
                );
                return Err(Invalid::new("noise_step", message));
            }
            let piece = pulse(volt, 0.0, width);
            let Some(after) = After::new(&pulsed.device, piece) else {
                let message = format!("found {volt} V, at which this device's speed or current is beyond numbers");
                return Err(Invalid::new(parameter, message));
            };
            (pulsed.after[side], pulsed.pieces[side]) = (Some(after), Some(piece));
        }
        Ok(pulsed)
    }

    /// A read takes v i(v) t. Its price is of the conductance at v_read, which is another one where the current bends with the voltage.
    fn price_reads(&mut self, volt: f64, common: &mut Common) -> Result<(), Invalid> {
        let Some(price) = common.price_read.filter(|_| volt != 0.0) else { return Ok(()) };
        let of = |k: usize| {
            let x = self.low + self.span * k as f64 / STEPS as f64;
            (self.device.conductance(x), self.device.current(x, volt) / volt)
        };
        // A state that conducts nothing takes nothing, whatever its factor is.
        let all: Vec<Option<f64>> = (0..=STEPS).map(of).map(|(g, seen)| (g > 0.0).then(|| seen / g)).collect();
        let some: Vec<f64> = all.iter().copied().flatten().collect();
        if !some.iter().all(|factor| factor.is_finite()) {
            let message = format!("found {volt} V, at which this device's current is beyond numbers");
            return Err(Invalid::new("read.v", message));
        }
        let Some(&one) = some.first() else { return Ok(()) };
        if some.iter().any(|factor| (factor - one).abs() > ALIKE * one.abs()) {
            self.read = all.into_iter().map(|factor| factor.unwrap_or(one)).collect();
        } else if (one - 1.0).abs() > ALIKE {
            common.price_read = Some(price * one);
        }
        Ok(())
    }

    /// How many times more a read at its own voltage takes than one of the conductance `g` \[S\] would.
    #[inline]
    pub fn read_factor(&self, g: f64) -> f64 {
        if self.read.is_empty() {
            return 1.0;
        }
        let at = self.share(g) * STEPS as f64;
        let first = (at as usize).min(STEPS - 1);
        self.read[first] + (at - first as f64) * (self.read[first + 1] - self.read[first])
    }

    /// Are both pulses given?
    pub fn is_complete(&self) -> bool {
        self.after.iter().all(Option::is_some)
    }

    /// Size of the change by a pulse \[S\]; 0 where no pulse was given.
    #[inline]
    pub fn step(&self, g: f64, up: bool) -> f64 {
        let Some(after) = &self.after[usize::from(!up)] else { return 0.0 };
        let before = self.share(g);
        let u = after.state(before);
        // Where nothing moves, nothing does, whatever rounding makes of the conductance of the state of a conductance.
        if u == before {
            return 0.0;
        }
        let change = self.device.conductance(self.low + self.span * u) - g;
        (if up { change } else { -change }).max(0.0)
    }

    /// Does the state move at random, so that each pulse is solved by itself?
    pub fn is_noisy(&self) -> bool {
        self.device.noise_step().is_some()
    }

    /// The change \[S\] by the pulse that has this random word, where the state moves at random; 0 where no pulse was given.
    pub fn drawn(&self, g: f64, up: bool, word: u32) -> f64 {
        let Some(piece) = self.pieces[usize::from(!up)] else { return 0.0 };
        let key = StreamKey::new(u64::from(word), Purpose::Pulse, name_key(NOISE));
        let options = Options { tolerance: NOISY, noise: Some((key, 0)) };
        let after = self.device.states(self.device.state(g), &[piece], &[piece.end], options);
        self.device.conductance(after[0]) - g
    }

    /// What a pulse costs at `g` \[J\]; none where no pulse was given.
    pub fn energy(&self, g: f64, up: bool) -> Option<f64> {
        self.after[usize::from(!up)].as_ref().map(|after| after.energy(self.share(g)))
    }

    /// The state of a conductance, relative to the range.
    #[inline]
    fn share(&self, g: f64) -> f64 {
        ((self.device.state(g) - self.low) / self.span).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use crate::device::physical::PhysicalModel;
    use crate::device::{DeviceModel, DeviceSpec, Law};

    #[test]
    fn a_read_takes_what_flows_at_its_own_voltage() {
        for model in PhysicalModel::ALL {
            for volt in [0.1, 0.5, -0.7] {
                let given = [("read.v", volt), ("read.width", 1e-6)];
                let d = DeviceSpec::with(DeviceModel::Physical(model), &given).device().unwrap();
                let Law::Physical(law) = &d.law else { panic!("{model:?}") };
                for share in [0.1, 0.43, 0.9] {
                    let x = law.low + share * law.span;
                    let expected = volt * law.device.current(x, volt) * 1e-6;
                    let found = d.read_energy(law.device.conductance(x)).unwrap();
                    assert!((found / expected - 1.0).abs() < 1e-4, "{model:?} {volt} V, {share}: {found} {expected}");
                }
            }
        }
        let given = [("read.v", 100.0), ("read.width", 1e-6), ("v_0", 1e-2)];
        let error = DeviceSpec::with(DeviceModel::Physical(PhysicalModel::StanfordRram), &given).device().unwrap_err();
        assert_eq!(error.parameter, "read.v");
    }
}
