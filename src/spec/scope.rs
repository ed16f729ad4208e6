//! Reading single values: numbers with units, times, counts, words. Every evaluation notes what its
//! text stands for, so that the resolved model can be written.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::error::{ModelError, Place};
use super::names;
use super::origins::Named;
use super::tree::{Kind, Node};
use crate::time::Time;
use crate::units::{self, Expression, Factor, Quantity};

/// What texts at places of the model were evaluated to, as TOML.
pub(crate) type Replaced = HashMap<(usize, usize), String>;

/// What the user is told of a model that is right, but perhaps not what was meant.
#[derive(Default)]
pub(crate) struct Noticed {
    /// Parameters that an expression names.
    pub(crate) used: BTreeSet<String>,
    /// Which of them each expression names.
    pub(crate) named: Vec<Named>,
    /// Files that the model names.
    pub(crate) files: Vec<PathBuf>,
    /// Where it names them.
    pub(crate) paths: Vec<(usize, usize)>,
    /// Spike times that moved to the end of their step.
    pub(crate) moved: usize,
    /// Other things to tell, in the order in which they came up.
    pub(crate) notes: Vec<String>,
}

/// What names mean while values are read.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    /// `[parameters]`, evaluated.
    pub(crate) parameters: Arc<HashMap<String, Quantity>>,
    /// What `indegree` stands for, where it may be used.
    pub(crate) indegree: Option<f64>,
    /// Notes for the resolved model; none while values are evaluated again later.
    pub(crate) replaced: Option<Arc<Mutex<Replaced>>>,
    /// What the user is to be told; none while values are evaluated again later.
    pub(crate) noticed: Option<Arc<Mutex<Noticed>>>,
    /// The step of the grid, if the model runs on it.
    pub(crate) grid: Option<Time>,
    /// Names of the populations, once they are read.
    pub(crate) populations: Arc<Vec<String>>,
    /// The unit of the weights onto the target, where parameters of a rule are read for one.
    pub(crate) weight: Option<&'static str>,
    /// Is it a set by itself that is read, of which those that use it may say what it leaves open?
    pub(crate) partial: bool,
}

/// The key of a place in [`Replaced`].
pub(crate) fn place_key(at: &Place) -> (usize, usize) {
    (Arc::as_ptr(&at.source) as usize, at.span.start)
}

impl Scope {
    /// Notes that the text of this node is to be written as this TOML.
    pub(crate) fn note(&self, node: &Node, toml: String) {
        if let Some(replaced) = &self.replaced
            && let Ok(mut replaced) = replaced.lock()
        {
            replaced.insert(place_key(&node.at), toml);
        }
    }

    /// Notices something of which the user is told.
    pub(crate) fn notice(&self, what: impl FnOnce(&mut Noticed)) {
        if let Some(mut noticed) = self.noticed.as_ref().and_then(|noticed| noticed.lock().ok()) {
            what(&mut noticed);
        }
    }

    /// Tells the user of something, once: what is read for several projections comes up again and again.
    pub(crate) fn tell(&self, note: String) {
        self.notice(|noticed| {
            if !noticed.notes.contains(&note) {
                noticed.notes.push(note);
            }
        });
    }

    /// Parses the text of a node as an expression.
    pub(crate) fn expression(&self, node: &Node, text: &str) -> Result<Expression, ModelError> {
        // Without quotes, so of `--set`: TOML has it as a date, which is no difference of three numbers.
        if node.at.text() == text && text.parse::<toml_edit::Value>().is_ok_and(|value| value.is_datetime()) {
            let message = format!("found the date {text}, expected a number, or a difference with spaces: 5 - 3 - 1");
            return Err(node.at.error(message));
        }
        let known = |name: &str| name == "indegree" || self.parameters.contains_key(name);
        let parsed = units::parse_expression(text, &known);
        if let Ok(expression) = &parsed {
            let mut names = Vec::new();
            expression.names(&mut names);
            let names: Vec<String> = names.into_iter().map(|(name, _)| name.to_string()).collect();
            self.notice(|noticed| {
                noticed.used.extend(names.iter().cloned());
                if !names.is_empty() {
                    noticed.named.push(Named { at: node.at.clone(), names });
                }
            });
        }
        parsed.map_err(|error| {
            let shown = node.part(&error.at).error(error.message);
            let word = text.get(error.at).unwrap_or("");
            // What is no name, such as a bracket or nothing at all, is near to no name.
            let names = self.parameters.keys().map(String::as_str).filter(|_| word.starts_with(char::is_alphabetic));
            match units::nearest(word, names).filter(|_| Factor::new(word, word).is_err()) {
                Some(near) => shown.help(format!("did you mean {near}?")),
                None => shown,
            }
        })
    }

    /// The quantity that a number or text stands for.
    fn quantity(&self, node: &Node, unit: &str) -> Result<Quantity, ModelError> {
        match &node.kind {
            Kind::Integer(number) => Ok(Quantity::whole(*number)),
            Kind::Float(number) if number.is_nan() => Err(node.at.error("found NaN, expected a number")),
            Kind::Float(number) => Ok(Quantity::number(*number)),
            Kind::Text(text) => {
                if let Some(infinite) = units::infinity(text) {
                    return Ok(infinite);
                }
                let expression = self.expression(node, text)?;
                let lookup = |name: &str| match name {
                    "indegree" => self.indegree.map(Quantity::number),
                    _ => self.parameters.get(name).copied(),
                };
                if expression.mentions("indegree") && self.indegree.is_none() {
                    return Err(node.at.error("`indegree` can be used in the weight of a projection only"));
                }
                let value = expression.evaluate(&lookup).map_err(|e| node.part(&e.at).error(e.message))?;
                if !expression.is_literal()
                    && !expression.mentions("indegree")
                    && let Ok(text) = value.text_in(unit)
                {
                    self.note(node, if unit.is_empty() { text } else { format!("\"{text}\"") });
                }
                Ok(value)
            }
            _ => Err(node.mismatch(units::expected(unit))),
        }
    }

    /// A number in `unit`; infinite only if it says so.
    pub(crate) fn number(&self, node: &Node, unit: &str) -> Result<f64, ModelError> {
        let bare = matches!(node.kind, Kind::Integer(_)) || matches!(node.kind, Kind::Float(x) if x.is_finite());
        if bare && !unit.is_empty() && units::unit_of(unit).is_some_and(|u| u.dimension != units::Dimension::NONE) {
            return Err(node.mismatch(units::expected(unit)));
        }
        if let Kind::Float(x) = node.kind
            && x.is_infinite()
        {
            return Ok(x);
        }
        let quantity = self.quantity(node, unit)?;
        quantity.in_unit(unit).map_err(|e| node.at.error(e.message))
    }

    /// A number in `unit`, which may also be written bare.
    pub(crate) fn number_or_bare(&self, node: &Node, unit: &str) -> Result<f64, ModelError> {
        let bare = match node.kind {
            Kind::Integer(_) | Kind::Float(_) => true,
            // An expression may be a bare number too.
            _ => self.quantity(node, unit)?.dimension == units::Dimension::NONE,
        };
        self.number(node, if bare { "" } else { unit })
    }

    /// A finite number in `unit`.
    pub(crate) fn finite(&self, node: &Node, unit: &str) -> Result<f64, ModelError> {
        let value = self.number(node, unit)?;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(node.at.error(format!("found {value}, expected a finite value")))
        }
    }

    /// A finite number in `unit`, 0 or more.
    pub(crate) fn non_negative(&self, node: &Node, unit: &str) -> Result<f64, ModelError> {
        let value = self.finite(node, unit)?;
        if value >= 0.0 {
            return Ok(value);
        }
        let found = format!("{} {unit}", units::shown(value));
        Err(node.at.error(format!("found {}, expected 0 or more", found.trim())))
    }

    /// A finite time, 0 or more, on the grid if there is one.
    pub(crate) fn time(&self, node: &Node) -> Result<Time, ModelError> {
        let time = self.any_time(node)?;
        self.on_grid(node, time)
    }

    /// A finite time > 0, on the grid if there is one.
    pub(crate) fn duration(&self, node: &Node) -> Result<Time, ModelError> {
        let ms = self.finite(node, "ms")?;
        if ms < 0.0 {
            return Err(node.at.error(format!("found {} ms, expected a time of more than 0", units::shown(ms))));
        }
        let time = self.time(node)?;
        if time > Time::ZERO { Ok(time) } else { Err(node.at.error("found 0, expected a time of more than 0")) }
    }

    /// A time, 0 or more, off the grid too; `inf` is an error.
    pub(crate) fn any_time(&self, node: &Node) -> Result<Time, ModelError> {
        Scope::time_of_ms(node, self.finite(node, "ms")?)
    }

    /// A finite number of ms, which this node says, as a time.
    pub(crate) fn time_of_ms(node: &Node, ms: f64) -> Result<Time, ModelError> {
        if ms < 0.0 {
            return Err(node.at.error(format!("found {} ms, expected a time of 0 or more", units::shown(ms))));
        }
        if ms > Time::LIMIT.ms() {
            let days = units::shown((ms / 8.64e7).round());
            return Err(node.at.error(format!("found {days} days; times may be at most 100 days")));
        }
        Ok(Time::from_ms(ms))
    }

    /// A time that may be `inf`.
    pub(crate) fn time_or_never(&self, node: &Node) -> Result<Time, ModelError> {
        if self.number(node, "ms")? == f64::INFINITY { Ok(Time::NEVER) } else { self.time(node) }
    }

    /// Snaps a time to the grid, if the model runs on one and the time is within 1e-6 step of it.
    pub(crate) fn on_grid(&self, node: &Node, time: Time) -> Result<Time, ModelError> {
        let Some(step) = self.grid else { return Ok(time) };
        if time > Time::LIMIT {
            return Err(node.at.error("times may be at most 100 days"));
        }
        snap(time, step).ok_or_else(|| {
            node.at.error(format!("{time} is not a multiple of the resolution, {step}")).help(
                "the grid engine needs times on its grid: change the time, the resolution, or take engine = \"event\"",
            )
        })
    }

    /// The error for a default that is not on the grid, if the model runs on one; `at`: what has that default.
    pub(crate) fn default_on_grid(&self, default: Time, key: &str, at: &Place) -> Option<ModelError> {
        let step = self.grid.filter(|step| snap(default, *step).is_none())?;
        let message = format!("{key} is {default} unless given, which is not a multiple of the resolution, {step}");
        Some(at.error(message).help(format!("give {key}, or take another resolution or engine = \"event\"")))
    }

    /// A whole number, 0 or more.
    pub(crate) fn count(&self, node: &Node) -> Result<u64, ModelError> {
        let value = self.finite(node, "")?;
        if value < 0.0 || value.fract() != 0.0 {
            return Err(node.at.error(format!("found {}, expected a whole number, 0 or more", units::shown(value))));
        }
        if value > 9_007_199_254_740_992.0 {
            return Err(node.at.error(format!("found {}, expected a count of at most 2^53", units::shown(value))));
        }
        Ok(value as u64)
    }

    /// A whole number, 0 or more, to its last digit: as large as TOML's may be.
    pub(crate) fn whole(&self, node: &Node) -> Result<u64, ModelError> {
        let quantity = self.quantity(node, "")?;
        let value = quantity.in_unit("").map_err(|e| node.at.error(e.message))?;
        let whole = quantity.number.whole();
        let Some(number) = whole.and_then(|whole| i64::try_from(whole).ok()).and_then(|n| u64::try_from(n).ok()) else {
            let found = whole.map_or_else(|| value.to_string(), |whole| whole.to_string());
            return Err(node
                .at
                .error(format!("found {found}, expected a whole number from 0 to 2^63 - 1, {}", i64::MAX)));
        };
        // The note of an expression's value is that of a double.
        if let Kind::Text(text) = &node.kind
            && self.expression(node, text).is_ok_and(|expression| !expression.is_literal())
        {
            self.note(node, number.to_string());
        }
        Ok(number)
    }

    /// true or false.
    pub(crate) fn flag(&self, node: &Node) -> Result<bool, ModelError> {
        match node.kind {
            Kind::Bool(value) => Ok(value),
            _ => Err(node.mismatch("true or false")),
        }
    }

    /// One of these words, as its index.
    pub(crate) fn choice(&self, node: &Node, words: &[&str]) -> Result<usize, ModelError> {
        let list = words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(", ");
        let Some(text) = node.text() else { return Err(node.mismatch(format!("one of {list}"))) };
        words.iter().position(|w| *w == text).ok_or_else(|| names::unknown(&node.at, "word", text, words))
    }

    /// A text.
    pub(crate) fn text(&self, node: &Node, expected: &str) -> Result<String, ModelError> {
        node.text().map(str::to_string).ok_or_else(|| node.mismatch(expected))
    }

    /// A path, relative to the file that names it.
    pub(crate) fn path(&self, node: &Node) -> Result<PathBuf, ModelError> {
        let path = node.at.source.folder.join(self.text(node, "a path such as \"weights.npy\"")?);
        self.notice(|noticed| {
            noticed.files.push(path.clone());
            noticed.paths.push(place_key(&node.at));
        });
        // Whoever reads the resolved text may be elsewhere.
        let absolute = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        if let Some(text) = absolute.to_str() {
            self.note(node, toml_edit::Value::from(text).to_string());
        }
        Ok(path)
    }
}

/// The multiple of `step` within 1e-6 step of `time`.
pub(crate) fn snap(time: Time, step: Time) -> Option<Time> {
    snap_within(time, step, Time::ZERO)
}

/// The same within a longer time, in which case it is that.
fn snap_within(time: Time, step: Time, rounding: Time) -> Option<Time> {
    let tolerance = (step.0 / 1_000_000).max(rounding.0.min(step.0 / 2 - 1)).max(0);
    let rest = time.0.rem_euclid(step.0);
    if rest <= tolerance {
        Some(Time(time.0 - rest))
    } else if step.0 - rest <= tolerance {
        time.0.checked_add(step.0 - rest).map(Time)
    } else {
        None
    }
}

/// The end of the step that `time` lies in; a time within 1e-6 step of the grid is on it.
pub(crate) fn snap_up(time: Time, step: Time) -> Time {
    snap(time, step).unwrap_or_else(|| end_of_step(time, step))
}

fn end_of_step(time: Time, step: Time) -> Time {
    Time(time.0 - time.0.rem_euclid(step.0)).saturating_add(step)
}

/// Where a time on a recording's clock lies in model time, which begins at `start_s` there; on a grid it moves to the end of its step. What doubles of
/// this size can't tell from the grid is on it: in 2020 they are 0.24 us apart on the clock of Unix.
pub(crate) fn from_clock(time_s: f64, start_s: f64, grid: Option<Time>) -> Time {
    on_clock(time_s, start_s, grid).0
}

/// The same, and whether it lay between two steps.
pub(crate) fn on_clock(time_s: f64, start_s: f64, grid: Option<Time>) -> (Time, bool) {
    let ms = ((time_s - start_s) * 1e3).clamp(-Time::LIMIT.ms(), Time::LIMIT.ms());
    let time = Time::from_ms(ms);
    let Some(step) = grid else { return (time, false) };
    let size = time_s.abs().max(start_s.abs());
    match snap_within(time, step, Time::from_ms((size.next_up() - size) * 1e3)) {
        Some(time) => (time, false),
        None => (end_of_step(time, step), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_on_the_grid_of_a_large_clock_stays_there() {
        let step = Time::from_ms(1.0);
        let place = |time_s: f64, start_s: f64| from_clock(time_s, start_s, Some(step)).0 / step.0;
        // As a file writes them: the nearest double, which is earlier or later.
        let unix = 1_600_000_000.0;
        let written = |k: i64| format!("1600000000.{k:03}").parse().unwrap_or(0.0);
        assert!((0..1000).all(|k| place(written(k), unix) == k));
        assert_eq!(place(unix + 0.0181, unix), 19, "between two steps");
        assert_eq!((place(0.0180001, 0.0), place(0.018, 0.0)), (19, 18), "small clocks are as exact as they were");
        assert_eq!(from_clock(unix + 0.5, unix, None), Time::from_ms(500.0));
    }
}
