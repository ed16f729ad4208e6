//! `plot traces`: recorded state variables, with the threshold and the spikes.

use memspike::counted::counted;
use memspike::format;
use memspike::format::result::{States, read_observables};
use memspike::plot::{self, PlotError, Selection, Traces};
use memspike::spikes::Recording;

use super::{Args, Drawn, SIZE};
use crate::cli::Failure;
use crate::cli::note::note;

/// At most so many traces of one variable: more can't be told apart.
const MOST: usize = 12;

/// A panel per variable of a population.
pub fn draw(title: &str, args: &Args) -> Result<Drawn, Failure> {
    let all = read_observables(&args.file).map_err(Failure::input)?;
    let recording = format::read(&args.file).map_err(Failure::input)?;
    if all.states.is_empty() {
        return Err(Failure::input(format!(
            "{} holds no states; record some with [[record.state]] in the model.",
            args.file.display()
        )));
    }
    let (mut tables, mut said) = (Vec::new(), Vec::new());
    for states in &all.states {
        let members = members(states, &args.population);
        let wanted = args.variable.is_empty() || args.variable.contains(&states.variable);
        if wanted && !members.is_empty() {
            if members.len() > MOST {
                let (variable, population) = (&states.variable, &states.population);
                note(format_args!("{variable} of {population}: the first {MOST} of {} neurons", members.len()));
            }
            let table = table(states, &members, args, &recording);
            // Where not all are shown, its name says how many.
            let count = counted(members.len(), "neuron");
            said.push(if members.len() > MOST { table.name.clone() } else { format!("{} ({count})", table.name) });
            tables.push(table);
        }
    }
    if tables.is_empty() {
        let there: Vec<String> = all.states.iter().map(|s| format!("{} of {}", s.variable, s.population)).collect();
        return Err(Failure::input(format!(
            "Nothing recorded fits; {} holds {}.",
            args.file.display(),
            there.join(", ")
        )));
    }
    expect_samples(&tables, &all.states, (args.start, args.stop))?;
    let figure = plot::traces(title, &tables, SIZE).map_err(Failure::input)?;
    Ok((figure, said.join(", ")))
}

/// Refuses a window that is empty, or in which nothing was sampled.
fn expect_samples(tables: &[Traces], states: &[States], window: (Option<f64>, Option<f64>)) -> Result<(), Failure> {
    if let (Some(start), Some(stop)) = window
        && start >= stop
    {
        return Err(Failure::input(PlotError::Window { start, stop }));
    }
    if window == (None, None) || tables.iter().any(|table| !table.times_ms.is_empty()) {
        return Ok(());
    }
    let times = || states.iter().flat_map(|states| &states.times_ms).map(|ms| ms / 1e3);
    let (first, last) = (times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max));
    if first > last {
        return Ok(());
    }
    Err(Failure::input(format!("Nothing was sampled in the window; samples go from {first} s to {last} s.")))
}

/// The columns of a table that a selection takes.
fn members(states: &States, select: &[Selection]) -> Vec<usize> {
    let chosen = |id: i64| {
        select.is_empty()
            || select.iter().any(|s| {
                let (first, end) = s.members.unwrap_or((0, usize::MAX));
                s.population == states.population && (first..end).contains(&(id as usize))
            })
    };
    states.node_ids.iter().enumerate().filter(|(_, id)| chosen(**id)).map(|(column, _)| column).collect()
}

fn table(states: &States, members: &[usize], args: &Args, recording: &Recording) -> Traces {
    let window = |t: &f64| args.start.is_none_or(|s| *t >= s * 1e3) && args.stop.is_none_or(|s| *t <= s * 1e3);
    let rows: Vec<usize> = (0..states.times_ms.len()).filter(|&row| window(&states.times_ms[row])).collect();
    let width = states.node_ids.len();
    let series = |&column: &usize| {
        let label = format!("{}[{}]", states.population, states.node_ids[column]);
        (label, rows.iter().map(|row| states.data[row * width + column]).collect())
    };
    let few = if members.len() > MOST { format!(", {MOST} of {} neurons", members.len()) } else { String::new() };
    let members = &members[..members.len().min(MOST)];
    Traces {
        name: format!("{} of {}{few}", states.variable, states.population),
        unit: states.unit.clone(),
        times_ms: rows.iter().map(|&row| states.times_ms[row]).collect(),
        series: members.iter().map(series).collect(),
        spikes_ms: if states.variable == "v_m" { spikes(states, members, recording) } else { Vec::new() },
        level: states.threshold.map(|level| ("threshold".to_string(), level)),
    }
}

/// The spikes of each of these columns \[ms\], where the model records them.
fn spikes(states: &States, members: &[usize], recording: &Recording) -> Vec<Vec<f64>> {
    let Some((_, first, count)) = recording.populations.iter().find(|p| p.0 == states.population) else {
        return Vec::new();
    };
    let recorded = &recording.spikes.unit_ids[*first..first + count];
    let trains = recording.spikes.trains();
    let of = |column: &usize| match recorded.binary_search(&states.node_ids[*column]) {
        Ok(place) => trains[first + place].iter().map(|s| 1e3 * s).collect(),
        Err(_) => Vec::new(),
    };
    members.iter().map(of).collect()
}
