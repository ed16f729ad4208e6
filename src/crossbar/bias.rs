//! Schemes to read one cell of a passive array: what the lines that are not selected are tied to.

use super::{CrossbarError, Sources};

/// What happens to the lines that are not selected. The selected word line is at the read voltage, the selected bit line at 0 V.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// They float: sneak paths through three cells carry current.
    Floating,
    /// All are at 0 V.
    Grounded,
    /// All are at half of the read voltage.
    Half,
    /// Word lines at a third, bit lines at two thirds of the read voltage: no other cell sees more than a third.
    Third,
}

impl Scheme {
    /// All schemes.
    pub const ALL: [Scheme; 4] = [Scheme::Floating, Scheme::Grounded, Scheme::Half, Scheme::Third];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Floating => "floating",
            Scheme::Grounded => "grounded",
            Scheme::Half => "half",
            Scheme::Third => "third",
        }
    }

    /// Sources of all lines of an array of `rows` x `columns` to read the cell (`row`, `column`) with `voltage` \[V\].
    ///
    /// # Errors
    /// If there is no such cell.
    pub fn sources(
        self,
        (rows, columns): (usize, usize),
        (row, column): (usize, usize),
        voltage: f64,
    ) -> Result<Sources, CrossbarError> {
        if row >= rows || column >= columns {
            return Err(CrossbarError::NoCell { row, column, rows, columns });
        }
        let (word, bit) = match self {
            Scheme::Floating => (None, None),
            Scheme::Grounded => (Some(0.0), Some(0.0)),
            Scheme::Half => (Some(voltage / 2.0), Some(voltage / 2.0)),
            Scheme::Third => (Some(voltage / 3.0), Some(2.0 * voltage / 3.0)),
        };
        let mut sources = Sources { word_lines: vec![word; rows], bit_lines: vec![bit; columns] };
        sources.word_lines[row] = Some(voltage);
        sources.bit_lines[column] = Some(0.0);
        Ok(sources)
    }
}
