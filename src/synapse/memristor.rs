//! Devices that hold the weights of a projection: from proposed changes to pulses to conductances, and back to weights.
//!
//! A synapse is one device, or several, or a pair of such. Where it is one plain device its conductance is its weight;
//! elsewhere what shows at a time follows from the conductance that the last pulse left, that time, and constants of the
//! device, which are drawn from its key when they are needed.

use crate::device::{self, Cell, MOST_PULSES, Pair, Pulses, Traits, normal, uniform};
use crate::rng::{Purpose, StreamKey, name_key};
use crate::time::Time;

use super::Visit;
use super::cells::{Held, Kept};
use super::visit::Drawn;

/// Between weights and a plain device: conductances one way, pulses the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Map {
    g_min: f64,
    range: f64,
    w_low: f64,
    w_span: f64,
    /// Change of the weight that one pulse makes at mid-range, up and down.
    dw_up: f64,
    dw_down: f64,
    /// Sign of all weights of the range; 0 where it has both.
    side: f64,
}

impl Map {
    /// The weight at conductance `g`.
    #[inline(always)]
    pub fn weight_of(&self, g: f64) -> f64 {
        self.signed(self.straight_of(g))
    }

    /// The weight at a share of the range.
    #[inline(always)]
    pub fn weight_at(&self, share: f64) -> f64 {
        self.signed(self.straight_at(share))
    }

    /// As `weight_of`, beyond 0 where the line leads there.
    #[inline(always)]
    fn straight_of(&self, g: f64) -> f64 {
        self.w_low + self.w_span * (g - self.g_min) / self.range
    }

    /// As `weight_at`, beyond 0 where the line leads there.
    #[inline(always)]
    fn straight_at(&self, share: f64) -> f64 {
        self.w_low + self.w_span * share
    }

    /// A weight stays on the side of 0 that the whole range is on, also where a device's own range is wider.
    #[inline(always)]
    fn signed(&self, w: f64) -> f64 {
        if w * self.side < 0.0 { 0.0 } else { w }
    }

    /// How many pulses a proposed change of the weight is worth, negative for depression.
    #[inline(always)]
    pub fn wanted(&self, dw: f64) -> f64 {
        // Toward w_max is up, whatever its sign.
        let toward = if self.w_span < 0.0 { -dw } else { dw };
        toward / if toward > 0.0 { self.dw_up } else { self.dw_down }
    }
}

/// A device that is looked at: its place, the conductance that the last pulse left, how long ago that was \[s\], and through which
/// conductance a read's current flows.
struct Shown {
    place: usize,
    g: f64,
    since: f64,
    taken: f64,
}

/// The devices of a projection, and how their conductance maps to a weight.
#[derive(Clone, Debug)]
pub struct Memristor {
    /// The device.
    pub device: device::Device,
    map: Map,
    pub(super) spread: StreamKey,
    pub(super) pulses: StreamKey,
    pub(super) reads: StreamKey,
    plain: bool,
}

impl Memristor {
    /// Devices of the projection `name`, with weights `w_min` at g_min and `w_max` at g_max (of a pair: where G+ - G- is the
    /// whole range below and above 0).
    pub fn new(device: device::Device, w_min: f64, w_max: f64, seed: u64, name: &str) -> Memristor {
        let key = |purpose| StreamKey::new(seed, purpose, name_key(name));
        let (c, bank) = (&device.common, &device.bank);
        let (up, down) = match bank.pair {
            Pair::None => (c.dg_up, c.dg_down),
            Pair::OneSided => (0.5 * c.dg_up, 0.5 * c.dg_up),
            Pair::PushPull => (0.5 * (c.dg_up + c.dg_down), 0.5 * (c.dg_up + c.dg_down)),
        };
        let w_span = w_max - w_min;
        let per = w_span.abs() / c.range() / bank.devices as f64;
        let (g_min, range) = (c.g_min, c.range());
        // No number of pulses makes a change where one does nothing, such as below a threshold.
        let worth = |dw: f64| if dw == 0.0 && c.pulses != Pulses::One { f64::INFINITY } else { dw };
        Memristor {
            map: Map {
                g_min,
                range,
                w_low: w_min,
                w_span,
                dw_up: worth(up * per),
                dw_down: worth(down * per),
                side: if w_min * w_max >= 0.0 { w_max.signum() } else { 0.0 },
            },
            spread: key(Purpose::Device),
            pulses: key(Purpose::Pulse),
            reads: key(Purpose::Read),
            plain: device.is_plain(),
            device,
        }
    }

    /// Is a synapse one device whose visible conductance is the stored one?
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// Between weights and devices.
    #[inline]
    pub(super) fn map(&self) -> Map {
        self.map
    }

    /// The weight at conductance `g` of a plain device.
    #[inline]
    pub fn weight_of(&self, g: f64) -> f64 {
        self.map.weight_of(g)
    }

    /// The weight at `at` of a synapse whose first device was left at `g`.
    #[inline]
    pub fn weight(&self, g: f64, kept: &Kept, at: Time, visit: &mut Visit) -> f64 {
        self.held(self.straight(g, kept, at, visit))
    }

    /// What stands for the conductance of a synapse at `at`: its weight, or beyond 0 where devices conduct less than any weight stands for.
    #[inline]
    pub fn straight(&self, g: f64, kept: &Kept, at: Time, visit: &mut Visit) -> f64 {
        if self.plain {
            return self.map.straight_of(g);
        }
        self.mean(g, kept, at, visit.parts().1, |shown, _| shown)
    }

    /// A weight on its side of 0, if the whole range is on one.
    #[inline(always)]
    pub fn held(&self, weight: f64) -> f64 {
        self.map.signed(weight)
    }

    /// The conductance that stands for weight `w`, of the first device and of the others, set at time 0.
    pub fn program(&self, w: f64, kept: &mut Kept) -> f64 {
        let c = &self.device.common;
        // Beyond 0 and 1 where the device's own range is wider; it is set within that.
        let share = (w - self.map.w_low) / self.map.w_span;
        let wanted = |plus: bool| match (self.device.bank.pair, plus) {
            (Pair::None, _) | (Pair::PushPull, true) => c.g_min + c.range() * share,
            // Around the middle of the range both can move both ways.
            (Pair::PushPull, false) => c.g_min + c.range() * (1.0 - share),
            (_, true) => c.g_min + c.range() * (2.0 * share - 1.0).max(0.0),
            (_, false) => c.g_min + c.range() * (1.0 - 2.0 * share).max(0.0),
        };
        if self.plain {
            let cell = Cell::of(&self.device, self.spread, kept.key, 0);
            return wanted(true).clamp(cell.g_min, cell.g_max);
        }
        for place in 0..self.device.bank.count() {
            let traits = Traits::of(&self.device, self.spread, kept.key, place as u64);
            let g = wanted(place < self.device.bank.devices);
            let g = traits.programmed(&self.device, self.spread, kept.key, place as u64, g);
            kept.held[place] = Held { g, pulses: 0, at: Time::ZERO };
        }
        kept.held[0].g
    }

    /// A whole number of pulses with the mean `wanted`: its whole part for sure, one more with the chance of the rest; `word`
    /// is the change's own random word.
    #[inline(always)]
    pub(super) fn by_chance(wanted: f64, word: u32) -> f64 {
        let size = wanted.abs();
        let whole = size.trunc();
        let more = if uniform(word) < size - whole { 1.0 } else { 0.0 };
        (whole + more).copysign(wanted)
    }

    /// A whole number of pulses, what is left of them being kept.
    #[inline(always)]
    pub(super) fn carried(wanted: f64, carry: &mut f32) -> f64 {
        let total = wanted + f64::from(*carry);
        *carry = (total - total.trunc()) as f32;
        total.trunc()
    }

    /// How many pulses change number `serial` of the synapse `key` becomes, negative for depression, if it is worth `wanted`.
    #[inline]
    fn count(&self, wanted: f64, carry: &mut f32, (key, serial): (u64, u32), visit: &mut Visit) -> f64 {
        match self.device.common.pulses {
            Pulses::One => wanted.signum(),
            Pulses::Carry => Memristor::carried(wanted, carry),
            Pulses::Stochastic => Memristor::by_chance(wanted, visit.parts().1.word(self, key, u64::from(serial), 0)),
        }
    }

    /// Applies a change of the weight proposed at `at`, in pulses; returns the new conductance of the first device.
    pub fn change(&self, g: f64, dw: f64, kept: &mut Kept, at: Time, visit: &mut Visit) -> f64 {
        let wanted = self.map.wanted(dw);
        if wanted == 0.0 {
            return g;
        }
        let count = self.count(wanted, &mut kept.carry, (kept.key, kept.updates), visit);
        self.give(g, count, kept, at, visit)
    }

    /// One pulse, whatever `pulses` does with changes: for rules that propose no more than a direction.
    pub fn step(&self, g: f64, up: bool, kept: &mut Kept, at: Time, visit: &mut Visit) -> f64 {
        self.give(g, if up { 1.0 } else { -1.0 }, kept, at, visit)
    }

    /// The pulses of the next change, up if positive.
    fn give(&self, g: f64, count: f64, kept: &mut Kept, at: Time, visit: &mut Visit) -> f64 {
        let (key, serial) = (kept.key, u64::from(kept.updates));
        kept.updates = kept.updates.wrapping_add(1);
        let (up, n) = (count > 0.0, count.abs().min(MOST_PULSES) as u64);
        if n == 0 {
            return g;
        }
        if !self.plain {
            return self.apply_to_bank(g, up, n, kept, serial, at, visit);
        }
        let (price, drawn) = visit.parts();
        let (cell, draws) = (drawn.traits(self, key, 0).cell, self.device.draws());
        (1..=n).fold(g, |g, n| {
            price.pulse(up, self.device.pulse_energy(g, up));
            let word = if draws { drawn.word(self, key, serial, n) } else { 0 };
            self.device.pulse(&cell, g, up, word, || self.second_word(key, serial, n))
        })
    }

    /// A random word of change number `serial`: the first, 0, says how many pulses it becomes, and the n-th pulse has the n-th.
    #[inline]
    pub(super) fn word(&self, key: u64, serial: u64, n: u64) -> u32 {
        self.pulses.block(key, Memristor::block_of(serial, n))[(n & 3) as usize]
    }

    /// The n-th pulse's word for noise beside a step that is drawn itself.
    #[inline]
    pub(super) fn second_word(&self, key: u64, serial: u64, n: u64) -> u32 {
        self.pulses.block(key, 1 << 61 | Memristor::block_of(serial, n))[(n & 3) as usize]
    }

    /// Which block has that word: one serves a change of up to three pulses.
    #[inline(always)]
    pub(super) fn block_of(serial: u64, n: u64) -> u64 {
        if n < 4 { serial } else { (1 << 62) + (serial << 16) + (n >> 2) }
    }

    /// `n` pulses to the devices of a synapse in turn.
    #[allow(clippy::too_many_arguments)]
    fn apply_to_bank(
        &self,
        g: f64,
        up: bool,
        n: u64,
        kept: &mut Kept,
        serial: u64,
        at: Time,
        visit: &mut Visit,
    ) -> f64 {
        let bank = &self.device.bank;
        kept.held[0].g = g;
        let mut words = 0;
        for _ in 0..n {
            // Each side's devices take turns at its pulses: were it at changes, those worth less than a pulse would pass some by.
            let turn = &mut kept.turn[usize::from(bank.pair == Pair::OneSided && !up)];
            let place = usize::from(*turn);
            *turn = ((place + 1) % bank.devices) as u8;
            let hits: [Option<(usize, bool)>; 2] = match bank.pair {
                Pair::None => [Some((place, up)), None],
                Pair::OneSided => [Some((if up { place } else { place + bank.devices }, true)), None],
                Pair::PushPull => [Some((place, up)), Some((place + bank.devices, !up))],
            };
            for (place, up) in hits.into_iter().flatten() {
                words += 1;
                self.hit(kept, place, up, (serial, words), at, visit);
            }
            if bank.refresh > 0.0 {
                self.refresh(kept, place, serial, &mut words, at, visit);
            }
        }
        kept.held[0].g
    }

    /// One pulse to one device; `word` is its change and its number in it.
    fn hit(&self, kept: &mut Kept, place: usize, up: bool, word: (u64, u64), at: Time, visit: &mut Visit) {
        let (device, held) = (&self.device, &mut kept.held[place]);
        let (price, drawn) = visit.parts();
        let (key, (serial, n)) = (kept.key, word);
        let word = if device.draws() || device.bank.sigma_reset > 0.0 { drawn.word(self, key, serial, n) } else { 0 };
        let second = || self.second_word(key, serial, n);
        let own = drawn.traits(self, kept.key, place);
        let g = own.after(device, held.g, (at - held.at).seconds());
        price.pulse(up, device.pulse_energy(g, up));
        let dead = own.stuck.is_some() || f64::from(held.pulses) >= own.life;
        held.g = if dead { g } else { device.bank_pulse(own, g, up, word, second) };
        held.pulses = held.pulses.saturating_add(1);
        held.at = at;
    }

    /// Are the devices of a pair so high that they are refreshed? One at its bound alone would be of no use any more.
    #[inline]
    pub(super) fn needs_refresh(&self, g: [f64; 2]) -> bool {
        let (c, bank) = (&self.device.common, &self.device.bank);
        let above = |g: f64, share: f64| g > c.g_min + share * c.range();
        above(g[0].max(g[1]), bank.refresh) && above(g[0].min(g[1]), bank.refresh_low)
    }

    /// Resets both devices of a pair if it needs that, and sets the one that was higher until it makes up their difference.
    pub(super) fn refresh(
        &self,
        kept: &mut Kept,
        place: usize,
        serial: u64,
        words: &mut u64,
        at: Time,
        visit: &mut Visit,
    ) {
        let (device, c) = (&self.device, &self.device.common);
        let places = [place, place + device.bank.devices];
        let (price, drawn) = visit.parts();
        let own = places.map(|p| *drawn.traits(self, kept.key, p));
        let g = [0, 1].map(|i| own[i].after(device, kept.held[places[i]].g, (at - kept.held[places[i]].at).seconds()));
        if !self.needs_refresh(g) {
            return;
        }
        let (higher, difference) = (usize::from(g[1] > g[0]), (g[0] - g[1]).abs());
        for i in 0..2 {
            *words += 1;
            let word = drawn.word(self, kept.key, serial, *words);
            let held = &mut kept.held[places[i]];
            price.pulse(false, device.pulse_energy(g[i], false));
            let dead = own[i].stuck.is_some() || f64::from(held.pulses) >= own[i].life;
            held.g = if dead { g[i] } else { device.reset(&own[i].cell, word) };
            held.pulses = held.pulses.saturating_add(1);
            held.at = at;
        }
        let target = kept.held[places[1 - higher]].g + difference;
        // A worn or stuck device never gets there.
        let enough = (4.0 * c.range() / c.dg_up).min(MOST_PULSES) as u64;
        for _ in 0..enough {
            // Where whole steps make it up, rounding is no reason for another.
            if kept.held[places[higher]].g >= target - 1e-9 * c.dg_up {
                break;
            }
            *words += 1;
            self.hit(kept, places[higher], true, (serial, *words), at, visit);
        }
    }

    /// The weight, or beyond 0, at the mean of what its devices show, each as `seen(conductance, device)`.
    #[inline]
    fn mean(&self, g: f64, kept: &Kept, at: Time, drawn: &mut Drawn, mut seen: impl FnMut(f64, Shown) -> f64) -> f64 {
        let (device, c, bank) = (&self.device, &self.device.common, &self.device.bank);
        let mut sides = [0.0; 2];
        for place in 0..bank.count() {
            let held = if place == 0 { Held { g, ..kept.held[0] } } else { kept.held[place] };
            let own = drawn.traits(self, kept.key, place);
            let since = (at - held.at).seconds();
            let mut shown = own.after(device, held.g, since);
            if c.write_noise > 0.0 && own.stuck.is_none() {
                let word = self.pulses.block(kept.key, Memristor::write_block(place, held.pulses))[0];
                shown += c.write_noise * normal(word);
            }
            let (whole, reference) = (shown, own.reference);
            let shown = device.shown(shown, reference);
            let taken = device.taken(whole, reference, shown);
            sides[place / bank.devices] += seen(shown, Shown { place, g: held.g, since, taken }) - c.g_min;
        }
        self.map.straight_at(Memristor::share(sides, bank.pair != Pair::None, bank.devices as f64, c.range()))
    }

    /// The conductance \[S\] at `at` that its device and the reference of that have together, of a synapse whose device was left at `g`; none
    /// where there is no reference.
    pub fn taken(&self, g: f64, kept: &Kept, at: Time, visit: &mut Visit) -> Option<f64> {
        self.device.reference.as_ref()?;
        let mut all = 0.0;
        self.mean(g, kept, at, visit.parts().1, |shown, Shown { taken, .. }| {
            all += taken;
            shown
        });
        Some(all)
    }

    /// The share of the range of weights, from the sums of what the devices on both sides show above g_min.
    #[inline(always)]
    pub(super) fn share([plus, minus]: [f64; 2], pair: bool, devices: f64, range: f64) -> f64 {
        if pair { 0.5 + 0.5 * (plus - minus) / devices / range } else { plus / devices / range }
    }

    /// Which block of random words has that of what a device shows after so many pulses.
    #[inline(always)]
    pub(super) fn write_block(place: usize, pulses: u32) -> u64 {
        1 << 63 | (place as u64) << 40 | u64::from(pulses)
    }

    /// The random word of a plain device's read.
    #[inline]
    pub(super) fn read_word(&self, key: u64, ordinal: u32) -> u32 {
        self.reads.block(key, Memristor::read_block(ordinal))[0]
    }

    /// Which block has it.
    #[inline(always)]
    pub(super) fn read_block(ordinal: u32) -> u64 {
        u64::from(ordinal) << 1
    }

    /// The conductance that a read sees of a device that shows `g`, from the size of its noise and a standard normal number.
    #[inline(always)]
    pub(super) fn seen(g: f64, sigma: f64, noise: f64) -> f64 {
        g * (1.0 + sigma * noise).max(0.0)
    }

    /// What the `ordinal`-th spike of its source reads at `at`, as [`Memristor::straight`].
    pub fn read(&self, g: f64, kept: &Kept, ordinal: u32, at: Time, visit: &mut Visit) -> f64 {
        let c = &self.device.common;
        let (price, drawn) = visit.parts();
        price.reads += 1;
        if self.plain {
            if let Some(joules) = self.device.read_energy(g) {
                price.read.add(joules);
            }
            if c.read_noise == 0.0 {
                return self.map.straight_of(g);
            }
            return self.map.straight_of(Memristor::seen(g, c.read_noise, normal(self.read_word(kept.key, ordinal))));
        }
        self.mean(g, kept, at, drawn, |shown, Shown { place, g, since, taken }| {
            if let Some(joules) = self.device.read_energy(taken) {
                price.read.add(joules);
            }
            let flicker = self.device.ageing.flicker_sigma(c, g, since);
            let sigma = (c.read_noise * c.read_noise + flicker * flicker).sqrt();
            if sigma == 0.0 {
                return shown;
            }
            let words = self.reads.block(kept.key, u64::from(ordinal) << 1 | place as u64 >> 2);
            Memristor::seen(shown, sigma, normal(words[place & 3]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memristor(values: [f64; 9]) -> Memristor {
        let names = ["g_min", "g_max", "dg_up", "dg_down", "pulses", "sigma_d2d", "sigma_c2c", "read_noise", "ideal"];
        let prices =
            [("pulse_up.v", 2.0), ("pulse_up.width", 1e-7), ("pulse_down.v", -2.0), ("pulse_down.width", 1e-7)];
        let given: Vec<_> = names.into_iter().zip(values).chain(prices).collect();
        let spec = device::DeviceSpec::with(device::DeviceModel::SoftBounds, &given);
        Memristor::new(spec.device().unwrap(), 0.0, 1.0, 7, "p")
    }

    #[test]
    fn stochastic_pulses_have_the_proposed_change_as_their_mean() {
        let m = memristor([0.0, 1e-4, 1e-7, 1e-7, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let (mut visit, g0) = (Visit::default(), 5e-5);
        let mut device = Kept { key: 3, ..Kept::default() };
        // 0.3 pulses each time, always from mid-range: a mean of 0.3 steps.
        let total: f64 = (0..20_000).map(|_| m.change(g0, 0.3e-3, &mut device, Time::ZERO, &mut visit) - g0).sum();
        let pulses = total / 1e-7;
        assert!((pulses / 20_000.0 - 0.3).abs() < 0.012, "{pulses}");
        let spent = visit.price.set.joules() / (4.0 * 1e-7 * g0);
        assert!((spent - pulses).abs() < 1e-6 * pulses, "one price per pulse: {spent} {pulses}");
        assert_eq!(visit.price.reset.joules(), 0.0);
    }

    #[test]
    fn carry_loses_nothing() {
        let m = memristor([0.0, 1e-4, 1e-7, 1e-7, 1.0, 0.0, 0.0, 0.0, 0.0]);
        let (mut device, mut visit) = (Kept::default(), Visit::default());
        let pulses: f64 = (0..1000)
            .map(|_| ((m.change(5e-5, 0.3e-3, &mut device, Time::ZERO, &mut visit) - 5e-5) / 1e-7).round())
            .sum();
        assert!((pulses - 300.0).abs() <= 1.0, "{pulses}");
    }

    #[test]
    fn spread_is_a_constant_of_the_device_and_noise_differs_between_pulses() {
        let spread = memristor([0.0, 1e-4, 1e-7, 1e-7, 2.0, 0.3, 0.0, 0.0, 0.0]);
        let step = |m: &Memristor, key, n| {
            let mut device = Kept { key, updates: n, ..Kept::default() };
            m.change(5e-5, 1e-3, &mut device, Time::ZERO, &mut Visit::default()) - 5e-5
        };
        assert_eq!(step(&spread, 1, 0), step(&spread, 1, 9));
        assert_ne!(step(&spread, 1, 0), step(&spread, 2, 0));
        let noisy = memristor([0.0, 1e-4, 1e-7, 1e-7, 2.0, 0.0, 0.3, 0.0, 0.0]);
        assert_ne!(step(&noisy, 1, 0), step(&noisy, 1, 9));
        let ideal = memristor([0.0, 1e-4, 1e-7, 1e-7, 2.0, 0.3, 0.3, 0.3, 1.0]);
        assert!((step(&ideal, 1, 0) - 1e-7).abs() < 1e-18);
        let n = 4000;
        let steps: Vec<f64> = (0..n).map(|key| step(&spread, key, 0) / 1e-7).collect();
        let mean = steps.iter().sum::<f64>() / n as f64;
        let std = (steps.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        assert!((mean - 1.0).abs() < 0.02 && (std - 0.3).abs() < 0.02, "{mean} {std}");
    }

    #[test]
    fn noise_beside_that_of_measured_pulses_is_independent_of_it() {
        use device::measured::{Measured, Row};
        // Steps up of 1 uS, with a spread of 0.5 uS, from the middle; back down between them.
        let steps = (0..4000u32).map(|k| 1.0 + 0.5 * normal(crate::rng::philox([k, 0, 0, 0], [3, 0])[0]));
        let rows: Vec<Row> = steps
            .flat_map(|step| [50.0, 50.0 + step])
            .chain([0.0, 100.0, 0.0])
            .scan(50.0, |last, g| Some((g > std::mem::replace(last, g), g)))
            .map(|(up, g)| Row { g: g * 1e-6, up, device: 0, cycle: 0 })
            .collect();
        let measured = Measured::new(&rows).unwrap();
        let given = [("sigma_d2d", 1e-12), ("sigma_c2c", 0.6), ("pulses", 2.0)];
        let mut spec = device::DeviceSpec::with(device::DeviceModel::Table, &given);
        spec.lists = measured.lists();
        let m = Memristor::new(spec.device().unwrap(), 0.0, 1.0, 7, "p");
        let (n, (mean, std)) = (20_000, measured.at(50e-6, true));
        let step = |key| {
            let mut device = Kept { key, ..Kept::default() };
            m.change(50e-6, 1e-3, &mut device, Time::ZERO, &mut Visit::default()) - 50e-6
        };
        let steps: Vec<f64> = (0..n).map(step).collect();
        let found = steps.iter().sum::<f64>() / n as f64;
        let variance = steps.iter().map(|s| (s - found) * (s - found)).sum::<f64>() / n as f64;
        // Of a step times 1 + sigma N.
        let expected = std * std + 0.36 * (mean * mean + std * std);
        assert!((variance / expected - 1.0).abs() < 0.06, "{variance} {expected}");
        assert!((found - mean).abs() < 4.0 * (expected / n as f64).sqrt(), "{found} {mean}");
    }

    #[test]
    fn reads_scatter_around_the_weight_and_keep_its_sign() {
        let m = memristor([0.0, 1e-4, 1e-7, 1e-7, 0.0, 0.0, 0.0, 0.5, 0.0]);
        let reads: Vec<f64> = (0..4000)
            .map(|k| m.read(5e-5, &Kept { key: 1, ..Kept::default() }, k, Time::ZERO, &mut Visit::default()))
            .collect();
        let mean = reads.iter().sum::<f64>() / 4000.0;
        assert!((mean - 0.5).abs() < 0.02 && reads.iter().all(|w| *w >= 0.0), "{mean}");
    }
}
