//! The spike trains of a population with a pattern that comes back, each a pure function of its key.
//!
//! A member's spikes within a section depend on (population, member, section) alone, so that a train can be taken up anywhere: the
//! count of a train holds the section and how many of its spikes are over. What is kept of the present section only saves time.

use crate::rng::{Purpose, Stream, StreamKey};
use crate::sample::{exponential, normal};
use crate::spec::PatternSpec;
use crate::time::Time;

use super::train::Train;

/// Bits for the number of a spike within a section, and of random blocks there; the reader keeps both well below.
const BITS: u32 = 20;

/// The members of a thread.
pub struct Patterns {
    spec: PatternSpec,
    /// The run's: nothing is looked for beyond.
    end: Time,
    /// Noise, jitter and background of (member, section).
    noise: StreamKey,
    /// The pattern of each member.
    pattern: StreamKey,
    /// Rates of (member, section).
    rates: StreamKey,
    /// Which sections have the pattern.
    order: StreamKey,
    /// Each member's spikes in the section that was asked for last.
    present: Vec<Section>,
}

/// A member's spikes in one section, rising.
#[derive(Clone, Debug, Default)]
struct Section {
    number: Option<u64>,
    spikes: Vec<Time>,
}

impl Patterns {
    /// `members` members of the population `name` (see [`crate::rng::name_key`]), in a run that ends at `end`.
    pub fn new(spec: PatternSpec, seed: u64, name: u32, members: usize, end: Time) -> Patterns {
        Patterns {
            spec,
            end,
            noise: StreamKey::new(seed, Purpose::Poisson, name),
            pattern: StreamKey::new(seed, Purpose::Pattern, name),
            rates: StreamKey::new(seed, Purpose::Rate, name),
            order: PatternSpec::key(seed, name),
            present: vec![Section::default(); members],
        }
    }

    /// The train of `member`, in `place` of this thread, before its first spike.
    pub fn first(&mut self, place: usize, member: u32) -> Train {
        self.next(place, member, Train { next: Time::ZERO, drawn: 0 })
    }

    /// A member's next spike, if it has one in the sections of the run: at rates near 0 the next may be days away, and a run that goes
    /// on for longer looks again (`Sources::load`).
    pub fn next(&mut self, place: usize, member: u32, train: Train) -> Train {
        let (mut section, mut number) = (train.drawn >> BITS, train.drawn & ((1 << BITS) - 1));
        // Silent ones have no next spike.
        if self.spec.max_rate + self.spec.background <= 0.0 {
            return Train { next: Time::NEVER, drawn: 0 };
        }
        while self.spec.begin(section) < self.end {
            if self.present[place].number != Some(section) {
                let mut spikes = std::mem::take(&mut self.present[place].spikes);
                self.fill(member, section, &mut spikes);
                self.present[place] = Section { number: Some(section), spikes };
            }
            if let Some(&next) = self.present[place].spikes.get(number as usize) {
                return Train { next, drawn: section << BITS | (number + 1) };
            }
            (section, number) = (section + 1, 0);
        }
        Train { next: Time::NEVER, drawn: section << BITS }
    }

    /// The spikes of a member in a section.
    fn fill(&self, member: u32, section: u64, spikes: &mut Vec<Time>) {
        let spec = &self.spec;
        spikes.clear();
        let item = u64::from(member);
        let mut stream = self.noise.stream(item).at(section << BITS);
        let length = spec.duration.ms();
        if member < spec.members && spec.comes(self.order, section) {
            let mut own = self.pattern.stream(item);
            let ends = [own.uniform(), own.uniform()];
            self.noise(&mut own, ends, |at| {
                let moved = || at + spec.jitter * normal(&mut stream);
                spikes.push(Time::from_ms(
                    std::iter::repeat_with(moved).find(|t| (0.0..length).contains(t)).unwrap_or(at),
                ));
            });
        } else {
            let end = |section| self.rates.stream(item).at(section).uniform();
            self.noise(&mut stream, [end(section), end(section + 1)], |at| spikes.push(Time::from_ms(at)));
        }
        let gap = |stream: &mut Stream| exponential(stream) / (spec.background * 1e-3);
        let mut at = if spec.background > 0.0 { gap(&mut stream) } else { length };
        while at < length {
            spikes.push(Time::from_ms(at));
            at += gap(&mut stream);
        }
        spikes.sort_unstable();
        let (begin, last) = (spec.begin(section), Time(spec.duration.0 - 1));
        spikes.iter_mut().for_each(|t| *t = begin + (*t).min(last));
    }

    /// A section of noise with these values of the rate, 0 to 1, at its ends: spikes of the highest rate, thinned out.
    fn noise(&self, stream: &mut Stream, ends: [f64; 2], mut spike: impl FnMut(f64)) {
        let spec = &self.spec;
        if spec.max_rate <= 0.0 && !spec.at_least_once {
            return;
        }
        let length = spec.duration.ms();
        let gap = |stream: &mut Stream| exponential(stream) / (spec.max_rate * 1e-3);
        let (mut at, mut silent) = (gap(stream), true);
        while at < length {
            let level = ends[0] + (ends[1] - ends[0]) * (at / length);
            let rate = spec.min_rate + (spec.max_rate - spec.min_rate) * level;
            if stream.uniform() * spec.max_rate < rate {
                spike(at);
                silent = false;
            }
            at += gap(stream);
        }
        if silent && spec.at_least_once {
            spike(length * stream.uniform());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{self, PopulationKind, SourceSpec};

    fn spec(keys: &str) -> PatternSpec {
        let text = format!("simulation.duration = '1 s'\n[population.P]\nsize = 100\nsource.pattern = {{ {keys} }}");
        let model = spec::parse(&text, "test", std::path::Path::new(""), &[]).unwrap_or_else(|e| panic!("{e}"));
        let PopulationKind::Source(SourceSpec::Pattern(pattern)) = model.populations[0].kind else {
            panic!("no pattern")
        };
        pattern
    }

    /// So slow that most sections would be silent.
    fn spec_of_once() -> PatternSpec {
        spec("background = '0 Hz', min_rate = '0 Hz', max_rate = '1 Hz', jitter = '0 ms'")
    }

    fn train(spec: PatternSpec, member: u32, until: f64) -> Vec<f64> {
        let mut patterns = Patterns::new(spec, 3, 9, 1, Time::LIMIT);
        let mut train = patterns.first(0, member);
        let mut all = Vec::new();
        while train.next < Time::from_ms(until) {
            all.push(train.next.ms());
            train = patterns.next(0, member, train);
        }
        all
    }

    #[test]
    fn a_share_of_the_sections_has_the_pattern_and_never_two_in_a_row() {
        for share in [0.05, 0.2, 0.25] {
            let spec = spec(&format!("share = {share}"));
            let there: Vec<bool> = (0..40_000).map(|n| spec.comes(PatternSpec::key(1, 2), n)).collect();
            assert!(there.windows(2).all(|w| !(w[0] && w[1])));
            let found = there.iter().filter(|t| **t).count() as f64 / 40_000.0;
            assert!((found - share).abs() < 0.01, "{found} {share}");
            let listed = spec.occurrences(PatternSpec::key(1, 2), Time::from_ms(50.0 * 1000.0 + 49.0));
            assert_eq!(listed.len(), there[..1000].iter().filter(|t| **t).count());
        }
    }

    #[test]
    fn members_of_the_pattern_repeat_it_to_the_jitter_and_others_do_not() {
        let exact = spec("jitter = '0 ms', background = '0 Hz', members = 0.5, at_least_once = false");
        let times = exact.occurrences(PatternSpec::key(3, 9), Time::from_ms(20_000.0));
        let inside = |member: u32, spec: PatternSpec| -> Vec<Vec<f64>> {
            let all = train(spec, member, 20_000.0);
            let cut = |(a, b): &(Time, Time)| {
                all.iter().filter(|t| **t >= a.ms() && **t < b.ms()).map(|t| t - a.ms()).collect()
            };
            times.iter().map(cut).collect()
        };
        let near =
            |a: &[f64], b: &[f64], by: f64| a.len() == b.len() && a.iter().zip(b).all(|(x, y)| (x - y).abs() < by);
        for member in [0, 7, 49] {
            let own = inside(member, exact);
            assert!(own.iter().all(|o| near(o, &own[0], 1e-6)), "{member}");
            let moved = inside(member, spec("jitter = '1 ms', background = '0 Hz', at_least_once = false"));
            assert!(moved.iter().all(|o| near(o, &own[0], 8.0) || own[0].len() > 3), "{member}");
            assert!(own[0].is_empty() || moved[0] != own[0]);
        }
        let other = inside(50, exact);
        assert!(other.iter().any(|o| o.len() != other[0].len()));
    }

    #[test]
    fn rates_inside_and_outside_of_the_pattern_are_the_same() {
        let spec = spec("");
        let times = spec.occurrences(PatternSpec::key(3, 9), Time::from_ms(20_000.0));
        let (mut inside, mut total) = (0.0, 0.0);
        for member in 0..100 {
            let all = train(spec, member, 20_000.0);
            assert!(all.is_sorted());
            total += all.len() as f64;
            inside += all.iter().filter(|t| times.iter().any(|(a, b)| **t >= a.ms() && **t < b.ms())).count() as f64;
        }
        let share = times.len() as f64 / 400.0;
        let (in_rate, rate) = (inside / (100.0 * 20.0 * share), total / (100.0 * 20.0));
        // 54 Hz on average and 10 Hz of background; the pattern is one draw of 50 members.
        let sections = train(spec_of_once(), 0, 20_000.0);
        assert!((0..400).all(|n| sections.iter().any(|t| (t / 50.0) as usize == n)), "a silent section");
        assert!((rate - 64.0).abs() < 2.0 && (in_rate - 64.0).abs() < 12.0, "{rate} {in_rate}");
    }

    #[test]
    fn nothing_is_looked_for_beyond_the_run() {
        let hz = "background = '0 Hz', min_rate = '0 Hz', max_rate = '1e-9 Hz', at_least_once = false";
        let mut patterns = Patterns::new(spec(hz), 3, 9, 1, Time::from_ms(1000.0));
        // To look through a hundred days of sections takes minutes a member.
        assert_eq!(patterns.first(0, 0), Train { next: Time::NEVER, drawn: 20 << BITS });
    }

    #[test]
    fn a_train_can_be_taken_up_at_any_spike() {
        let spec = spec("");
        let whole = train(spec, 3, 2000.0);
        let mut at = Patterns::new(spec, 3, 9, 1, Time::LIMIT).first(0, 3);
        for &expected in &whole {
            assert_eq!(at.next.ms(), expected);
            // Nothing is kept from before.
            at = Patterns::new(spec, 3, 9, 1, Time::LIMIT).next(0, 3, at);
        }
    }
}
