//! `record.start` and `record.stop`: recording a window is cutting the whole recording to it.

use memspike::engine::Options;
use memspike::record::Chunk;
use proptest::prelude::*;

use super::engine_resume::whole_in_legs;
use super::engine_run::{RICH, assert_same, joined, run, run_with};
use super::engine_threads::VARIANTS;

/// What lies in `from <= t < to` \[ms\] of a run's chunks; weights at the end stay.
fn cut(chunks: &[Chunk], from: f64, to: f64, end: f64) -> Vec<Chunk> {
    let within = |t: &f64| *t >= from && *t < to;
    let kept = |times: &[f64]| -> Vec<usize> { (0..times.len()).filter(|i| within(&times[*i])).collect() };
    fn at<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
        rows.iter().map(|row| values[*row]).collect()
    }
    let cut = |chunk: &Chunk| match chunk {
        Chunk::Spikes { index, times_ms, node_ids } => {
            let rows = kept(times_ms);
            let chunk = Chunk::Spikes { index: *index, times_ms: at(times_ms, &rows), node_ids: at(node_ids, &rows) };
            (!rows.is_empty()).then_some(chunk)
        }
        // One time to a chunk.
        Chunk::State { times_ms, .. } => within(&times_ms[0]).then(|| chunk.clone()),
        Chunk::Snapshot { time_ms, .. } => (within(time_ms) || *time_ms == end).then(|| chunk.clone()),
        Chunk::PreSpikeWeights { index, times_ms, source_ids, target_ids, weights } => {
            let rows = kept(times_ms);
            (!rows.is_empty()).then(|| Chunk::PreSpikeWeights {
                index: *index,
                times_ms: at(times_ms, &rows),
                source_ids: at(source_ids, &rows),
                target_ids: at(target_ids, &rows),
                weights: at(weights, &rows),
            })
        }
    };
    chunks.iter().filter_map(cut).collect()
}

/// Weights of `RICH` at multiples of a time, but none at the end by chance: 40 ms is a multiple of neither.
const WEIGHTS: &str = "[{ projection = 'learning', on = 'pre_spike' }, { projection = 'device', on = 'pre_spike' }, \
                        { projection = 'static_a', on = 'pre_spike' }, { projection = 'frozen', interval = '3 ms' }, \
                        { projection = 'scaled', interval = '0.7 ms' }, { projection = 'carried', on = 'end' }]";
const STATE: &str = "[{ population = 'A', variables = ['v_m', 'i_syn_ex'], interval = '0.7 ms', start = '0 ms' }]";

#[test]
fn a_recorded_window_is_the_whole_recording_cut_to_it() {
    for sets in VARIANTS {
        let sets = [&sets[..], &[("record.weights", WEIGHTS), ("record.state", STATE)]].concat();
        let whole = run(RICH, &sets, 1);
        // On a sample, between two, at a spike of S, at the end, beyond it.
        for (start, stop) in [(0.0, 7.7), (11.3, 11.4), (4.9, 23.1), (0.0, 40.0), (30.0, 50.0)] {
            let (from, to) = (format!("{start} ms"), format!("{stop} ms"));
            let sets = [&sets[..], &[("record.start", &from[..]), ("record.stop", &to[..])]].concat();
            let mut expected = cut(&whole.memory.chunks, start, stop, 40.0);
            // A state is sampled from its own start on.
            let early = whole.memory.chunks.iter().filter(|chunk| match chunk {
                Chunk::State { times_ms, .. } => times_ms[0] < start,
                _ => false,
            });
            expected.splice(0..0, early.cloned());
            for threads in [1, 2, 3] {
                let ran = run(RICH, &sets, threads);
                assert_same(&joined(&expected), &joined(&ran.memory.chunks), &format!("{sets:?} on {threads} threads"));
                let summary = &ran.outcome.summary;
                assert!((summary.duration_s - (stop.min(40.0) - start) * 1e-3).abs() < 1e-12, "{}", summary.duration_s);
                let spikes: usize = ["A", "B", "C", "D"].iter().enumerate().map(|(i, _)| ran.spikes(i).len()).sum();
                assert_eq!(summary.spikes, spikes as u64);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_window_has_the_spikes_and_events_of_its_parts(a in 0u32..400, b in 1u32..401, c in 1u32..401, grid in any::<bool>()) {
        let mut cuts = [a, b, c];
        cuts.sort_unstable();
        let [a, b, c] = cuts.map(|tenth| format!("{} ms", f64::from(tenth) / 10.0));
        prop_assume!(a != b && b != c);
        let engine = if grid { "grid" } else { "event" };
        let of = |from: &str, to: &str, threads: usize| {
            let sets = [("simulation.engine", engine), ("record.start", from), ("record.stop", to), ("record.weights", "[]")];
            let s = run(RICH, &sets, threads).outcome.summary;
            (s.spikes, s.synaptic_events, s.background_events)
        };
        let (first, second, both) = (of(&a, &b, 1), of(&b, &c, 2), of(&a, &c, 3));
        prop_assert_eq!((first.0 + second.0, first.1 + second.1, first.2 + second.2), both);
    }
}

#[test]
fn a_run_in_legs_ends_its_window_once_wherever_it_is_cut() {
    for sets in [&VARIANTS[0], &VARIANTS[2]] {
        for stop in ["5.2 ms", "22 ms", "39.9 ms"] {
            whole_in_legs(&[&sets[..], &[("record.start", "4 ms"), ("record.stop", stop)]].concat(), 35);
        }
    }
}

#[test]
fn the_time_that_the_window_took_is_that_of_the_window_alone() {
    let sets = [("record.stop", "0.1 ms"), ("record.weights", "[]"), ("record.state", "[]")];
    let options = Options { profile: true, ..Options::default() };
    let begin = std::time::Instant::now();
    let summary = run_with(RICH, &sets, 2, &options).unwrap().outcome.summary;
    let all = begin.elapsed().as_secs_f64();
    let phases = summary.phases_s.unwrap();
    let sum = phases.delivery + phases.update + phases.background + phases.exchange + phases.recording;
    // 1 of 400 steps; all of it would be more than half of the time.
    assert!(summary.sim_s < all / 2.0 && sum < all / 2.0, "{} {sum} {all}", summary.sim_s);
    assert_eq!(summary.duration_s, 1e-4);
}
