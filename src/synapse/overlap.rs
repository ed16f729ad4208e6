//! Devices that learn where the waveforms of spikes overlap: no pulses, but the tabulated change of each pair.

use crate::device::physical::surface::Surface;
use crate::device::physical::waveform::Side;
use crate::device::{Cell, normal};
use crate::time::Time;

use super::{Kept, Memristor};

impl Memristor {
    /// The conductance after a spike on `side` that comes `since` the last one of the other side, if there was one. Steps of a device
    /// are scaled by its own factor, and each by the noise from pulse to pulse.
    pub fn overlap(&self, surface: &Surface, side: Side, since: Option<Time>, g: f64, device: &mut Kept) -> f64 {
        let since = since.map(Time::seconds);
        let c = &self.device.common;
        let cell = Cell::of(&self.device, self.spread, device.key, 0);
        if cell == Cell::nominal(c) && c.sigma_c2c == 0.0 {
            return surface.after(side, g, since, &mut device.before, None::<fn(bool) -> f64>);
        }
        let serial = u64::from(device.updates);
        let noise = || {
            if c.sigma_c2c == 0.0 { 1.0 } else { 1.0 + c.sigma_c2c * normal(self.word(device.key, serial, 1)) }
        };
        let factor = |up: bool| noise() * if up { cell.up } else { cell.down };
        let after = surface.after(side, g, since, &mut device.before, Some(factor));
        if after != g {
            device.updates = device.updates.wrapping_add(1);
        }
        after.clamp(cell.g_min, cell.g_max)
    }
}
