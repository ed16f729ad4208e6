//! What two files have in common, as text, JSON, and a table.

use std::fmt::Write;

use memspike::analysis::{Difference, Distribution, TwoSamples};
use memspike::counted::{counted, grouped};
use serde_json::{Map, Value, json};

use super::Side;
use super::compare::{Found, Population, Unit};
use crate::cli::cells::{Cell, lines, object};
use crate::cli::figures::short;
use crate::cli::one_line;
use crate::cli::unit::unit_name;

/// So many units are named in the text.
const NAMED: usize = 10;

const COLUMNS: [&str; 10] = [
    "population",
    "unit",
    "name",
    "spikes_first",
    "spikes_second",
    "difference_index",
    "difference_first_s",
    "difference_second_s",
    "van_rossum",
    "victor_purpura",
];

/// The columns of the table: that of names only where units have any.
fn columns(found: &Found) -> Vec<&'static str> {
    let named = is_named(found);
    COLUMNS.into_iter().filter(|column| named || *column != "name").collect()
}

fn is_named(found: &Found) -> bool {
    found.populations.iter().flat_map(|population| &population.units).any(|unit| !unit.name.is_empty())
}

fn row(population: &Population, unit: &Unit, named: bool) -> Vec<Cell> {
    let d = unit.difference;
    let mut row = vec![Cell::Text(population.name().to_string()), Cell::Whole(unit.id)];
    row.extend(named.then(|| Cell::Text(unit.name.clone())));
    row.extend([
        Cell::Whole(unit.spikes[0] as i64),
        Cell::Whole(unit.spikes[1] as i64),
        d.map_or(Cell::Number(None), |d| Cell::Whole(d.index as i64)),
        Cell::Number(d.and_then(|d| d.first).map(stored)),
        Cell::Number(d.and_then(|d| d.second).map(stored)),
        Cell::Number(Some(unit.van_rossum)),
        Cell::Number(unit.victor_purpura),
    ]);
    row
}

fn rows(found: &Found) -> impl Iterator<Item = Vec<Cell>> {
    let named = is_named(found);
    let of = move |population| move |unit| row(population, unit, named);
    found.populations.iter().flat_map(move |population| population.units.iter().map(of(population)))
}

/// A moment as it was stored, where that is a whole number of picoseconds: the division of ms by 1000 leaves a rounding behind.
fn stored(seconds: f64) -> f64 {
    /// Beyond this a double does not count picoseconds \[s\].
    const COUNTED: f64 = 9e3;
    let whole = (seconds * 1e12).round() / 1e12;
    if seconds.abs() < COUNTED && (whole - seconds).abs() <= 2.0 * f64::EPSILON * seconds.abs() {
        whole
    } else {
        seconds
    }
}

/// A row per unit.
pub fn table(found: &Found, separator: char) -> String {
    let head: Vec<String> = columns(found).into_iter().map(str::to_string).collect();
    lines(&head, rows(found), separator)
}

/// All of it; with a row per unit if asked for.
pub fn json(found: &Found, sides: &[Side; 2], per_unit: bool) -> Value {
    let file = |side: usize| {
        let Side { path, recording, window: (start, stop), .. } = &sides[side];
        let spikes: usize = found.populations.iter().map(|p| p.spikes(side)).sum();
        let path = path.display().to_string();
        json!({ "file": path, "format": recording.format, "start_s": start, "stop_s": stop, "spikes": spikes })
    };
    let only_in = |side: usize| -> Vec<&str> {
        let alone = found.populations.iter().filter(|p| p.names[1 - side].is_none());
        alone.map(Population::name).collect()
    };
    let first = found.first.map(|(p, u, d)| {
        let (population, unit) = (&found.populations[p], &found.populations[p].units[u]);
        let mut first = json!({
            "population": population.name(), "unit": unit.id, "index": d.index, "first_s": d.first.map(stored), "second_s": d.second.map(stored),
        });
        if !unit.name.is_empty() {
            first["name"] = unit.name.clone().into();
        }
        first
    });
    let measures = &found.measures;
    let mut all = json!({
        "first": file(0),
        "second": file(1),
        "same": found.first.is_none(),
        "tolerance_s": measures.tolerance,
        "tau_s": measures.tau,
        "cost_hz": measures.cost,
        "min_spikes": measures.min_spikes,
        "first_difference": first,
        "units": found.populations.iter().map(|p| p.units.len()).sum::<usize>(),
        "differing_units": found.populations.iter().map(Population::differing).sum::<usize>(),
        "populations_only_in_first": only_in(0),
        "populations_only_in_second": only_in(1),
    });
    let populations: Map<String, Value> =
        found.populations.iter().map(|p| (p.name().to_string(), population_json(p))).collect();
    all["populations"] = populations.into();
    if per_unit {
        let columns = columns(found);
        all["per_unit"] = rows(found).map(|row| object(&columns, &row)).collect();
    }
    all
}

fn population_json(p: &Population) -> Value {
    let distance = |d: Option<Distribution>| {
        d.map(|d| json!({ "mean": d.mean, "std": d.std, "min": d.min, "median": d.median, "max": d.max }))
    };
    let samples = |s: Option<TwoSamples>| {
        s.map(|s| json!({ "distance": s.distance, "p": s.p, "n_first": s.n_first, "n_second": s.n_second }))
    };
    let only_in = |side| p.only_in(side).iter().map(|unit| unit.id).collect::<Vec<_>>();
    json!({
        "name_in_second": p.names[1],
        "units": p.units.len(),
        "differing_units": p.differing(),
        "only_in_first": only_in(0),
        "only_in_second": only_in(1),
        "spikes_first": p.spikes(0),
        "spikes_second": p.spikes(1),
        "van_rossum": distance(p.van_rossum()),
        "victor_purpura": distance(p.victor_purpura()),
        "kolmogorov_smirnov": { "rate_hz": samples(p.rates), "cv": samples(p.cvs), "isi_s": samples(p.intervals) },
    })
}

/// Laid out for people.
pub fn text(found: &Found, sides: &[Side; 2]) -> String {
    let [a, b] = [0, 1].map(|side: usize| sides[side].path.display().to_string());
    let units: usize = found.populations.iter().map(|p| p.units.len()).sum();
    let [n, m] = [0, 1].map(|side| found.populations.iter().map(|p| p.spikes(side)).sum::<usize>());
    let tolerance = found.measures.tolerance;
    let within = if tolerance > 0.0 { format!(", to {} ms", short(1e3 * tolerance)) } else { String::new() };
    let mut out = match found.first {
        None => format!("{a} and {b} have the same {} of {}{within}\n", counted(n, "spike"), counted(units, "unit")),
        Some((p, u, d)) => {
            let differing: usize = found.populations.iter().map(Population::differing).sum();
            let population = &found.populations[p];
            let name = name(population, &population.units[u], sides);
            format!(
                "{a} and {b} differ{within}\nfirst: spike {} of {name}, {}\n{} and {}; {} of {} differ\n",
                grouped(d.index),
                times(d),
                grouped(n),
                counted(m, "spike"),
                grouped(differing),
                counted(units, "unit")
            )
        }
    };
    for population in &found.populations {
        let named = [0, 1].iter().any(|side| !population.only_in(*side).is_empty());
        // Without a tolerance, what sets the same spikes apart is rounding.
        let apart = tolerance > 0.0 || population.differing() > 0;
        if named || apart && population.van_rossum().is_some_and(|d| d.max > 0.0) {
            out += &block(population, found, sides);
        }
    }
    out
}

fn times(d: Difference) -> String {
    match (d.first.map(stored), d.second.map(stored)) {
        (Some(a), Some(b)) => format!("at {a} s and at {b} s"),
        (Some(a), None) => format!("at {a} s in the first only"),
        (None, Some(b)) => format!("at {b} s in the second only"),
        (None, None) => String::new(),
    }
}

fn block(p: &Population, found: &Found, sides: &[Side; 2]) -> String {
    let name = match &p.names {
        [Some(a), Some(b)] if a != b => format!("{a} and {b}"),
        _ => p.name().to_string(),
    };
    let name = one_line(&name);
    let mut out = format!("\n{name}: {}, {} of them differ", counted(p.units.len(), "unit"), grouped(p.differing()));
    let _ = writeln!(out, ", {} and {}", grouped(p.spikes(0)), counted(p.spikes(1), "spike"));
    for (side, which) in [(0, "first"), (1, "second")] {
        if p.names[1 - side].is_none() {
            let _ = writeln!(out, "  only in the {which} file");
            continue;
        }
        let alone = p.only_in(side);
        if !alone.is_empty() {
            let called = |unit: &&Unit| match unit.name.as_str() {
                "" => unit.id.to_string(),
                name => format!("{} ({})", unit.id, one_line(name)),
            };
            let named: Vec<String> = alone.iter().take(NAMED).map(called).collect();
            let more = if alone.len() > NAMED { format!(" and {} more", alone.len() - NAMED) } else { String::new() };
            let _ = writeln!(out, "  only in the {which} file: {}{more}", named.join(", "));
        }
    }
    if p.van_rossum().is_none_or(|d| d.max == 0.0) {
        return out;
    }
    let farthest = |of: &dyn Fn(&Unit) -> Option<f64>| {
        let best = p.units.iter().filter_map(|unit| Some((of(unit)?, unit)));
        best.reduce(|best, next| if next.0 > best.0 { next } else { best })
    };
    let mut distance = |label: String, d: Option<Distribution>, of: &dyn Fn(&Unit) -> Option<f64>| {
        if let (Some(d), Some((_, unit))) = (d, farthest(of)) {
            let most = if d.max > 0.0 { format!(" ({})", self::name(p, unit, sides)) } else { String::new() };
            let _ = writeln!(out, "  {label:<32} mean {}, largest {}{most}", short(d.mean), short(d.max));
        }
    };
    let m = &found.measures;
    distance(format!("van Rossum, tau {} ms", short(1e3 * m.tau)), p.van_rossum(), &|unit| Some(unit.van_rossum));
    distance(format!("Victor-Purpura, q {} Hz", short(m.cost)), p.victor_purpura(), &|unit| unit.victor_purpura);
    for (label, samples) in [("rates", p.rates), ("CVs", p.cvs), ("intervals", p.intervals)] {
        if let Some(s) = samples {
            let label = format!("Kolmogorov-Smirnov, {label}");
            let (n, m) = (grouped(s.n_first), grouped(s.n_second));
            let _ = writeln!(out, "  {label:<32} {} (n {n} and {m}, p {})", short(s.distance), short(s.p));
        }
    }
    out
}

/// What a unit is called in the file that has it.
fn name(population: &Population, unit: &Unit, sides: &[Side; 2]) -> String {
    let side = usize::from(population.names[0].is_none());
    one_line(&unit_name(population.name(), unit.id, &unit.name, &sides[side].recording))
}

#[cfg(test)]
mod tests {
    use super::stored;

    #[test]
    fn moments_are_written_as_they_were_stored() {
        let ms: f64 = 106.106661255;
        assert_eq!((ms / 1e3).to_string(), "0.10610666125500001");
        assert_eq!(stored(ms / 1e3).to_string(), "0.106106661255");
        // Of a recording, between picoseconds; on the clock of Unix.
        assert_eq!([stored(0.037_342_420_520_759_534), stored(1.7e9 + 0.1)], [0.037_342_420_520_759_534, 1.7e9 + 0.1]);
    }
}
