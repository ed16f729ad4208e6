//! The constants of the devices of a stretch, as `Cell::of` and `Traits::of` draw them one by one.

use crate::device::linear_step::LinearStep;
use crate::device::{Device, Law, normals};
use crate::math::real::Real;
use crate::rng::lanes::Each;

use super::super::row::STRETCH;
use super::Devices;
use super::kernels::{Spreads, Steps};
use super::work::{Changes, Own, Work};

impl<W: Real> Devices<'_, W> {
    /// Draws the constants of the devices of so many synapses.
    #[inline]
    pub(super) fn draw_constants(&mut self, synapses: usize) {
        let (device, c) = (&self.memristor.device, &self.memristor.device.common);
        let (sloped, slots) = (sloped(device), (synapses * self.count).min(STRETCH));
        if c.differs() {
            self.draw_spread(0, slots);
            let Work { own, changes: Changes { words, .. }, places, .. } = &mut *self.work;
            let Own { up, down, low, high, .. } = own;
            if c.differs_in_steps_alone() {
                normals(&words[0][..slots], up, places, self.target);
                self.target.run(Steps { common: c, up, down });
            } else {
                for ((words, out), sigma) in words.iter().zip([up, down, high, low]).zip(c.spreads()) {
                    if sigma > 0.0 {
                        normals(&words[..slots], out, places, self.target);
                    } else {
                        out[..slots].fill(0.0);
                    }
                }
                self.target.run(Spreads { common: c, len: slots, own });
            }
        }
        if sloped.is_some() || device.reference.is_some() || device.ageing.drift.is_some() {
            self.draw_second(sloped, slots);
        }
        if self.mortal || device.ageing.retention.is_some() {
            self.draw_spread(2, slots);
            self.draw_lives(slots);
        }
    }

    /// Those that the second block of words has.
    #[inline]
    fn draw_second(&mut self, sloped: Option<&LinearStep>, slots: usize) {
        let (device, c) = (&self.memristor.device, &self.memristor.device.common);
        self.draw_spread(1, slots);
        let Work { own, changes: Changes { words, .. }, places, .. } = &mut *self.work;
        if let Some(law) = sloped {
            for (slope, words) in own.slope.iter_mut().zip(&*words) {
                normals(&words[..slots], slope, places, self.target);
            }
            for at in 0..slots {
                let [up, down] = law.deviation([own.slope[0][at], own.slope[1][at]]);
                (own.slope[0][at], own.slope[1][at]) = (up, down);
            }
        }
        if let Some(law) = &device.reference {
            normals(&words[2][..slots], &mut own.reference, places, self.target);
            for at in 0..slots {
                own.reference[at] = law.of(c, &own.cell(c, at), own.reference[at]);
            }
        }
        if device.ageing.drift.is_some() {
            normals(&words[3][..slots], &mut own.nu, places, self.target);
        }
    }

    /// Draws a block of words for each device, the `which`-th of its constants.
    #[inline]
    fn draw_spread(&mut self, which: u64, slots: usize) {
        let Work { key: keys, changes: Changes { key, block, words, .. }, .. } = &mut *self.work;
        let key = if self.count == 1 {
            block[..slots].fill(which);
            &*keys
        } else {
            for (slot, (key, block)) in key.iter_mut().zip(&mut *block).take(slots).enumerate() {
                (*key, *block) = (keys[slot / self.count], ((slot % self.count) as u64) << 4 | which);
            }
            &*key
        };
        self.target.run(Each { key: self.memristor.spread, items: key, blocks: block, len: slots, out: words });
    }
}

/// The law of devices whose slopes differ.
#[inline]
pub(super) fn sloped(device: &Device) -> Option<&LinearStep> {
    match &device.law {
        Law::LinearStep(law) if law.is_spread() => Some(law),
        _ => None,
    }
}
