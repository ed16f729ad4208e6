//! Devices that learn where the waveforms of spikes overlap: no pulses, but the tabulated change of each pair.

use crate::device::normal;
use crate::device::physical::surface::Surface;
use crate::device::physical::waveform::Side;
use crate::time::Time;

use super::{Kept, Memristor, Visit};

impl Memristor {
    /// The conductance after a spike on `side` that comes `since` the last one of the other side, if there was one. Steps of a device
    /// are scaled by its own factor, and each by the noise from pulse to pulse.
    pub fn overlap(
        &self,
        surface: &Surface,
        side: Side,
        since: Option<Time>,
        g: f64,
        device: &mut Kept,
        visit: &mut Visit,
    ) -> f64 {
        let since = since.map(Time::seconds);
        if self.overlaps_alike() {
            return surface.after(side, g, since, &mut device.before, None::<fn(bool) -> f64>);
        }
        let drawn = visit.parts().1;
        let cell = drawn.traits(self, device.key, 0).cell;
        let serial = u64::from(device.updates);
        let word = || drawn.word(self, device.key, serial, 1);
        let factor = |up: bool| self.overlap_noise(word) * if up { cell.up } else { cell.down };
        let after = surface.after(side, g, since, &mut device.before, Some(factor));
        if after != g {
            device.updates = device.updates.wrapping_add(1);
        }
        after.clamp(cell.g_min, cell.g_max)
    }

    /// Does a pair of spikes do the same to all devices, each time?
    #[inline]
    pub(super) fn overlaps_alike(&self) -> bool {
        !self.device.common.differs() && self.device.common.sigma_c2c == 0.0
    }

    /// The factor of a change from pulse to pulse, from its random word.
    #[inline]
    pub(super) fn overlap_noise(&self, word: impl FnOnce() -> u32) -> f64 {
        let sigma = self.device.common.sigma_c2c;
        if sigma == 0.0 { 1.0 } else { 1.0 + sigma * normal(word()) }
    }
}
