//! Signals that were sampled beside the spikes.

use super::Workspace;
use super::value::{Value, Variable};
use crate::format::error::FormatError;
use crate::spikes::{Recording, Signal};

/// Wider matrices are raw voltage or images, not behaviour.
pub(super) const MAX_WIDTH: usize = 64;
pub(super) const MAX_VALUES: usize = 50_000_000;

/// Matrices with one row (or column) per entry of `t` or `time`.
pub(super) fn signals(file: &dyn Workspace, recording: &mut Recording) -> Result<(), FormatError> {
    let variables: Vec<Variable> = file.variables().iter().filter(|v| v.is_numeric()).cloned().collect();
    let clock = variables.iter().find(|v| ["t", "time"].contains(&v.name.as_str()) && v.extents.len() == 2);
    let Some(clock) = clock else { return Ok(()) };
    let Value::Numbers { data: times, .. } = file.value(&clock.name)? else { return Ok(()) };
    let times = times.all()?;
    if times.iter().any(|t| !t.is_finite()) || times.windows(2).any(|t| t[1] < t[0]) {
        recording.notes.push(format!("{} has times that decrease, so no signal is read", clock.name));
        return Ok(());
    }
    for variable in variables.iter().filter(|v| v.name != clock.name) {
        let rows = times.len();
        let [a, b] = variable.extents[..] else { continue };
        if (a != rows && b != rows) || rows < 2 || a.min(b) > MAX_WIDTH || a.saturating_mul(b) > MAX_VALUES {
            continue;
        }
        let Value::Numbers { data, .. } = file.value(&variable.name)? else {
            recording.notes.push(format!("{} holds no real numbers and is left out", variable.name));
            continue;
        };
        let data = data.all()?;
        let width = if a == rows { b } else { a };
        if data.len() != rows * width {
            continue;
        }
        // MATLAB's first extent runs fastest; a row of the signal is one sample.
        let at = |row: usize, column: usize| if a == rows { row + rows * column } else { column + width * row };
        let data = (0..rows).flat_map(|row| (0..width).map(move |column| at(row, column))).map(|i| data[i]).collect();
        recording.signals.push(Signal {
            name: variable.name.clone(),
            unit: String::new(),
            times: times.clone(),
            data,
            width,
        });
    }
    Ok(())
}
