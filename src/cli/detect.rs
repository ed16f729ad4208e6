//! `memspike evaluate --detect`: does each neuron answer when its intervals come, soon, and at no other time?

use std::fmt::Write;

use memspike::analysis::{Detection, Spans};
use memspike::counted::counted;
use memspike::spikes::{HELD, IntervalTable, Recording, Selected, SpikeSource, each_train};
use serde_json::{Value, json};

use super::evaluate::population;
use super::note::note;
use super::{Done, Failure};

/// What to look at.
pub struct Question<'a> {
    /// The table of intervals, if it was named.
    pub intervals: Option<&'a str>,
    /// The population, if it was named.
    pub population: Option<&'a str>,
    /// From here on \[s\].
    pub start: f64,
    /// How much later an answer comes \[s\].
    pub lag: f64,
    /// As JSON?
    pub json: bool,
}

/// What there is of a neuron.
struct Found {
    /// What it is called.
    id: i64,
    spikes: usize,
    detection: Detection,
}

/// Says that so many things, of which these are the words for one and for several, are left out as nobody observed them whole.
pub fn tell_left_out(count: usize, [one, several]: [&str; 2]) {
    let (things, were) = if count == 1 { (one, "was") } else { (several, "were") };
    if count > 0 {
        note(format_args!("{count} {things} {were} not observed whole, and {were} left out"));
    }
}

/// Counts and tells.
pub fn run(question: &Question<'_>, recording: &Recording, spikes: &dyn SpikeSource) -> Result<Done, Failure> {
    let table = table(question, recording)?;
    let (name, first, size) = population(question.population, recording, spikes.unit_ids().len(), &table.name)?;
    let stop = recording.extent(spikes.ends().map_err(Failure::input)?).1;
    let all = table.start.iter().copied().zip(table.stop.iter().copied());
    let (mut spans, untimed): (Vec<_>, Vec<_>) = all.partition(|s| s.0.is_finite() && s.1.is_finite());
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let unknown = reaching(&untimed, &spans);
    let of = |what: &str| [format!("interval of {}{what}", table.name), format!("intervals of {}{what}", table.name)];
    if !untimed.is_empty() {
        let [one, several] = of(" without a start or a stop");
        let things = if untimed.len() == 1 { format!("{one} is") } else { format!("{several} are") };
        note(format_args!("{} {things} left out, and so are the spikes that may lie in them", untimed.len()));
    }
    let whole = |s: &(f64, f64)| s.0 >= question.start && s.1 + question.lag <= stop;
    let (spans, cut): (Vec<_>, Vec<_>) = spans.into_iter().partition(whole);
    let later = |spans: Vec<(f64, f64)>| -> Vec<(f64, f64)> {
        spans.into_iter().map(|s| (s.0 + question.lag, s.1 + question.lag)).collect()
    };
    let (spans, mut cut) = (later(spans), later([cut, unknown].concat()));
    // What nobody observed is no miss.
    let observed = Spans::within(&recording.observed, f64::NEG_INFINITY, f64::INFINITY);
    let (spans, unseen): (Vec<_>, Vec<_>) = spans.into_iter().partition(|s| observed.cover(s.0, s.1));
    let beyond = cut.iter().filter(|s| s.0 < stop && s.1 > stop && s.1.is_finite()).count();
    let [one, several] = of("");
    tell_left_out(unseen.len() + beyond, [&one, &several]);
    cut.extend(unseen);
    cut.sort_by(|a, b| a.0.total_cmp(&b.0));
    cut.retain(|s| s.1 > question.start);
    if spans.is_empty() {
        return Err(Failure::input(format!(
            "No interval of `{}` lies between {} s and {stop} s{}.",
            table.name,
            question.start,
            if question.lag > 0.0 {
                format!(" when answers may come {} s later (--lag)", question.lag)
            } else {
                String::new()
            }
        )));
    }
    let own = Selected::new(spikes, (first..first + size).collect());
    let ids = &spikes.unit_ids()[first..first + size];
    let mut each: Vec<Found> = Vec::with_capacity(size);
    each_train(&own, (question.start, f64::INFINITY), HELD, &mut |unit, train| {
        let train: Vec<f64> = train.iter().copied().filter(|time| observed.hold(*time)).collect();
        // The lag does not move the start of an answer before that of the first interval.
        let mut detection = Detection::of(&beside(&train, &cut, &spans), &spans);
        detection.latency = detection.latency.map(|wait| wait + question.lag);
        each.push(Found { id: ids[unit], spikes: train.len(), detection });
    })
    .map_err(Failure::input)?;
    if question.json {
        Done::json(&as_json(&name, &table.name, question, &each))
    } else {
        Ok(Done::text(as_text(&name, &table.name, question, &each)))
    }
}

/// How far intervals of which one end is unknown may reach: to the next start, or from the last stop.
fn reaching(untimed: &[(f64, f64)], known: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let next = |at: f64| known.iter().map(|s| s.0).filter(|start| *start > at).fold(f64::INFINITY, f64::min);
    let last = |at: f64| known.iter().map(|s| s.1).filter(|stop| *stop < at).fold(f64::NEG_INFINITY, f64::max);
    let span = |&(start, stop): &(f64, f64)| match (start.is_finite(), stop.is_finite()) {
        (true, _) => Some((start, next(start))),
        (false, true) => Some((last(stop), stop)),
        _ => None,
    };
    untimed.iter().filter_map(span).collect()
}

/// The spikes that count: those within intervals of which the window has a part only are neither answers nor false alarms.
fn beside(train: &[f64], cut: &[(f64, f64)], whole: &[(f64, f64)]) -> Vec<f64> {
    let within = |time: f64, spans: &[(f64, f64)]| {
        let begun = spans.partition_point(|span| span.0 <= time);
        spans[..begun].iter().any(|span| time < span.1)
    };
    train.iter().copied().filter(|time| !within(*time, cut) || within(*time, whole)).collect()
}

fn table<'a>(question: &Question<'_>, recording: &'a Recording) -> Result<&'a IntervalTable, Failure> {
    let names: Vec<&str> = recording.intervals.iter().map(|t| t.name.as_str()).collect();
    match (question.intervals, &recording.intervals[..]) {
        (_, []) => Err(Failure::input(
            "The file has no table of intervals: one is written where a population has source.pattern.",
        )),
        (Some(wanted), all) => all.iter().find(|t| t.name == wanted).ok_or_else(|| {
            Failure::input(format!("There is no table `{wanted}`; expected one of {}.", names.join(", ")))
        }),
        (None, [only]) => Ok(only),
        (None, _) => Err(Failure::input(format!("Choose a table with --intervals: {}.", names.join(", ")))),
    }
}

fn as_json(population: &str, table: &str, question: &Question<'_>, each: &[Found]) -> Value {
    let one = |Found { id, spikes, detection: d }: &Found| {
        json!({
            "id": id,
            "spikes": spikes,
            "hits": d.hits,
            "hit_rate": d.hit_rate(),
            "false_alarms": d.false_alarms,
            "latency_ms": d.latency.map(|s| s * 1e3),
        })
    };
    json!({
        "population": population,
        "intervals": table,
        "start_s": question.start,
        "occurrences": each.first().map_or(0, |found| found.detection.occurrences),
        "neurons": each.iter().map(one).collect::<Vec<_>>(),
    })
}

fn as_text(population: &str, table: &str, question: &Question<'_>, each: &[Found]) -> String {
    let occurrences = each.first().map_or(0, |found| found.detection.occurrences);
    let mut out =
        format!("{population}: {} of {table} from {} s on\n\n", counted(occurrences, "interval"), question.start);
    let width = each.iter().map(|found| found.id.to_string().len()).max().unwrap_or(0).max(6);
    let _ = writeln!(out, "{:>width$}  spikes    hits  hit rate  false alarms  latency [ms]", "neuron");
    for Found { id, spikes, detection: d } in each {
        let latency = d.latency.map_or("-".to_string(), |s| format!("{:.2}", s * 1e3));
        let rate = format!("{:.1} %", 100.0 * d.hit_rate());
        let _ =
            writeln!(out, "{id:>width$}  {spikes:>6}  {:>6}  {rate:>8}  {:>12}  {latency:>12}", d.hits, d.false_alarms);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_within_an_interval_that_began_before_the_window_is_no_false_alarm() {
        let (cut, whole) = ([(1.0, 1.2), (9.0, 9.5)], [(1.15, 1.4), (2.0, 2.2)]);
        let train = [1.1, 1.18, 1.5, 2.1, 9.25];
        let counted = beside(&train, &cut, &whole);
        assert_eq!(counted, [1.18, 1.5, 2.1]);
        let found = Detection::of(&counted, &whole);
        assert_eq!((found.hits, found.false_alarms), (2, 1));
    }

    #[test]
    fn an_interval_without_an_end_may_reach_to_the_next() {
        let known = [(1.0, 2.0), (5.0, 6.0)];
        let untimed = [(3.0, f64::NAN), (f64::NAN, 4.0), (7.0, f64::NAN), (f64::NAN, 0.5), (f64::NAN, f64::NAN)];
        let infinity = f64::INFINITY;
        assert_eq!(reaching(&untimed, &known), [(3.0, 5.0), (2.0, 4.0), (7.0, infinity), (-infinity, 0.5)]);
    }
}
