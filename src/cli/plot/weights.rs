//! `plot weights`, `evolution` and `connectivity`: what snapshots of weights show.

use memspike::counted::counted;
use memspike::format::result::{Snapshots, read_observables};
use memspike::plot::{self, Selection, WeightSnapshots};

use super::{Args, Drawn, SIZE};
use crate::cli::Failure;

/// The distribution of the weights of a projection, or of each of those that a table of the model makes.
pub fn distribution(title: &str, args: &Args) -> Result<Drawn, Failure> {
    let chosen = snapshots(args)?;
    let figure = match (&chosen[..], &args.projection) {
        ([one], _) => plot::weights(&format!("{title}: {}", one.projection), &table(one), SIZE),
        (_, None) => return Err(several(&chosen, args)),
        (_, Some(name)) => {
            let tables: Vec<WeightSnapshots> = chosen.iter().map(table).collect();
            plot::weights_of_several(&format!("{title}: {}", group(name)), &tables, SIZE)
        }
    };
    let figure = figure.map_err(Failure::input)?;
    Ok((figure, chosen.iter().map(said).collect::<Vec<_>>().join(", ")))
}

/// The mean weight of each projection over time.
pub fn evolution(title: &str, args: &Args) -> Result<Drawn, Failure> {
    let chosen = snapshots(args)?;
    let tables: Vec<WeightSnapshots> = chosen.iter().map(table).collect();
    let figure = plot::weight_evolution(title, &tables, SIZE).map_err(Failure::input)?;
    Ok((figure, chosen.iter().map(said).collect::<Vec<_>>().join(", ")))
}

/// Sources against targets.
pub fn connectivity(title: &str, args: &Args) -> Result<Drawn, Failure> {
    let chosen = one(args)?;
    let ids = |ids: &[i64]| ids.iter().map(|id| (*id).max(0) as u64).collect::<Vec<_>>();
    let pairs: Vec<(u64, u64)> = ids(&chosen.source_ids).into_iter().zip(ids(&chosen.target_ids)).collect();
    let title = format!("{title}: {}", chosen.projection);
    let some = !args.population.is_empty();
    let figure = plot::connectivity(&title, &table(&chosen), &pairs, some, (1100, 1000)).map_err(Failure::input)?;
    Ok((figure, said(&chosen)))
}

fn said(chosen: &Snapshots) -> String {
    let (synapses, times) = (chosen.source_ids.len(), chosen.times_ms.len());
    format!("{} of {}, {}", counted(synapses, "synapse"), chosen.projection, counted(times, "snapshot"))
}

/// The projections that `--projection` leaves; at least one.
fn snapshots(args: &Args) -> Result<Vec<Snapshots>, Failure> {
    let mut all = read_observables(&args.file).map_err(Failure::input)?.snapshots;
    if all.is_empty() {
        return Err(Failure::input(format!(
            "{} holds no snapshots of weights; record them with [[record.weights]] projection = \"..\", on = \"end\" \
             or interval = \"1 s\".",
            args.file.display()
        )));
    }
    if let Some(name) = &args.projection {
        let names: Vec<String> = all.iter().map(|s| s.projection.clone()).collect();
        all.retain(|s| takes(name, &s.projection));
        if all.is_empty() {
            let names = names.join(", ");
            return Err(Failure::input(format!(
                "There are no snapshots of the weights of `{name}` (`on = \"pre_spike\"` makes none); expected one of {names}."
            )));
        }
    }
    if args.population.is_empty() { Ok(all) } else { onto(all, &args.population) }
}

/// Only the synapses onto members that `--population` takes.
fn onto(all: Vec<Snapshots>, selections: &[Selection]) -> Result<Vec<Snapshots>, Failure> {
    let targets: Vec<String> = all
        .iter()
        .map(|s| {
            format!(
                "{} ends at {}",
                s.projection,
                s.target_population.as_deref().unwrap_or("neurons that it doesn't name")
            )
        })
        .collect();
    selections.iter().try_for_each(|selection| expect_within(selection, &all))?;
    let mut left = Vec::new();
    for mut table in all {
        let taken = |id: i64| {
            selections.iter().any(|s| {
                let (first, end) = s.members.unwrap_or((0, usize::MAX));
                table.target_population.as_ref() == Some(&s.population) && (first..end).contains(&(id.max(0) as usize))
            })
        };
        let width = table.target_ids.len();
        let kept: Vec<usize> = (0..width).filter(|&k| taken(table.target_ids[k])).collect();
        if kept.is_empty() {
            continue;
        }
        let rows = 0..table.times_ms.len();
        table.weights =
            rows.flat_map(|row| kept.iter().map(move |k| row * width + k)).map(|at| table.weights[at]).collect();
        table.source_ids = kept.iter().map(|&k| table.source_ids[k]).collect();
        table.target_ids = kept.iter().map(|&k| table.target_ids[k]).collect();
        left.push(table);
    }
    if left.is_empty() {
        return Err(Failure::input(format!(
            "--population leaves no synapse: of weights it takes those onto the members that it names, and {}.",
            targets.join(", ")
        )));
    }
    Ok(left)
}

/// An error if a selection goes beyond the end of its population, as where spikes are selected.
fn expect_within(selection: &Selection, all: &[Snapshots]) -> Result<(), Failure> {
    let onto = |table: &&Snapshots| table.target_population.as_ref() == Some(&selection.population);
    let size = all.iter().find(onto).and_then(|table| table.target_size);
    size.map_or(Ok(()), |size| selection.within(size).map(drop).map_err(Failure::input))
}

/// Whether `--projection NAME` takes a projection: the one of this name, or all that a table of the model with lists of sources or targets
/// makes, as NAME or NAME.*.
pub fn takes(name: &str, projection: &str) -> bool {
    projection == name || projection.strip_prefix(group(name)).is_some_and(|rest| rest.starts_with('.'))
}

/// The table of the model that NAME or NAME.* means.
fn group(name: &str) -> &str {
    name.strip_suffix(".*").unwrap_or(name)
}

/// The only projection that `--projection` leaves.
pub fn one(args: &Args) -> Result<Snapshots, Failure> {
    let mut all = snapshots(args)?;
    if all.len() > 1 { Err(several(&all, args)) } else { Ok(all.remove(0)) }
}

/// This picture has room for one projection only.
fn several(all: &[Snapshots], args: &Args) -> Failure {
    let names: Vec<&str> = all.iter().map(|s| s.projection.as_str()).collect();
    let names = names.join(", ");
    Failure::input(match &args.projection {
        Some(name) => format!("`{name}` is {} projections; choose one with --projection: {names}.", all.len()),
        None => format!("Choose one with --projection: {names}."),
    })
}

fn table(chosen: &Snapshots) -> WeightSnapshots {
    let width = chosen.source_ids.len();
    let row = |row: usize| chosen.weights[row * width..(row + 1) * width].to_vec();
    WeightSnapshots {
        name: chosen.projection.clone(),
        unit: chosen.unit.clone(),
        times_ms: chosen.times_ms.clone(),
        weights: (0..chosen.times_ms.len()).map(row).collect(),
    }
}
