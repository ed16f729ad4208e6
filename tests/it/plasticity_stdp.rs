//! Pair-based STDP through whole models: against NEST's trajectories and against a plain second implementation.

use std::fmt::Write;
use std::path::Path;

use memspike::engine::{self, Options, Unobserved};
use memspike::record::{Chunk, Memory};
use memspike::rng::{Purpose, Stream};
use memspike::{network, spec};

pub(crate) fn run_with(text: &str, threads: usize, options: &Options) -> (Memory, engine::Outcome) {
    let spec = spec::parse(text, "test", Path::new(""), &[]).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let network = network::compile(spec, threads).unwrap_or_else(|e| panic!("{e}"));
    let mut memory = Memory::keeping();
    let outcome = engine::prepare(network).unwrap().run(options, &mut memory, &mut Unobserved::default()).unwrap();
    (memory, outcome)
}

pub(crate) fn run(text: &str, threads: usize) -> Memory {
    run_with(text, threads, &Options::default()).0
}

fn close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= 1e-10 * e.abs().max(1e-3), "{what}: {i}: {f} {e}");
    }
}

#[test]
fn stdp_follows_the_trajectories_of_nest_in_both_engines() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/reference/plasticity");
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let case: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let (p, number) = (&case["synapse_params"], |v: &serde_json::Value| v.as_f64().unwrap());
        let list = |k: &str| case[k].as_array().unwrap().iter().map(number).collect::<Vec<_>>();
        let pairing = match case["model"].as_str() {
            Some("stdp_synapse") => "all_to_all",
            Some("stdp_nn_symm_synapse") => "nearest_symmetric",
            Some("stdp_nn_pre_centered_synapse") => "nearest_pre_centered",
            Some("stdp_nn_restr_synapse") => "nearest_restricted",
            // Of the other rules: see plasticity_reference.
            _ => continue,
        };
        let (pre, post) = (list("pre_spike_times_ms"), list("post_spike_times_ms"));
        // The last spikes are still on their way when the run ends.
        let duration = pre.last().unwrap().max(*post.last().unwrap());
        for engine in ["event", "grid"] {
            let text = format!(
                "simulation = {{ duration = '{duration} ms', engine = '{engine}' }}\n\
                 population.pre.source.spike_times = {{ values = [{pre:?}], unit = 'ms' }}\n\
                 population.post.source.spike_times = {{ values = [{post:?}], unit = 'ms' }}\n\
                 [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\nweight = {}\nw_max = {}\n\
                 delay = '{} ms'\nplasticity.stdp = {{ tau_plus = '{} ms', tau_minus = '{} ms', a_plus = {}, \
                 a_minus = {}, mu_plus = {}, mu_minus = {}, pairing = '{pairing}' }}\n\
                 [[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n",
                case["initial_weight"],
                p["Wmax"],
                case["dendritic_delay_ms"],
                p["tau_plus"],
                case["post_neuron_params"]["tau_minus"],
                p["lambda"],
                number(&p["lambda"]) * number(&p["alpha"]),
                p["mu_plus"],
                p["mu_minus"],
            );
            let (times, weights) = run(&text, 1).weights(0);
            close(&times, &pre, "times");
            close(&weights, &list("weight_after_each_pre_spike"), &format!("{path:?} {engine}"));
        }
        cases += 1;
    }
    assert_eq!(cases, 9);
}

/// A network of spike trains with everything that makes trouble: ties, equal times, bursts, silence, many delays.
struct Case {
    pre: Vec<Vec<f64>>,
    post: Vec<Vec<f64>>,
    delays: Vec<f64>,
    pairing: &'static str,
    axonal: bool,
    sign: f64,
    during: Option<(f64, f64)>,
}

const END: f64 = 300.0;
const RULE: [f64; 6] = [17.0, 25.0, 0.09, 0.1, 0.4, 0.6];
const BOUNDS: [f64; 3] = [2.0, 10.0, 5.0];

fn case(seed: u64, pairing: &'static str, axonal: bool, sign: f64, during: Option<(f64, f64)>) -> Case {
    let mut stream = Stream::new(seed, Purpose::Noise, 1, 0);
    let mut train = |n: u64, grid: f64| {
        let mut times: Vec<f64> = (0..n)
            .map(|_| {
                let t = stream.uniform() * END;
                if stream.below(2) == 0 { (t / grid).floor() * grid } else { (t * 1e6).floor() / 1e6 }
            })
            .collect();
        if let Some(&t) = times.first() {
            // Two at once, and one right after.
            times.extend([t, t + 1e-3]);
        }
        times.sort_by(f64::total_cmp);
        times.retain(|t| *t <= END);
        times
    };
    let mut pre: Vec<_> = [40, 25, 60, 1].iter().map(|&n| train(n, 2.5)).collect();
    pre[3] = vec![3.0, END];
    let post: Vec<_> = [50, 30, 0, 70, 20].iter().map(|&n| train(n, 2.5)).collect();
    let delays = (0..20).map(|i| [0.5, 2.5, 1.25, 7.5, 5.0][(i * 3 + i / 5) % 5]).collect();
    Case { pre, post, delays, pairing, axonal, sign, during }
}

impl Case {
    fn text(&self, engine: &str, record: &str, more: &str) -> String {
        let Case { pre, post, delays, pairing, .. } = self;
        let pairs: Vec<[usize; 2]> = (0..20).map(|i| [i / 5, i % 5]).collect();
        let [low, high, start] = BOUNDS.map(|b| b * self.sign);
        let mut text = format!(
            "simulation = {{ duration = '{END} ms', engine = '{engine}', resolution = '0.0005 ms' }}\n\
             population.pre.source.spike_times = {{ values = {pre:?}, unit = 'ms' }}\n\
             population.post.source.spike_times = {{ values = {post:?}, unit = 'ms' }}\n\
             [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect.pairs = {pairs:?}\n\
             delay = {{ values = {delays:?}, unit = 'ms' }}\nweight = {start:?}\nw_min = {low:?}\nw_max = {high:?}\n\
             delay_location = '{}'\n{more}\n\
             [projection.p.plasticity.stdp]\ntau_plus = '17 ms'\ntau_minus = '25 ms'\na_plus = 0.09\na_minus = 0.1\n\
             mu_plus = 0.4\nmu_minus = 0.6\npairing = '{pairing}'\n",
            if self.axonal { "axonal" } else { "dendritic" }
        );
        if let Some((a, b)) = self.during {
            write!(text, "during = 'lesson'\n[interval.lesson]\nstart = '{a} ms'\nstop = '{b} ms'\n").unwrap();
        }
        write!(text, "[[record.weights]]\nprojection = 'p'\n{record}\n").unwrap();
        text
    }

    /// The plain version: all events of a synapse in order, sums over all spikes so far. Gives the weight after each pre
    /// spike, and after everything up to `at`.
    fn naive(&self, source: usize, target: usize, at: f64) -> (Vec<f64>, f64) {
        let ticks = |ms: f64| (ms * 1e9).round() as i64;
        let d = ticks(self.delays[source * 5 + target]);
        let (to_pre, to_post) = if self.axonal { (d, 0) } else { (0, d) };
        let pre: Vec<i64> = self.pre[source].iter().map(|t| ticks(*t) + to_pre).collect();
        let post: Vec<i64> = self.post[target].iter().map(|t| ticks(*t) + to_post).collect();
        let mut events: Vec<(i64, bool, usize)> = Vec::new();
        events.extend(pre.iter().enumerate().map(|(i, t)| (*t, !self.axonal, i)));
        events.extend(post.iter().enumerate().map(|(i, t)| (*t, self.axonal, i)));
        events.sort();
        let [tau_plus, tau_minus, a_plus, a_minus, mu_plus, mu_minus] = RULE;
        let decay = |from: i64, to: i64, tau: f64| (-((to - from) as f64) / 1e9 / tau).exp();
        let (mut w, mut after, mut end) = (BOUNDS[2] / BOUNDS[1], Vec::new(), BOUNDS[2] * self.sign);
        for (t, late, i) in events {
            let is_pre = late != self.axonal;
            let pres: Vec<i64> = pre.iter().copied().filter(|p| *p < t).collect();
            let posts: Vec<i64> = post.iter().copied().filter(|p| *p < t).collect();
            let (last_pre, last_post) = (pres.last().copied(), posts.last().copied());
            let learns = self.during.is_none_or(|(a, b)| t >= ticks(a) && t < ticks(b));
            let one = |last: Option<i64>, tau| last.map_or(0.0, |p| decay(p, t, tau));
            let change = if is_pre {
                let y = match self.pairing {
                    "all_to_all" => posts.iter().map(|p| decay(*p, t, tau_minus)).sum(),
                    "nearest_restricted" => {
                        // At the last pre spike's own tick, a post spike comes after it over an axonal delay.
                        let since = if i > 0 { pre[i - 1] - i64::from(self.axonal) } else { i64::MIN };
                        let new = post.iter().any(|p| *p > since && (*p < t || *p == t && !self.axonal));
                        if new { one(last_post, tau_minus) } else { 0.0 }
                    }
                    _ => one(last_post, tau_minus),
                };
                -a_minus * w.powf(mu_minus) * y
            } else {
                let x = match self.pairing {
                    "all_to_all" => pres.iter().map(|p| decay(*p, t, tau_plus)).sum(),
                    "nearest_symmetric" => one(last_pre, tau_plus),
                    "nearest_pre_centered" => {
                        let since = if i > 0 { post[i - 1] } else { i64::MIN };
                        pres.iter().filter(|p| **p >= since).map(|p| decay(*p, t, tau_plus)).sum()
                    }
                    _ => {
                        let taken = last_pre.is_some_and(|p| post[..i].iter().any(|q| *q > p));
                        if taken { 0.0 } else { one(last_pre, tau_plus) }
                    }
                };
                a_plus * (1.0 - w).powf(mu_plus) * x
            };
            if learns {
                w = (w + change).clamp(BOUNDS[0] / BOUNDS[1], 1.0);
            }
            if is_pre {
                after.push(w * BOUNDS[1] * self.sign);
            }
            if t <= ticks(at) {
                end = w * BOUNDS[1] * self.sign;
            }
        }
        (after, end)
    }

    /// What `on = "pre_spike"` lists: by time, source, delay, target.
    fn naive_list(&self) -> (Vec<f64>, Vec<f64>) {
        let mut all = Vec::new();
        for (s, times) in self.pre.iter().enumerate() {
            for t in 0..5 {
                let weights = self.naive(s, t, END).0;
                all.extend(times.iter().zip(weights).map(|(time, w)| (*time, s, self.delays[s * 5 + t], t, w)));
            }
        }
        all.sort_by(|a, b| a.partial_cmp(&(b.0, b.1, b.2, b.3, a.4)).unwrap());
        (all.iter().map(|a| a.0).collect(), all.iter().map(|a| a.4).collect())
    }
}

const PAIRINGS: [&str; 4] = ["all_to_all", "nearest_symmetric", "nearest_pre_centered", "nearest_restricted"];

#[test]
fn random_trains_agree_with_a_plain_implementation_for_every_pairing_delay_sign_and_number_of_threads() {
    for (seed, pairing) in PAIRINGS.iter().cycle().take(16).enumerate() {
        for axonal in [false, true] {
            let sign = if seed < 8 { 1.0 } else { -1.0 };
            let case = case(seed as u64, pairing, axonal, sign, (seed % 8 >= 4).then_some((60.0, 212.5)));
            let (times, expected) = case.naive_list();
            let one = run(&case.text("event", "on = 'pre_spike'", ""), 1);
            close(&one.weights(0).0, &times, "times");
            close(&one.weights(0).1, &expected, &format!("{pairing} axonal {axonal} seed {seed}"));
            assert_eq!(run(&case.text("event", "on = 'pre_spike'", ""), 3).weights(0), one.weights(0));
        }
    }
}

pub(crate) fn snapshots(memory: &Memory) -> Vec<(f64, Vec<f64>)> {
    let of = |c: &Chunk| match c {
        Chunk::Snapshot { index: 0, time_ms, weights } => Some((*time_ms, weights.clone())),
        _ => None,
    };
    memory.chunks.iter().filter_map(of).collect()
}

#[test]
fn weights_are_right_at_any_time_and_looking_changes_nothing() {
    for (seed, pairing) in PAIRINGS.iter().enumerate() {
        for axonal in [false, true] {
            let case = case(40 + seed as u64, pairing, axonal, 1.0, None);
            let memory = run(&case.text("event", "interval = '2.5 ms'", ""), 2);
            let taken = snapshots(&memory);
            assert_eq!(taken.len(), 121);
            let mut order: Vec<usize> = (0..20).collect();
            order
                .sort_by(|a, b| (a / 5, case.delays[*a], a % 5).partial_cmp(&(b / 5, case.delays[*b], b % 5)).unwrap());
            for (time, weights) in taken {
                let expected: Vec<f64> = order.iter().map(|i| case.naive(i / 5, i % 5, time).1).collect();
                close(&weights, &expected, &format!("{pairing} axonal {axonal} at {time}"));
            }
            let both = "on = 'pre_spike'\n[[record.weights]]\nprojection = 'p'\ninterval = '0.7 ms'";
            let watched = run(&case.text("event", both, ""), 1).weights(0);
            assert_eq!(watched, run(&case.text("event", "on = 'pre_spike'", ""), 1).weights(0));
        }
    }
}

/// Checkpoints settle all synapses: whatever is settled, and when, and on how many threads, the bits stay.
#[test]
fn settling_and_resuming_on_other_numbers_of_threads_leave_every_bit_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for (seed, pairing) in PAIRINGS.iter().enumerate() {
        for (axonal, precision) in [(false, "double"), (true, "double"), (false, "single"), (true, "single")] {
            let case = case(70 + seed as u64, pairing, axonal, 1.0, None);
            let text = case.text("event", "on = 'pre_spike'", "");
            let text = text.replace("engine =", &format!("precision = '{precision}', engine ="));
            let plain = run(&text, 1).weights(0);
            let path = folder.path().join(format!("{pairing}{axonal}{precision}"));
            let every = memspike::time::Time::from_ms(11.0);
            let options = Options { checkpoint: Some((path.clone(), every)), ..Options::default() };
            let (first, _) = run_with(&text, 2, &options);
            assert_eq!(first.weights(0), plain, "{pairing} {axonal} {precision}");
            let checkpoint = engine::checkpoint::Checkpoint::read(&path).unwrap();
            let options = Options { resume: Some(Box::new(checkpoint)), ..Options::default() };
            let (rest, _) = run_with(&text, 3, &options);
            let (times, weights) = rest.weights(0);
            let from = plain.0.len() - times.len();
            assert!(!times.is_empty());
            assert_eq!((&times[..], &weights[..]), (&plain.0[from..], &plain.1[from..]), "{pairing} {axonal}");
        }
    }
}
