//! Ranks give the bytes of threads alone. Here they are threads of one process that pass messages; `make test-mpi` runs the
//! program over MPI.

use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use memspike::engine::checkpoint::Checkpoint;
use memspike::engine::{self, Observer, Options, Outcome, RunError, Unobserved};
use memspike::network::{self, BuildError, Shards};
use memspike::ranks::{Ranks, Transport};
use memspike::record::{Chunk, Memory, Sink, SinkError};
use memspike::time::Time;

use proptest::prelude::*;

use super::engine_procedural::{self, figures, procedural};
use super::engine_run::{Marked, RICH, Ran, StopAfter, assert_same, joined, model, run};
use super::engine_threads::VARIANTS;
use super::plasticity_rules::{Case, LAWS};
use super::{crossbar_network, plasticity_stdp};

/// Where the ranks of a test meet.
struct Hall {
    size: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    round: u64,
    /// What was put down in this round, and what all put down in the last.
    coming: Vec<Option<Vec<u8>>>,
    last: Arc<Vec<Vec<u8>>>,
    /// A rank has gone: nobody may wait for it.
    broken: bool,
}

impl Hall {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// One of them.
struct Local {
    rank: usize,
    hall: Arc<Hall>,
}

impl Local {
    /// Gives everybody's bytes, by rank.
    fn meet(&self, own: Vec<u8>) -> Arc<Vec<Vec<u8>>> {
        let mut state = self.hall.state();
        let round = state.round;
        state.coming.resize(self.hall.size, None);
        state.coming[self.rank] = Some(own);
        if state.coming.iter().all(Option::is_some) {
            state.last = Arc::new(state.coming.drain(..).flatten().collect());
            state.round += 1;
            self.hall.changed.notify_all();
        }
        while state.round == round && !state.broken {
            state = self.hall.changed.wait(state).unwrap_or_else(|e| e.into_inner());
        }
        assert!(!state.broken, "another rank has gone");
        state.last.clone()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.hall.state().broken = true;
            self.hall.changed.notify_all();
        }
    }
}

impl Transport for Local {
    fn rank(&self) -> usize {
        self.rank
    }
    fn size(&self) -> usize {
        self.hall.size
    }
    fn neighbours(&self) -> usize {
        self.hall.size
    }
    fn words(&self, own: u64, all: &mut Vec<u64>) {
        all.clear();
        all.extend(self.meet(own.to_le_bytes().to_vec()).iter().map(|w| u64::from_le_bytes(w[..].try_into().unwrap())));
    }
    fn everybodys(&self, own: &[u8], lengths: &[usize], all: &mut Vec<u8>) {
        let parts = self.meet(own.to_vec());
        assert!(parts.iter().map(Vec::len).eq(lengths.iter().copied()), "other lengths than announced");
        *all = parts.concat();
    }
    fn to_first(&self, own: &[u8], lengths: &[usize]) -> Vec<Vec<u8>> {
        let parts = self.meet(own.to_vec());
        assert!(parts.iter().map(Vec::len).eq(lengths.iter().copied()), "other lengths than announced");
        if self.rank == 0 { parts.to_vec() } else { Vec::new() }
    }
    fn hand_out(&self, bytes: &mut Vec<u8>, length: usize) {
        *bytes = self.meet(std::mem::take(bytes))[0].clone();
        assert_eq!(bytes.len(), length);
    }
    fn sum(&self, numbers: &mut [u64]) {
        let all = self.meet(numbers.iter().flat_map(|n| n.to_le_bytes()).collect());
        numbers.fill(0);
        for part in all.iter() {
            let words = part.chunks_exact(8).map(|w| u64::from_le_bytes(w.try_into().unwrap()));
            numbers.iter_mut().zip(words).for_each(|(sum, word)| *sum += word);
        }
    }
    fn abort(&self, code: u8) -> ! {
        panic!("rank {} ends all with exit code {code}", self.rank);
    }
}

/// Does the same on some ranks; what each has, by rank.
fn together<T: Send>(size: usize, work: impl Fn(&Ranks) -> T + Sync) -> Vec<T> {
    let hall = Arc::new(Hall { size, state: Mutex::default(), changed: Condvar::new() });
    std::thread::scope(|scope| {
        let start = |rank| {
            let (hall, work) = (hall.clone(), &work);
            scope.spawn(move || work(&Ranks::over(Rc::new(Local { rank, hall }))))
        };
        let running: Vec<_> = (0..size).map(start).collect();
        running.into_iter().map(|r| r.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// Runs a model on ranks; what the first has.
fn run_on(text: &str, sets: &[(&str, &str)], ranks: usize, threads: usize) -> Ran {
    let all = together(ranks, |ranks| {
        let simulation = engine::prepare(network::compile_on(model(text, sets), threads, ranks).unwrap()).unwrap();
        let layout = simulation.layout();
        let mut memory = Memory::keeping();
        let outcome = simulation.run(&Options::default(), &mut memory, &mut Unobserved::default()).unwrap();
        Ran { memory, outcome, layout }
    });
    assert!(all[1..].iter().all(|ran| ran.memory.chunks.is_empty()), "only the first rank writes");
    all.into_iter().next().unwrap()
}

#[test]
fn ranks_give_the_bytes_and_the_figures_of_threads_alone() {
    for sets in VARIANTS {
        let alone = run(RICH, &sets, 1);
        for (ranks, threads) in [(2, 1), (3, 2), (4, 1)] {
            let what = format!("{sets:?} on {ranks} ranks of {threads}");
            let many = run_on(RICH, &sets, ranks, threads);
            assert_same(&alone.bytes(), &many.bytes(), &what);
            let (a, b) = (&alone.outcome.summary, &many.outcome.summary);
            assert_eq!((a.spikes, a.synapses, a.synaptic_events), (b.spikes, b.synapses, b.synaptic_events), "{what}");
            assert_eq!(a.background_events, b.background_events, "{what}");
            assert_eq!((&a.populations, &a.projections), (&b.populations, &b.projections), "{what}");
            assert_eq!((b.ranks, b.threads), (ranks, threads));
            assert_eq!(format!("{:?}", alone.layout.weights), format!("{:?}", many.layout.weights), "{what}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn synapses_of_every_rule_stored_or_drawn_at_spikes_are_those_of_threads_alone(
        chosen in prop::collection::vec((0..6usize, 0..4usize, 0..4usize), 7),
        drawn in prop::collection::vec(any::<bool>(), 7),
        variant in 0..VARIANTS.len(), ranks in 2..5usize, threads in 1..3usize,
    ) {
        let used: Vec<_> = chosen.iter().enumerate().map(|(i, c)| (i, c.0, c.1, c.2)).collect();
        let text = engine_procedural::network(&used);
        let plain: Vec<(&str, &str)> = VARIANTS[variant].into();
        let sets = procedural((0..7).filter(|&i| drawn[i]));
        let mut all = plain.clone();
        all.extend(sets.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let alone = run(&text, &plain, 1);
        let many = run_on(&text, &all, ranks, threads);
        assert_same(&alone.bytes(), &many.bytes(), &format!("{all:?} on {ranks} ranks of {threads}\n{text}"));
        prop_assert_eq!(figures(&alone), figures(&many));
    }
}

#[test]
fn what_a_synapse_has_by_its_place_in_a_long_row_does_not_depend_on_ranks() {
    // Rows of 1300 synapses are drawn in several cells; these weights, delays and devices are told by the number in the row.
    let listed =
        |of: &dyn Fn(usize) -> f64| (0..4 * 1300).map(|i| format!("{:?}", of(i))).collect::<Vec<_>>().join(", ");
    let text = format!(
        "simulation = {{ duration = '25 ms', seed = 5 }}
        population.P = {{ size = 4, source.poisson.rate = '200 Hz' }}
        population.T = {{ size = 1300, neuron.lif_delta = {{}}, initial.v_m = {{ uniform = ['-70 mV', '-55 mV'] }} }}
        [projection.listed]
        source = 'P'
        target = 'T'
        connect = 'all_to_all'
        weight = {{ values = [{}], unit = 'mV' }}
        delay = {{ values = [{}], unit = 'ms' }}
        [projection.devices]
        source = 'P'
        target = 'T'
        connect = 'all_to_all'
        delay = '1 ms'
        weight = {{ uniform = ['0.1 mV', '4 mV'] }}
        w_max = '5 mV'
        plasticity.stdp = {{ a_plus = 0.2, a_minus = 0.2 }}
        device.soft_bounds = {{ sigma_d2d = 0.3, sigma_c2c = 0.2 }}
        [projection.wires]
        source = 'P'
        target = 'T[3:1290]'
        connect.fixed_probability = 0.7
        delay = '2 ms'
        weight = {{ uniform = ['0.1 mV', '3 mV'] }}
        crossbar = {{ word_line_resistance = '1 ohm', bit_line_resistance = '1 ohm', rows = 4, columns = 40 }}
        [record]
        spikes = 'all'
        weights = [{{ projection = 'devices', on = 'end' }}, {{ projection = 'wires', on = 'end' }},
                   {{ projection = 'listed', on = 'end' }}]\n",
        listed(&|i| 1.0 + (i % 977) as f64 / 400.0),
        listed(&|i| 0.5 + (i % 613) as f64 / 200.0),
    );
    for variant in [VARIANTS[0], VARIANTS[2]] {
        let alone = run(&text, &variant, 1);
        assert!(alone.spikes(1).len() > 500, "{}", alone.spikes(1).len());
        for (ranks, threads) in [(2, 2), (3, 1)] {
            let many = run_on(&text, &variant, ranks, threads);
            assert_same(&alone.bytes(), &many.bytes(), &format!("{variant:?} on {ranks} ranks of {threads}"));
            assert_eq!(figures(&alone), figures(&many));
        }
    }
}

#[test]
fn crossbars_have_the_bytes_and_figures_of_threads_alone_in_one_go_and_in_legs() {
    let folder = tempfile::tempdir().unwrap();
    for (engine, precision) in crossbar_network::VARIANTS {
        let sets = [("simulation.engine", engine), ("simulation.precision", precision)];
        let alone = run(crossbar_network::RICH, &sets, 1);
        for (ranks, threads) in [(2, 2), (4, 1)] {
            let many = run_on(crossbar_network::RICH, &sets, ranks, threads);
            assert_same(&alone.bytes(), &many.bytes(), &format!("{sets:?} on {ranks} ranks of {threads}"));
            assert_eq!(alone.outcome.summary.projections, many.outcome.summary.projections);
        }
        let path = folder.path().join(format!("{engine} {precision}"));
        in_legs(crossbar_network::RICH, &sets, &path, 40, &alone);
    }
}

#[test]
fn every_plasticity_rule_has_the_bytes_of_threads_alone_and_so_has_what_a_checkpoint_goes_on_with() {
    let folder = tempfile::tempdir().unwrap();
    for (number, law) in LAWS.iter().enumerate() {
        let case = Case::new(law, 70 + number as u64);
        let text = case.text("event", "on = 'pre_spike'");
        let alone = plasticity_stdp::run(&text, 1);
        let path = folder.path().join(law.name);
        let ends = together(3, |ranks| {
            let start = |options: &Options| {
                let simulation = engine::prepare(network::compile_on(model(&text, &[]), 1, ranks).unwrap()).unwrap();
                let mut memory = Memory::keeping();
                simulation.run(options, &mut memory, &mut Unobserved::default()).unwrap();
                joined(&memory.chunks)
            };
            let whole = start(&Options { checkpoint: Some((path.clone(), Time::from_ms(11.0))), ..Options::default() });
            let resume = Some(Box::new(Checkpoint::read_on(&path, ranks).unwrap()));
            (whole, start(&Options { resume, ..Options::default() }))
        });
        let (whole, rest) = &ends[0];
        let expected = joined(&alone.chunks);
        assert_same(&expected, whole, law.name);
        for (name, part) in rest.iter().filter(|(name, _)| name.starts_with("weights")) {
            let all = &expected.iter().find(|(other, _)| other == name).unwrap().1;
            assert!(!part.is_empty() && all.ends_with(part), "{}: {name} after the checkpoint", law.name);
        }
        assert!(rest.iter().any(|(name, _)| name == "weights 0 weights"), "{}", law.name);
    }
}

#[test]
fn the_recorded_window_may_begin_later_and_end_earlier() {
    for sets in [&VARIANTS[0], &VARIANTS[2]] {
        let window = [("record.start", "11.3 ms"), ("record.stop", "24.2 ms"), ("record.weights", "[]")];
        let sets = [&sets[..], &window].concat();
        let alone = run(RICH, &sets, 2);
        let many = run_on(RICH, &sets, 3, 1);
        assert_same(&alone.bytes(), &many.bytes(), "later");
        assert_eq!(alone.outcome.summary.projections, many.outcome.summary.projections);
        assert_eq!(alone.outcome.summary.background_events, many.outcome.summary.background_events);
    }
}

#[test]
fn a_rank_holds_the_synapses_onto_its_own_neurons_only() {
    for engine in ["event", "grid"] {
        let alone = network::compile(model(RICH, &[("simulation.engine", engine)]), 1).unwrap();
        let (delays, synapses, projections) = ((alone.min_delay, alone.max_delay), alone.synapses(), alone.projections);
        let held = together(3, |ranks| {
            let network = network::compile_on(model(RICH, &[("simulation.engine", engine)]), 2, ranks).unwrap();
            assert_eq!((network.min_delay, network.max_delay), delays);
            assert_eq!(network.synapses(), synapses);
            for (own, all) in network.projections.iter().zip(&projections) {
                let outdegree = if ranks.is_first() { &all.outdegree[..] } else { &[] };
                assert_eq!((own.synapses, &own.outdegree[..]), (all.synapses, outdegree));
            }
            let Shards::Double(shards) = &network.shards else { panic!("precision") };
            let stores = shards.iter().flat_map(|shard| &shard.stores);
            stores.map(|group| group.store.len() as u64).sum::<u64>()
        });
        assert_eq!(held.iter().sum::<u64>(), synapses);
        assert!(held.iter().all(|&own| own * 5 < synapses * 3), "{held:?} of {synapses}");
    }
}

/// A leg of a run on ranks that goes on from the checkpoint in `path`, if there is one. The last rank asks to stop after some
/// windows.
fn leg_on(
    text: &str,
    sets: &[(&str, &str)],
    (ranks, threads): (usize, usize),
    path: &Path,
    stop: u64,
    chunks: &[Chunk],
) -> (Vec<Chunk>, Outcome) {
    let mut all = together(ranks, |ranks| {
        let resume = path.exists().then(|| Box::new(Checkpoint::read_on(path, ranks).unwrap()));
        let mut sink = Marked(if ranks.is_first() { chunks.to_vec() } else { Vec::new() });
        if let Some(checkpoint) = resume.as_ref().filter(|_| ranks.is_first()) {
            sink.0.truncate(u64::from_le_bytes(checkpoint.marks[..].try_into().unwrap()) as usize);
        }
        let checkpoint = Some((path.to_path_buf(), Time::from_ms(3.3)));
        let options = Options { checkpoint, resume, ..Options::default() };
        let simulation = engine::prepare(network::compile_on(model(text, sets), threads, ranks).unwrap()).unwrap();
        let asks = ranks.rank() == ranks.size() - 1;
        let mut observer = StopAfter::windows(if asks { stop } else { u64::MAX });
        let outcome = simulation.run(&options, &mut sink, &mut observer).unwrap();
        (sink.0, outcome)
    });
    assert!(all.iter().all(|(_, o)| (o.complete, o.reached) == (all[0].1.complete, all[0].1.reached)));
    all.swap_remove(0)
}

/// Runs a model in legs of some windows, on changing ranks and threads, and compares with a run in one go.
fn in_legs(text: &str, sets: &[(&str, &str)], path: &Path, windows: u64, whole: &Ran) {
    let (mut chunks, mut legs) = (Vec::new(), 0);
    let mut last = None;
    for (ranks, threads) in [(2, 1), (1, 2), (3, 2), (1, 1), (4, 1), (2, 2), (3, 1), (1, 2)] {
        let (after, outcome) = leg_on(text, sets, (ranks, threads), path, windows, &chunks);
        chunks = after;
        legs += 1;
        if outcome.complete {
            last = Some(outcome);
            break;
        }
    }
    let last = last.unwrap_or_else(|| panic!("{legs} legs were not enough"));
    assert!(legs > 2, "{legs}");
    assert_same(&whole.bytes(), &joined(&chunks), &format!("{sets:?}"));
    let (a, b) = (&whole.outcome.summary, &last.summary);
    assert_eq!((a.synaptic_events, a.background_events), (b.synaptic_events, b.background_events));
    assert_eq!((&a.populations, &a.projections), (&b.populations, &b.projections));
}

#[test]
fn a_run_in_legs_on_changing_ranks_and_threads_has_the_bytes_of_one_without_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    for (n, sets) in VARIANTS.iter().enumerate() {
        in_legs(RICH, sets, &folder.path().join(format!("rich {n}")), 60, &run(RICH, sets, 1));
        let text = engine_procedural::everything(n);
        let drawn = procedural((0..7).filter(|p| (p + n) % 3 > 0));
        let mut all: Vec<(&str, &str)> = (*sets).into();
        all.extend(drawn.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        in_legs(&text, &all, &folder.path().join(format!("procedural {n}")), 17, &run(&text, sets, 1));
    }
}

/// Takes some chunks, then the disk is full.
struct Full(usize);

impl Sink for Full {
    fn write(&mut self, _: Chunk) -> Result<(), SinkError> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| SinkError("the disk is full".into()))?;
        Ok(())
    }
    fn flush(&mut self) -> Result<(), SinkError> {
        if self.0 == 0 { Err(SinkError("the disk is full".into())) } else { Ok(()) }
    }
}

#[test]
fn a_failure_to_write_ends_all_ranks_with_the_same_error() {
    let folder = tempfile::tempdir().unwrap();
    // At once, on the way, in the last window, after it.
    for room in [0, 1, 40, 245, 250, 260, 300] {
        let ends = together(3, |ranks| {
            let simulation = engine::prepare(network::compile_on(model(RICH, &[]), 2, ranks).unwrap()).unwrap();
            let checkpoint = Some((folder.path().join("a.ckpt"), Time::from_ms(7.0)));
            let options = Options { checkpoint, ..Options::default() };
            simulation.run(&options, &mut Full(room), &mut Unobserved::default()).map(drop)
        });
        let said: Vec<_> = ends.iter().map(|end| end.as_ref().map_err(ToString::to_string)).collect();
        assert!(said.iter().all(|end| *end == said[0]), "{said:?}");
        assert!(said[0].as_ref().is_err_and(|e| e.contains("the disk is full")) || room >= 245, "{room}: {said:?}");
        assert!(ends.iter().flat_map(|end| end.as_ref().err()).all(|e| !e.is_input()));
    }
}

#[test]
fn an_error_in_one_ranks_synapses_is_everybodys() {
    // Now and then a weight is drawn outside its bounds, by the owner of its target only.
    let text = "
        simulation = { duration = '1 ms' }
        population.A = { size = 8, neuron.lif_delta = {} }
        projection.x = { source = 'A', target = 'A', connect.fixed_indegree = 5, delay = '1 ms', w_max = '2 mV',
            weight = { normal = { mean = '1 mV', std = '0.35 mV' } }, plasticity.stdp = {} }";
    let mut whose = [0; 4];
    for seed in 1..=300 {
        let seed = seed.to_string();
        let sets = [("simulation.seed", &seed[..])];
        let ends = together(4, |ranks| network::compile_on(model(text, &sets), 1, ranks).map(drop));
        let alone = network::compile(model(text, &sets), 1).map(drop);
        let said: Vec<_> = ends.iter().map(|end| end.as_ref().map_err(ToString::to_string)).collect();
        assert!(said.iter().all(|end| *end == said[0] && end.is_ok() == alone.is_ok()), "{said:?}");
        let own = |end: &&Result<(), BuildError>| matches!(end, Err(BuildError::Projection { .. }));
        assert_eq!(ends.iter().filter(own).count(), usize::from(alone.is_err()), "one rank says it: {ends:?}");
        if let Some(rank) = ends.iter().position(|end| own(&end)) {
            whose[rank] += 1;
        }
    }
    assert!(whose[1..].iter().all(|&count| count > 0), "{whose:?}");
}

#[test]
fn a_checkpoint_that_is_none_is_everybodys_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ckpt");
    std::fs::write(&path, "nonsense").unwrap();
    for error in together(2, |ranks| Checkpoint::read_on(&path, ranks).err().expect("refused")) {
        assert!(matches!(error, RunError::Checkpoint(_) | RunError::Model(_)) && error.is_input(), "{error}");
        assert!(error.to_string().contains("a.ckpt"), "{error}");
    }
}

#[test]
fn a_panic_on_one_rank_ends_the_others_too() {
    /// Panics after some windows.
    struct Panics(StopAfter);
    impl Observer for Panics {
        fn progress(&mut self, _: Time, _: u64) {}
        fn stop_flag(&self) -> &std::sync::atomic::AtomicBool {
            let flag = self.0.stop_flag();
            assert!(!flag.load(std::sync::atomic::Ordering::Relaxed), "a mistake");
            flag
        }
    }
    let ends = std::panic::catch_unwind(|| {
        together(3, |ranks| {
            let simulation = engine::prepare(network::compile_on(model(RICH, &[]), 2, ranks).unwrap()).unwrap();
            let mut observer = Panics(StopAfter::windows(if ranks.rank() == 1 { 9 } else { u64::MAX }));
            simulation.run(&Options::default(), &mut Memory::default(), &mut observer).map(drop)
        })
    });
    assert!(ends.is_err(), "the one that panics ends all: nobody waits for it");
}
