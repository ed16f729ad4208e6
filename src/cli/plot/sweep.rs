//! `plot sweep`: a figure of a sweep over its keys.

use std::path::Path;

use memspike::counted::counted;
use memspike::plot::{self, Swept, SweptKey};
use memspike::units::parse_quantity;

use super::{Args, Drawn, SIZE};
use crate::cli::Failure;
use crate::cli::sweep::{Axis, Record, SEED, parse, quantity};

/// The figure that is drawn unless another one is named.
const DEFAULT: &str = "rate_hz";

/// A sweep as its folder has it.
struct Sweep {
    axes: Vec<Axis>,
    /// Names of the columns.
    columns: Vec<String>,
    /// Cells of the runs that are drawn.
    rows: Vec<Vec<String>>,
}

/// Curves over one key, a map over two.
pub fn draw(title: &str, args: &Args) -> Result<Drawn, Failure> {
    let mut sweep = read(&args.file)?;
    let chosen = args.at.iter().try_fold(Vec::new(), |mut keys, (key, value)| {
        let axis = sweep.choose(key, value, &keys)?;
        if !keys.contains(&axis) {
            keys.push(axis);
        }
        Ok(keys)
    })?;
    let axes = sweep.drawn(&chosen)?;
    let figure = args.figure.as_deref().unwrap_or(DEFAULT);
    let columns = sweep.figures(figure)?;
    if axes.len() == 2 && columns.len() > 1 {
        let names: Vec<&str> = columns.iter().map(|(column, _)| sweep.columns[*column].as_str()).collect();
        return Err(Failure::input(format!(
            "A map over two keys shows one figure, but there are {}; choose one with --figure, or a value of a key with --where.",
            names.join(", ")
        )));
    }
    let keys: Vec<(usize, Vec<String>)> = axes.iter().map(|&axis| (axis, sweep.values(axis))).collect();
    let cells: usize = keys.iter().map(|(_, values)| values.len()).product();
    let groups = columns.iter().map(|(column, name)| {
        let mut samples = vec![Vec::new(); cells];
        for row in &sweep.rows {
            let place = |values: &[String], axis: usize| values.iter().position(|value| *value == row[axis]);
            let cell =
                keys.iter().try_fold(0, |cell, (axis, values)| Some(cell * values.len() + place(values, *axis)?));
            if let (Some(cell), Ok(value)) = (cell, row[*column].parse::<f64>()) {
                samples[cell].push(value);
            }
        }
        (name.clone(), samples)
    });
    let swept = Swept {
        groups: groups.collect(),
        figure: with_unit(figure),
        keys: keys
            .iter()
            .map(|(axis, values)| SweptKey { label: sweep.label(*axis), values: values.clone() })
            .collect(),
    };
    let drawn = plot::sweep(&sweep.title(title, &chosen), &swept, SIZE).map_err(Failure::input)?;
    let over: Vec<&str> = axes.iter().map(|&axis| sweep.axes[axis].name.as_str()).collect();
    Ok((drawn, format!("{figure} of {} over {}", counted(swept.runs(), "run"), over.join(" and "))))
}

fn read(folder: &Path) -> Result<Sweep, Failure> {
    let record = if folder.is_dir() { Record::read(folder)? } else { None };
    let Some(record) = record else {
        return Err(Failure::input(format!(
            "{} is not the folder of a sweep: there is no sweep.json in it; make one with memspike sweep.",
            folder.display()
        )));
    };
    let path = folder.join("sweep.csv");
    let text = std::fs::read_to_string(&path)
        .map_err(|e| Failure::input(format!("{} can't be read: {e}.", path.display())))?;
    let mut lines = parse(&text).into_iter();
    let columns = lines.next().unwrap_or_default();
    let rows: Vec<Vec<String>> = lines.collect();
    let right = columns.iter().zip(&record.keys).filter(|(column, axis)| **column == axis.column()).count();
    if right < record.keys.len() || rows.iter().any(|row| row.len() != columns.len()) {
        return Err(Failure::input(format!(
            "{} is not the table of its sweep: expected columns that begin with {} and as many cells in each line; run the sweep again, \
             which only writes the table anew.",
            path.display(),
            record.keys.iter().map(Axis::column).collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(Sweep { axes: record.keys, columns, rows })
}

impl Sweep {
    /// Keeps the runs with a value of a key; which key that is. Of those in `before` a value was chosen already.
    fn choose(&mut self, key: &str, value: &str, before: &[usize]) -> Result<usize, Failure> {
        let Some(axis) = self.axes.iter().position(|axis| axis.name == key || axis.key == key) else {
            let names: Vec<&str> = self.axes.iter().map(|axis| axis.name.as_str()).collect();
            return Err(Failure::input(format!(
                "--where {key}={value}: the sweep has no key {key}; its keys are {}.",
                names.join(", ")
            )));
        };
        let in_its_unit = || parse_quantity(value).and_then(|found| found.in_unit(&self.axes[axis].unit)).ok();
        let (wanted, size) = match quantity(value) {
            Some((number, unit)) if unit.is_empty() || unit == self.axes[axis].unit => (number, None),
            Some(_) => (value.to_string(), in_its_unit()),
            None => (value.to_string(), None),
        };
        let values = self.values(axis);
        self.rows.retain(|row| row[axis] == wanted || size.is_some() && row[axis].parse().ok() == size);
        if self.rows.is_empty() && before.contains(&axis) {
            return Err(Failure::input(format!(
                "--where {key}={value} and {key}={}: a run has one value of a key, so none has both; give one of them, or none to draw over {key}.",
                values.join(", ")
            )));
        }
        if self.rows.is_empty() {
            return Err(Failure::input(format!(
                "--where {key}={value}: no run that is done has it; there are {}.",
                values.join(", ")
            )));
        }
        Ok(axis)
    }

    /// The keys to draw over: those that vary. Seeds are averaged, but for a sweep over nothing else.
    fn drawn(&self, chosen: &[usize]) -> Result<Vec<usize>, Failure> {
        let free = |axis: &usize| !chosen.contains(axis) && self.axes[*axis].values.len() > 1;
        let all: Vec<usize> = (0..self.axes.len()).filter(free).collect();
        let keys: Vec<usize> = all.iter().copied().filter(|&axis| self.axes[axis].key != SEED).collect();
        match keys.len() {
            0 if all.is_empty() => Ok(vec![0]),
            0 => Ok(all),
            1 | 2 => Ok(keys),
            _ => {
                let named = keys.iter().map(|&k| format!("{} ({})", self.axes[k].name, self.axes[k].values.join(", ")));
                Err(Failure::input(format!(
                    "A picture has room for two keys, but {} vary: choose values with --where KEY=VALUE: {}.",
                    keys.len(),
                    named.collect::<Vec<_>>().join("; ")
                )))
            }
        }
    }

    /// The columns that a name means, and what tells them apart.
    fn figures(&self, figure: &str) -> Result<Vec<(usize, String)>, Failure> {
        // Behind the keys and the file.
        let all = self.columns.iter().enumerate().skip(self.axes.len() + 1);
        if let Some((column, _)) = all.clone().find(|(_, name)| *name == figure) {
            return Ok(vec![(column, String::new())]);
        }
        let tail = format!(".{figure}");
        let part = |(column, name): (usize, &String)| {
            let head = name.strip_suffix(&tail)?;
            // `populations.E` is E; `populations` says nothing.
            Some((column, head.split_once('.').map_or("", |(_, member)| member).to_string()))
        };
        let found: Vec<_> = all.clone().filter_map(part).collect();
        if found.is_empty() {
            let names: Vec<&str> = all.map(|(_, name)| name.as_str()).collect();
            return Err(Failure::input(format!("There is no figure {figure}; there are {}.", names.join(", "))));
        }
        Ok(found)
    }

    /// The values of a key among the runs, numbers by size, texts as they were given.
    fn values(&self, axis: usize) -> Vec<String> {
        let mut values = self.axes[axis].values.clone();
        values.retain(|value| self.rows.iter().any(|row| row[axis] == *value));
        let number = |text: &String| text.parse::<f64>().unwrap_or(f64::NAN);
        if values.iter().all(|value| number(value).is_finite()) {
            values.sort_by(|a, b| number(a).total_cmp(&number(b)));
        }
        values
    }

    fn label(&self, axis: usize) -> String {
        let Axis { name, unit, .. } = &self.axes[axis];
        if unit.is_empty() { name.clone() } else { format!("{name} ({unit})") }
    }

    /// The folder's name, and the values that were chosen.
    fn title(&self, folder: &str, chosen: &[usize]) -> String {
        let value = |axis: &usize| {
            let Axis { name, unit, .. } = &self.axes[*axis];
            format!("{name} = {} {unit}", self.rows[0][*axis]).trim_end().to_string()
        };
        std::iter::once(folder.to_string()).chain(chosen.iter().map(value)).collect::<Vec<_>>().join(", ")
    }
}

/// `populations.E.rate_hz` as `populations E rate (Hz)`; names that the model gives stay as they are.
fn with_unit(figure: &str) -> String {
    const UNITS: [(&str, &str); 4] = [("_hz", "Hz"), ("_s", "s"), ("_j", "J"), ("_w", "W")];
    let mut unit = "";
    let mut words = Vec::new();
    let last = figure.split('.').count() - 1;
    for (place, part) in figure.split('.').enumerate() {
        // The one figure that has parts.
        if place < last && part != "energy_j" {
            words.push(part.to_string());
            continue;
        }
        let found = UNITS.iter().find_map(|(suffix, unit)| Some((part.strip_suffix(suffix)?, *unit)));
        let (word, its) = found.unwrap_or((part, ""));
        unit = if its.is_empty() { unit } else { its };
        words.push(word.replace('_', " "));
    }
    let words = words.join(" ");
    if unit.is_empty() { words } else { format!("{words} ({unit})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_its_unit() {
        assert_eq!(with_unit("rate_hz"), "rate (Hz)");
        assert_eq!(with_unit("energy_j.read"), "energy read (J)");
        assert_eq!(with_unit("cv_isi"), "cv isi");
        assert_eq!(with_unit("populations.inh_s.spikes"), "populations inh_s spikes");
        assert_eq!(with_unit("projections.a_j.energy_j.set"), "projections a_j energy set (J)");
    }
}
