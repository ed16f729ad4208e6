//! Traces that spikes find, from how long ago the other side's last ones were: decays are looked up where there are tables of them, on a
//! grid; else they are vector code with the bits of [`Decay::over`].

use crate::math::vector::{Kernel, Target};
use crate::math::{exp, exp_in_range};
use crate::plasticity::Pair;
use crate::synapse::recent::Decay;
use crate::time::Time;

use super::stretch::{Round, STRETCH, Stretch};

/// Up to so many time constants, and some more, [`exp_in_range`] is [`exp`].
const NEAR: f64 = 699.0;

/// What the pairs of a row have in common.
pub(super) struct Decayed<'a, R> {
    pub rule: &'a R,
    /// Of the presynaptic trace and the postsynaptic one.
    pub decays: [&'a Decay; 2],
    /// The presynaptic trace just after the last pre spike.
    pub trace: f64,
    /// The slow presynaptic trace that the spike finds.
    pub slow: f64,
    pub all_to_all: bool,
}

impl<R: Pair> Decayed<'_, R> {
    /// The traces that post spikes find.
    #[inline]
    pub fn fill_posts(&self, stretch: &mut Stretch, target: Target) {
        for round in stretch.rounds() {
            if self.decays[0].is_tabled() {
                let len = round.len;
                let ages = round.age[..len].iter().zip(&round.second[..len]);
                round.x[..len].iter_mut().zip(ages).for_each(|(x, (&age, &second))| {
                    *x = self.post(self.decays[0].over(age), second);
                });
            } else {
                target.run(Post { of: self, round });
            }
        }
    }

    /// The traces that the pre spike finds.
    #[inline]
    pub fn fill_pres(&self, stretch: &mut Stretch, target: Target) {
        if self.decays[1].is_tabled() {
            let Stretch { len, y, age, .. } = stretch;
            y[..*len].iter_mut().zip(&age[..*len]).for_each(|(y, &age)| *y = self.pre(self.decays[1].over(age), *y));
        } else {
            target.run(Pre { of: self, stretch });
        }
    }

    /// The presynaptic trace that a post spike finds, from its decay since the last pre spike.
    #[inline(always)]
    fn post(&self, decay: f64, second: f64) -> f64 {
        self.rule.joined_post(self.trace * decay, second)
    }

    /// The postsynaptic trace that the pre spike finds, from that just after a post spike and its decay since; 0 if there was none.
    #[inline(always)]
    fn pre(&self, decay: f64, post: f64) -> f64 {
        let y = self.rule.joined_pre(if self.all_to_all { post * decay } else { decay }, self.slow);
        if post > 0.0 { y } else { 0.0 }
    }
}

/// A time so long ago \[ms\]: less than 0.
#[inline(always)]
fn ago(age: Time) -> f64 {
    Time(-age.0).ms()
}

/// Is none of these ages so great that its decay is no longer in the range of fast code?
#[inline(always)]
fn are_near(ages: &[Time], tau: f64) -> bool {
    !ages.iter().fold(false, |far, &age| far | (ago(age) < -NEAR * tau))
}

/// The traces that post spikes find.
struct Post<'a, R> {
    of: &'a Decayed<'a, R>,
    round: &'a mut Round,
}

impl<R: Pair> Kernel for Post<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let (of, tau, Round { len, x, age, second, .. }) = (self.of, self.of.decays[0].tau(), self.round);
        let len = (*len).min(STRETCH);
        let (x, ages, second) = (&mut x[..len], &age[..len], &second[..len]);
        let all = x.iter_mut().zip(ages).zip(second);
        if are_near(ages, tau) {
            all.for_each(|((x, &age), &second)| *x = of.post(exp_in_range(ago(age) / tau), second));
        } else {
            all.for_each(|((x, &age), &second)| *x = of.post(exp(ago(age) / tau), second));
        }
    }
}

/// The traces that pre spikes find.
struct Pre<'a, R> {
    of: &'a Decayed<'a, R>,
    stretch: &'a mut Stretch,
}

impl<R: Pair> Kernel for Pre<'_, R> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let (of, tau, Stretch { len, y, age, .. }) = (self.of, self.of.decays[1].tau(), self.stretch);
        let len = (*len).min(STRETCH);
        let (y, ages) = (&mut y[..len], &age[..len]);
        if are_near(ages, tau) {
            y.iter_mut().zip(ages).for_each(|(y, &age)| *y = of.pre(exp_in_range(ago(age) / tau), *y));
        } else {
            y.iter_mut().zip(ages).for_each(|(y, &age)| *y = of.pre(exp(ago(age) / tau), *y));
        }
    }
}
