//! What of a recording that is replayed nobody observed: the replay has silence there.

use memspike::analysis::Spans;
use memspike::counted::counted;
use memspike::spec::NetworkSpec;

use super::model::Replayed;
use super::note::note;

/// Less \[s\] is rounding, and would be said to be 0.
const LEAST: f64 = 5e-4;

/// Says when what a population replays was not observed.
pub fn tell(spec: &NetworkSpec, replayed: &Replayed) {
    let (name, recording, bound) = (&spec.populations[replayed.population].name, &replayed.recording, &replayed.bound);
    let (start, stop, first) = (bound.start_s, bound.stop_s, recording.start());
    let spans = Spans::within(&recording.observed, start, stop);
    if first - start >= LEAST {
        note(format_args!(
            "population {name}: nothing was recorded in the first {:.3} s, before {first:.3} s on the recording's clock",
            first - start
        ));
    }
    if recording.observed.is_empty() {
        return;
    }
    // The run may end before.
    let end = spec.simulation.duration.map_or(stop, |duration| stop.min(start + duration.seconds()));
    let mut gaps = spans.gaps(start.max(first), end);
    gaps.retain(|(from, to)| to - from >= LEAST);
    if !gaps.is_empty() {
        let seconds: f64 = gaps.iter().map(|(from, to)| to - from).sum();
        note(format_args!(
            "population {name}: the recording was not observed in {} of what is replayed, {seconds:.3} s in all; spikes that the file has \
             there are replayed all the same, and silence there makes rates in the result lower and intervals longer",
            counted(gaps.len(), "span")
        ));
    }
}
