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
    /// The most that it may be.
    pub(crate) most: f64,
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
    pub name: &'static str,
    text: &'static str,
    /// Does it see |w| / w_max?
    relative: bool,
    on_post: fn(&View) -> f64,
    on_pre: fn(&View) -> f64,
    /// Do these change an eligibility, not the weight?
    rewarded: bool,
}

impl Law {
    const fn new(
        name: &'static str,
        relative: bool,
        text: &'static str,
        on_post: fn(&View) -> f64,
        on_pre: fn(&View) -> f64,
    ) -> Law {
        Law { name, text, relative, on_post, on_pre, rewarded: false }
    }
}

/// tau_c, tau_n, b, delay of the neuromodulator.
const REWARD: [f64; 4] = [70.0, 40.0, 0.004, 1.5];

pub const LAWS: &[Law] = &[
    Law::new(
        "power law",
        false,
        "stdp_power_law = { tau_plus = '17 ms', tau_minus = '25 ms', lambda = 0.1, alpha = 0.3, mu = 0.4, w_0 = 2.5 }",
        |v| 0.1 * 2.5f64.powf(0.6) * v.w.powf(0.4) * v.x(17.0),
        |v| -0.03 * v.w * v.y(25.0),
    ),
    Law::new(
        "triplet",
        false,
        "stdp_triplet = { a_plus = 0.3, a_minus = 0.4, a_plus_triplet = 0.2, a_minus_triplet = 0.1, tau_plus = '17 ms', \
         tau_minus = '25 ms', tau_plus_triplet = '60 ms', tau_minus_triplet = '40 ms' }",
        |v| v.x(17.0) * (0.3 + 0.2 * v.own(40.0)),
        |v| -v.y(25.0) * (0.4 + 0.1 * v.own(60.0)),
    ),
    Law::new(
        "nearest triplet",
        false,
        "stdp_triplet = { a_plus = 0.3, a_minus = 0.4, a_plus_triplet = 0.2, a_minus_triplet = 0.1, tau_plus = '17 ms', \
         tau_minus = '25 ms', tau_plus_triplet = '60 ms', tau_minus_triplet = '40 ms', pairing = 'nearest' }",
        |v| v.sum(last(&v.pres), 17.0) * (0.3 + 0.2 * v.sum(last(&v.own), 40.0)),
        |v| -v.sum(last(&v.posts), 25.0) * (0.4 + 0.1 * v.sum(last(&v.own), 60.0)),
    ),
    Law {
        rewarded: true,
        ..Law::new(
            "dopamine",
            false,
            "stdp_dopamine = { a_plus = 2.0, a_minus = 2.5, tau_plus = '17 ms', tau_minus = '25 ms', tau_c = '70 ms', \
             tau_n = '40 ms', b = '0.004 /ms', modulator_delay = '1.5 ms', modulator = 'reward' }",
            |v| 2.0 * v.x(17.0),
            |v| -2.5 * v.y(25.0),
        )
    },
    Law::new(
        "inhibitory",
        false,
        "inhibitory = { tau = '18 ms', eta = 0.2, alpha = 1.1 }",
        |v| 0.2 * v.x(18.0),
        |v| (v.w + 0.2 * v.y(18.0)).min(v.most) - 0.2 * 1.1 - v.w,
    ),
    Law::new(
        "plain hebbian",
        true,
        "hebbian = { variant = 'plain', tau = '18 ms', eta = 0.01 }",
        |v| 0.01 * v.x(18.0) * (1.0 + v.own(18.0)),
        |_| 0.0,
    ),
    Law::new(
        "oja",
        true,
        "hebbian = { variant = 'oja', tau = '18 ms', eta = 0.01 }",
        |v| {
            let y = 1.0 + v.own(18.0);
            0.01 * y * (v.x(18.0) - y * v.w)
        },
        |_| 0.0,
    ),
    Law::new(
        "bcm",
        true,
        "hebbian = { variant = 'bcm', tau = '18 ms', eta = 0.002, tau_theta = '50 ms' }",
        |v| {
            let y = 1.0 + v.own(18.0);
            0.002 * v.x(18.0) * y * (y - theta(v, 18.0, 50.0))
        },
        |_| 0.0,
    ),
    Law::new(
        "querlioz",
        true,
        "querlioz = { t_ltp = '5 ms', a_plus = 0.02, a_minus = 0.01, b_plus = 2.0, b_minus = 3.0 }",
        |v| match v.pres.last() {
            Some(last) if v.t - last <= 5_000_000_000 => 0.02 * (-2.0 * (v.w - 0.2) / 0.8).exp(),
            _ => -0.01 * (-3.0 * (1.0 - v.w) / 0.8).exp(),
        },
        |_| 0.0,
    ),
];

/// The last of them, if there is one.
fn last(times: &[i64]) -> &[i64] {
    &times[times.len().saturating_sub(1)..]
}

/// theta of bcm, as a double sum over earlier spikes: (1/tau_theta) times the integral of e^(-(t-s)/tau_theta) y(s)^2.
fn theta(v: &View, tau: f64, tau_theta: f64) -> f64 {
    let ages: Vec<f64> = v.own.iter().map(|s| (s - v.t) as f64 / 1e9).collect();
    let k = 1.0 / tau_theta - 2.0 / tau;
    let pair = |a: f64, b: f64| ((a + b) / tau).exp() * (1.0 - (k * a.max(b)).exp()) / k;
    ages.iter().flat_map(|a| ages.iter().map(move |b| pair(*a, *b))).sum::<f64>() / tau_theta
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

pub struct Case<'a> {
    law: &'a Law,
    pre: Vec<Vec<f64>>,
    post: Vec<Vec<f64>>,
    reward: Vec<Vec<f64>>,
    delays: Vec<f64>,
    axonal: bool,
    /// w_min, w_max (none if unbounded), start.
    bounds: (f64, Option<f64>, f64),
    during: Option<(f64, f64)>,
    /// Sum and interval of a normalisation, and the factors of each target so far.
    normalize: Option<(f64, f64)>,
    scalings: Vec<Vec<(i64, f64)>>,
}

fn ticks(ms: f64) -> i64 {
    (ms * 1e9).round() as i64
}

/// What happens at a synapse. Of several at one tick they come in this order with a dendritic delay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Post,
    Pre,
    /// A pre spike over an axonal delay comes before the post spikes of its tick.
    LatePost,
    Reward,
    Scaling,
}

impl<'a> Case<'a> {
    pub fn new(law: &'a Law, seed: u64) -> Case<'a> {
        let mut stream = Stream::new(seed, Purpose::Noise, 2, 0);
        let mut pre = trains(&mut stream, &[40, 25, 60, 0, 0]);
        pre[3] = vec![3.0, END];
        let post = trains(&mut stream, &[50, 30, 0, 70, 20]);
        let reward = trains(&mut stream, &[6, 3]);
        let delays = (0..SOURCES * TARGETS).map(|i| [0.5, 2.5, 1.25, 7.5, 5.0][(i * 3 + i / 5) % 5]).collect();
        let sign = if seed % 4 < 2 { 1.0 } else { -1.0 };
        let bounds = match seed % 3 {
            0 if sign > 0.0 && !law.relative => (0.5, None, 5.0),
            _ => (sign * 2.0, Some(sign * 10.0), sign * 5.0),
        };
        let during = (seed % 5 == 4).then_some((60.0, 212.5));
        let normalize = (seed % 7 == 3).then_some((sign * 30.0, 37.5));
        let scalings = vec![Vec::new(); TARGETS];
        let mut case =
            Case { law, pre, post, reward, delays, axonal: seed % 2 == 1, bounds, during, normalize, scalings };
        let every = normalize.map_or(END, |n| n.1);
        for at in (1..).map(|k| f64::from(k) * every).take_while(|at| *at < END) {
            for target in 0..TARGETS {
                let sum: f64 = (0..SOURCES).map(|source| case.naive(source, target, at).1).sum();
                case.scalings[target].push((ticks(at), sign * 30.0 / sum));
            }
        }
        case
    }

    pub fn text(&self, engine: &str, record: &str) -> String {
        let (pre, post, reward, delays) = (&self.pre, &self.post, &self.reward, &self.delays);
        let pairs: Vec<[usize; 2]> = (0..SOURCES * TARGETS).map(|i| [i / TARGETS, i % TARGETS]).collect();
        let (low, high, start) = self.bounds;
        let normalize = |(sum, every)| format!("normalize = {{ sum = {sum:?}, every = '{every} ms' }}");
        let mut text = format!(
            "simulation = {{ duration = '{END} ms', engine = '{engine}', resolution = '0.0005 ms' }}\n\
             population.pre.source.spike_times = {{ values = {pre:?}, unit = 'ms' }}\n\
             population.post.source.spike_times = {{ values = {post:?}, unit = 'ms' }}\n\
             population.reward.source.spike_times = {{ values = {reward:?}, unit = 'ms' }}\n\
             plasticity.base.{}\n\
             [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect.pairs = {pairs:?}\n\
             delay = {{ values = {delays:?}, unit = 'ms' }}\nweight = {start:?}\nw_min = {low:?}\n{}\n{}\n\
             delay_location = '{}'\nplasticity.base = {{ {} }}\n",
            self.law.text,
            high.map_or(String::new(), |high| format!("w_max = {high:?}")),
            self.normalize.map_or(String::new(), normalize),
            if self.axonal { "axonal" } else { "dendritic" },
            if self.during.is_some() { "during = 'lesson'" } else { "" },
        );
        if let Some((a, b)) = self.during {
            write!(text, "[interval.lesson]\nstart = '{a} ms'\nstop = '{b} ms'\n").unwrap();
        }
        write!(text, "[[record.weights]]\nprojection = 'p'\n{record}\n").unwrap();
        text
    }

    /// The parts of a span in which the rule is not frozen.
    fn active(&self, from: i64, to: i64) -> Option<(i64, i64)> {
        let (a, b) = self.during.map_or((from, to), |(a, b)| (from.max(ticks(a)), to.min(ticks(b))));
        (a < b).then_some((a, b))
    }

    /// All events of a synapse in order: the weight after each pre spike, and after everything up to `at`.
    fn naive(&self, source: usize, target: usize, at: f64) -> (Vec<f64>, f64) {
        let d = ticks(self.delays[source * TARGETS + target]);
        let (to_pre, to_post) = if self.axonal { (d, 0) } else { (0, d) };
        let pre: Vec<i64> = self.pre[source].iter().map(|t| ticks(*t) + to_pre).collect();
        let post: Vec<i64> = self.post[target].iter().map(|t| ticks(*t) + to_post).collect();
        let [tau_c, tau_n, b, reward_delay] = REWARD;
        let reward: Vec<i64> = self.reward.iter().flatten().map(|t| ticks(*t) + ticks(reward_delay)).collect();
        let mut events: Vec<(i64, Event, usize)> = Vec::new();
        let on_post = if self.axonal { Event::LatePost } else { Event::Post };
        events.extend(pre.iter().enumerate().map(|(i, t)| (*t, Event::Pre, i)));
        events.extend(post.iter().enumerate().map(|(i, t)| (*t, on_post, i)));
        events.extend(self.scalings[target].iter().enumerate().map(|(i, s)| (s.0, Event::Scaling, i)));
        if self.law.rewarded {
            events.extend(reward.iter().map(|t| (*t, Event::Reward, 0)));
        }
        events.sort();
        let (low, high, start) = self.bounds;
        let scale = if self.law.relative { high.unwrap() } else { start.signum() };
        let (low, high) = (low / scale, high.map_or(f64::INFINITY, |high| high / scale));
        let (mut w, mut after, mut end) = (start / scale, Vec::new(), None);
        // Of the eligibility: its jumps so far, and the last event.
        let (mut jumps, mut last): (Vec<(i64, f64)>, i64) = (Vec::new(), 0);
        let decay = |from: i64, to: i64, tau: f64| (-((to - from) as f64) / 1e9 / tau).exp();
        let drift = |jumps: &[(i64, f64)], from: i64, to: i64| {
            let Some((from, to)) = self.active(from, to).filter(|_| self.law.rewarded) else { return 0.0 };
            let c: f64 = jumps.iter().map(|(t, jump)| jump * decay(*t, from, tau_c)).sum();
            let n: f64 = reward.iter().filter(|t| **t <= from).map(|t| decay(*t, from, tau_n) / tau_n).sum();
            let (h, rate) = ((to - from) as f64 / 1e9, 1.0 / tau_c + 1.0 / tau_n);
            c * (n / rate * (1.0 - (-rate * h).exp()) - b * tau_c * (1.0 - (-h / tau_c).exp()))
        };
        // The weight turns round once the neuromodulator has fallen to b: it may leave a bound there, within a span.
        let drifted = |w: f64, jumps: &[(i64, f64)], from: i64, to: i64| {
            let from = self.active(from, to).map_or(from, |(from, _)| from);
            let n: f64 = reward.iter().filter(|t| **t <= from).map(|t| decay(*t, from, tau_n) / tau_n).sum();
            let turn = if n > b { (from + (tau_n * (n / b).ln() * 1e9) as i64).min(to) } else { to };
            let w = (w + drift(jumps, from, turn)).clamp(low, high);
            (w + drift(jumps, turn, to)).clamp(low, high)
        };
        for (t, event, i) in events {
            // A scaling comes after everything else, looking included.
            if end.is_none() && (t > ticks(at) || t == ticks(at) && event == Event::Scaling) {
                end = Some(drifted(w, &jumps, last, ticks(at)));
                if at < END {
                    break;
                }
            }
            w = drifted(w, &jumps, last, t);
            last = t;
            let earlier = |times: &[i64]| times.iter().copied().filter(|s| *s < t).collect();
            let own = match event {
                Event::Pre => pre[..i].to_vec(),
                Event::Post | Event::LatePost => post[..i].to_vec(),
                Event::Reward | Event::Scaling => Vec::new(),
            };
            let view = View { w, most: high, t, pres: earlier(&pre), posts: earlier(&post), own };
            let change = match event {
                Event::Pre => (self.law.on_pre)(&view),
                Event::Post | Event::LatePost => (self.law.on_post)(&view),
                Event::Reward | Event::Scaling => 0.0,
            };
            if event == Event::Scaling {
                w = (w * self.scalings[target][i].1).clamp(low, high);
            } else if self.active(t, t + 1).is_none() {
            } else if self.law.rewarded {
                jumps.push((t, change));
            } else {
                w = (w + change).clamp(low, high);
            }
            if event == Event::Pre {
                after.push(w * scale);
            }
        }
        let end = end.unwrap_or_else(|| drifted(w, &jumps, last, ticks(at)));
        (after, end * scale)
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

#[test]
fn every_rule_composes_with_a_device_and_the_bits_depend_on_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    for (number, law) in LAWS.iter().enumerate() {
        for (seed, pulses) in [(61, "stochastic"), (62, "carry"), (66, "one")] {
            let case = Case::new(law, seed + 100 * number as u64);
            let bounds = if case.bounds.1.is_some() { "" } else { "w_max = 10.0\n" };
            let device = format!(
                "{bounds}device.soft_bounds = {{ g_min = '1 uS', g_max = '101 uS', dg_up = '1 uS', dg_down = '1 uS', \
                 pulses = '{pulses}', sigma_d2d = 0.2, sigma_c2c = 0.2 }}\ndelay_location"
            );
            let text = case.text("event", "on = 'pre_spike'").replacen("delay_location", &device, 1);
            let one = run(&text, 1).weights(0);
            assert!(moves(&one.1), "{} {pulses}: tests little", law.name);
            for threads in [2, 3, 16] {
                assert_eq!(run(&text, threads).weights(0), one, "{} {pulses}", law.name);
            }
            let path = folder.path().join(format!("{} {seed}", law.name));
            let options = Options { checkpoint: Some((path.clone(), Time::from_ms(7.0))), ..Options::default() };
            assert_eq!(run_with(&text, 2, &options).0.weights(0), one, "{} {pulses}", law.name);
            let options = Options { resume: Some(Box::new(Checkpoint::read(&path).unwrap())), ..Options::default() };
            let (times, weights) = run_with(&text, 3, &options).0.weights(0);
            let from = one.0.len() - times.len();
            assert_eq!((&times[..], &weights[..]), (&one.0[from..], &one.1[from..]), "{} {pulses}", law.name);
        }
    }
}
