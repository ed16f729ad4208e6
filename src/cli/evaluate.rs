//! `memspike evaluate`: what a layer has learnt of labelled presentations.

use std::fmt::Write;
use std::ops::Range;
use std::path::PathBuf;

use memspike::analysis::{Counter, Evaluation, Spans, evaluate, parse_range};
use memspike::counted::counted;
use memspike::format;
use memspike::spikes::{Column, IntervalTable, Recording};
use serde_json::{Value, json};

use super::note::notes;
use super::{Done, Failure, detect, quantity};

/// Label neurons by their responses in training, and say how well test responses are told; or --detect
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike evaluate digits.h5\n  \
                        memspike evaluate digits.h5 --population output --train 0:200 --test 200:300 --json\n  \
                        memspike evaluate pattern.h5 --detect --start 1s")]
pub struct Args {
    /// A result of a model with source.labels, or a recording with a table of labelled presentations
    file: PathBuf,

    /// The population that learnt, where the file holds spikes of several
    #[arg(long, value_name = "POPULATION")]
    population: Option<String>,

    /// Presentations to label neurons by, in order of the table; without it those of part `label`, or else the last epoch of `train`
    #[arg(long, value_name = "A:B", value_parser = parse_range)]
    train: Option<Range<usize>>,

    /// Presentations to test on; without it those of part `test`
    #[arg(long, value_name = "A:B", value_parser = parse_range)]
    test: Option<Range<usize>>,

    /// The table of presentations, where the file has several with labels
    #[arg(long, value_name = "TABLE")]
    intervals: Option<String>,

    /// Its column of labels, whole numbers
    #[arg(long, value_name = "COLUMN", default_value = LABEL)]
    label: String,

    /// Instead: does each neuron fire when its intervals come, such as those of source.pattern, and at no other time?
    #[arg(long, conflicts_with_all = ["train", "test"])]
    detect: bool,

    /// With --detect: look from here on, in model time
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, requires = "detect", allow_hyphen_values = true)]
    start: Option<f64>,

    /// With --detect: an answer comes so much later, such as by the delay of synapses; latencies still count from the start
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, requires = "detect")]
    lag: Option<f64>,

    /// As one JSON object
    #[arg(long)]
    json: bool,
}

/// What the units of a file without populations are called.
const UNITS: &str = "units";

/// The column of labels in results.
const LABEL: &str = "label";

/// A table of presentations with what the command needs of it.
struct Presentations<'a> {
    table: &'a IntervalTable,
    labels: Vec<i64>,
}

/// Reads, counts and tells.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let (recording, spikes) = format::read_in_order(&args.file).map_err(Failure::input)?;
    notes(&recording.notes);
    for (flag, given) in [("--start", args.start.is_some()), ("--lag", args.lag.is_some())] {
        if given && !args.detect {
            return Err(Failure::input(format!(
                "{flag} is for --detect; presentations are chosen with --train and --test."
            )));
        }
    }
    if args.detect {
        if args.label != LABEL {
            return Err(Failure::input("--label is for presentations with labels; --detect needs none."));
        }
        let (intervals, population) = (args.intervals.as_deref(), args.population.as_deref());
        let begin = recording.extent(spikes.ends().map_err(Failure::input)?).0;
        let (start, lag) = (args.start.unwrap_or(begin.min(0.0)), args.lag.unwrap_or(0.0));
        return detect::run(
            &detect::Question { intervals, population, start, lag, json: args.json },
            &recording,
            &*spikes,
        );
    }
    let shown = presentations(args, &recording)?;
    let (population, first, size) =
        population(args.population.as_deref(), &recording, spikes.unit_ids().len(), &shown.table.name)?;
    let (mut train, mut test) = parts(args, &shown)?;
    let spans: Vec<(f64, f64)> = shown.table.start.iter().copied().zip(shown.table.stop.iter().copied()).collect();
    keep_observed(&recording, spikes.ends().map_err(Failure::input)?, &spans, [&mut train, &mut test])?;
    let mut counter = Counter::new(size, &spans);
    let mut count = |times: &[f64], units: &[u32]| {
        times.iter().zip(units).for_each(|(time, unit)| counter.add(*time, *unit as usize - first));
    };
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    spikes.pieces_of(first..first + size, all, &mut count).map_err(Failure::input)?;
    let evaluation = evaluate(&counter.responses(), &shown.labels, &train, &test);
    if args.json {
        Done::json(&as_json((&population, &spikes.unit_ids()[first..first + size]), &train, &evaluation))
    } else {
        Ok(Done::text(as_text(&population, &train, &evaluation)))
    }
}

/// Leaves out the presentations that nobody observed whole, or that have no start or stop: what is not known is no wrong answer.
fn keep_observed(
    recording: &Recording,
    ends: Option<(f64, f64)>,
    spans: &[(f64, f64)],
    parts: [&mut Vec<usize>; 2],
) -> Result<(), Failure> {
    let (start, stop) = recording.extent(ends);
    let observed = Spans::within(&recording.observed, start, stop);
    let mut left_out = 0;
    for (flag, part) in ["--train", "--test"].into_iter().zip(parts) {
        let before = part.len();
        part.retain(|&index| spans[index].0 < spans[index].1 && observed.cover(spans[index].0, spans[index].1));
        left_out += before - part.len();
        if part.is_empty() {
            return Err(Failure::input(format!("None of the {before} presentations of {flag} was observed whole.")));
        }
    }
    detect::tell_left_out(left_out, ["presentation", "presentations"]);
    Ok(())
}

/// The table of presentations and their labels.
fn presentations<'a>(args: &Args, recording: &'a Recording) -> Result<Presentations<'a>, Failure> {
    let labelled = |table: &&IntervalTable| table.columns.iter().any(|(name, _)| *name == args.label);
    let there: Vec<&IntervalTable> = recording.intervals.iter().filter(labelled).collect();
    let names = || there.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", ");
    let table = match (&args.intervals, &there[..]) {
        (_, []) => {
            return Err(Failure::input(format!(
                "{} has no table of presentations with a column `{}`: it is written where a population has source.labels. For other intervals: --detect.",
                args.file.display(),
                args.label
            )));
        }
        (Some(wanted), there) => *there.iter().find(|t| t.name == *wanted).ok_or_else(|| {
            Failure::input(format!(
                "There is no table `{wanted}` with a column `{}`; expected one of {}.",
                args.label,
                names()
            ))
        })?,
        (None, [only]) => *only,
        (None, _) => return Err(Failure::input(format!("Choose a table with --intervals: {}.", names()))),
    };
    let column = table.columns.iter().find(|(name, _)| *name == args.label).map(|c| &c.1);
    let labels = match column {
        Some(Column::Number(values)) => values.iter().map(|v| (v.fract() == 0.0).then_some(*v as i64)).collect(),
        Some(Column::Text(words)) => words.iter().map(|w| w.parse().ok()).collect(),
        None => None,
    };
    let labels: Option<Vec<i64>> = labels;
    let labels = labels.ok_or_else(|| {
        Failure::input(format!(
            "The column `{}` of {} holds something else than whole numbers.",
            args.label, table.name
        ))
    })?;
    Ok(Presentations { table, labels })
}

/// The population that answers: name, first unit, size.
pub fn population(
    wanted: Option<&str>,
    recording: &Recording,
    units: usize,
    source: &str,
) -> Result<(String, usize, usize), Failure> {
    if recording.populations.is_empty() {
        return match wanted {
            None | Some(UNITS) => Ok((UNITS.into(), 0, units)),
            Some(wanted) => Err(Failure::input(format!(
                "There are no spikes of `{wanted}`: the file has no populations; all of its units together are called `{UNITS}`."
            ))),
        };
    }
    // The source itself learns nothing.
    let there: Vec<_> = recording.populations.iter().filter(|p| p.0 != source).collect();
    let names = || there.iter().map(|p| p.0.as_str()).collect::<Vec<_>>().join(", ");
    match (wanted, &there[..]) {
        (Some(wanted), _) => {
            let found = recording.populations.iter().find(|p| p.0 == wanted);
            let part =
                recording.populations.iter().find(|p| wanted.split_once('[').is_some_and(|(name, _)| name == p.0));
            found.cloned().ok_or_else(|| {
                Failure::input(match part {
                    Some((whole, ..)) => {
                        format!("`{wanted}` is a part of a population; expected all of it, `{whole}`.")
                    }
                    None => format!("There are no spikes of `{wanted}`; expected one of {}.", names()),
                })
            })
        }
        (None, [only]) => Ok((*only).clone()),
        (None, []) => {
            Err(Failure::input("The file holds spikes of the source only; record those of a layer that learns."))
        }
        (None, _) => Err(Failure::input(format!("Choose a population with --population: {}.", names()))),
    }
}

/// The presentations to label by and to test on.
fn parts(args: &Args, shown: &Presentations) -> Result<(Vec<usize>, Vec<usize>), Failure> {
    let count = shown.labels.len();
    let cut = |flag: &str, range: &Range<usize>| {
        let end = if range.end == usize::MAX { count } else { range.end };
        if end > count || range.start >= end {
            return Err(Failure::input(format!(
                "{flag} {}:{} is not among the {count} presentations that were shown, 0:{count}.",
                range.start,
                if range.end == usize::MAX { String::new() } else { range.end.to_string() }
            )));
        }
        Ok((range.start..end).collect::<Vec<_>>())
    };
    let column = |wanted: &str| shown.table.columns.iter().find(|(name, _)| name == wanted).map(|c| &c.1);
    let of_part = |wanted: &str| match column("part") {
        Some(Column::Text(words)) => (0..count).filter(|&i| words[i] == wanted).collect(),
        _ => Vec::new(),
    };
    let train = match &args.train {
        Some(range) => cut("--train", range)?,
        None => {
            let (label, train) = (of_part("label"), of_part("train"));
            if !label.is_empty() {
                label
            } else if let (Some(Column::Number(epochs)), Some(&last)) = (column("epoch"), train.last()) {
                train.into_iter().filter(|&i| epochs[i] == epochs[last]).collect()
            } else {
                train
            }
        }
    };
    let test = match &args.test {
        Some(range) => cut("--test", range)?,
        None => of_part("test"),
    };
    for (flag, list, key) in [("--train", &train, "train"), ("--test", &test, "test")] {
        if list.is_empty() {
            return Err(Failure::input(format!(
                "No presentation is marked `{key}`: name some of the {count} with {flag} A:B, or give source.labels a `{key}`."
            )));
        }
    }
    if let Some(both) = test.iter().find(|p| train.contains(p)) {
        return Err(Failure::input(format!(
            "Presentation {both} is in --train and in --test; an accuracy would say nothing."
        )));
    }
    Ok((train, test))
}

fn as_json((population, ids): (&str, &[i64]), train: &[usize], e: &Evaluation) -> Value {
    let assigned: Vec<Value> =
        e.assigned.iter().map(|a| a.map_or(Value::Null, |class| json!(e.classes[class]))).collect();
    json!({
        "population": population,
        "neurons": e.assigned.len(),
        "labelled_by": train.len(),
        "tested": e.tested,
        "right": e.right(),
        "accuracy": e.accuracy(),
        "standard_error": e.standard_error(),
        "accuracy_most_active": e.accuracy_most_active(),
        "unanswered": e.unanswered.iter().sum::<u64>(),
        "classes": e.classes,
        "ids": ids,
        "labels": assigned,
        "confusion": e.confusion,
        "unanswered_by_class": e.unanswered,
    })
}

fn as_text(population: &str, train: &[usize], e: &Evaluation) -> String {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let silent = e.assigned.iter().filter(|a| a.is_none()).count();
    let unanswered: u64 = e.unanswered.iter().sum();
    let mut out = format!(
        "{population}: {}, labelled by {}{}\n\naccuracy            {} +- {} ({} of {})\nmost active neuron  {}\n",
        counted(e.assigned.len(), "neuron"),
        counted(train.len(), "presentation"),
        if silent > 0 { format!(" ({silent} were silent and have no label)") } else { String::new() },
        percent(e.accuracy()),
        percent(e.standard_error()),
        e.right(),
        counted(e.tested, "presentation"),
        percent(e.accuracy_most_active()),
    );
    if unanswered > 0 {
        let _ = writeln!(out, "unanswered          {unanswered} presentations, which count as wrong");
    }
    let width = e.tested.to_string().len().max(4);
    let _ = write!(out, "\nshown  neurons  taken for\n{:>5}  {:>7}", "", "");
    e.classes.iter().for_each(|class| out += &format!(" {class:>width$}"));
    out += if unanswered > 0 { "  nothing\n" } else { "\n" };
    for (i, class) in e.classes.iter().enumerate() {
        let own = e.assigned.iter().filter(|a| **a == Some(i)).count();
        let _ = write!(out, "{class:>5}  {own:>7}");
        e.confusion[i].iter().for_each(|count| out += &format!(" {count:>width$}"));
        out += &if unanswered > 0 { format!("  {:>7}\n", e.unanswered[i]) } else { "\n".to_string() };
    }
    out
}
