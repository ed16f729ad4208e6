//! Between what bounds weights lie.

use super::network_spec::ProjectionSpec;
use crate::value::Value;

/// A number, or the bound beyond which it lies by no more than single precision rounds.
pub(crate) fn without_rounding(number: f64, low: f64, high: f64) -> f64 {
    let near = |bound: f64| (number - bound).abs() <= f64::from(f32::EPSILON) * bound.abs();
    if number > high && near(high) {
        high
    } else if number < low && near(low) {
        low
    } else {
        number
    }
}

impl ProjectionSpec {
    /// Between what its weights are held, rising; none of static ones without a device.
    pub fn weight_bounds(&self) -> Option<(f64, f64)> {
        let w_max = self.w_max.unwrap_or(f64::INFINITY);
        let held = self.plasticity.is_some() || self.device.is_some();
        held.then_some((self.w_min.min(w_max), self.w_min.max(w_max)))
    }

    /// Between what its weights may lie at the start, rising: those that are listed as far beyond the bounds as devices have bounds of
    /// their own, so that what they have learnt may be read again from a result. What a device can't reach is set at its own bound.
    pub fn start_bounds(&self) -> Option<(f64, f64)> {
        let (low, high) = self.weight_bounds()?;
        let listed = matches!(self.weight, Value::List(_));
        let device = self.device.as_ref().filter(|_| listed).and_then(|spec| spec.device().ok());
        let (Some(device), Some(w_max)) = (device, self.w_max) else { return Some((low, high)) };
        let (per, [below, above]) = ((w_max - self.w_min) / device.common.range(), device.beyond());
        let ends = [self.w_min - per * below, w_max + per * above];
        // What lies beyond 0 counts as 0.
        let ends = ends.map(|w| if self.w_min * w_max < 0.0 || w * w_max > 0.0 { w } else { 0.0 });
        Some((low.min(ends[0]).min(ends[1]), high.max(ends[0]).max(ends[1])))
    }

    /// A weight between its bounds; none if it lies outside.
    pub fn held(&self, weight: f64) -> Option<f64> {
        held(weight, self.weight_bounds())
    }
}

/// A weight between such bounds; none if it lies outside. What is beyond one by no more than single precision rounds is the bound: a weight
/// that has learnt up to 0.3 in single precision is 0.30000001 in a result, from which it may be read again.
pub(crate) fn held(weight: f64, bounds: Option<(f64, f64)>) -> Option<f64> {
    let Some((low, high)) = bounds else { return Some(weight) };
    let weight = without_rounding(weight, low, high);
    (weight >= low && weight <= high).then_some(weight)
}
