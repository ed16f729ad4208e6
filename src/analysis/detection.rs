//! Does a neuron answer when something comes, soon, and at no other time? The measures of Masquelier, Guyonneau & Thorpe 2008
//! (doi:10.1371/journal.pone.0001377).

/// A neuron's answers to what comes in spans of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// Spans.
    pub occurrences: usize,
    /// Spans with at least one spike.
    pub hits: usize,
    /// Spikes outside of all spans.
    pub false_alarms: usize,
    /// From the start of a span to its first spike, on average over those with one \[s\]; none if there is none.
    pub latency: Option<f64>,
}

impl Detection {
    /// Of spikes and spans \[start, stop), both rising; a spike in several spans is an answer to each.
    pub fn of(spikes: &[f64], spans: &[(f64, f64)]) -> Detection {
        let (mut hits, mut inside, mut seen, mut waits) = (0, 0, 0, 0.0);
        for &(start, stop) in spans {
            let from = spikes.partition_point(|t| *t < start);
            let to = spikes.partition_point(|t| *t < stop);
            inside += to.saturating_sub(from.max(seen));
            seen = seen.max(to);
            if from < to {
                hits += 1;
                waits += spikes[from] - start;
            }
        }
        let latency = (hits > 0).then(|| waits / hits as f64);
        Detection { occurrences: spans.len(), hits, false_alarms: spikes.len() - inside, latency }
    }

    /// The share of spans with a spike.
    pub fn hit_rate(&self) -> f64 {
        self.hits as f64 / self.occurrences.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_latencies_and_false_alarms_are_counted() {
        let spans = [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)];
        let d = Detection::of(&[0.5, 1.25, 1.5, 2.0, 3.5, 9.0], &spans);
        // A spike at the very stop of a span is outside.
        assert_eq!(d, Detection { occurrences: 3, hits: 2, false_alarms: 3, latency: Some(0.375) });
        assert!((d.hit_rate() - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(Detection::of(&[], &spans), Detection { occurrences: 3, hits: 0, false_alarms: 0, latency: None });
        // Spans that overlap, or lie in each other: no spike but the last lies outside of all.
        let spans = [(1.0, 3.0), (2.0, 4.0), (5.0, 9.0), (6.0, 7.0)];
        let d = Detection::of(&[1.5, 2.5, 3.5, 6.5, 8.0, 9.5], &spans);
        assert_eq!((d.hits, d.false_alarms), (4, 1));
    }
}
