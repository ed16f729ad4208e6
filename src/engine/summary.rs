//! The figures of a run, as `--json` prints them.

use serde_json::{Map, Value, json};

use crate::network::Network;
use crate::spec::{Engine, Precision};
use crate::time::Time;

use super::Summary;
use super::ledger::{self, Spent};
use super::statistics::Statistics;

/// How long all units together were observed \[s\]: the ticks of all, so that a rate is rounded as little as can be.
fn unit_seconds(units: f64, window: Time) -> f64 {
    units * window.0 as f64 / Time::from_ms(1e3).0 as f64
}

/// The figures of a run that got to `end` after `wall` s in its recorded window.
pub fn summarise(
    network: &Network,
    statistics: &Statistics,
    events: &[u64],
    prices: &[Option<Spent>],
    wall: f64,
    end: Time,
    lateness: &[f64],
) -> Summary {
    let spec = &network.spec;
    let warmup_s = spec.record.start.min(end).seconds();
    let window = end.min(spec.record.until()) - spec.record.start;
    let duration_s = window.seconds().max(0.0);
    let mut populations = Map::new();
    for (index, population) in spec.populations.iter().enumerate() {
        let (spikes, cv) = statistics.population(network, index);
        let observed = unit_seconds(population.size as f64, window);
        let rate = if duration_s > 0.0 { json!(spikes as f64 / observed) } else { Value::Null };
        let figures = json!({ "size": population.size, "spikes": spikes, "rate_hz": rate, "cv_isi": cv });
        populations.insert(population.name.clone(), figures);
    }
    let mut projections = Map::new();
    for (index, projection) in spec.projections.iter().enumerate() {
        let mut figures = json!({ "synapses": network.projections[index].synapses, "events": events[index] });
        if let Some(Some(spent)) = prices.get(index) {
            spent.add_to(&mut figures);
        }
        if let Some(waveform) = &projection.waveform {
            let surface = waveform.surface();
            figures["surface"] = json!({ "changes": surface.len(), "error": surface.error, "largest_S": surface.largest, "solved": surface.solved_share() });
        }
        projections.insert(projection.name.clone(), figures);
    }
    Summary {
        neurons: network.neurons(),
        synapses: network.synapses(),
        duration_s,
        warmup_s,
        build_s: network.build_s,
        sim_s: wall,
        realtime_factor: (duration_s > 0.0).then(|| wall / duration_s),
        spikes: statistics.spikes,
        synaptic_events: events.iter().sum(),
        background_events: statistics.background,
        peak_rss_mib: peak_rss_kib().map(|kib| network.ranks.most(kib) as f64 / 1024.0),
        ranks: network.ranks.size(),
        threads: network.threads(),
        engine: if spec.simulation.engine == Engine::Event { "event" } else { "grid" },
        precision: if spec.simulation.precision == Precision::Single { "single" } else { "double" },
        populations,
        projections,
        energy: spec.energy.as_ref().map(|energy| {
            let events: u64 = events.iter().sum();
            ledger::on_chip(energy, events, statistics.spikes, network.neurons(), duration_s)
        }),
        lateness_ms: lateness_figures(lateness),
        phases_s: None,
    }
}

/// Mean, standard deviation (of the synapses that there are), least and largest of weights; none of no weight.
pub fn of_weights(weights: &[f64]) -> Option<[f64; 4]> {
    let n = weights.len() as f64;
    let mean = weights.iter().sum::<f64>() / n;
    let std = (weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / n).sqrt();
    let (low, high) = weights.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), w| (a.min(*w), b.max(*w)));
    (!weights.is_empty()).then_some([mean, std, low, high])
}

/// Adds figures of the weights at the run's end, by projection.
pub fn add_weights(summary: &mut Summary, network: &Network, weights: Vec<Option<[f64; 4]>>) {
    for (projection, figures) in network.spec.projections.iter().zip(weights) {
        if let (Some(all), Some([mean, std, low, high])) = (summary.projections.get_mut(&projection.name), figures) {
            all["weight"] = json!({ "mean": mean, "std": std, "min": low, "max": high });
        }
    }
}

/// Mean, 99th percentile and largest lateness \[ms\].
fn lateness_figures(lateness: &[f64]) -> Option<[f64; 3]> {
    let mut sorted = lateness.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = *sorted.last()?;
    let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
    // The smallest that 99 of 100 do not exceed.
    Some([mean, sorted[(sorted.len() * 99).div_ceil(100) - 1], last])
}

/// Peak memory of the process \[KiB\], where the system tells (Linux).
fn peak_rss_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_percentile_of_lateness_is_one_that_99_of_100_do_not_exceed() {
        assert_eq!(lateness_figures(&[]), None);
        assert_eq!(lateness_figures(&[3.0, 0.0, 0.0]), Some([1.0, 3.0, 3.0]));
        let many: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(lateness_figures(&many), Some([100.5, 198.0, 200.0]));
    }

    #[test]
    fn rates_that_a_double_holds_are_not_rounded() {
        let rate = |spikes: f64, units, ms| spikes / unit_seconds(units, Time::from_ms(ms));
        assert_eq!([rate(553.0, 80.0, 200.0), rate(28.0, 10.0, 200.0)], [34.5625, 14.0]);
        assert_eq!(rate(3.0, 1.0, 300.0), 10.0);
    }
}
