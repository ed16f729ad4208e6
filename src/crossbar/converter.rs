//! Converters at the edges of an array, levels of conductance, and pairs of devices for signed weights.
//!
//! All round half away from 0, as `floor(x + 1/2)` does for positive numbers.

use super::CrossbarError;

/// Most bits of a converter.
const BITS: u32 = 32;

fn check_bits(key: &'static str, bits: u32, least: u32) -> Result<(), CrossbarError> {
    if (least..=BITS).contains(&bits) {
        return Ok(());
    }
    Err(CrossbarError::Range { key, value: bits.to_string(), expected: format!("{least} to {BITS} bits") })
}

fn check_positive(key: &'static str, value: f64, unit: &str) -> Result<(), CrossbarError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(CrossbarError::Range { key, value: format!("{value} {unit}"), expected: "more than 0".to_string() })
}

/// A digital-to-analogue converter on a word line: 2^bits - 1 steps from 0 to the full voltage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dac {
    steps: f64,
    full: f64,
}

impl Dac {
    /// With `bits` (1 to 32) up to `full` \[V\].
    ///
    /// # Errors
    /// If either is out of range.
    pub fn new(bits: u32, full: f64) -> Result<Dac, CrossbarError> {
        check_bits("dac_bits", bits, 1)?;
        check_positive("v_max", full, "V")?;
        Ok(Dac { steps: (1u64 << bits) as f64 - 1.0, full })
    }

    /// The voltage that it gives for `voltage` \[V\]: the nearest step, of the same sign, at most the full one.
    pub fn voltage(&self, voltage: f64) -> f64 {
        let code = (voltage.abs() / self.full * self.steps + 0.5).floor().min(self.steps);
        (code / self.steps * self.full).copysign(voltage)
    }
}

/// An analogue-to-digital converter on a bit line: codes from -(2^(bits-1) - 1) to 2^(bits-1) - 1 over plus and minus the full current.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adc {
    most: f64,
    full: f64,
}

impl Adc {
    /// With `bits` (2 to 32) for currents up to `full` \[A\].
    ///
    /// # Errors
    /// If either is out of range.
    pub fn new(bits: u32, full: f64) -> Result<Adc, CrossbarError> {
        check_bits("adc_bits", bits, 2)?;
        check_positive("adc_full_scale", full, "A")?;
        Ok(Adc { most: (1u64 << (bits - 1)) as f64 - 1.0, full })
    }

    /// The code of a current \[A\]; clipped at the ends.
    pub fn code(&self, current: f64) -> f64 {
        let code = (current.abs() / self.full * self.most + 0.5).floor().min(self.most);
        // Not -0, which would print.
        if code == 0.0 { 0.0 } else { code.copysign(current) }
    }

    /// The current that a code stands for \[A\].
    pub fn current(&self, code: f64) -> f64 {
        code / self.most * self.full
    }
}

/// Equally spaced conductances that a device can hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Smallest conductance \[S\].
    pub g_min: f64,
    /// Largest conductance \[S\].
    pub g_max: f64,
    /// Number of steps between them; none for any conductance.
    steps: Option<f64>,
}

impl Levels {
    /// From `g_min` to `g_max` \[S\]; with `levels`, only so many.
    ///
    /// # Errors
    /// If the range is empty, or there are fewer than 2 levels.
    pub fn new(g_min: f64, g_max: f64, levels: Option<u32>) -> Result<Levels, CrossbarError> {
        if !(g_min.is_finite() && g_max.is_finite() && g_min >= 0.0 && g_max > g_min) {
            let expected = format!("0 <= g_min < g_max, with g_min = {g_min} S");
            return Err(CrossbarError::Range { key: "g_max", value: format!("{g_max} S"), expected });
        }
        if let Some(count @ (0 | 1)) = levels {
            let expected = "2 or more".to_string();
            return Err(CrossbarError::Range { key: "levels", value: count.to_string(), expected });
        }
        Ok(Levels { g_min, g_max, steps: levels.map(|n| f64::from(n) - 1.0) })
    }

    /// The conductance \[S\] at `share` (0 to 1, held there) of the range.
    pub fn at(&self, share: f64) -> f64 {
        let span = self.g_max - self.g_min;
        let g = self.g_min + span * share.clamp(0.0, 1.0);
        match self.steps {
            Some(steps) => self.g_min + ((g - self.g_min) / span * steps + 0.5).floor() / steps * span,
            None => g,
        }
    }
}

/// The two conductances \[S\] whose difference stands for a weight from -1 to 1: the larger one on the side of its sign.
pub fn pair(levels: &Levels, weight: f64) -> (f64, f64) {
    (levels.at(weight.max(0.0)), levels.at((-weight).max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dac_gives_the_nearest_step_and_no_more_than_its_full_voltage() {
        let dac = Dac::new(2, 0.3).unwrap();
        for (asked, given) in [(0.0, 0.0), (0.149, 0.1), (0.151, 0.2), (0.5, 0.3), (-0.151, -0.2)] {
            assert!((dac.voltage(asked) - given).abs() < 1e-15, "{asked}");
        }
    }

    #[test]
    fn an_adc_is_odd_clips_and_is_within_half_a_step() {
        let adc = Adc::new(4, 7e-6).unwrap();
        assert_eq!([0.0, 0.4e-6, 0.6e-6, -0.6e-6, 1.0].map(|i| adc.code(i)), [0.0, 0.0, 1.0, -1.0, 7.0]);
        assert!((0..100).map(|k| f64::from(k) * 1e-7 - 5e-6).all(|i| (adc.current(adc.code(i)) - i).abs() < 0.5001e-6));
    }

    #[test]
    fn wrong_converters_are_refused() {
        assert!(Dac::new(0, 1.0).is_err() && Dac::new(33, 1.0).is_err() && Dac::new(8, -1.0).is_err());
        assert!(Adc::new(1, 1.0).is_err() && Adc::new(8, f64::NAN).is_err());
        assert!(Levels::new(1.0, 1.0, None).is_err() && Levels::new(0.0, 1.0, Some(1)).is_err());
    }
}
