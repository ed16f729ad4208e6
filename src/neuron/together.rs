//! Neurons that take in one event each: vector instructions over many of them.
//!
//! Operation by operation what the model does for one neuron, so the bits are the same. Neurons in a state that the straight code does not
//! cover (refractory since their last event, a raised threshold, a very long silence) are left to the model itself.

use super::{EventNeuron, Members, one_of};
use crate::math::vector::{Kernel, Target};
use crate::time::Time;

/// Neurons per group.
pub(crate) const LANES: usize = 16;

/// Fewer events than these are taken in one by one.
const FEW: usize = 4;

/// After so many of its shortest time constants a neuron is left to the plain code: there e^-x is out of the fast range.
pub(crate) const FAR: f64 = 600.0;

/// What a group of neurons of a model computes with; everything is `#[inline(always)]` and straight.
pub(crate) trait Lanes<M: EventNeuron> {
    /// All lanes idle.
    fn new() -> Self;
    /// The constants of a lane's neuron.
    fn set(&mut self, lane: usize, params: &M::Params);
    /// The state of a lane's neuron and its event; false if the straight code does not cover it.
    fn load(&mut self, lane: usize, params: &M::Params, state: &M::State, time: Time, weight: f64) -> bool;
    /// Propagates to the event, takes it in, and looks when the threshold may be reached.
    fn take(&mut self);
    /// The state after the event: whether it spikes, and the earliest next spike.
    fn store(&self, lane: usize, params: &M::Params, state: &mut M::State, time: Time) -> (bool, Time);
}

/// One event at each of the places.
pub(crate) struct Together<'a, C, M: EventNeuron, L> {
    pub params: &'a [M::Params],
    pub members: &'a mut C,
    pub places: &'a [u32],
    pub weights: &'a [f64],
    pub times: &'a [Time],
    pub lanes: std::marker::PhantomData<L>,
}

impl<M: EventNeuron, C: Members<M::State>, L: Lanes<M>> Kernel for Together<'_, C, M, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Together { params, members, places, weights, times, .. } = self;
        let own = params.len() > 1;
        let mut lanes = L::new();
        if !own {
            (0..LANES).for_each(|lane| lanes.set(lane, &params[0]));
        }
        for from in (0..places.len()).step_by(LANES) {
            let n = LANES.min(places.len() - from);
            let mut covered = 0_u32;
            for lane in 0..n {
                let (place, time) = (places[from + lane], times[from + lane]);
                let p = one_of(params, place);
                if own {
                    lanes.set(lane, p);
                }
                let plain = lanes.load(lane, p, members.state(place), time, weights[from + lane]);
                covered |= u32::from(plain) << lane;
            }
            lanes.take();
            for lane in 0..n {
                let (place, time) = (places[from + lane], times[from + lane]);
                let (p, state) = (one_of(params, place), members.state(place));
                let (spiked, earliest) = if covered >> lane & 1 == 1 {
                    lanes.store(lane, p, state, time)
                } else {
                    M::take(p, state, time, weights[from + lane])
                };
                members.settled(place, time, spiked, earliest);
            }
        }
    }
}

/// See [`EventNeuron::take_all`].
#[inline]
pub(crate) fn take_all<M: EventNeuron, L: Lanes<M>, C: Members<M::State>>(
    params: &[M::Params],
    members: &mut C,
    places: &[u32],
    weights: &[f64],
    times: &[Time],
) {
    if places.len() < FEW {
        for ((&place, &weight), &time) in places.iter().zip(weights).zip(times) {
            let (spiked, earliest) = M::take(one_of(params, place), members.state(place), time, weight);
            members.settled(place, time, spiked, earliest);
        }
        return;
    }
    let lanes = std::marker::PhantomData::<L>;
    Target::best().run(Together::<C, M, L> { params, members, places, weights, times, lanes });
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Cells, and what was told of each.
    struct Cells<S>(Vec<S>, Vec<(u32, Time, bool, Time)>);

    impl<S> Members<S> for Cells<S> {
        fn state(&mut self, place: u32) -> &mut S {
            &mut self.0[place as usize]
        }
        fn settled(&mut self, place: u32, time: Time, spiked: bool, earliest: Time) {
            self.1.push((place, time, spiked, earliest));
        }
    }

    /// Many neurons take in events at different times, one by one and together, on every instruction set: the same bits.
    /// `initial` and `weight` make what neurons start from, and weights, of numbers in [0, 1). Gives how many spiked as an event came.
    pub(crate) fn compare<M: EventNeuron, L: Lanes<M>>(
        values: &dyn Fn(usize) -> Vec<f64>,
        own: bool,
        initial: &dyn Fn(f64) -> Vec<f64>,
        weight: &dyn Fn(f64) -> f64,
    ) -> usize
    where
        M::State: PartialEq,
    {
        let n = 1003;
        let mut x = 1_u64;
        let mut random = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (x >> 11) as f64 / (1_u64 << 53) as f64
        };
        let params: Vec<M::Params> = (0..if own { n } else { 1 }).map(|i| M::params(&values(i)).unwrap()).collect();
        let mut cells: Vec<M::State> =
            (0..n).map(|i| M::initial(one_of(&params, i as u32), &initial(random()))).collect();
        for (i, state) in cells.iter_mut().enumerate().skip(100).take(100) {
            M::set_current(one_of(&params, i as u32), state, random() * 40.0 - 20.0);
        }
        let mut plain = Cells(cells.clone(), Vec::new());
        let mut others: Vec<_> =
            Target::available().into_iter().map(|t| (t, Cells(cells.clone(), Vec::new()))).collect();
        let places: Vec<u32> = (0..n as u32).rev().collect();
        // Short and long gaps, one at once, one of 20 s.
        let mut time = Time::ZERO;
        for gap in [0, 1, 3_000_000, 700_000_000, 0, 1_900_000_000, 40_000_000_000, 20_000_000_000_000, 5, 900_000_000]
        {
            time += Time(gap);
            let spread = gap.min(1_000_000);
            let times: Vec<Time> = (0..n).map(|_| Time(time.0 + (random() * spread as f64) as i64)).collect();
            let weights: Vec<f64> = (0..n).map(|_| weight(random())).collect();
            for (i, &place) in places.iter().enumerate() {
                let p = one_of(&params, place);
                let state = plain.state(place);
                while M::next_spike(p, state, times[i]).is_some() {}
                let (spiked, earliest) = M::take(p, state, times[i], weights[i]);
                plain.settled(place, times[i], spiked, earliest);
            }
            for (target, cells) in &mut others {
                for (i, &place) in places.iter().enumerate() {
                    while M::next_spike(one_of(&params, place), cells.state(place), times[i]).is_some() {}
                }
                let lanes = std::marker::PhantomData::<L>;
                let (params, places, weights, times) = (&params[..], &places[..], &weights[..], &times[..]);
                target.run(Together::<_, M, L> { params, members: cells, places, weights, times, lanes });
                assert_eq!(plain.1, cells.1, "{target:?} at {time}");
                assert!(plain.0.iter().zip(&cells.0).all(|(a, b)| a == b), "{target:?} at {time}");
            }
            time += Time(spread);
        }
        plain.1.iter().filter(|told| told.2).count()
    }
}
