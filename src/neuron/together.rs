//! Neurons that take in one event each: vector instructions over many of them.
//!
//! Operation by operation what the model does for one neuron, so the bits are the same. Neurons in a state that the straight code does not
//! cover (refractory since their last event, a raised threshold, a very long silence) are left to the model itself.

use super::{Event, EventNeuron, Members, one_by_one};
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
    fn load(&mut self, lane: usize, state: &M::State, event: &Event) -> bool;
    /// Propagates to the event, takes it in, and looks when the threshold may be reached.
    fn take(&mut self);
    /// The state after the event: whether it spikes, and the earliest next spike.
    fn store(&self, lane: usize, params: &M::Params, state: &mut M::State, time: Time) -> (bool, Time);
}

/// One event each of different neurons.
pub(crate) struct Together<'a, C, M: EventNeuron, L> {
    pub params: &'a [M::Params],
    pub members: &'a mut C,
    pub events: &'a [Event],
    pub lanes: std::marker::PhantomData<L>,
}

impl<M: EventNeuron, C: Members<M::State>, L: Lanes<M>> Kernel for Together<'_, C, M, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Together { params, members, events, .. } = self;
        let own = params.len() > 1;
        let mut lanes = L::new();
        if !own {
            (0..LANES).for_each(|lane| lanes.set(lane, &params[0]));
        }
        for events in events.chunks(LANES) {
            let mut covered = 0_u32;
            for (lane, event) in events.iter().enumerate() {
                if own {
                    lanes.set(lane, &params[event.place as usize]);
                }
                let plain = lanes.load(lane, members.state(event.place), event);
                covered |= u32::from(plain) << lane;
            }
            lanes.take();
            for (lane, event) in events.iter().enumerate() {
                let (p, state) =
                    (if own { &params[event.place as usize] } else { &params[0] }, members.state(event.place));
                let (spiked, earliest) = if covered >> lane & 1 == 1 {
                    lanes.store(lane, p, state, event.time)
                } else {
                    M::take(p, state, event.time, event.weight)
                };
                members.settled(event, spiked, earliest);
            }
        }
    }
}

/// See [`EventNeuron::take_all`].
#[inline]
pub(crate) fn take_all<M: EventNeuron, L: Lanes<M>, C: Members<M::State>>(
    params: &[M::Params],
    members: &mut C,
    events: &[Event],
) {
    if events.len() < FEW {
        return one_by_one::<M, C>(params, members, events);
    }
    let lanes = std::marker::PhantomData::<L>;
    Target::best().run(Together::<C, M, L> { params, members, events, lanes });
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::neuron::one_of;

    /// Cells, and what was told of each.
    struct Cells<S>(Vec<S>, Vec<(u32, Time, bool, Time)>);

    impl<S> Members<S> for Cells<S> {
        fn state(&mut self, place: u32) -> &mut S {
            &mut self.0[place as usize]
        }
        fn settled(&mut self, event: &Event, spiked: bool, earliest: Time) {
            self.1.push((event.place, event.time, spiked, earliest));
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
        // Short and long gaps, one at once, one of 20 s.
        let mut time = Time::ZERO;
        for gap in [0, 1, 3_000_000, 700_000_000, 0, 1_900_000_000, 40_000_000_000, 20_000_000_000_000, 5, 900_000_000]
        {
            time += Time(gap);
            let spread = gap.min(1_000_000);
            let events: Vec<Event> = (0..n as u32)
                .rev()
                .map(|place| {
                    let time = Time(time.0 + (random() * spread as f64) as i64);
                    Event { time, weight: weight(random()), place }
                })
                .collect();
            for event in &events {
                let p = one_of(&params, event.place);
                let state = plain.state(event.place);
                while M::next_spike(p, state, event.time).is_some() {}
                let (spiked, earliest) = M::take(p, state, event.time, event.weight);
                plain.settled(event, spiked, earliest);
            }
            for (target, cells) in &mut others {
                for event in &events {
                    let p = one_of(&params, event.place);
                    while M::next_spike(p, cells.state(event.place), event.time).is_some() {}
                }
                let lanes = std::marker::PhantomData::<L>;
                target.run(Together::<_, M, L> { params: &params, members: cells, events: &events, lanes });
                assert_eq!(plain.1, cells.1, "{target:?} at {time}");
                assert!(plain.0.iter().zip(&cells.0).all(|(a, b)| a == b), "{target:?} at {time}");
            }
            time += Time(spread);
        }
        plain.1.iter().filter(|told| told.2).count()
    }
}
