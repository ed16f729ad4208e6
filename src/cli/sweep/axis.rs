//! The keys that a sweep goes over, and the runs that they make.

use std::collections::HashSet;

use memspike::fnv::digest;
use memspike::spec::NetworkSpec;
use memspike::units;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::range;
use super::table::OWN_COLUMNS;
use crate::cli::Failure;
use crate::cli::model::Layers;

/// Keys of `[simulation]` that may be named without it.
const SIMULATION: [&str; 6] = ["seed", "duration", "engine", "resolution", "precision", "static_weights"];

/// The key of the seed: runs that differ in it alone are samples of the same thing.
pub const SEED: &str = "simulation.seed";

/// A key and the values that it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What files, tables and pictures call it.
    pub name: String,
    /// The key of the model, as `--set` takes it.
    pub key: String,
    /// The unit of all its values; empty if they are bare numbers or texts.
    pub unit: String,
    /// Its values in that unit.
    pub values: Vec<String>,
}

/// A run: which value of each axis.
pub type Point = Vec<usize>;

/// A word or a quantity without the quotes around it, which its name, as a value and as a part of a file's, does not have; `--set` takes both. What would be something
/// else than a text without them keeps them.
fn bare(value: &str) -> &str {
    let inner = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let is_word = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !["true", "false", "inf", "nan"].contains(word)
    };
    let is_quantity = |text: &&str| range::quantity(text).is_some_and(|(_, unit)| !unit.is_empty());
    inner.filter(|text| is_word(text) || is_quantity(text)).unwrap_or(value)
}

impl Axis {
    /// What `-P KEY=VALUES` means for a model; its values are not checked yet.
    ///
    /// # Errors
    /// A key that the model does not have, values that can't be understood, or one that comes twice.
    pub fn new(typed: &str, texts: &str, model: &NetworkSpec) -> Result<Axis, Failure> {
        let wrong = |message: String| Failure::input(format!("-P {typed}={texts}: {message}."));
        let key = resolve(typed, &parameters(model)).map_err(wrong)?;
        // A column of the table that has this name already keeps it.
        let name = if OWN_COLUMNS.contains(&typed) { key.clone() } else { typed.to_string() };
        let values: Vec<String> =
            range::values(texts).map_err(wrong)?.iter().map(|value| bare(value).to_owned()).collect();
        let (unit, values) = match range::in_one_unit(&values) {
            Some((unit, numbers)) => (unit.to_owned(), numbers),
            None => (String::new(), values),
        };
        let mut seen = HashSet::new();
        if let Some(twice) = values.iter().find(|value| !seen.insert(safe(value).to_lowercase())) {
            let twice = format!("{twice} {unit}");
            return Err(wrong(format!(
                "the value {} comes twice, or makes the same file name as another one",
                twice.trim_end()
            )));
        }
        Ok(Axis { name, key, unit, values })
    }

    /// A value with its unit, as the model reads it.
    fn value(&self, index: usize) -> String {
        let value = &self.values[index];
        if self.unit.is_empty() { value.clone() } else { format!("{value} {}", self.unit) }
    }

    /// The value as JSON: a number if it is one and has no unit.
    fn json(&self, index: usize) -> Value {
        let text = self.value(index);
        match serde_json::from_str::<serde_json::Number>(&text) {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(text),
        }
    }

    /// The name of its column, with the unit.
    pub fn column(&self) -> String {
        if self.unit.is_empty() { self.name.clone() } else { format!("{} [{}]", self.name, self.unit) }
    }
}

/// All runs: the values of the first axis change last.
///
/// # Errors
/// If there are too many, or two axes are the same key.
pub fn points(axes: &[Axis]) -> Result<Vec<Point>, Failure> {
    for (index, axis) in axes.iter().enumerate() {
        if axes[..index].iter().any(|other| other.key == axis.key) {
            return Err(Failure::input(format!("-P {} is given twice; write its values as one list.", axis.name)));
        }
    }
    let count = axes.iter().try_fold(1usize, |all, axis| all.checked_mul(axis.values.len()));
    let Some(count) = count.filter(|count| *count <= range::MOST) else {
        return Err(Failure::input(format!(
            "These values make more than {} runs; give fewer, or longer steps.",
            range::MOST
        )));
    };
    let point = |mut index: usize| {
        let mut point: Point = Vec::with_capacity(axes.len());
        for axis in axes.iter().rev() {
            point.push(index % axis.values.len());
            index /= axis.values.len();
        }
        point.reverse();
        point
    };
    Ok((0..count).map(point).collect())
}

/// `g=3.5, seed=2`.
pub fn label(axes: &[Axis], point: &Point) -> String {
    let parts: Vec<String> =
        axes.iter().zip(point).map(|(axis, &i)| format!("{}={}", axis.name, axis.value(i))).collect();
    parts.join(", ")
}

/// The values as JSON, by the names of their axes.
pub fn json(axes: &[Axis], point: &Point) -> Value {
    axes.iter().zip(point).map(|(axis, &i)| (axis.name.clone(), axis.json(i))).collect()
}

/// What the run lays over the model.
pub fn layers(axes: &[Axis], point: &Point) -> Layers {
    axes.iter().zip(point).map(|(axis, &i)| (axis.key.clone(), axis.value(i))).collect()
}

/// The name of the run's result: it follows from the run's own values alone, so that it stays the same in a longer sweep.
pub fn file_name(axes: &[Axis], point: &Point) -> String {
    let parts: Vec<String> =
        axes.iter().zip(point).map(|(axis, &i)| format!("{}={}", safe(&axis.name), safe(&axis.value(i)))).collect();
    let name = parts.join("_");
    if name.len() <= 200 {
        return name + ".h5";
    }
    // File systems take 255 bytes.
    let head: String = name.chars().take(180).collect();
    format!("{head}~{:016x}.h5", digest(name.as_bytes()))
}

/// A text that any file system and shell takes as a part of a name. What had to be left out is told apart by a number.
fn safe(text: &str) -> String {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    let kept: String = text.chars().filter(|c| *c != ' ').map(|c| if fine(c) { c } else { '-' }).collect();
    let lost = text.chars().any(|c| c != ' ' && !fine(c));
    if lost { format!("{kept}~{:08x}", digest(text.as_bytes()) as u32) } else { kept }
}

/// Names of the model's `[parameters]`.
fn parameters(model: &NetworkSpec) -> Vec<String> {
    let document = model.resolved.parse::<toml_edit::DocumentMut>().unwrap_or_default();
    let table = document.get("parameters").and_then(toml_edit::Item::as_table_like);
    table.map(|table| table.iter().map(|(name, _)| name.to_string()).collect()).unwrap_or_default()
}

/// The key that a name stands for: a parameter of the model, a key of `[simulation]`, or a path.
fn resolve(typed: &str, parameters: &[String]) -> Result<String, String> {
    let known = |name: &str| parameters.iter().any(|parameter| parameter == name);
    let unknown = |name: &str, simulation: &[&'static str]| {
        let names = parameters.iter().map(String::as_str).chain(simulation.iter().copied());
        let names: Vec<&str> = names.collect();
        let near =
            units::nearest(name, names.iter().copied()).map_or(String::new(), |near| format!(": did you mean {near}?"));
        let list = if names.is_empty() { "none".to_string() } else { names.join(", ") };
        format!(
            "the model has no parameter {name}{near}\n  names that it knows: {list}\n  any other key of the model is named by \
             its path, such as population.E.size"
        )
    };
    match typed.strip_prefix("parameters.") {
        Some(name) if known(name) => Ok(typed.to_string()),
        Some(name) => Err(unknown(name, &[])),
        None if known(typed) && SIMULATION.contains(&typed) => Err(format!(
            "{typed} is one of the model's [parameters] and a key of [simulation]; write parameters.{typed} or simulation.{typed}"
        )),
        None if known(typed) => Ok(format!("parameters.{typed}")),
        None if SIMULATION.contains(&typed) => Ok(format!("simulation.{typed}")),
        None if typed.contains('.') => Ok(typed.to_string()),
        None => Err(unknown(typed, &SIMULATION)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    const MODEL: &str = "parameters = { g = 5, delay = '1.5 ms', spikes = 2 }\nsimulation.duration = '1 s'\n\
                         [population.E]\nsize = 10\nneuron = 'lif_exp'\n";

    fn axis(typed: &str, texts: &str) -> Result<Axis, Failure> {
        Axis::new(typed, texts, &memspike::spec::parse(MODEL, "model", Path::new(""), &[]).unwrap())
    }

    #[test]
    fn a_name_is_a_parameter_a_key_of_simulation_or_a_path() {
        let key = |typed: &str| axis(typed, "1").unwrap().key;
        assert_eq!(key("g"), "parameters.g");
        assert_eq!(key("parameters.g"), "parameters.g");
        assert_eq!(key("seed"), SEED);
        assert_eq!(key("population.E.size"), "population.E.size");
        let message = axis("gg", "1").unwrap_err().to_string();
        assert!(
            message.contains("no parameter gg: did you mean g?") && message.contains("g, delay, spikes, seed"),
            "{message}"
        );
        let both = MODEL.replace("g = 5", "seed = 5");
        let both = memspike::spec::parse(&both, "model", Path::new(""), &[]).unwrap();
        let key = |typed: &str| Axis::new(typed, "1", &both).map(|axis| axis.key).map_err(|e| e.to_string());
        assert!(key("seed").unwrap_err().contains("write parameters.seed or simulation.seed"));
        assert_eq!(
            [key("parameters.seed"), key("simulation.seed")],
            ["parameters.seed", SEED].map(|key| Ok(key.to_owned()))
        );
        assert!(axis("parameters.dealy", "1").unwrap_err().to_string().contains("did you mean delay?"));
    }

    #[test]
    fn units_go_to_the_column_and_values_to_the_model() {
        let delay = axis("delay", "1 ms:2 ms:0.5 ms").unwrap();
        assert_eq!(
            (delay.column().as_str(), &delay.values[..]),
            ("delay [ms]", &["1", "1.5", "2"].map(String::from)[..])
        );
        assert_eq!(
            layers(std::slice::from_ref(&delay), &vec![1]),
            [("parameters.delay".to_string(), "1.5 ms".to_string())]
        );
        assert_eq!(json(&[delay], &vec![2]), serde_json::json!({ "delay": "2 ms" }));
        let mixed = axis("delay", "900 us,1 ms").unwrap();
        assert_eq!((mixed.column().as_str(), mixed.values.join(" ").as_str()), ("delay [us]", "900 1000"));
        assert!(axis("delay", "1 ms,1000 us").unwrap_err().to_string().contains("the value 1 ms comes twice"));
        assert_eq!(axis("spikes", "1").unwrap().name, "parameters.spikes", "a figure has this name");
        assert!(axis("g", "1,1.0").unwrap_err().to_string().contains("comes twice"));
    }

    #[test]
    fn quotes_around_a_word_are_not_of_it() {
        let values = |texts: &str| axis("engine", texts).unwrap().values;
        assert_eq!(values("'grid',\"event\""), ["grid", "event"]);
        assert_eq!(values("\"3\",'true','a b'"), ["\"3\"", "'true'", "'a b'"]);
        let delays = axis("delay", "\"1 ms\",'2 ms'").unwrap();
        assert_eq!((delays.unit.as_str(), delays.values), ("ms", vec!["1".to_owned(), "2".to_owned()]));
    }

    #[test]
    fn the_last_axis_changes_first() {
        let axes = [axis("g", "3,4").unwrap(), axis("seed", "1:3").unwrap()];
        let points = points(&axes).unwrap();
        let labels: Vec<String> = points.iter().map(|point| label(&axes, point)).collect();
        assert_eq!(labels, ["g=3, seed=1", "g=3, seed=2", "g=3, seed=3", "g=4, seed=1", "g=4, seed=2", "g=4, seed=3"]);
        assert_eq!(file_name(&axes, &points[3]), "g=4_seed=1.h5");
        assert!(super::points(&[axes[0].clone(), axes[0].clone()]).unwrap_err().to_string().contains("given twice"));
    }

    proptest! {
        #[test]
        fn file_names_are_safe_and_tell_values_apart(a in "[ -~]{1,300}", b in "[ -~]{1,300}") {
            let axis = |value: &str| {
                [Axis { name: "parameters.file".into(), key: String::new(), unit: String::new(), values: vec![value.into()] }]
            };
            let (one, two) = (file_name(&axis(&a), &vec![0]), file_name(&axis(&b), &vec![0]));
            prop_assert!(one.len() < 255 && one.bytes().all(|c| c.is_ascii_alphanumeric() || b"=.~_-+".contains(&c)));
            if a.replace(' ', "") != b.replace(' ', "") {
                prop_assert_ne!(one, two);
            }
        }
    }
}
