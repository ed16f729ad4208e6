//! The spike trains of pixels while images are shown, each a pure function of its key.
//!
//! A pixel's random numbers belong to (population, pixel, presentation, spike), so that a train can be taken up at any spike: the
//! count of a train holds the presentation and the number of the spike within it.

use crate::rng::StreamKey;
use crate::sample::exponential;
use crate::spec::{Coding, LabelsSpec};
use crate::time::Time;

use super::train::Train;

/// Bits for the number of a spike within a presentation, which the reader keeps well below.
const BITS: u32 = 20;

/// The train of a pixel before its first spike.
pub fn first(spec: &LabelsSpec, key: StreamKey, pixel: usize) -> Train {
    next(spec, key, pixel, Train { next: Time::ZERO, drawn: 0 })
}

/// A pixel's next spike.
pub fn next(spec: &LabelsSpec, key: StreamKey, pixel: usize, train: Train) -> Train {
    let mut index = (train.drawn >> BITS) as usize;
    let mut number = train.drawn & ((1 << BITS) - 1);
    let mut last = train.next;
    while index < spec.shown.len() {
        let rate = spec.rate(index, pixel) * 1e-3;
        let begin = spec.begin(index);
        if rate > 0.0 && number < (1 << BITS) - 1 {
            let item = pixel as u64;
            let place = (index as u64) << BITS;
            let next = match spec.coding {
                Coding::Poisson => {
                    let gap = Time::from_ms(exponential(&mut key.stream(item).at(place | number)) / rate);
                    if number == 0 { begin.saturating_add(gap) } else { last.saturating_add(gap.max(Time(1))) }
                }
                Coding::Periodic => {
                    // Computed from the number, so that it does not drift.
                    let phase = key.stream(item).at(place).uniform();
                    begin.saturating_add(Time::from_ms((phase + number as f64) / rate))
                }
            };
            if next < begin + spec.presentation {
                return Train { next, drawn: place | (number + 1) };
            }
        }
        index += 1;
        number = 0;
        last = Time::ZERO;
    }
    Train { next: Time::NEVER, drawn: (index as u64) << BITS }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rng::Purpose;
    use crate::spec::{Images, Part, Shown};

    /// Two images of two pixels, black and half, then white and black, shown in turn.
    fn spec(coding: Coding, shows: u32) -> LabelsSpec {
        let images = Images { rows: 1, columns: 2, pixels: vec![0, 51, 255, 0], labels: vec![3, 4] };
        let shown = (0..shows).map(|i| Shown { image: i % 2, part: Part::Train, epoch: i / 2 });
        LabelsSpec {
            images: Arc::new(images),
            shown: shown.collect(),
            start: Time::from_ms(10.0),
            presentation: Time::from_ms(50.0),
            rest: Time::from_ms(30.0),
            min_rate: 0.0,
            max_rate: 200.0,
            coding,
        }
    }

    fn train(spec: &LabelsSpec, pixel: usize) -> Vec<f64> {
        let key = StreamKey::new(1, Purpose::Poisson, 7);
        let mut all = Vec::new();
        let mut train = first(spec, key, pixel);
        while train.next < Time::NEVER {
            all.push(train.next.ms());
            train = next(spec, key, pixel, train);
        }
        all
    }

    #[test]
    fn a_pixel_fires_at_its_rate_while_its_image_is_shown_and_at_no_other_time() {
        let spec = spec(Coding::Poisson, 4000);
        for (pixel, own, rate) in [(0, 1, 200.0), (1, 0, 40.0)] {
            let spikes = train(&spec, pixel);
            let within = |t: &f64| {
                let (show, at) = (((t - 10.0) / 80.0).floor(), (t - 10.0).rem_euclid(80.0));
                at < 50.0 && show as usize % 2 == own
            };
            assert!(spikes.iter().all(within));
            assert!(spikes.is_sorted());
            // 2000 presentations of 50 ms; five standard deviations.
            let expected: f64 = rate * 100.0;
            assert!((spikes.len() as f64 - expected).abs() < 5.0 * expected.sqrt(), "{} {expected}", spikes.len());
            // No lattice of any kind: Poisson counts per presentation have the variance of their mean.
            let mut counts = vec![0f64; 4000];
            spikes.iter().for_each(|t| counts[((t - 10.0) / 80.0) as usize] += 1.0);
            let counts: Vec<f64> = counts.into_iter().skip(own).step_by(2).collect();
            let mean = counts.iter().sum::<f64>() / 2000.0;
            let variance = counts.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 2000.0;
            assert!((variance / mean - 1.0).abs() < 0.16, "{variance} {mean}");
        }
    }

    #[test]
    fn periodic_trains_have_equal_intervals_and_phases_of_their_own() {
        let spec = spec(Coding::Periodic, 100);
        let spikes = train(&spec, 0);
        assert_eq!(spikes.len(), 500);
        let mut phases = Vec::new();
        for show in spikes.chunks(10) {
            assert!(show.windows(2).all(|w| (w[1] - w[0] - 5.0).abs() < 1e-6), "{show:?}");
            phases.push((show[0] - 10.0).rem_euclid(80.0) / 5.0);
        }
        assert!(phases.iter().all(|p| (0.0..1.0).contains(p)));
        let mean = phases.iter().sum::<f64>() / phases.len() as f64;
        assert!((mean - 0.5).abs() < 0.2 && phases.windows(2).all(|w| w[0] != w[1]), "{phases:?}");
    }
}
