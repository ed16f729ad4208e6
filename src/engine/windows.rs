//! Cuts model time into windows.
//!
//! A window is never longer than the smallest delay, so that nothing emitted in it arrives in it. It also ends right after
//! every moment at which something is sampled or weights are scaled. Where windows end changes nothing but the speed.

use crate::network::Network;
use crate::spec::WeightSample;
use crate::time::Time;

use super::finite;
use super::rates::Events;
use super::shard::Window;

/// Windows are at most this long, so that progress and Ctrl-C are seen: 10 ms,
const LONGEST: Time = Time(10_000_000_000);

/// less where there are many neurons: all of them together are advanced by this much, 20 s,
const TOGETHER: i64 = 20_000_000_000_000;

/// or by so many events, where nothing else takes time: in the event engine. A spike whose delays differ is looked at in each window
/// in which something of it may arrive;
const EVENTS: f64 = 1e6;

/// but there no more than so many are of Poisson inputs, which are listed and put in order: the lists stay in the caches;
const LISTED: f64 = 1.25e5;

/// and no less than what a window costs is worth: 0.02 ms.
const SHORTEST: Time = Time(20_000_000);

/// A series of sampling times: start, start + interval, ...
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Series {
    /// The first.
    pub start: Time,
    /// Time between two.
    pub interval: Time,
}

impl Series {
    /// The first sampling time at or after `time`.
    pub fn next(&self, time: Time) -> Time {
        if time <= self.start {
            return self.start;
        }
        let n = ((time - self.start).0 - 1) / self.interval.0 + 1;
        self.start.saturating_add(Time(n.saturating_mul(self.interval.0)))
    }

    /// Is `time` one of them?
    pub fn has(&self, time: Time) -> bool {
        self.next(time) == time
    }
}

/// The plan of a run.
#[derive(Clone, Debug)]
pub struct Windows {
    /// Longest window; windows end at its multiples.
    pub quantum: Time,
    /// The last moment of the run.
    pub end: Time,
    /// Start of the recorded window,
    start: Time,
    /// and its end, from which on nothing is sampled but weights at the end.
    stop: Time,
    series: Vec<Series>,
    /// When the losses of crossbars are looked at.
    refreshes: Vec<Series>,
    /// Moments after which a window ends too: weights are scaled.
    scalings: Vec<Series>,
    /// Is something sampled at the end?
    at_end: bool,
}

impl Windows {
    /// Of a network that runs up to and including `end`.
    pub fn new(network: &Network, end: Time) -> Windows {
        let record = &network.spec.record;
        let mut series: Vec<Series> =
            record.state.iter().map(|s| Series { start: s.start, interval: s.interval }).collect();
        for weights in &record.weights {
            if let WeightSample::Interval(interval) = weights.on {
                series.push(Series { start: Time::ZERO, interval });
            }
        }
        let changing = network.spec.projections.iter().filter(|p| p.changes());
        let every = changing.filter_map(|p| p.crossbar.as_ref()).map(|c| c.refresh_ms).filter(|ms| ms.is_finite());
        let series_of = |ms: f64| Series { start: Time::from_ms(ms), interval: Time::from_ms(ms) };
        let refreshes = every.map(series_of).collect();
        let scaled = network.spec.projections.iter().filter_map(|p| Some(p.normalize?.every));
        let scalings = scaled.map(|every| Series { start: every, interval: every }).collect();
        let at_end = record.weights.iter().any(|w| w.on == WeightSample::End);
        let members = network.populations.iter().map(|population| population.size as i64).sum();
        let step = network.on_grid().then_some(network.spec.simulation.resolution);
        let synapses = network.projections.iter().map(|projection| projection.synapses as f64).sum();
        let quantum = match step {
            Some(step) => in_steps(longest(members, None), step),
            None => longest(members, Some(Events::of(&network.spec, synapses))),
        };
        Windows {
            quantum: network.min_delay.min(quantum),
            end,
            start: record.start,
            stop: record.until(),
            series,
            refreshes,
            scalings,
            at_end,
        }
    }

    /// The window that begins at `from`; none if the run is over.
    pub fn next(&self, from: Time) -> Option<Window> {
        if from > self.end {
            return None;
        }
        let mut to = Time((from.0 / self.quantum.0 + 1) * self.quantum.0).min(Time(self.end.0 + 1));
        if from < self.start {
            to = to.min(self.start);
        }
        let recorded = from < self.stop;
        if recorded {
            to = to.min(self.stop);
        }
        for series in self.series.iter().filter(|_| recorded).chain(&self.refreshes).chain(&self.scalings) {
            to = to.min(series.next(from).saturating_add(Time(1)));
        }
        Some(Window { from, to })
    }

    /// Is anything sampled at the last tick of the window?
    pub fn samples_at(&self, window: &Window) -> bool {
        let at = Time(window.to.0 - 1);
        (self.at_end && at == self.end) || (at < self.stop && self.series.iter().any(|s| s.has(at)))
    }

    /// Are the losses of a crossbar due after the window? At the end too: a run that goes on from there needs them.
    pub fn refreshes_at(&self, window: &Window) -> bool {
        self.refreshes.iter().any(|s| s.has(Time(window.to.0 - 1)))
    }

    /// Does the window end one of the stretches after which states are looked at?
    pub fn ends_stretch(&self, window: &Window) -> bool {
        window.from.0 / finite::EVERY.0 != window.to.0 / finite::EVERY.0
    }

    /// Does the recorded span begin with or right after this window?
    pub fn begins_recording(&self, window: &Window) -> bool {
        window.to == self.start || (self.start == Time::ZERO && window.from == Time::ZERO)
    }

    /// Does the recorded span end with this window? Not where it goes on to the end of the run.
    pub fn ends_recording(&self, window: &Window) -> bool {
        window.to == self.stop
    }
}

/// The longest window of a network with so many members; in the event engine so many events a second are expected.
pub fn longest(members: i64, events: Option<Events>) -> Time {
    let mut longest = TOGETHER / members.max(1);
    if let Some(Events { synaptic, background }) = events {
        // Of nothing the sum may be -0.
        let reach = |events: f64, a_second: f64| (events / a_second.max(f64::MIN_POSITIVE) * 1e12) as i64;
        longest = longest.max(reach(EVENTS, synaptic + background)).min(reach(LISTED, background));
    }
    Time(longest).clamp(SHORTEST, LONGEST)
}

/// In whole steps of a grid.
fn in_steps(window: Time, step: Time) -> Time {
    Time((window.0 / step.0).max(1) * step.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_no_longer_than_the_work_in_it_allows() {
        let ms = Time::from_ms;
        let with = |members, synaptic, background| longest(members, Some(Events { synaptic, background }));
        assert_eq!([0, 1, 2000].map(|members| longest(members, None)), [ms(10.0); 3]);
        assert_eq!([20_000, 1_000_000, i64::MAX].map(|members| longest(members, None)), [ms(1.0), ms(0.02), ms(0.02)]);
        assert_eq!(
            [0.0, 1e3, 2e8, 1e12].map(|events| with(1_000_000, events, 0.0)),
            [ms(10.0), ms(10.0), ms(5.0), ms(0.02)]
        );
        // 12,500 neurons at 20 kHz each: half a millisecond, whatever the synapses bring.
        assert_eq!([0.0, 1e8].map(|events| with(12_500, events, 2.5e8)), [ms(0.5); 2]);
        assert_eq!([with(1, 0.0, 1e12), with(1_000_000, -0.0, -0.0)], [ms(0.02), ms(10.0)]);
        let on_grid = |members, step| in_steps(longest(members, None), ms(step));
        assert_eq!([1, 20_000, 1_000_000].map(|members| on_grid(members, 0.3)), [ms(9.9), ms(0.9), ms(0.3)]);
        assert_eq!(on_grid(1, 25.0), ms(25.0));
    }

    #[test]
    fn a_series_goes_on_without_end_where_time_does_not() {
        let series = Series { start: Time(5), interval: Time(8_000_000_000_000_000_000) };
        assert_eq!([0, 5, 6].map(|at| series.next(Time(at)).0), [5, 5, 8_000_000_000_000_000_005]);
        assert_eq!(series.next(Time(8_640_000_000_000_000_000)), Time::NEVER);
    }

    #[test]
    fn windows_tile_time_end_after_samples_and_never_exceed_the_quantum() {
        let windows = Windows {
            quantum: Time(100),
            end: Time(1000),
            start: Time(250),
            stop: Time(615),
            series: vec![Series { start: Time(30), interval: Time(70) }],
            refreshes: vec![Series { start: Time(90), interval: Time(90) }],
            scalings: Vec::new(),
            at_end: true,
        };
        let (mut from, mut ends) = (Time::ZERO, Vec::new());
        while let Some(window) = windows.next(from) {
            assert!(window.from == from && window.to > from && window.to - from <= Time(100));
            ends.push(window.to.0);
            let in_series = window.to.0 > 30 && (window.to.0 - 31) % 70 == 0 && window.to.0 <= 615;
            let sampled = in_series || window.to.0 == 1001;
            assert_eq!(windows.samples_at(&window), sampled, "{window:?}");
            assert_eq!(windows.begins_recording(&window), window.to.0 == 250);
            assert_eq!(windows.ends_recording(&window), window.to.0 == 615);
            assert_eq!(windows.refreshes_at(&window), window.to.0 > 1 && window.to.0 % 90 == 1);
            from = window.to;
        }
        assert_eq!(*ends.last().unwrap(), 1001);
        assert!((0..9).all(|n| ends.contains(&(31 + 70 * n))), "{ends:?}");
        assert!((1..10).all(|n| ends.contains(&(100 * n))) && ends.contains(&250) && ends.contains(&615));
    }
}
