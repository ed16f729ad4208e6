//! One passive array: what it is made of, how its lines are driven, and the currents that follow.

use super::CrossbarError;
use super::dissection;
use super::mesh::{Mesh, NONE};
use crate::units::shown;

/// A wire of no resistance has this times the largest conductance of the array: what is lost on it is beyond the last digit
/// of any result, and elimination without subtraction keeps all digits of the rest.
const IDEAL: f64 = 1e24;
/// Resistances of wires are 0 or between these \[ohm\].
const RESISTANCES: (f64, f64) = (1e-15, 1e15);

/// A passive array of conductances between word lines (rows) and bit lines (columns).
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    rows: usize,
    columns: usize,
    /// Conductance of each cell with its access transistor \[S\], row by row; 0 where it is open.
    cells: Vec<f64>,
    word_line_resistance: f64,
    bit_line_resistance: f64,
    /// Rows whose transistors are off.
    off: Vec<bool>,
}

/// What each line is tied to: a voltage \[V\] behind one segment of wire, or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Sources {
    /// At the left end of each word line.
    pub word_lines: Vec<Option<f64>>,
    /// At the lower end of each bit line.
    pub bit_lines: Vec<Option<f64>>,
}

/// Voltages and currents of an array. Matrices are row by row, one row per word line.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Voltage of each word line at each cell \[V\]; NaN on a line that nothing reaches.
    pub word_voltages: Vec<f64>,
    /// Voltage of each bit line at each cell \[V\].
    pub bit_voltages: Vec<f64>,
    /// Current through each cell, from word line to bit line \[A\].
    pub device_currents: Vec<f64>,
    /// Current from its source into each word line \[A\].
    pub word_line_currents: Vec<f64>,
    /// Current out of each bit line into its source \[A\].
    pub bit_line_currents: Vec<f64>,
    /// Power that all sources supply \[W\]: sum of v i.
    pub power: f64,
    /// Of which the cells (and their transistors) turn into heat \[W\].
    pub power_cells: f64,
    /// Of which the wires do \[W\].
    pub power_wires: f64,
    /// Memory of the factor \[bytes\].
    pub bytes: usize,
}

impl Array {
    /// An array of `rows` word lines and `columns` bit lines; `conductances` \[S\] row by row. Resistances are those of one
    /// segment of wire, from cell to cell and from the first or last cell to the source \[ohm\]; 0 is an ideal wire.
    ///
    /// # Errors
    /// If the shapes do not match, a conductance is negative, not finite or out of range, or a resistance is negative or out of range.
    pub fn new(
        rows: usize,
        columns: usize,
        conductances: Vec<f64>,
        word_line_resistance: f64,
        bit_line_resistance: f64,
    ) -> Result<Array, CrossbarError> {
        if rows == 0 || columns == 0 || rows.checked_mul(columns) != Some(conductances.len()) {
            return Err(CrossbarError::Shape { rows, columns, count: conductances.len() });
        }
        // The factor would not fit the memory of most machines.
        if rows.max(columns) > Array::LARGEST {
            return Err(CrossbarError::TooLarge { rows, columns });
        }
        if let Some(at) = conductances.iter().position(|g| !(0.0..=RESISTANCES.1).contains(g)) {
            return Err(CrossbarError::Conductance {
                row: at / columns,
                column: at % columns,
                value: conductances[at],
            });
        }
        for (key, value) in
            [("word_line_resistance", word_line_resistance), ("bit_line_resistance", bit_line_resistance)]
        {
            if value != 0.0 && !(RESISTANCES.0..=RESISTANCES.1).contains(&value) {
                let expected = format!("0 (ideal) or from {:e} to {:e} ohm", RESISTANCES.0, RESISTANCES.1);
                return Err(CrossbarError::Range { key, value: format!("{} ohm", shown(value)), expected });
            }
        }
        let off = vec![false; rows];
        Ok(Array { rows, columns, cells: conductances, word_line_resistance, bit_line_resistance, off })
    }

    /// The most lines on a side.
    pub const LARGEST: usize = 4096;

    /// With an access transistor in series with each cell (1T1R), of this resistance \[ohm\] on rows that are `selected`; cells of
    /// the other rows are open.
    ///
    /// # Errors
    /// If the resistance is negative or not finite, or `selected` has not one value per row.
    pub fn with_access(mut self, resistance: f64, selected: &[bool]) -> Result<Array, CrossbarError> {
        if !(resistance.is_finite() && resistance >= 0.0) {
            let (key, expected) = ("access_resistance", "a finite number, 0 or more".to_string());
            return Err(CrossbarError::Range { key, value: format!("{} ohm", shown(resistance)), expected });
        }
        if selected.len() != self.rows {
            return Err(CrossbarError::Lines { what: "rows selected", found: selected.len(), expected: self.rows });
        }
        for (row, &selected) in self.cells.chunks_exact_mut(self.columns).zip(selected) {
            row.iter_mut().for_each(|g| *g = if selected && *g > 0.0 { 1.0 / (1.0 / *g + resistance) } else { 0.0 });
        }
        self.off = selected.iter().map(|&s| !s).collect();
        Ok(self)
    }

    /// Number of word lines.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of bit lines.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Conductance of each crosspoint, with its transistor \[S\].
    pub fn cells(&self) -> &[f64] {
        &self.cells
    }

    /// The array as a network whose lines end in these terminals.
    pub(super) fn mesh(&self, word_ends: Vec<u32>, bit_ends: Vec<u32>) -> Mesh<'_> {
        let wire = |r: f64| if r > 0.0 { 1.0 / r } else { 0.0 };
        let (word, bit) = (wire(self.word_line_resistance), wire(self.bit_line_resistance));
        let largest = self.cells.iter().copied().fold(word.max(bit), f64::max);
        let ideal = if largest > 0.0 { IDEAL * largest } else { 1.0 };
        let or_ideal = |g: f64| if g > 0.0 { g } else { ideal };
        let (rows, columns, cells) = (self.rows, self.columns, &self.cells[..]);
        Mesh { rows, columns, cells, word: or_ideal(word), bit: or_ideal(bit), word_ends, bit_ends }
    }

    /// The error for a node that nothing reaches.
    pub(super) fn floating(&self, node: u32) -> CrossbarError {
        let cell = node as usize / 2;
        let (row, column) = (cell / self.columns, cell % self.columns);
        if node.is_multiple_of(2) { CrossbarError::FloatingWord(row) } else { CrossbarError::FloatingBit(column) }
    }

    /// Voltages and currents with the lines driven by `sources`.
    ///
    /// # Errors
    /// If a source is missing or not finite, or a line has no path to any source (but a floating word line whose transistors
    /// are off: nothing flows there, its voltage is NaN).
    pub fn solve(&self, sources: &Sources) -> Result<Solution, CrossbarError> {
        sources.check(self)?;
        let (m, n) = (self.rows, self.columns);
        let ground = (2 * m * n) as u32;
        let cut_off = |row: usize| self.off[row] && sources.word_lines[row].is_none();
        let tied = |tied: bool| if tied { ground } else { NONE };
        let word_ends = (0..m).map(|i| tied(sources.word_lines[i].is_some() || cut_off(i))).collect();
        let bit_ends = sources.bit_lines.iter().map(|v| tied(v.is_some())).collect();
        let mesh = self.mesh(word_ends, bit_ends);
        let factor = dissection::factorise(&mesh).map_err(|node| self.floating(node))?;
        let mut x = vec![0.0; 2 * m * n + 1];
        for (i, v) in sources.word_lines.iter().enumerate() {
            x[mesh.word_node(i, 0) as usize] += mesh.word * v.unwrap_or(0.0);
        }
        for (j, v) in sources.bit_lines.iter().enumerate() {
            x[mesh.bit_node(m - 1, j) as usize] += mesh.bit * v.unwrap_or(0.0);
        }
        factor.solve(&mut x);
        let (mut word, bit): (Vec<f64>, Vec<f64>) = x.as_chunks::<2>().0.iter().map(|[w, b]| (*w, *b)).unzip();
        let currents = (0..m * n).map(|at| self.current(&mesh, sources, (&word, &bit), at)).collect();
        (0..m).filter(|&i| cut_off(i)).for_each(|i| word[i * n..(i + 1) * n].fill(f64::NAN));
        Ok(self.currents(sources, word, bit, currents, factor.bytes()))
    }

    /// The current of a cell from the differences that keep most digits: over the cell, or, where it conducts far better than its wires,
    /// along the line of the greater resistance, whose node takes as much as it gives.
    fn current(&self, mesh: &Mesh, sources: &Sources, (word, bit): (&[f64], &[f64]), at: usize) -> f64 {
        let (g, row, column) = (self.cells[at], at / self.columns, at % self.columns);
        if g <= 2.0 * mesh.word.min(mesh.bit) {
            return g * (word[at] - bit[at]);
        }
        let (neighbours, middle, wire) = if mesh.word <= mesh.bit {
            let before = if column > 0 { Some(word[at - 1]) } else { sources.word_lines[row] };
            let after = word.get(at + 1).copied().filter(|_| column + 1 < self.columns);
            ([before, after], word[at], mesh.word)
        } else {
            let after = if row + 1 < self.rows { Some(bit[at + self.columns]) } else { sources.bit_lines[column] };
            let before = at.checked_sub(self.columns).map(|above| bit[above]);
            ([before, after], bit[at], -mesh.bit)
        };
        neighbours.into_iter().flatten().map(|volt| wire * (volt - middle)).sum()
    }

    /// Sums up the currents of the cells, line by line: Kirchhoff's law says what the sources and wires carry. (A difference of
    /// voltages along a wire would say the same with fewer digits.)
    fn currents(
        &self,
        sources: &Sources,
        word_voltages: Vec<f64>,
        bit_voltages: Vec<f64>,
        device_currents: Vec<f64>,
        bytes: usize,
    ) -> Solution {
        let (m, n) = (self.rows, self.columns);
        let (mut words, mut bits) = (vec![0.0; m], vec![0.0; n]);
        let (mut squares_word, mut squares_bit) = (0.0, 0.0);
        for (row, total) in device_currents.chunks_exact(n).zip(&mut words) {
            // Seen from the right, a segment carries what the cells beyond it take; from the left, on a floating line, the same.
            for (j, current) in row.iter().enumerate().rev() {
                *total += current;
                if j > 0 {
                    squares_word += *total * *total;
                }
            }
        }
        for row in device_currents.chunks_exact(n) {
            // What has come in above flows through the segment below.
            for (total, current) in bits.iter_mut().zip(row) {
                *total += current;
                squares_bit += *total * *total;
            }
        }
        // The last segments: to the source, if there is one.
        for (total, source) in words.iter_mut().zip(&sources.word_lines) {
            match source {
                Some(_) => squares_word += *total * *total,
                None => *total = 0.0,
            }
        }
        for (total, source) in bits.iter_mut().zip(&sources.bit_lines) {
            if source.is_none() {
                squares_bit -= *total * *total;
                *total = 0.0;
            }
        }
        let power_of = |sources: &[Option<f64>], currents: &[f64]| -> f64 {
            sources.iter().zip(currents).map(|(v, i)| v.unwrap_or(0.0) * i).sum()
        };
        let cells = self.cells.iter().zip(&device_currents);
        Solution {
            power: power_of(&sources.word_lines, &words) - power_of(&sources.bit_lines, &bits),
            power_cells: cells.map(|(g, i)| if *g > 0.0 { i * i / g } else { 0.0 }).sum(),
            power_wires: squares_word * self.word_line_resistance + squares_bit * self.bit_line_resistance,
            word_voltages,
            bit_voltages,
            device_currents,
            word_line_currents: words,
            bit_line_currents: bits,
            bytes,
        }
    }
}

impl Sources {
    /// Word lines at these voltages \[V\], all of `columns` bit lines grounded.
    pub fn reading(voltages: &[f64], columns: usize) -> Sources {
        Sources { word_lines: voltages.iter().copied().map(Some).collect(), bit_lines: vec![Some(0.0); columns] }
    }

    fn check(&self, array: &Array) -> Result<(), CrossbarError> {
        let counts = [
            ("voltages of word lines", self.word_lines.len(), array.rows),
            ("voltages of bit lines", self.bit_lines.len(), array.columns),
        ];
        for (what, found, expected) in counts {
            if found != expected {
                return Err(CrossbarError::Lines { what, found, expected });
            }
        }
        let bad = self.word_lines.iter().chain(&self.bit_lines).flatten().find(|v| !v.is_finite());
        bad.map_or(Ok(()), |&v| Err(CrossbarError::Voltage(v)))
    }
}
