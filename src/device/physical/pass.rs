//! Spikes of one side at many devices at once: what [`Surface::after`] does at one, step by step at all of them, so that the processor
//! works at several together. The same operations in the same order for each, so the same bits.

use super::flux::{Fluxes, Place};
use super::surface::{Before, Surface, Table};
use super::waveform::Side;
use super::{Physics, with_device};

/// Room to work in, kept between passes.
#[derive(Clone, Debug, Default)]
pub struct Pass {
    /// The states now; those from which the spikes start, the earlier one of a pair included; those after them.
    now: Vec<f64>,
    from: Vec<f64>,
    to: Vec<f64>,
    /// Devices at which the spike makes a pair, those at which it makes none, and those of the first whose last spike was not the
    /// pair's earlier one.
    near: Part,
    far: Part,
    again: Part,
    places: Vec<(Place, f64)>,
    held: Vec<(f64, bool)>,
}

/// Some of the devices.
#[derive(Clone, Debug, Default)]
struct Part {
    which: Vec<u32>,
    us: Vec<f64>,
    /// What else is asked of each: how long ago the other spike was, or a hint.
    with: Vec<f64>,
}

impl Part {
    fn clear(&mut self) {
        self.which.clear();
        self.us.clear();
        self.with.clear();
    }

    #[inline(always)]
    fn push(&mut self, which: usize, u: f64, with: f64) {
        self.which.push(which as u32);
        self.us.push(u);
        self.with.push(with);
    }

    /// Keeps their states within the range.
    #[inline(always)]
    fn hold(&mut self) {
        self.us.iter_mut().for_each(|u| *u = u.clamp(0.0, 1.0));
    }

    /// Puts their states in place.
    #[inline(always)]
    fn scatter(&self, to: &mut [f64]) {
        self.which.iter().zip(&self.us).for_each(|(&which, &u)| to[which as usize] = u);
    }
}

impl Surface {
    /// [`Surface::after`] without factors, at each of these devices; `since` is infinite where the other side had no spike. `before`
    /// may be empty if no spike alone moves the device.
    pub fn after_each(&self, side: Side, since: &[f64], g: &mut [f64], before: &mut [Before], room: &mut Pass) {
        match &self.table {
            Table::Fluxes(fluxes) if fluxes.heeds_single_spikes() => {
                self.pass(fluxes, side as usize, since, g, before, room);
            }
            Table::Fluxes(fluxes) => self.pass_pairs(fluxes, side as usize, since, g, room),
            Table::Grid(_) => {
                for (at, (g, &since)) in g.iter_mut().zip(since).enumerate() {
                    let mut none = Before::default();
                    let before = before.get_mut(at).unwrap_or(&mut none);
                    *g = self.after(side, *g, Some(since), before, None::<fn(bool) -> f64>);
                }
            }
        }
    }

    /// Where no spike alone moves the device.
    fn pass_pairs(&self, fluxes: &Fluxes, side: usize, since: &[f64], g: &mut [f64], room: &mut Pass) {
        let Pass { now, near, places, .. } = room;
        let (reach, (low, high)) = (fluxes.reach(side), self.device.range());
        near.clear();
        with_device!(&self.device, d => {
            for (at, (&since, &g)) in since.iter().zip(&*g).enumerate() {
                if since < reach {
                    near.push(at, (d.state(g).clamp(low, high) - self.low) / self.span, since);
                }
            }
        });
        now.clone_from(&near.us);
        fluxes.pair_each(side, &near.with, &mut near.us, places);
        near.hold();
        with_device!(&self.device, d => {
            for ((&at, &now), &to) in near.which.iter().zip(&*now).zip(&near.us) {
                if to != now {
                    g[at as usize] = d.conductance(self.low + self.span * to);
                }
            }
        });
    }

    /// Where each spike alone moves it.
    fn pass(&self, fluxes: &Fluxes, side: usize, since: &[f64], g: &mut [f64], before: &mut [Before], room: &mut Pass) {
        let Pass { now, from, to, near, far, again, places, held } = room;
        let (reach, other, (low, high)) = (fluxes.reach(side), 1 - side, self.device.range());
        now.clear();
        with_device!(&self.device, d => {
            now.extend(g.iter().map(|&g| (d.state(g).clamp(low, high) - self.low) / self.span));
        });
        from.clone_from(now);
        to.clone_from(now);
        [&mut *near, far, again].into_iter().for_each(Part::clear);
        for (at, ((&since, &now), &before)) in since.iter().zip(&*now).zip(&*before).enumerate() {
            if since >= reach {
                far.push(at, now, 0.0);
                continue;
            }
            // What the earlier spike did alone is taken back.
            near.push(at, before.state(), since);
            if before.side() != other {
                again.push(near.us.len() - 1, now, before.state());
            }
        }
        fluxes.before_each(other, &mut again.us, &again.with, held);
        again.scatter(&mut near.us);
        near.scatter(from);
        fluxes.pair_each(side, &near.with, &mut near.us, places);
        near.hold();
        near.scatter(to);
        fluxes.alone_each(side, &mut far.us);
        far.hold();
        far.scatter(to);
        // Where the later spike of a pair alone would have led from.
        for (hint, &at) in near.with.iter_mut().zip(&near.which) {
            *hint = from[at as usize];
        }
        fluxes.before_each(side, &mut near.us, &near.with, held);
        near.scatter(from);
        for (before, &from) in before.iter_mut().zip(&*from) {
            *before = Before::new(side, from);
        }
        with_device!(&self.device, d => {
            for ((g, &now), &to) in g.iter_mut().zip(&*now).zip(&*to) {
                if to != now {
                    *g = d.conductance(self.low + self.span * to);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::PhysicalModel;
    use super::super::waveform::{MODEL, Waveform};
    use super::*;

    #[test]
    fn spikes_at_many_devices_come_to_the_bits_of_one_by_one() {
        let cases: [(PhysicalModel, &[(&str, f64)]); 5] = [
            (PhysicalModel::Hp, &[]),
            // At the ends more often than not.
            (PhysicalModel::Hp, &[("mu_v", 1e-11)]),
            (PhysicalModel::Hp, &[("window", 1.0), ("p", 2.3), ("mu_v", 1e-12)]),
            (PhysicalModel::Yakopcic, &[]),
            (PhysicalModel::VoltageThreshold, &[]),
        ];
        let values: Vec<f64> = MODEL.params.iter().map(|p| p.default).collect();
        let waveform = Waveform::new(&values).unwrap();
        let spread = |k: usize, step: f64| (0.5 + k as f64 * step).fract();
        for (model, given) in cases {
            let value = |name: &str| {
                let own = given.iter().find(|g| g.0 == name).map(|g| g.1);
                own.unwrap_or_else(|| model.params().iter().find(|p| p.name == name).unwrap().default)
            };
            let surface = Surface::new(&model.device(&value).unwrap(), &waveform);
            let (least, most) = surface.device().conductances();
            let mut g: Vec<f64> = (0..99).map(|k| least + (most - least) * f64::from(k) / 98.0).collect();
            let mut before: Vec<Before> = g.iter().map(|&g| surface.untouched(g)).collect();
            let mut room = Pass::default();
            for round in 0..60 {
                let side = [Side::Pre, Side::Post][round * round % 7 % 2];
                let number = |k: usize| spread(99 * round + k, 0.754_877_666_246_692_8);
                let since: Vec<f64> =
                    (0..99).map(|k| if number(k) > 0.95 { f64::INFINITY } else { 0.1 * number(k) }).collect();
                let (mut g_one, mut before_one) = (g.clone(), before.clone());
                for ((g, before), &since) in g_one.iter_mut().zip(&mut before_one).zip(&since) {
                    let since = Some(since).filter(|since| since.is_finite());
                    *g = surface.after(side, *g, since, before, None::<fn(bool) -> f64>);
                }
                surface.after_each(side, &since, &mut g, &mut before, &mut room);
                let bits = |g: &[f64]| g.iter().map(|g| g.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&g), bits(&g_one), "{model:?} {given:?}");
                if surface.heeds_single_spikes() {
                    assert_eq!(before, before_one, "{model:?} {given:?}");
                }
            }
        }
    }
}
