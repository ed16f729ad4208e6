//! Numbers for the inputs of a graph.

use std::path::{Path, PathBuf};

use memspike::analysis::Bins;
use memspike::format;
use memspike::format::nir::{Graph, Kind};
use memspike::spikes::Recording;
use memspike::time::Time;
use memspike::{given, npy};

use super::Failure;

/// What the inputs of a run get.
pub(super) struct Inputs {
    /// For each node that has an input, its rows of numbers, one per step.
    pub values: Vec<(usize, Vec<f64>)>,
    /// Steps that the longest of them has.
    pub steps: usize,
    /// For each node that has a table of numbers, its rows.
    pub rows: Vec<(usize, usize)>,
    /// Where on the clock of the recordings among them time 0 of the run lies \[s\]; none if all are rows of numbers.
    pub recording_start: Option<f64>,
}

/// What a file holds for an input.
enum Given {
    /// A row of numbers per step.
    Rows(Vec<f64>),
    /// Spikes, which are counted in each step.
    Spikes(Box<Recording>),
}

/// Reads the files of `[NODE=]FILE`. All recordings are on one clock, whose time 0 is the earliest beginning of them.
pub(super) fn read(graph: &Graph, texts: &[String], dt: Time, duration: Option<Time>) -> Result<Inputs, Failure> {
    let mut given: Vec<(usize, PathBuf, Given)> = Vec::new();
    for text in texts {
        let (node, file) = node(graph, text)?;
        if given.iter().any(|(other, ..)| *other == node) {
            let name = &graph.nodes[node].name;
            return Err(Failure::input(format!("--input {text}: the node {name} has an input already.")));
        }
        let content = open(&file, graph.nodes[node].size())?;
        given.push((node, file, content));
    }
    // A file that was observed at no time says nothing of when the others began.
    let starts = given.iter().filter_map(|(.., content)| match content {
        Given::Spikes(recording) if !recording.spikes.is_empty() || recording.start() < recording.stop() => {
            Some(recording.start())
        }
        _ => None,
    });
    let recording_start = starts.reduce(f64::min);
    let mut inputs = Inputs { values: Vec::new(), steps: 0, rows: Vec::new(), recording_start };
    for (node, file, content) in given {
        let size = graph.nodes[node].size();
        let rows = match content {
            Given::Rows(rows) => {
                inputs.rows.push((node, rows.len() / size));
                rows
            }
            Given::Spikes(recording) => counted(&file, &recording, size, recording_start.unwrap_or(0.0), dt, duration)?,
        };
        inputs.steps = inputs.steps.max(rows.len() / size);
        inputs.values.push((node, rows));
    }
    Ok(inputs)
}

/// The names of the inputs that get nothing.
pub(super) fn silent<'a>(graph: &'a Graph, given: &Inputs) -> Vec<&'a str> {
    let fed = |index: usize| given.values.iter().any(|(node, _)| *node == index);
    let nodes = graph.nodes.iter().enumerate();
    nodes.filter(|(index, node)| node.kind == Kind::Input && !fed(*index)).map(|(_, node)| node.name.as_str()).collect()
}

/// What is said of tables that end before the run does.
pub(super) fn ending(graph: &Graph, given: &Inputs, steps: usize) -> Vec<String> {
    let note = |(node, rows): &(usize, usize)| {
        let name = &graph.nodes[*node].name;
        match *rows {
            rows if rows < steps => {
                Some(format!("the input of {name} has numbers for {rows} of {steps} steps: 0 at the others"))
            }
            rows if rows > steps => {
                Some(format!("the input of {name} has numbers for {rows} steps, of which the run takes {steps}"))
            }
            _ => None,
        }
    };
    given.rows.iter().filter_map(note).collect()
}

/// The node and file of `[NODE=]FILE`.
fn node(graph: &Graph, text: &str) -> Result<(usize, PathBuf), Failure> {
    let all: Vec<usize> = (0..graph.nodes.len()).filter(|i| graph.nodes[*i].kind == Kind::Input).collect();
    if let Some((name, file)) = text.split_once('=')
        && let Some(node) = all.iter().find(|i| graph.nodes[**i].name == name)
    {
        return Ok((*node, file.into()));
    }
    match all[..] {
        // The name of a file may hold `=` too.
        [one] if !text.contains('=') || Path::new(text).exists() => Ok((one, text.into())),
        _ => {
            let names: Vec<&str> = all.iter().map(|i| graph.nodes[*i].name.as_str()).collect();
            Err(Failure::input(format!(
                "--input {text}: the graph has the inputs {}; write --input NODE=FILE.",
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            )))
        }
    }
}

/// A file with numbers or spikes for an input of `size` numbers.
fn open(file: &Path, size: usize) -> Result<Given, Failure> {
    let wrong = |message: String| Failure::input(format!("{}: {message}", file.display()));
    let extension = file.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let (values, width) = match extension.as_str() {
        "npy" => {
            let array = npy::read(file).map_err(&wrong)?;
            if format::name_spikes(&array.names) {
                return spikes(file, size);
            }
            let width = if array.names.is_empty() { array.shape.iter().skip(1).product() } else { array.names.len() };
            (array.numbers, width)
        }
        "csv" | "txt" | "tsv" => {
            let text = given::string(file).map_err(|e| wrong(format!("can't be read: {e}.")))?;
            if format::begins_spikes(&text) {
                return spikes(file, size);
            }
            table(&text).map_err(&wrong)?
        }
        _ => return spikes(file, size),
    };
    if width != size {
        return Err(wrong(format!(
            "has rows of {width} numbers, but the input takes {size}; expected a row for each step."
        )));
    }
    match values.iter().find(|x| !x.is_finite()) {
        Some(bad) => Err(wrong(format!("holds {bad}, expected finite numbers."))),
        None => Ok(Given::Rows(values)),
    }
}

/// Numbers between commas or blanks, in quotes or not, and how many there are in a row. A first line of words alone is left out.
fn table(text: &str) -> Result<(Vec<f64>, usize), String> {
    let (mut values, mut width) = (Vec::new(), 0);
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let cells = || line.split([',', ';', '\t', ' ']).map(given::unquote).filter(|c| !c.is_empty());
        let row: Result<Vec<f64>, String> = cells()
            .map(|cell| cell.parse().map_err(|_| format!("line {}: {cell:?} is no number.", number + 1)))
            .collect();
        let is_header = || !cells().any(|cell| cell.parse::<f64>().is_ok());
        match row {
            Err(_) if number == 0 && is_header() => continue,
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

/// A recording with as many units as the input takes numbers.
fn spikes(file: &Path, size: usize) -> Result<Given, Failure> {
    let recording = format::read(file).map_err(Failure::input)?;
    let units = recording.spikes.unit_ids.len();
    if units != size {
        return Err(Failure::input(format!("{}: has {units} units, but the input takes {size}.", file.display())));
    }
    Ok(Given::Spikes(Box::new(recording)))
}

/// The spikes of each unit of a recording in each step from `start` \[s\] on.
fn counted(
    file: &Path,
    recording: &Recording,
    size: usize,
    start: f64,
    dt: Time,
    duration: Option<Time>,
) -> Result<Vec<f64>, Failure> {
    let length = duration.map_or(recording.stop() - start, Time::seconds);
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
    use memspike::format::nir::Node;

    use super::*;

    /// A graph of inputs with so many numbers each, `a`, `b`, ..
    fn graph(sizes: &[usize]) -> Graph {
        let node = |(i, size): (usize, &usize)| Node {
            name: ["a", "b", "c"][i].to_owned(),
            kind: Kind::Input,
            input: vec![*size],
            output: vec![*size],
        };
        Graph { nodes: sizes.iter().enumerate().map(node).collect(), ..Graph::default() }
    }

    #[test]
    fn a_list_of_spikes_is_counted_step_by_step_and_a_table_is_taken_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("in.csv");
        std::fs::write(&file, "time_s,unit,population\n0.0001,0,p\n0.0003,1,p\n0.0006,1,p\n0.0006,0,p\n").unwrap();
        let from = |size, duration| read(&graph(&[size]), &[file.display().to_string()], Time::from_ms(0.1), duration);
        let all = from(2, None).unwrap();
        assert_eq!(all.values, [(0, vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0])]);
        assert_eq!((all.steps, all.recording_start), (6, Some(0.0001)));
        let short = from(2, Some(Time::from_ms(0.3))).unwrap();
        assert_eq!(short.values[0].1, all.values[0].1[..6]);
        assert!(from(3, None).is_err());
        // Whatever readers of recordings take for a list of spikes is one.
        for header in ["# mine\nt_s\tid", "spike_times;node_id"] {
            let separator = if header.contains(';') { ';' } else { '\t' };
            std::fs::write(&file, format!("{header}\n0.1{separator}0\n0.4{separator}1\n")).unwrap();
            assert!(from(2, None).unwrap().recording_start.is_some(), "{header}");
        }
        let structured = folder.path().join("in.npy");
        let head = "{'descr': [('time', '<f8'), ('unit', '<i8')], 'fortran_order': False, 'shape': (2,), }";
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(format!("{head:<117}\n").bytes());
        for (time, unit) in [(0.0001f64, 0i64), (0.0004, 1)] {
            bytes.extend(time.to_le_bytes());
            bytes.extend(unit.to_le_bytes());
        }
        std::fs::write(&structured, bytes).unwrap();
        let given = [structured.display().to_string()];
        let spikes = read(&graph(&[2]), &given, Time::from_ms(0.1), None).unwrap();
        assert_eq!(spikes.recording_start, Some(0.0001));
        std::fs::write(&file, "a,b\n1,2\n\"3\",\"4\"\n").unwrap();
        let table = from(2, None).unwrap();
        assert_eq!((&table.values[0].1[..], table.recording_start), (&[1.0, 2.0, 3.0, 4.0][..], None));
        assert_eq!(ending(&graph(&[2]), &table, 2), [""; 0]);
        assert!(ending(&graph(&[2]), &table, 3)[0].contains("for 2 of 3 steps"));
        std::fs::write(&file, "1,x\n3,4\n").unwrap();
        assert!(from(2, None).err().unwrap().to_string().contains("line 1: \"x\" is no number"));
    }

    #[test]
    fn recordings_of_several_inputs_keep_their_distance() {
        let folder = tempfile::tempdir().unwrap();
        let given = |name: &str, text: &str| {
            let file = folder.path().join(format!("{name}.csv"));
            std::fs::write(&file, text).unwrap();
            format!("{name}={}", file.display())
        };
        let texts = [
            given("a", "time_s,unit\n0.15,0\n0.25,0\n"),
            given("b", "time_s,unit\n0.1,0\n0.2,0\n"),
            given("c", "7\n8\n"),
        ];
        let found = read(&graph(&[1, 1, 1]), &texts, Time::from_ms(50.0), None).unwrap();
        assert_eq!(found.recording_start, Some(0.1));
        assert_eq!(found.values, [(0, vec![0.0, 1.0, 0.0, 1.0]), (1, vec![1.0, 0.0, 1.0]), (2, vec![7.0, 8.0])]);
        assert_eq!(found.steps, 4);
    }

    #[test]
    fn inputs_that_get_nothing_are_named() {
        let graph = graph(&[1, 1, 1]);
        let given = |nodes: &[usize]| Inputs {
            values: nodes.iter().map(|node| (*node, Vec::new())).collect(),
            steps: 0,
            rows: Vec::new(),
            recording_start: None,
        };
        assert_eq!(silent(&graph, &given(&[1])), ["a", "c"]);
        assert!(silent(&graph, &given(&[0, 1, 2])).is_empty());
        assert_eq!(silent(&graph, &given(&[])), ["a", "b", "c"]);
    }
}
