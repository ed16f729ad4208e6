//! Where the wall time of a thread goes, by phase: measured only if asked, at the borders of phases.

use std::time::Instant;

use serde::Serialize;

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Arrivals are added to their targets' input (event engine: listed).
    Delivery,
    /// Neurons are advanced (event engine: from arrival to arrival, plasticity included).
    Update,
    /// Poisson inputs (event engine: injected currents too).
    Background,
    /// Waiting for the others, merging everybody's spikes.
    Exchange,
    /// Counting, recording, sampling, checkpoints.
    Recording,
}

/// Number of phases.
const PHASES: usize = 5;

/// The time that a thread spent in each phase \[s\]; none if it was not asked for.
pub type Laps = Option<[f64; PHASES]>;

/// A stopwatch that is handed from phase to phase. Without a request for it a lap costs one comparison.
#[derive(Clone, Debug, Default)]
pub struct Phases {
    last: Option<Instant>,
    seconds: [f64; PHASES],
}

impl Phases {
    /// One that runs if `wanted`.
    pub fn new(wanted: bool) -> Phases {
        Phases { last: wanted.then(Instant::now), seconds: [0.0; PHASES] }
    }

    /// The time since the last lap was spent in `phase`.
    #[inline]
    pub fn lap(&mut self, phase: Phase) {
        if let Some(last) = &mut self.last {
            let now = Instant::now();
            self.seconds[phase as usize] += (now - *last).as_secs_f64();
            *last = now;
        }
    }

    /// Forgets what was measured: the recorded window begins.
    pub fn restart(&mut self) {
        *self = Phases::new(self.last.is_some());
    }

    /// The time spent in each phase \[s\]; none if it was not asked for.
    pub fn seconds(&self) -> Laps {
        self.last.map(|_| self.seconds)
    }

    /// The mean over all threads; none if it was not asked for.
    pub fn mean(threads: &[Laps]) -> Option<PhaseSeconds> {
        let all: Vec<[f64; PHASES]> = threads.iter().copied().collect::<Option<_>>()?;
        let mean = |phase: Phase| all.iter().map(|p| p[phase as usize]).sum::<f64>() / all.len() as f64;
        (!all.is_empty()).then(|| PhaseSeconds {
            delivery: mean(Phase::Delivery),
            update: mean(Phase::Update),
            background: mean(Phase::Background),
            exchange: mean(Phase::Exchange),
            recording: mean(Phase::Recording),
        })
    }
}

/// Wall time by phase \[s\], the mean over threads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PhaseSeconds {
    /// Arrivals.
    pub delivery: f64,
    /// Neurons.
    pub update: f64,
    /// Inputs.
    pub background: f64,
    /// Waiting and merging.
    pub exchange: f64,
    /// Counting, recording, sampling.
    pub recording: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laps_add_up_to_the_time_between_start_and_last_lap_and_only_if_asked() {
        let begin = Instant::now();
        let mut phases = Phases::new(true);
        for phase in [Phase::Delivery, Phase::Update, Phase::Exchange, Phase::Delivery] {
            std::hint::black_box((0..1000).sum::<u64>());
            phases.lap(phase);
        }
        let most = begin.elapsed().as_secs_f64();
        let p = Phases::mean(&[phases.seconds()]).unwrap();
        assert!(p.delivery > 0.0 && p.update > 0.0 && p.exchange > 0.0 && p.background == 0.0 && p.recording == 0.0);
        assert!(p.delivery + p.update + p.exchange <= most);
        phases.restart();
        assert_eq!(Phases::mean(&[phases.seconds()]).unwrap().delivery, 0.0);
        let mut idle = Phases::new(false);
        idle.lap(Phase::Update);
        assert_eq!(Phases::mean(&[phases.seconds(), idle.seconds()]), None);
    }
}
