//! What synapses find of their targets' potentials, for a rule that learns from these.

use crate::math::vector::Target;
use crate::memory::prefetch;
use crate::plasticity::Pair;
use crate::plasticity::clopath::Clopath;
use crate::synapse::History;
use crate::time::Time;

use super::decayed::Decayed;
use super::pairs::Span;
use super::stretch::{ROUNDS, Stretch};
use super::walk::{Find, Synapse};

/// What the synapses of a row have in common.
pub(super) struct Drives<'a> {
    pub rule: &'a Clopath,
    pub post: &'a [History],
    pub decayed: Decayed<'a, Given>,
    pub span: Span,
    /// How often potentials are looked at.
    pub step: Time,
    pub target: Target,
}

/// Changes that do not depend on the weight: at a step of the potential the trace times what that potentiates, its drive, which stands in
/// the place of a second trace; and at a pre spike what is found.
pub(in crate::synapse) struct Given;

impl Pair for Given {
    const AT_EVERY_PRE: bool = true;
    const SECOND: bool = true;

    #[inline(always)]
    fn joined_post(&self, x: f64, drive: f64) -> f64 {
        drive * x
    }

    #[inline(always)]
    fn on_post(&self, _: f64, change: f64) -> f64 {
        change
    }

    #[inline(always)]
    fn on_pre(&self, _: f64, change: f64) -> f64 {
        change
    }
}

impl Find for Drives<'_> {
    type Rule = Given;

    #[inline(always)]
    fn rule(&self) -> &Given {
        self.decayed.rule
    }

    #[inline(always)]
    fn fetch(&self, target: u16) {
        if let Some(voltage) = &self.post[usize::from(target)].voltage {
            prefetch(std::slice::from_ref(&**voltage), 0, 1);
        }
    }

    #[inline(always)]
    fn write(&self, stretch: &mut Stretch, timed: bool, Synapse { offset, value, target, delay }: Synapse) -> bool {
        let Span { seen, after, since } = self.span;
        let (place, voltage) = (stretch.len, self.post[usize::from(target)].voltage.as_deref());
        let drive = voltage.map_or(&[][..], |voltage| voltage.drive_between(after - delay, seen - delay));
        if drive.len() > ROUNDS {
            return false;
        }
        for (number, &(time, drive)) in drive.iter().enumerate() {
            let round = stretch.round(number);
            round.second[round.len] = drive;
            if timed {
                round.at[round.len] = time + delay;
            }
            round.push_age(place, time + delay - since);
        }
        if timed {
            stretch.at[place] = seen;
        }
        let change = voltage.and_then(|voltage| voltage.change_at_pre(self.rule, seen - delay, self.step));
        stretch.push(offset, value, (change.unwrap_or(0.0), Time::ZERO));
        true
    }

    #[inline]
    fn complete(&self, stretch: &mut Stretch) {
        self.decayed.fill_posts(stretch, self.target);
    }
}
