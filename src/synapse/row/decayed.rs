//! Traces that spikes find, from decays; and those of many pairs of spikes where times are exact: what [`Decay::over`] gives one by one,
//! as vector code.
//!
//! [`Decay::over`]: crate::synapse::Decay::over

use crate::math::vector::{Kernel, Target};
use crate::math::{exp, exp_in_range};
use crate::plasticity::Pair;

use super::stretch::{Round, STRETCH, Stretch};

/// Up to so many time constants, and some more, [`exp_in_range`] is [`exp`].
const NEAR: f64 = 699.0;

/// What the pairs of a row have in common.
pub(super) struct Decayed<'a, R> {
    pub rule: &'a R,
    /// Of the presynaptic trace and the postsynaptic one \[ms\].
    pub tau: [f64; 2],
    /// The presynaptic trace just after the last pre spike.
    pub trace: f64,
    /// The slow presynaptic trace that the spike finds.
    pub slow: f64,
    pub all_to_all: bool,
}

impl<R: Pair> Decayed<'_, R> {
    /// Turns ages into the traces that post spikes find.
    #[inline]
    pub fn fill_posts(&self, stretch: &mut Stretch, target: Target) {
        stretch.rounds().for_each(|round| target.run(Post { of: self, round }));
    }

    /// Turns ages into the traces that the pre spike finds.
    #[inline]
    pub fn fill_pres(&self, stretch: &mut Stretch, target: Target) {
        target.run(Pre { of: self, stretch });
    }

    /// The presynaptic trace that a post spike finds, from its decay since the last pre spike.
    #[inline(always)]
    pub fn post(&self, decay: f64, second: f64) -> f64 {
        self.rule.joined_post(self.trace * decay, second)
    }

    /// The postsynaptic trace that the pre spike finds, from that just after a post spike and its decay since; 0 if there was none.
    #[inline(always)]
    pub fn pre(&self, decay: f64, post: f64) -> f64 {
        let y = self.rule.joined_pre(if self.all_to_all { post * decay } else { decay }, self.slow);
        if post > 0.0 { y } else { 0.0 }
    }
}

/// Is none of these ages so great that its decay is no longer in the range of fast code?
#[inline(always)]
fn are_near(ages: &[f64], tau: f64) -> bool {
    !ages.iter().fold(false, |far, &age| far | (age < -NEAR * tau))
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
        let (of, tau, Round { len, x, second, .. }) = (self.of, self.of.tau[0], self.round);
        let len = (*len).min(STRETCH);
        let (x, second) = (&mut x[..len], &second[..len]);
        if are_near(x, tau) {
            x.iter_mut().zip(second).for_each(|(x, &second)| *x = of.post(exp_in_range(*x / tau), second));
        } else {
            x.iter_mut().zip(second).for_each(|(x, &second)| *x = of.post(exp(*x / tau), second));
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
        let (of, tau, Stretch { len, y, age, .. }) = (self.of, self.of.tau[1], self.stretch);
        let len = (*len).min(STRETCH);
        let (y, age) = (&mut y[..len], &age[..len]);
        if are_near(age, tau) {
            y.iter_mut().zip(age).for_each(|(y, &age)| *y = of.pre(exp_in_range(age / tau), *y));
        } else {
            y.iter_mut().zip(age).for_each(|(y, &age)| *y = of.pre(exp(age / tau), *y));
        }
    }
}
