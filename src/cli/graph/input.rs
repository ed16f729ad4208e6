//! Numbers for the inputs of a graph.

use std::path::{Path, PathBuf};

use memspike::analysis::Bins;
use memspike::format;
use memspike::format::nir::{Graph, Kind};
use memspike::npy;
use memspike::time::Time;

use super::Failure;

/// The node and file of `[NODE=]FILE`.
pub(super) fn node(graph: &Graph, text: &str) -> Result<(usize, PathBuf), Failure> {
    let all: Vec<usize> = (0..graph.nodes.len()).filter(|i| graph.nodes[*i].kind == Kind::Input).collect();
    if let Some((name, file)) = text.split_once('=')
        && let Some(node) = all.iter().find(|i| graph.nodes[**i].name == name)
    {
        return Ok((*node, file.into()));
    }
    match all[..] {
        [one] => Ok((one, text.into())),
        _ => {
            let names: Vec<&str> = all.iter().map(|i| graph.nodes[*i].name.as_str()).collect();
            Err(Failure::input(format!(
                "--input {text}: the graph has the inputs {}; write --input NODE=FILE.",
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            )))
        }
    }
}

/// Rows of `size` numbers, one per step.
pub(super) fn read(file: &Path, size: usize, dt: Time, duration: Option<Time>) -> Result<Vec<f64>, Failure> {
    let wrong = |message: String| Failure::input(format!("{}: {message}", file.display()));
    let extension = file.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let (values, width) = match extension.as_str() {
        "npy" => {
            let array = npy::read(file).map_err(&wrong)?;
            let width = if array.names.is_empty() { array.shape.iter().skip(1).product() } else { array.names.len() };
            (array.numbers, width)
        }
        "csv" | "txt" | "tsv" => {
            let text = std::fs::read_to_string(file).map_err(|e| wrong(format!("can't be read: {e}.")))?;
            if lists_spikes(&text) {
                return counted(file, size, dt, duration);
            }
            table(&text).map_err(&wrong)?
        }
        _ => return counted(file, size, dt, duration),
    };
    if width != size {
        return Err(wrong(format!(
            "has rows of {width} numbers, but the input takes {size}; expected a row for each step."
        )));
    }
    match values.iter().find(|x| !x.is_finite()) {
        Some(bad) => Err(wrong(format!("holds {bad}, expected finite numbers."))),
        None => Ok(values),
    }
}

/// Is this a list of spikes, as `memspike convert` writes it?
fn lists_spikes(text: &str) -> bool {
    let names: Vec<&str> = text.lines().next().unwrap_or("").split(',').map(str::trim).collect();
    names.iter().any(|name| name.starts_with("time")) && names.contains(&"unit")
}

/// Numbers between commas or blanks, and how many there are in a row. A first line of words is left out.
fn table(text: &str) -> Result<(Vec<f64>, usize), String> {
    let (mut values, mut width) = (Vec::new(), 0);
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let cells = line.split([',', ';', '\t', ' ']).map(str::trim).filter(|cell| !cell.is_empty());
        let row: Result<Vec<f64>, String> = cells
            .map(|cell| cell.parse().map_err(|_| format!("line {}: {cell:?} is no number.", number + 1)))
            .collect();
        match row {
            Err(_) if number == 0 => continue,
            Err(message) => return Err(message),
            Ok(row) if width == 0 || row.len() == width => {
                width = row.len();
                values.extend(row);
            }
            Ok(row) => return Err(format!("line {}: has {} numbers, expected {width}.", number + 1, row.len())),
        }
    }
    Ok((values, width))
}

/// The spikes of each unit of a recording in each step.
fn counted(file: &Path, size: usize, dt: Time, duration: Option<Time>) -> Result<Vec<f64>, Failure> {
    let recording = format::read(file).map_err(Failure::input)?;
    let units = recording.spikes.unit_ids.len();
    if units != size {
        return Err(Failure::input(format!("{}: has {units} units, but the input takes {size}.", file.display())));
    }
    let (start, stop) = (recording.start(), recording.stop());
    let length = duration.map_or(stop - start, Time::seconds);
    let steps = (length / dt.seconds() - 1e-8).ceil().max(0.0);
    // Where a file does not say how long it was observed, the last spike lies in the last step.
    let last = recording.spikes.times.last().filter(|_| duration.is_none());
    let all = Bins { start, width: dt.seconds(), count: usize::MAX };
    let steps = last.and_then(|last| all.place(*last)).map_or(steps, |step| steps.max(step as f64 + 1.0));
    if steps * size as f64 > 1e9 {
        return Err(Failure::input(format!(
            "{}: {steps} steps of {size} numbers are too many; give --duration.",
            file.display()
        )));
    }
    let mut rows = vec![0.0; steps as usize * size];
    let bins = Bins { count: steps as usize, ..all };
    for (time, unit) in recording.spikes.times.iter().zip(&recording.spikes.units) {
        if let Some(step) = bins.place(*time) {
            rows[step * size + *unit as usize] += 1.0;
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_spikes_is_counted_step_by_step_and_a_table_is_taken_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("in.csv");
        std::fs::write(&file, "time_s,unit,population\n0.0001,0,p\n0.0003,1,p\n0.0006,1,p\n0.0006,0,p\n").unwrap();
        let rows = read(&file, 2, Time::from_ms(0.1), None).unwrap();
        assert_eq!(rows, [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
        let short = read(&file, 2, Time::from_ms(0.1), Some(Time::from_ms(0.3))).unwrap();
        assert_eq!(short, rows[..6]);
        assert!(read(&file, 3, Time::from_ms(0.1), None).is_err());
        std::fs::write(&file, "a,b\n1,2\n3,4\n").unwrap();
        assert_eq!(read(&file, 2, Time::from_ms(0.1), None).unwrap(), [1.0, 2.0, 3.0, 4.0]);
    }
}
