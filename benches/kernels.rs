//! The inner loops alone, in ns per item: random blocks, counts and exponentials, a step of a block of neurons, a synapse
//! that learns by a rule or by overlapping spikes, a synapse built, an event of a whole small network. `cargo bench --bench kernels -- FILTER` runs some.

use std::path::Path;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use memspike::device::physical::PhysicalModel;
use memspike::device::physical::surface::Surface;
use memspike::device::physical::waveform::{self, Side, Waveform};
use memspike::engine::{self, Options, Unobserved};
use memspike::math;
use memspike::math::real::Real;
use memspike::math::vector::{Kernel, Target};
use memspike::network;
use memspike::neuron::{BlockSpec, Column, NeuronModel, StepInput};
use memspike::plasticity::{Rule, stdp};
use memspike::record::Memory;
use memspike::rng::{Purpose, StreamKey, lanes};
use memspike::sample;
use memspike::spec::{self, NetworkSpec};
use memspike::synapse::{Plastic, PlasticSetup};
use memspike::time::Time;

fn main() {
    divan::main();
}

/// Items of one sample: far more than a call costs, and still in the first cache.
const ITEMS: usize = 1024;

fn key() -> StreamKey {
    StreamKey::new(1, Purpose::Poisson, 1)
}

/// Blocks of four words, one after the other.
#[divan::bench]
fn philox_block(bencher: Bencher<'_, '_>) {
    let key = key();
    bencher
        .counter(ItemsCount::new(ITEMS))
        .bench(|| (0..ITEMS as u64).fold(0, |sum: u32, i| sum ^ key.block(black_box(i), 0)[0]));
}

/// The same by sixteens, with the widest vectors of this machine.
#[divan::bench]
fn philox_block_in_lanes(bencher: Bencher<'_, '_>) {
    struct Blocks(StreamKey);
    impl Kernel for Blocks {
        type Output = u64;
        #[inline(always)]
        fn run(self) -> u64 {
            let groups = (ITEMS / lanes::LANES) as u64;
            (0..groups).fold(0, |sum, group| lanes::blocks(self.0, black_box(group), 0).iter().fold(sum, |a, b| a ^ b))
        }
    }
    let (key, target) = (key(), Target::best());
    bencher.counter(ItemsCount::new(ITEMS)).bench(|| target.run(Blocks(key)));
}

/// One count per neuron, each of a stream of its own, as a background of this mean needs every step.
#[divan::bench(args = [0.1, 1.0, 9.0, 100.0])]
fn poisson_count(bencher: Bencher<'_, '_>, mean: f64) {
    let key = key();
    bencher
        .counter(ItemsCount::new(ITEMS))
        .bench(|| (0..ITEMS as u64).map(|i| sample::poisson(&mut key.stream(i), black_box(mean))).sum::<u64>());
}

#[divan::bench]
fn exp(bencher: Bencher<'_, '_>) {
    let arguments: Vec<f64> = (0..ITEMS).map(|i| -20.0 * i as f64 / ITEMS as f64).collect();
    bencher.counter(ItemsCount::new(ITEMS)).bench(|| black_box(&arguments).iter().map(|x| math::exp(*x)).sum::<f64>());
}

/// A step of a block: neurons at rest between rest and threshold, a little input to each.
fn step<R: Real>(bencher: Bencher<'_, '_>, model: NeuronModel) {
    let table = model.describe();
    let params: Vec<Column> = table.params.iter().map(|p| Column::Shared(p.default)).collect();
    let initial = vec![Column::Shared(f64::NAN); table.variables.len()];
    let mut block = model.grid::<R>(0.1, &BlockSpec { size: ITEMS, params: &params, initial: &initial }).unwrap();
    let weight = R::of(1e-3);
    let mut excitatory = vec![weight; ITEMS];
    let mut inhibitory = if model.two_sided() { vec![-weight; ITEMS] } else { Vec::new() };
    let mut spikes = Vec::new();
    bencher.counter(ItemsCount::new(ITEMS)).bench_local(|| {
        // The step leaves zeros.
        excitatory.fill(weight);
        inhibitory.fill(-weight);
        let input = StepInput { excitatory: &mut excitatory, inhibitory: &mut inhibitory, current: &[] };
        block.step(input, &mut spikes);
        spikes.clear();
    });
}

const MODELS: [&str; 3] = ["lif_exp", "lif_delta", "lif_cond_exp"];

#[divan::bench(args = MODELS)]
fn step_single(bencher: Bencher<'_, '_>, model: &str) {
    step::<f32>(bencher, NeuronModel::named(model).unwrap());
}

#[divan::bench(args = MODELS)]
fn step_double(bencher: Bencher<'_, '_>, model: &str) {
    step::<f64>(bencher, NeuronModel::named(model).unwrap());
}

/// One pair of overlapping spikes, looked up: distances evenly over the reach, conductances over the range. At half the height of the
/// default spikes, so that the devices move and do not just switch.
#[divan::bench(args = ["hp", "nonlinear_drift", "team", "vteam", "yakopcic", "stanford_rram", "voltage_threshold"])]
fn waveform_pair(bencher: Bencher<'_, '_>, name: &str) {
    let model =
        PhysicalModel::ALL.into_iter().find(|m| format!("{m:?}").to_lowercase() == name.replace('_', "")).unwrap();
    let device = model.device(&|key| model.params().iter().find(|p| p.name == key).unwrap().default).unwrap();
    let scale = if name == "voltage_threshold" { 1.0 } else { 0.5 };
    let height = |name: &str| if name.starts_with("a_") { scale } else { 1.0 };
    let values: Vec<f64> = waveform::MODEL.params.iter().map(|p| p.default * height(p.name)).collect();
    let surface = Surface::new(&device, &Waveform::new(&values).unwrap());
    let (low, high) = device.conductances();
    let pairs: Vec<(f64, f64)> = (0..ITEMS)
        .map(|k| {
            let share = |step: f64| (k as f64 * step).fract();
            (0.08 * share(0.754_877_666_246_692_8), low + (high - low) * share(0.569_840_290_998_053_2))
        })
        .collect();
    bencher.counter(ItemsCount::new(ITEMS)).bench(|| {
        let one = |&(since, g): &(f64, f64)| {
            let mut before = surface.untouched(g);
            surface.after(Side::Post, g, Some(since), &mut before, None::<fn(bool) -> f64>)
        };
        black_box(&pairs).iter().map(one).sum::<f64>()
    });
}

/// The same for a rule: a pre spike reaches a synapse whose target fired once since the last.
#[divan::bench]
fn stdp_pair(bencher: Bencher<'_, '_>) {
    let params: Vec<f64> = stdp::MODEL.params.iter().map(|p| p.default).collect();
    let setup = PlasticSetup {
        rule: Some(Rule::Stdp(stdp::Stdp::new(&params))),
        memristor: None,
        w_min: 0.0,
        w_max: 1.0,
        scale: 1.0,
        axonal: false,
        during: None,
        max_delay: Time::from_ms(1.0),
        step: Time::from_ms(1.0),
        wired: false,
        short_term: None,
        normalize: None,
        modulator: None,
    };
    let mut plastic = Plastic::new(setup, vec![0.5; ITEMS], Vec::new(), (1, ITEMS), None);
    plastic.emitted(0, Time::from_ms(1.0));
    (0..ITEMS as u32)
        .for_each(|target| plastic.post_spike(target, Time::from_ms(2.0 + f64::from(target) / ITEMS as f64)));
    plastic.emitted(0, Time::from_ms(9.0));
    let pre = *plastic.pending.back().unwrap();
    bencher.counter(ItemsCount::new(ITEMS)).with_inputs(|| plastic.clone()).bench_refs(|plastic: &mut Plastic<f64>| {
        (0..ITEMS).map(|k| plastic.transmit(k, k as u32, Time::from_ms(1.0), &pre)).sum::<f64>()
    });
}

/// A shipped model, changed.
fn model(name: &str, sets: &[(&str, &str)]) -> NetworkSpec {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(format!("{name}.toml"));
    let sets: Vec<_> = sets.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    spec::load(&path, &sets).unwrap_or_else(|error| panic!("{error}"))
}

/// Per synapse: pairs with a probability, and a fixed in-degree.
#[divan::bench(args = ["vogels_abbott_cuba", "brunel_ai"], sample_count = 10, sample_size = 1)]
fn build_synapse(bencher: Bencher<'_, '_>, name: &str) {
    let small = |name| model(name, if name == "brunel_ai" { &[("parameters.order", "500")] } else { &[] });
    let synapses = network::compile(small(name), 1).unwrap().synapses();
    bencher
        .counter(ItemsCount::new(synapses))
        .with_inputs(|| small(name))
        .bench_values(|spec| network::compile(spec, 1).unwrap());
}

/// Per synaptic event: neurons, queues and delivery together, on one thread.
#[divan::bench(args = ["cuba grid", "cuba event", "voltage_jump grid", "voltage_jump event"], sample_count = 10, sample_size = 1)]
fn network_event(bencher: Bencher<'_, '_>, what: &str) {
    let (name, kernel) = what.split_once(' ').unwrap();
    let name = if name == "cuba" { "vogels_abbott_cuba" } else { "brette_voltage_jump" };
    let sets = [("simulation.engine", kernel), ("simulation.duration", "0.3 s"), ("record.start", "0 s")];
    let simulation = || engine::prepare(network::compile(model(name, &sets), 1).unwrap()).unwrap();
    let run = |simulation: engine::Simulation| {
        simulation.run(&Options::default(), &mut Memory::default(), &mut Unobserved::default()).unwrap()
    };
    let events = run(simulation()).summary.synaptic_events;
    bencher.counter(ItemsCount::new(events)).with_inputs(simulation).bench_values(run);
}
