//! Doubts about when things happen: delays beside the run and the step, and what never comes.

use super::super::network_spec::{
    Active, Connect, Engine, InputKind, NetworkSpec, PopulationKind, ProjectionSpec, Slice, SourceSpec, WeightSample,
};
use crate::math::ln_1p;
use crate::sample::Law;
use crate::time::{Time, is_between_steps};
use crate::units::short;
use crate::value::Value;

/// So many windows take a minute, if nothing happens.
const MOST_WINDOWS: f64 = 3e8;
/// And so many solutions of a crossbar of a few cells.
const MOST_REFRESHES: f64 = 1e6;

impl NetworkSpec {
    /// Synapses over which nothing arrives before the run ends.
    pub(super) fn too_late(&self, projection: &ProjectionSpec) -> Option<String> {
        let (delay, duration) = (projection.delay.range()?.0, self.simulation.duration?);
        (delay > duration.ms()).then(|| {
            format!(
                "projection.{}: delays of {delay} ms and more, in a run of {duration}: nothing arrives",
                projection.name
            )
        })
    }

    /// Listed delays that are not what the grid engine makes of them.
    pub(super) fn between_steps(&self, projection: &ProjectionSpec) -> Option<String> {
        let step = self.simulation.resolution;
        let Value::List(delays) = &projection.delay else { return None };
        let is_moved = |ms: &&f64| {
            let steps = **ms / step.ms();
            is_between_steps(steps) || steps < 0.5
        };
        let moved = delays.iter().filter(is_moved).count();
        (self.simulation.engine == Engine::Grid && moved > 0).then(|| {
            format!(
                "projection.{}: {moved} of {} listed delays {} between steps of {step} and {} rounded to the nearest, at least one step; \
                 engine = \"event\" keeps delays as they are",
                projection.name,
                delays.len(),
                if moved == 1 { "lies" } else { "lie" },
                if moved == 1 { "is" } else { "are" }
            )
        })
    }

    /// Delays, and times between scalings, so short that windows of their length do not come to an end.
    pub(super) fn too_soon(&self, projection: &ProjectionSpec) -> Vec<String> {
        let Some(duration) = self.simulation.duration.filter(|_| self.simulation.engine == Engine::Event) else {
            return Vec::new();
        };
        let modulator = projection.plasticity.as_ref().and_then(|rule| rule.modulator());
        let unit = "is the unit right?";
        let shortest = match Law::new(&projection.delay) {
            Some(Ok(law)) if law.constant().is_none() => {
                // Of so many draws the smallest lies about there.
                let word = f64::from(u32::MAX) / (self.synapses(projection) + 1.0);
                let ms = law.at(word as u32);
                Some((ms, format!("delays that are drawn down to about {ms:.0e} ms cut"), projection.delay.remedy()))
            }
            _ => projection.delay.range().map(|(ms, _)| (ms, format!("delays of {ms} ms on cut"), unit)),
        };
        let one = |name: &str, time: Time| (time.ms(), format!("{name} of {} ms cuts", time.ms()), unit);
        let found = [
            shortest,
            modulator.map(|(_, delay)| one("a modulator_delay", delay)),
            projection.normalize.map(|normalize| one("normalize.every", normalize.every)),
        ];
        let told = found.into_iter().flatten().filter_map(|(ms, cut, remedy)| {
            let windows = duration.ms() / ms;
            (windows > MOST_WINDOWS).then(|| {
                format!(
                    "projection.{}: {cut} a run of {duration} into {windows:.0e} windows, each of which takes 0.2 us \
                     and more, also where nothing happens; {remedy}",
                    projection.name
                )
            })
        });
        told.collect()
    }

    /// Delays that are drawn so short that a step of the grid makes a whole one of them.
    pub(super) fn below_a_step(&self, projection: &ProjectionSpec) -> Option<String> {
        let step = self.simulation.resolution;
        let law = Law::new(&projection.delay)?.ok().filter(|law| law.constant().is_none())?;
        // From half a step on they are rounded up and down alike.
        let share = law.share_below(0.5 * step.ms());
        // The shortest that are drawn, not what one in a million models meets.
        let seen = share * self.synapses(projection) >= 1.0;
        (self.simulation.engine == Engine::Grid && seen).then(|| {
            format!(
                "projection.{}: {} % of the delays are drawn below half a step of {step} and become a whole one, the least that the grid \
                 knows; {}, or take a finer resolution; engine = \"event\" keeps delays as they are",
                projection.name,
                short(100.0 * share, 2),
                projection.delay.remedy()
            )
        })
    }

    /// Crossbars that are solved so often that a run does not come to an end.
    pub(super) fn solved_too_often(&self, projection: &ProjectionSpec) -> Option<String> {
        let (crossbar, duration) = (projection.crossbar.as_ref()?, self.simulation.duration?);
        let times = duration.ms() / crossbar.refresh_ms;
        (projection.changes() && times > MOST_REFRESHES).then(|| {
            format!(
                "projection.{}: crossbar.refresh of {} ms solves the wires {times:.0e} times in a run of {duration}, each of which takes 50 us \
                 and more, also where nothing has changed; is the unit right?",
                projection.name, crossbar.refresh_ms
            )
        })
    }

    /// Sines that go round while their current is held, of which another one is left, or none.
    pub(super) fn held_too_long(&self) -> Vec<String> {
        let told = self.inputs.iter().filter_map(|input| {
            let InputKind::CurrentSine { frequency, interval, .. } = input.kind else { return None };
            let turns = frequency * interval.seconds();
            (turns >= 0.5).then(|| {
                format!(
                    "input.{}: a sine of {} Hz goes round {} times while its current is held, {interval} (`interval`): what is left is none of that \
                     frequency. Give an interval of a tenth of its period, {} ms, or less; is the unit right?",
                    input.name,
                    short(frequency, 6),
                    short(turns, 3),
                    short(100.0 / frequency, 3)
                )
            })
        });
        told.collect()
    }

    /// Sums that weights can't reach, so that all are at their bound.
    pub(super) fn out_of_reach(&self, projection: &ProjectionSpec) -> Option<String> {
        let (normalize, w_max) = (projection.normalize?, projection.w_max?.abs());
        let target = &projection.target;
        let targets = target.members(self.populations[target.population].size).len();
        let each = self.synapses(projection) / targets as f64;
        let most = each * w_max;
        (normalize.sum.abs() > most * (1.0 + 1e-9)).then(|| {
            format!(
                "projection.{}: normalize.sum of {} is more than weights can make: {} synapses onto each target (in the mean) of at most w_max = {}; \
                 all of them go to that bound",
                projection.name,
                short(normalize.sum.abs(), 6),
                short(each, 6),
                short(w_max, 6)
            )
        })
    }

    /// Inputs and sources with the times in which they are active.
    fn actives(&self) -> Vec<(String, Active)> {
        let inputs = self.inputs.iter().filter_map(|input| match &input.kind {
            InputKind::CurrentSteps(_) => None,
            InputKind::Poisson { active, .. }
            | InputKind::CurrentSine { active, .. }
            | InputKind::CurrentNoise { active, .. } => Some((format!("input.{}", input.name), *active)),
        });
        let sources = self.populations.iter().filter_map(|population| match &population.kind {
            PopulationKind::Source(SourceSpec::Poisson { active, .. } | SourceSpec::Regular { active, .. }) => {
                Some((format!("population.{}", population.name), *active))
            }
            _ => None,
        });
        inputs.chain(sources).collect()
    }

    /// What begins when the run is over.
    pub(super) fn never(&self) -> Vec<String> {
        let Some(end) = self.simulation.duration else { return Vec::new() };
        let steps = self.inputs.iter().filter_map(|input| match &input.kind {
            InputKind::CurrentSteps(steps) => Some((format!("input.{}", input.name), steps.first()?.0)),
            _ => None,
        });
        let actives = self.actives().into_iter().map(|(what, active)| (what, active.start));
        // A state is sampled at the very end too.
        let states = self.record.state.iter().filter(|state| state.start > end);
        let states = states
            .map(|state| (format!("record.state of {}", self.populations[state.slice.population].name), state.start));
        let late = steps.chain(actives).chain(states).filter(|(_, start)| *start >= end);
        late.map(|(what, start)| format!("{what} begins at {start}, and the run is over at {end}")).collect()
    }

    /// What is only within intervals of which the run has none. (Those of recordings are told when they are read.)
    pub(super) fn never_during(&self) -> Vec<String> {
        let end = self.simulation.duration.unwrap_or(Time::NEVER);
        let rules = self.projections.iter().filter_map(|projection| {
            let during = projection.plasticity.as_ref()?.during;
            Some((format!("the rule of projection.{}", projection.name), Active { during, ..Active::ALWAYS }))
        });
        let all = self.actives().into_iter().filter(|(_, active)| active.start < end).chain(rules);
        let told = all.filter_map(|(what, active)| {
            let index = active.during.filter(|&index| self.interval_files.iter().all(|file| file.interval != index))?;
            let interval = &self.intervals[index];
            let until = active.stop.min(end);
            let never = !interval.spans.iter().any(|span| span.0 < until && span.1 > active.start);
            never.then(|| {
                let empty = interval.spans.is_empty();
                let when = if empty { "which is empty" } else { "which has no span while it could be" };
                format!("{what} is never active: it is so during interval.{}, {when}", interval.name)
            })
        });
        told.collect()
    }

    /// Snapshots of weights of which the run has none, or those of the beginning alone.
    pub(super) fn unseen_weights(&self) -> Vec<String> {
        let Some(end) = self.simulation.duration else { return Vec::new() };
        let (start, until) = (self.record.start, self.record.until());
        let told = self.record.weights.iter().filter_map(|weights| {
            let WeightSample::Interval(interval) = weights.on else { return None };
            let name = &self.projections[weights.projection].name;
            // They lie at multiples of the interval, within what is recorded.
            let first = Time(start.0.div_euclid(interval.0) * interval.0);
            let first = if first < start { first.saturating_add(interval) } else { first };
            let begins = format!("record.weights of {name}: a snapshot every {interval}");
            if first > end || first >= until {
                let last = end.min(until);
                return Some(format!("{begins}, counted from 0, gives none in what is recorded, {start} to {last}"));
            }
            let alone = first == Time::ZERO && interval > end;
            alone.then(|| format!("{begins} gives that of 0 ms alone, for the run is over at {end}"))
        });
        told.collect()
    }

    /// About so many synapses a projection has.
    fn synapses(&self, projection: &ProjectionSpec) -> f64 {
        let size = |slice: &Slice| slice.members(self.populations[slice.population].size).len() as f64;
        let (sources, targets) = (size(&projection.source), size(&projection.target));
        match &projection.connect {
            Connect::OneToOne => sources,
            Connect::AllToAll => sources * targets,
            Connect::FixedProbability(p) => p * sources * targets,
            Connect::FixedIndegree(k) => *k as f64 * targets,
            Connect::FixedOutdegree(k) => *k as f64 * sources,
            Connect::FixedTotalNumber(count) => *count as f64,
            Connect::TotalFromProbability(p) => -ln_1p(-p) * sources * targets,
            Connect::Pairs(pairs) => pairs.len() as f64,
        }
    }
}
