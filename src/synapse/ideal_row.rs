//! Runs of ideal synapses: the value of each is its weight, which takes any change that its bounds allow.

use std::marker::PhantomData;

use crate::math::real::Real;
use crate::math::vector::{Kernel, Target};
use crate::plasticity::Pair;
use crate::time::Time;

use super::row::{Holder, STRETCH, Spikes, Stretch};

/// What holds the weights of a run.
pub(super) struct Ideal<W> {
    bounds: Bounds,
    /// The share that a synapse transmits, with short-term plasticity.
    gain: Option<f64>,
    target: Target,
    width: PhantomData<W>,
}

impl<W> Ideal<W> {
    /// Weights from `w_min` to `w_max`, of which the rule takes `scale` for 1.
    pub fn new(w_min: f64, w_max: f64, scale: f64, gain: Option<f64>, target: Target) -> Ideal<W> {
        let bounds = Bounds { scale, low: w_min / scale, high: w_max / scale, w_min, w_max };
        Ideal { bounds, gain, target, width: PhantomData }
    }
}

impl<W: Real> Holder for Ideal<W> {
    #[inline(always)]
    fn begin(&mut self, _: usize, _: &Stretch) {}

    #[inline(always)]
    fn learn<R: Pair, const POST: bool>(&mut self, rule: &R, spikes: Spikes<'_>) {
        let Spikes { trace, value: weight, .. } = spikes;
        self.target.run(Learn::<R, W, POST> { rule, bounds: self.bounds, trace, weight, width: PhantomData });
    }

    #[inline(always)]
    fn send<'v>(&mut self, values: &'v [f64], _: &[Time], room: &'v mut [f64; STRETCH]) -> &'v [f64] {
        let Some(gain) = self.gain else { return values };
        room.iter_mut().zip(values).for_each(|(weight, value)| *weight = W::of(value * gain).wide());
        &room[..values.len()]
    }

    #[inline(always)]
    fn end(&mut self, _: usize, _: &Stretch) {}
}

/// What holds a weight, in its unit and in the rule's scale.
#[derive(Clone, Copy)]
struct Bounds {
    scale: f64,
    low: f64,
    high: f64,
    w_min: f64,
    w_max: f64,
}

/// Changes of many weights, each at a spike that finds a trace; POST says of which side. As `PlasticSetup::bounded`.
struct Learn<'a, R, W, const POST: bool> {
    rule: &'a R,
    bounds: Bounds,
    trace: &'a [f64],
    weight: &'a mut [f64],
    width: PhantomData<W>,
}

impl<R: Pair, W: Real, const POST: bool> Kernel for Learn<'_, R, W, POST> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Bounds { scale, low, high, w_min, w_max } = self.bounds;
        for (weight, &trace) in self.weight.iter_mut().zip(self.trace) {
            let w = *weight / scale;
            let change = if POST { self.rule.on_post(w, trace) } else { self.rule.on_pre(w, trace) };
            let relative = w + change;
            let value = relative * scale;
            let value = if relative <= low { w_min } else { value };
            let value = if relative >= high { w_max } else { value };
            let learns = !POST && R::AT_EVERY_PRE || trace != 0.0;
            *weight = if learns { W::of(value).wide() } else { *weight };
        }
    }
}
