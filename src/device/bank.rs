//! How many devices make a synapse, and which of them do not work.

use crate::check::Invalid;

use super::Values;

/// The most devices of one synapse.
pub const MOST: usize = 8;

/// Pulses of one change, at most; each has a random word of its own up to here.
pub const MOST_PULSES: f64 = 262_144.0;

/// The words for `pair`, in the order of their stored index.
pub const PAIRS: [&str; 3] = ["none", "one_sided", "push_pull"];

/// How devices make up a synapse's weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// All on one side.
    None,
    /// G+ - G-: potentiation sets devices of G+, depression those of G-.
    OneSided,
    /// G+ - G-: each change goes to both, in opposite directions.
    PushPull,
}

/// The devices of a synapse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bank {
    /// Devices on each side.
    pub devices: usize,
    /// Sides.
    pub pair: Pair,
    /// Both devices of a pair are reset and their difference is written anew when the higher one lies above this share of the range
    /// and the lower one above `refresh_low` (as aihwkit's one-sided unit cell); 0: never.
    pub refresh: f64,
    /// See `refresh`, which it does not exceed.
    pub refresh_low: f64,
    /// Does a depressing pulse reset a device as a whole?
    pub one_sided: bool,
    /// Spread of the conductance after a reset, in units of the range.
    pub sigma_reset: f64,
    /// Share of devices stuck at g_min.
    pub stuck_low: f64,
    /// Share of devices stuck at g_max.
    pub stuck_high: f64,
    /// Share of devices stuck anywhere in between.
    pub stuck_between: f64,
}

impl Bank {
    /// From a device's values; faults and spreads are left out if they are ideal.
    ///
    /// # Errors
    /// If the numbers do not go together.
    pub fn new(v: &Values<'_>) -> Result<Bank, Invalid> {
        let on = if v.flag("ideal") { 0.0 } else { 1.0 };
        let pair = [Pair::None, Pair::OneSided, Pair::PushPull][v.get("pair") as usize];
        let sides = if pair == Pair::None { 1 } else { 2 };
        let devices = v.get("devices");
        if devices < 1.0 || devices.fract() != 0.0 || devices > (MOST / sides) as f64 {
            let most = MOST / sides;
            let message = format!(
                "found {devices}, expected a whole number from 1 to {most}: {MOST} devices make a synapse at most"
            );
            return Err(Invalid::new("devices", message));
        }
        let [low, high, between] = ["stuck_low", "stuck_high", "stuck_between"].map(|name| v.get(name));
        if low + high + between > 1.0 {
            let message = format!("the shares of stuck devices add up to {}, expected at most 1", low + high + between);
            return Err(Invalid::new("stuck_low", message));
        }
        let one_sided = v.flag("one_sided");
        let refresh = v.get("refresh");
        if refresh > 0.0 && pair != Pair::OneSided {
            let why = "only a pair = \"one_sided\" is refreshed, for both of its devices only grow";
            return Err(Invalid::new("refresh", format!("found {refresh}, expected refresh = 0: {why}")));
        }
        if one_sided && pair == Pair::PushPull {
            return Err(Invalid::new(
                "pair",
                "found \"push_pull\", but a one-sided device can't be depressed in steps: expected \"one_sided\"",
            ));
        }
        Ok(Bank {
            devices: devices as usize,
            pair,
            refresh,
            refresh_low: v.get("refresh_low").min(refresh),
            one_sided,
            sigma_reset: v.get("sigma_reset") * on,
            stuck_low: low * on,
            stuck_high: high * on,
            stuck_between: between * on,
        })
    }

    /// Devices of a synapse.
    pub fn count(&self) -> usize {
        if self.pair == Pair::None { self.devices } else { 2 * self.devices }
    }

    /// Does a depressing pulse reset the device that it depresses, so that no rule can drive it? In a pair it sets the other one.
    pub fn resets(&self) -> bool {
        self.one_sided && self.pair != Pair::OneSided
    }

    /// Is any device stuck?
    pub fn has_faults(&self) -> bool {
        self.stuck_low + self.stuck_high + self.stuck_between > 0.0
    }

    /// Where a device is stuck, as a share of its range, from its own numbers in (0, 1); none if it works.
    pub fn stuck(&self, which: f64, place: f64) -> Option<f64> {
        let (low, high) = (self.stuck_low, self.stuck_low + self.stuck_high);
        match which {
            u if u < low => Some(0.0),
            u if u < high => Some(1.0),
            u if u < high + self.stuck_between => Some(place),
            _ => None,
        }
    }
}
