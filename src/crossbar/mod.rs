//! Crossbars: conductances where word lines cross bit lines, with the resistance of the wires.
//!
//! [`Array::solve`] gives voltages, currents and power for any way of driving the lines; [`Transfer`] what each word line adds to
//! each bit line, which is what a projection needs that lives in a crossbar. The nodal equations are those of badcrossbar
//! (Joksas & Mehonic, SoftwareX 12:100617, 2020): word lines are driven at their left ends and bit lines end below,
//! each through one segment of wire; a crosspoint joins its two nodes.

mod array;
mod bias;
mod converter;
mod dissection;
mod factor;
mod front;
mod mesh;
mod spec;
mod tiles;
mod transfer;

pub use array::{Array, Solution, Sources};
pub use bias::Scheme;
pub use converter::{Adc, Dac, Levels, pair};
pub use spec::{CrossbarSpec, MODEL};
pub use tiles::{Cell, Effect, effect, in_order};
pub use transfer::Transfer;

/// Why an array can't be solved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CrossbarError {
    /// No cells, or not as many as rows and columns say.
    #[error(
        "found {count} conductances for an array of {rows} word lines and {columns} bit lines, expected {rows} x {columns}, at least 1 x 1"
    )]
    Shape {
        /// Word lines.
        rows: usize,
        /// Bit lines.
        columns: usize,
        /// Conductances.
        count: usize,
    },
    /// More lines than can be solved.
    #[error(
        "an array of {rows} x {columns} is too large; expected at most {} lines on a side; a projection is cut into smaller arrays with `rows` and `columns`",
        Array::LARGEST
    )]
    TooLarge {
        /// Word lines.
        rows: usize,
        /// Bit lines.
        columns: usize,
    },
    /// A conductance that none can have.
    #[error("the conductance in row {row}, column {column} is {value} S, expected from 0 (open) to 1e15 S")]
    Conductance {
        /// Its row, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
        /// The value \[S\].
        value: f64,
    },
    /// Not one value per line.
    #[error("found {found} {what}, expected {expected}: one for each line")]
    Lines {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// A voltage that is not finite.
    #[error("a line is driven with {0} V, expected a finite voltage")]
    Voltage(f64),
    /// A word line without a path to a source.
    #[error(
        "word line {0} floats: no source drives it, and no cell that conducts joins it to a line with a source, so its voltage is undefined; tie it to a source"
    )]
    FloatingWord(usize),
    /// A bit line without a path to a source.
    #[error(
        "bit line {0} floats: it ends in no source, and no cell that conducts joins it to a line with a source, so its voltage is undefined; tie it to a source"
    )]
    FloatingBit(usize),
    /// A cell that is not there.
    #[error(
        "there is no cell in row {row}, column {column}: the array has {rows} rows and {columns} columns, numbered from 0"
    )]
    NoCell {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
        /// Word lines.
        rows: usize,
        /// Bit lines.
        columns: usize,
    },
    /// Two devices at one crosspoint.
    #[error(
        "two synapses share the crosspoint of word line {row} and bit line {column}; a pair of neurons has one cell: set multapses = false"
    )]
    Taken {
        /// Its word line.
        row: usize,
        /// Its bit line.
        column: usize,
    },
    /// A resistance, a value of a converter, or of the range of conductances, that none can have.
    #[error("{key} is {value}, expected {expected}")]
    Range {
        /// Which, as in the model file.
        key: &'static str,
        /// The value, with its unit.
        value: String,
        /// What would be right.
        expected: String,
    },
}

impl CrossbarError {
    /// The key of the model file that it is about, if it is about one value, and what it says of that.
    pub fn of_key(&self) -> Option<(&'static str, String)> {
        let CrossbarError::Range { key, value, expected } = self else { return None };
        Some((key, format!("found {value}, expected {expected}")))
    }
}

#[cfg(test)]
mod tests;
