//! Every rule through whole models, against a plain second implementation that knows all earlier spikes: random trains with
//! ties, bursts and silence, many delays, both places of the delay, both signs, frozen spans; at any time, on any number of
//! threads, settled and resumed at any moment.

use std::fmt::Write;

use memspike::engine::{Options, checkpoint::Checkpoint};
use memspike::rng::{Purpose, Stream};
use memspike::time::Time;

use crate::plasticity_stdp::{run, run_with, snapshots};

const END: f64 = 300.0;
const SOURCES: usize = 5;
const TARGETS: usize = 5;

/// What the plain version tells a rule at a spike. Times in ticks.
pub(crate) struct View {
    /// Magnitude of the weight, relative or in its unit as the rule likes it.
    pub(crate) w: f64,
    pub(crate) t: i64,
    /// Pre and post spikes strictly before this tick.
    pub(crate) pres: Vec<i64>,
    pub(crate) posts: Vec<i64>,
    /// Earlier spikes of the same side, those of this tick included.
    pub(crate) own: Vec<i64>,
}

impl View {
    fn sum(&self, times: &[i64], tau: f64) -> f64 {
        times.iter().map(|s| (-((self.t - s) as f64) / 1e9 / tau).exp()).sum()
    }
    fn x(&self, tau: f64) -> f64 {
        self.sum(&self.pres, tau)
    }
    fn y(&self, tau: f64) -> f64 {
        self.sum(&self.posts, tau)
    }
    fn own(&self, tau: f64) -> f64 {
        self.sum(&self.own, tau)
    }
}

/// A rule by its text in a model and, apart from it, its changes.
pub(crate) struct Law {
    name: &'static str,
    text: &'static str,
    /// Does it see |w| / w_max?
    relative: bool,
    on_post: fn(&View) -> f64,
    on_pre: fn(&View) -> f64,
}

const LAWS: &[Law] = &[
    Law {
        name: "power law",
        text: "stdp_power_law = { tau_plus = '17 ms', tau_minus = '25 ms', lambda = 0.1, alpha = 0.3, mu = 0.4, w_0 = 2.5 }",
        relative: false,
        on_post: |v| 0.1 * 2.5f64.powf(0.6) * v.w.powf(0.4) * v.x(17.0),
        on_pre: |v| -0.03 * v.w * v.y(25.0),
    },
    Law {
        name: "triplet",
        text: "stdp_triplet = { a_plus = 0.3, a_minus = 0.4, a_plus_triplet = 0.2, a_minus_triplet = 0.1, tau_plus = '17 ms', \
               tau_minus = '25 ms', tau_plus_triplet = '60 ms', tau_minus_triplet = '40 ms' }",
        relative: false,
        on_post: |v| v.x(17.0) * (0.3 + 0.2 * v.own(40.0)),
        on_pre: |v| -v.y(25.0) * (0.4 + 0.1 * v.own(60.0)),
    },
    Law {
        name: "nearest triplet",
        text: "stdp_triplet = { a_plus = 0.3, a_minus = 0.4, a_plus_triplet = 0.2, a_minus_triplet = 0.1, tau_plus = '17 ms', \
               tau_minus = '25 ms', tau_plus_triplet = '60 ms', tau_minus_triplet = '40 ms', pairing = 'nearest' }",
        relative: false,
        on_post: |v| v.sum(last(&v.pres), 17.0) * (0.3 + 0.2 * v.sum(last(&v.own), 40.0)),
        on_pre: |v| -v.sum(last(&v.posts), 25.0) * (0.4 + 0.1 * v.sum(last(&v.own), 60.0)),
    },
    Law {
        name: "inhibitory",
        text: "inhibitory = { tau = '18 ms', eta = 0.2, alpha = 1.1 }",
        relative: false,
        on_post: |v| 0.2 * v.x(18.0),
        on_pre: |v| 0.2 * (v.y(18.0) - 1.1),
    },
];

/// The last of them, if there is one.
fn last(times: &[i64]) -> &[i64] {
    &times[times.len().saturating_sub(1)..]
}

/// Trains with everything that makes trouble: ties, equal times, bursts, silence.
fn trains(stream: &mut Stream, sizes: &[u64]) -> Vec<Vec<f64>> {
    let mut train = |n: u64| {
        let mut times: Vec<f64> = (0..n)
            .map(|_| {
                let t = stream.uniform() * END;
                if stream.below(2) == 0 { (t / 2.5).floor() * 2.5 } else { (t * 2e3).floor() / 2e3 }
            })
            .collect();
        if let Some(&t) = times.first() {
            times.extend([t, t + 1e-3]);
        }
        times.sort_by(f64::total_cmp);
        times.retain(|t| *t <= END);
        times
    };
    sizes.iter().map(|&n| train(n)).collect()
}

struct Case<'a> {
    law: &'a Law,
    pre: Vec<Vec<f64>>,
    post: Vec<Vec<f64>>,
    delays: Vec<f64>,
    axonal: bool,
    /// w_min, w_max (none if unbounded), start.
    bounds: (f64, Option<f64>, f64),
    during: Option<(f64, f64)>,
}

fn ticks(ms: f64) -> i64 {
    (ms * 1e9).round() as i64
}

impl<'a> Case<'a> {
    fn new(law: &'a Law, seed: u64) -> Case<'a> {
        let mut stream = Stream::new(seed, Purpose::Noise, 2, 0);
        let mut pre = trains(&mut stream, &[40, 25, 60, 0, 0]);
        pre[3] = vec![3.0, END];
        let post = trains(&mut stream, &[50, 30, 0, 70, 20]);
        let delays = (0..SOURCES * TARGETS).map(|i| [0.5, 2.5, 1.25, 7.5, 5.0][(i * 3 + i / 5) % 5]).collect();
        let sign = if seed % 4 < 2 { 1.0 } else { -1.0 };
        let bounds = match seed % 3 {
            0 if sign > 0.0 && !law.relative => (0.5, None, 5.0),
            _ => (sign * 2.0, Some(sign * 10.0), sign * 5.0),
        };
        let during = (seed % 5 == 4).then_some((60.0, 212.5));
        Case { law, pre, post, delays, axonal: seed % 2 == 1, bounds, during }
    }

    fn text(&self, engine: &str, record: &str) -> String {
        let (pre, post, delays) = (&self.pre, &self.post, &self.delays);
        let pairs: Vec<[usize; 2]> = (0..SOURCES * TARGETS).map(|i| [i / TARGETS, i % TARGETS]).collect();
        let (low, high, start) = self.bounds;
        let mut text = format!(
            "simulation = {{ duration = '{END} ms', engine = '{engine}', resolution = '0.0005 ms' }}\n\
             population.pre.source.spike_times = {{ values = {pre:?}, unit = 'ms' }}\n\
             population.post.source.spike_times = {{ values = {post:?}, unit = 'ms' }}\n\
             plasticity.base.{}\n\
             [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect.pairs = {pairs:?}\n\
             delay = {{ values = {delays:?}, unit = 'ms' }}\nweight = {start:?}\nw_min = {low:?}\n{}\n\
             delay_location = '{}'\nplasticity.base = {{ {} }}\n",
            self.law.text,
            high.map_or(String::new(), |high| format!("w_max = {high:?}")),
            if self.axonal { "axonal" } else { "dendritic" },
            if self.during.is_some() { "during = 'lesson'" } else { "" },
        );
        if let Some((a, b)) = self.during {
            write!(text, "[interval.lesson]\nstart = '{a} ms'\nstop = '{b} ms'\n").unwrap();
        }
        write!(text, "[[record.weights]]\nprojection = 'p'\n{record}\n").unwrap();
        text
    }

    /// All events of a synapse in order: the weight after each pre spike, and after everything up to `at`.
    fn naive(&self, source: usize, target: usize, at: f64) -> (Vec<f64>, f64) {
        let d = ticks(self.delays[source * TARGETS + target]);
        let (to_pre, to_post) = if self.axonal { (d, 0) } else { (0, d) };
        let pre: Vec<i64> = self.pre[source].iter().map(|t| ticks(*t) + to_pre).collect();
        let post: Vec<i64> = self.post[target].iter().map(|t| ticks(*t) + to_post).collect();
        // Of two at one tick the post spike comes first with a dendritic delay, the pre spike with an axonal one.
        let mut events: Vec<(i64, bool, usize)> = Vec::new();
        events.extend(pre.iter().enumerate().map(|(i, t)| (*t, !self.axonal, i)));
        events.extend(post.iter().enumerate().map(|(i, t)| (*t, self.axonal, i)));
        events.sort();
        let (low, high, start) = self.bounds;
        let scale = if self.law.relative { high.unwrap() } else { start.signum() };
        let (low, high) = (low / scale, high.map_or(f64::INFINITY, |high| high / scale));
        let (mut w, mut after, mut end) = (start / scale, Vec::new(), start);
        for (t, late, i) in events {
            let is_pre = late != self.axonal;
            let earlier = |times: &[i64]| times.iter().copied().filter(|s| *s < t).collect();
            let own = if is_pre { &pre } else { &post }[..i].to_vec();
            let view = View { w, t, pres: earlier(&pre), posts: earlier(&post), own };
            if self.during.is_none_or(|(a, b)| t >= ticks(a) && t < ticks(b)) {
                let change = if is_pre { (self.law.on_pre)(&view) } else { (self.law.on_post)(&view) };
                w = (w + change).clamp(low, high);
            }
            if is_pre {
                after.push(w * scale);
            }
            if t <= ticks(at) {
                end = w * scale;
            }
        }
        (after, end)
    }

    /// What `on = "pre_spike"` lists: by time, source, delay, target.
    fn naive_list(&self) -> (Vec<f64>, Vec<f64>) {
        let mut all = Vec::new();
        for (s, times) in self.pre.iter().enumerate() {
            for t in 0..TARGETS {
                let weights = self.naive(s, t, END).0;
                all.extend(times.iter().zip(weights).map(|(time, w)| (*time, s, self.delays[s * TARGETS + t], t, w)));
            }
        }
        all.sort_by(|a, b| a.partial_cmp(&(b.0, b.1, b.2, b.3, a.4)).unwrap());
        (all.iter().map(|a| a.0).collect(), all.iter().map(|a| a.4).collect())
    }
}

fn close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= 1e-10 * e.abs().max(1e-3), "{what}: {i}: {f} {e}");
    }
}

fn moves(weights: &[f64]) -> bool {
    weights.iter().any(|w| (w - weights[0]).abs() > 1e-3)
}

#[test]
fn every_rule_agrees_with_a_plain_implementation_in_both_engines_on_any_number_of_threads() {
    for law in LAWS {
        for seed in 0..10 {
            let case = Case::new(law, seed);
            let what = format!("{} seed {seed}", law.name);
            let (times, expected) = case.naive_list();
            assert!(moves(&expected), "{what}: tests little");
            let one = run(&case.text("event", "on = 'pre_spike'"), 1);
            close(&one.weights(0).0, &times, "times");
            close(&one.weights(0).1, &expected, &what);
            for threads in [2, 3, 16] {
                assert_eq!(run(&case.text("event", "on = 'pre_spike'"), threads).weights(0), one.weights(0), "{what}");
            }
            if seed < 2 {
                close(
                    &run(&case.text("grid", "on = 'pre_spike'"), 2).weights(0).1,
                    &expected,
                    &format!("{what} on the grid"),
                );
            }
        }
    }
}

#[test]
fn every_rule_has_its_weight_at_any_time_and_looking_changes_nothing() {
    for law in LAWS {
        for seed in 20..26 {
            let case = Case::new(law, seed);
            let memory = run(&case.text("event", "interval = '2.5 ms'"), 2);
            let mut order: Vec<usize> = (0..SOURCES * TARGETS).collect();
            let key = |i: usize| (i / TARGETS, case.delays[i], i % TARGETS);
            order.sort_by(|a, b| key(*a).partial_cmp(&key(*b)).unwrap());
            for (time, weights) in snapshots(&memory) {
                let expected: Vec<f64> = order.iter().map(|i| case.naive(i / TARGETS, i % TARGETS, time).1).collect();
                close(&weights, &expected, &format!("{} seed {seed} at {time}", law.name));
            }
            let both = "on = 'pre_spike'\n[[record.weights]]\nprojection = 'p'\ninterval = '0.7 ms'";
            let watched = run(&case.text("event", both), 1).weights(0);
            assert_eq!(watched, run(&case.text("event", "on = 'pre_spike'"), 1).weights(0));
        }
    }
}

#[test]
fn settling_and_resuming_leave_every_bit_of_every_rule_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for law in LAWS {
        for seed in 40..46 {
            let precision = if seed % 3 == 0 { "single" } else { "double" };
            let case = Case::new(law, seed);
            let text = case.text("event", "on = 'pre_spike'");
            let text = text.replace("engine =", &format!("precision = '{precision}', engine ="));
            let plain = run(&text, 1).weights(0);
            let path = folder.path().join(format!("{} {seed}", law.name));
            let options = Options { checkpoint: Some((path.clone(), Time::from_ms(11.0))), ..Options::default() };
            let (first, _) = run_with(&text, 2, &options);
            assert_eq!(first.weights(0), plain, "{} {seed}", law.name);
            let checkpoint = Checkpoint::read(&path).unwrap();
            let options = Options { resume: Some(Box::new(checkpoint)), ..Options::default() };
            let (times, weights) = run_with(&text, 3, &options).0.weights(0);
            let from = plain.0.len() - times.len();
            assert!(!times.is_empty());
            assert_eq!((&times[..], &weights[..]), (&plain.0[from..], &plain.1[from..]), "{} {seed}", law.name);
        }
    }
}
