//! `sweep.csv`: a row for each run that is done, with its keys and figures.
//!
//! It has those figures that follow from model and seed alone, so that it has the same bytes however the runs were shared out.
//! What the wall clock says is in the results and in the lines of `--json`.

use serde_json::{Map, Value};

use super::axis::{Axis, Point};
use crate::cli::cells;

/// Figures of `run --json` that are columns, nested ones under their path, such as `populations.E.rate_hz`.
const FIGURES: [&str; 10] = [
    "neurons",
    "synapses",
    "duration_s",
    "warmup_s",
    "spikes",
    "synaptic_events",
    "background_events",
    "populations",
    "projections",
    "energy",
];

/// The column of file names.
const FILE: &str = "file";

/// Columns whose names a key can't have.
pub const OWN_COLUMNS: [&str; 8] =
    [FILE, "neurons", "synapses", "duration_s", "warmup_s", "spikes", "synaptic_events", "background_events"];

/// A run that is done.
pub struct Row<'a> {
    /// Its values.
    pub point: &'a Point,
    /// The name of its result.
    pub file: &'a str,
    /// Its figures.
    pub figures: &'a Map<String, Value>,
}

/// The order of what populations and projections have; the rest comes behind, as a run tells it.
const ORDER: [&str; 10] = ["size", "spikes", "rate_hz", "cv_isi", "synapses", "events", "mean", "std", "min", "max"];

/// The table as CSV (RFC 4180): keys, file, figures; a column for each figure that any run has. A figure stands beside its neighbours, whichever
/// run is the first that has it.
pub fn csv(axes: &[Axis], rows: &[Row<'_>]) -> String {
    let cells: Vec<Map<String, Value>> = rows.iter().map(|row| flat(row.figures)).collect();
    let mut names: Vec<&String> = Vec::new();
    for cells in &cells {
        let mut after = 0;
        for name in cells.keys() {
            match names.iter().position(|known| *known == name) {
                Some(place) => after = place + 1,
                None => {
                    // What this run does not have stays beside what was before it.
                    while names.get(after).is_some_and(|known| !cells.contains_key(*known)) {
                        after += 1;
                    }
                    names.insert(after, name);
                    after += 1;
                }
            }
        }
    }
    names.retain(|name| cells.iter().any(|cells| !cells.get(*name).is_none_or(Value::is_null)));
    let keys = axes.iter().map(|axis| quoted(&axis.column()));
    let head: Vec<String> = keys.chain([FILE.to_string()]).chain(names.iter().map(|name| quoted(name))).collect();
    let mut out = head.join(",") + "\n";
    for (row, cells) in rows.iter().zip(&cells) {
        let values = axes.iter().zip(row.point).map(|(axis, &i)| quoted(&axis.values[i]));
        let text = |value: &Value| if value.is_null() { String::new() } else { value.to_string() };
        let figures = names.iter().map(|name| cells.get(*name).map_or(String::new(), text));
        let line: Vec<String> = values.chain([quoted(row.file)]).chain(figures).collect();
        out += &line.join(",");
        out.push('\n');
    }
    out
}

/// Numbers under their paths, and what is not known, which keeps its place.
fn flat(figures: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for name in FIGURES {
        figures.get(name).into_iter().for_each(|value| flatten(name.to_string(), value, &mut out));
    }
    out
}

fn flatten(path: String, value: &Value, out: &mut Map<String, Value>) {
    match value {
        Value::Number(_) | Value::Null => drop(out.insert(path, value.clone())),
        Value::Object(inner) => {
            let mut inner: Vec<(&String, &Value)> = inner.iter().collect();
            // Names of populations and projections stay in the order of the model.
            if path.contains('.') {
                inner.sort_by_key(|(name, _)| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
            }
            inner.into_iter().for_each(|(name, value)| flatten(format!("{path}.{name}"), value, out));
        }
        _ => {}
    }
}

/// A cell, in quotes if it needs them.
fn quoted(cell: &str) -> String {
    cells::quoted(cell, ',')
}

/// The lines of a table in CSV, cell by cell, the line of names first.
pub fn parse(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut cell, mut within) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (within, c) {
            (true, '"') if chars.peek() == Some(&'"') => cell.extend(chars.next()),
            (true, '"') => within = false,
            (false, '"') if cell.is_empty() => within = true,
            (false, ',') => line.push(std::mem::take(&mut cell)),
            (false, '\n') => {
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            (false, '\r') => {}
            (_, c) => cell.push(c),
        }
    }
    if !(cell.is_empty() && line.is_empty()) {
        line.push(cell);
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_come_first_and_figures_under_their_paths() {
        let axis = |name: &str, unit: &str, values: &[&str]| Axis {
            name: name.into(),
            key: name.into(),
            unit: unit.into(),
            values: values.iter().map(|v| v.to_string()).collect(),
        };
        let axes = [axis("delay", "ms", &["1", "1.5"]), axis("file", "", &["a,b.nwb"])];
        let one = json!({ "sim_s": 3.5, "spikes": 7, "populations": { "E": { "rate_hz": 1.5e-9, "cv_isi": null } } });
        let two = json!({ "spikes": 8, "populations": { "I": { "rate_hz": 2.0 } } });
        let rows = [
            Row { point: &vec![0, 0], file: "x.h5", figures: one.as_object().unwrap() },
            Row { point: &vec![1, 0], file: "y.h5", figures: two.as_object().unwrap() },
        ];
        let text = csv(&axes, &rows);
        assert_eq!(
            text,
            "delay [ms],file,file,spikes,populations.E.rate_hz,populations.I.rate_hz\n\
             1,\"a,b.nwb\",x.h5,7,1.5e-9,\n1.5,\"a,b.nwb\",y.h5,8,,2.0\n"
        );
        assert_eq!(parse(&text)[1], ["1", "a,b.nwb", "x.h5", "7", "1.5e-9", ""]);
    }

    #[test]
    fn figures_that_the_first_run_does_not_have_stand_beside_their_neighbours() {
        let of = |cv: Value| json!({ "rate_hz": 2, "cv_isi": cv, "spikes": 5, "size": 9 });
        let first = json!({
            "spikes": 7, "populations": { "Z": of(json!(null)), "A": of(json!(0.5)) },
            "projections": { "p": { "weight": null, "events": 4, "synapses": 3 } }
        });
        let second = json!({
            "spikes": 7, "populations": { "Z": of(json!(0.25)), "M": { "rate_hz": 1.0 }, "A": of(json!(null)) },
            "projections": { "p": { "weight": { "max": 4, "mean": 2 }, "events": 4, "synapses": 3 } }
        });
        let row = |figures| Row { point: &EMPTY, file: "x", figures };
        static EMPTY: Point = Vec::new();
        let text = csv(&[], &[row(first.as_object().unwrap()), row(second.as_object().unwrap())]);
        assert_eq!(
            parse(&text)[0].join(" "),
            "file spikes populations.Z.size populations.Z.spikes populations.Z.rate_hz populations.Z.cv_isi populations.M.rate_hz \
             populations.A.size populations.A.spikes populations.A.rate_hz populations.A.cv_isi projections.p.synapses \
             projections.p.events projections.p.weight.mean projections.p.weight.max"
        );
        assert_eq!(parse(&text)[1][5..7], ["", ""], "what is not known is empty");
    }

    proptest! {
        #[test]
        fn any_cells_read_back(cells in prop::collection::vec(prop::collection::vec("[ -~\n]{0,8}", 2..5), 1..6)) {
            let text: String = cells.iter().map(|line| line.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(",") + "\n").collect();
            prop_assert_eq!(parse(&text), cells);
        }
    }
}
