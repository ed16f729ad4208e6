//! Counts of the recorded window: spikes, inter-spike intervals, arrivals.

use serde::{Deserialize, Serialize};

use crate::memory::prefetch;
use crate::network::{Network, Projection};
use crate::spec::{PopulationKind, ProjectionSpec};
use crate::time::Time;

use super::flight::Spike;

/// A train needs this many spikes for its CV to count.
const MIN_SPIKES: u32 = 5;

/// What the first rank keeps of each neuron and source \[bytes\].
pub const BYTES: u64 = size_of::<Counter>() as u64;

/// One neuron's spikes in the window.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Counter {
    spikes: u32,
    last: Time,
    /// The first interval, to which the others are compared: their differences are exact, and small for a regular train.
    first: Time,
    /// Mean of the differences so far \[ticks\], and the sum of the squares of their distances from it (Welford 1962,
    /// doi:10.1080/00401706.1962.10490022).
    mean: f64,
    squares: f64,
}

impl Counter {
    /// A spike, not before the last one.
    #[inline(always)]
    fn add(&mut self, time: Time) {
        let interval = time - self.last;
        match self.spikes {
            0 => {}
            1 => self.first = interval,
            n => {
                let off = (interval - self.first).0 as f64;
                let before = off - self.mean;
                self.mean += before / f64::from(n);
                self.squares += before * (off - self.mean);
            }
        }
        self.spikes += 1;
        self.last = time;
    }
}

/// Running counts; a pure function of the spikes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Statistics {
    counters: Vec<Counter>,
    /// Spikes of neurons (not sources) in the window.
    pub spikes: u64,
    /// Spikes of neurons since time 0.
    pub all_spikes: u64,
    /// Arrivals in the window through spikes emitted before it.
    pub before: Vec<u64>,
    /// Arrivals after the window through spikes emitted in it or before, once it has ended before the run.
    pub after: Vec<u64>,
    /// Events from inputs in the window.
    pub background: u64,
}

impl Statistics {
    /// Nothing counted yet. Only the first rank counts spikes.
    pub fn new(network: &Network) -> Statistics {
        let size = if network.ranks.is_first() { network.populations.iter().map(|p| p.size).sum() } else { 0 };
        Statistics {
            counters: vec![Counter::default(); size],
            spikes: 0,
            all_spikes: 0,
            before: vec![0; network.projections.len()],
            after: vec![0; network.projections.len()],
            background: 0,
        }
    }

    /// Whether these can be counts of so many neurons and projections, to which more can be added.
    pub fn fit(&self, neurons: usize, projections: usize) -> bool {
        let small = |count: u64| count < 1 << 62;
        self.counters.len() == neurons
            && self.counters.iter().all(|counter| counter.spikes < 1 << 31 && counter.last.is_possible())
            && [&self.before, &self.after].iter().all(|counts| counts.len() == projections)
            && self
                .before
                .iter()
                .chain(&self.after)
                .chain([&self.spikes, &self.all_spikes, &self.background])
                .all(|count| small(*count))
    }

    /// Counts a window's spikes, sorted by (time, source); only those in the recorded window are in its figures.
    pub fn count(&mut self, network: &Network, spikes: &[Spike]) {
        // Spikes of one step come population by population: the last one's is looked at first.
        let mut of = 0..0;
        let mut neuron = 0;
        spikes.iter().for_each(|spike| prefetch(&self.counters, spike.gid as usize, 1));
        for spike in spikes {
            if !of.contains(&spike.gid) {
                let population = network.member(spike.gid).population;
                let found = &network.populations[population];
                of = found.first..found.first + found.size as u32;
                let kind = &network.spec.populations[population].kind;
                neuron = u64::from(matches!(kind, PopulationKind::Neuron { .. }));
            }
            self.all_spikes += neuron;
            if !network.spec.record.covers(spike.time) {
                continue;
            }
            self.spikes += neuron;
            self.counters[spike.gid as usize].add(spike.time);
        }
    }

    /// Arrivals per projection through spikes emitted in the window: as many for each spike as its source has synapses.
    pub fn events(&self, network: &Network) -> Vec<u64> {
        let through = |(projection, spec): (&Projection, &ProjectionSpec)| {
            let first = network.populations[spec.source.population].first as usize + spec.source.start;
            let sources = self.counters.get(first..).unwrap_or(&[]).iter().zip(&projection.outdegree);
            sources.map(|(counter, &degree)| u64::from(counter.spikes) * u64::from(degree)).sum()
        };
        network.projections.iter().zip(&network.spec.projections).map(through).collect()
    }

    /// Spikes, and the mean CV over trains of at least 5 spikes, of a population.
    pub fn population(&self, network: &Network, index: usize) -> (u64, Option<f64>) {
        let population = &network.populations[index];
        let own = population.first as usize..population.first as usize + population.size;
        let own = self.counters.get(own).unwrap_or(&[]);
        let spikes = own.iter().map(|c| u64::from(c.spikes)).sum();
        let cvs: Vec<f64> = own.iter().filter(|c| c.spikes >= MIN_SPIKES).map(cv).collect();
        let mean = (!cvs.is_empty()).then(|| cvs.iter().sum::<f64>() / cvs.len() as f64);
        (spikes, mean)
    }
}

fn cv(counter: &Counter) -> f64 {
    let n = f64::from(counter.spikes - 1);
    let (mean, std) = (counter.first.0 as f64 + counter.mean, (counter.squares / n).sqrt());
    // Spikes lie on whole ticks: that alone makes intervals differ by as much.
    if mean == 0.0 || std <= 1.0 { 0.0 } else { std / mean }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of spikes at these ticks.
    fn counted(ticks: &[i64]) -> Counter {
        let mut counter = Counter::default();
        ticks.iter().for_each(|tick| counter.add(Time(*tick)));
        counter
    }

    #[test]
    fn the_cv_of_a_clock_is_0_and_others_are_those_of_their_intervals() {
        // 0.1 ms, and 30 Hz, whose spikes are rounded to ticks.
        let clock: Vec<i64> = (0..10_000).map(|k| 12_345 + k * 100_000_000).collect();
        let rounded: Vec<i64> = (0..10_000).map(|k| (k as f64 * 1e12 / 30.0).round() as i64).collect();
        assert_eq!([cv(&counted(&clock)), cv(&counted(&rounded))], [0.0, 0.0]);
        // A first interval unlike all others costs no digits.
        let burst =
            [vec![0], (0..1000).map(|k| 1_000_000_000_000 + k * 1_000_000_000 + (k % 7) * 12_345_678).collect()];
        // Nor does one of 1000 s before many of 10 ms, where the sum of what these differ by is beyond 64 bits.
        let late = [vec![0], (0..20_000).map(|k| 1_000_000_000_000_000 + k * 10_000_000_000).collect()].concat();
        for ticks in [burst.concat(), late, vec![0, 5_000, 5_001, 90_000, 90_000, 1_000_000]] {
            let seconds: Vec<f64> = ticks.iter().map(|t| *t as f64 * 1e-12).collect();
            let expected = crate::analysis::cv(&seconds).unwrap();
            let found = cv(&counted(&ticks));
            assert!((found / expected - 1.0).abs() < 1e-11, "{found} {expected}");
        }
    }
}
