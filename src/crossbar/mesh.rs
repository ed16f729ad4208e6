//! The network of an array: nodes, the conductances between them, and where it is tied down.

/// No terminal: the line floats.
pub const NONE: u32 = u32::MAX;

/// A two-layer grid. Node `2 (i columns + j)` is where word line i passes cell (i, j), the next one where bit line j does.
/// Terminals follow: nodes of given voltage, which are never eliminated.
#[derive(Clone, Debug)]
pub struct Mesh<'a> {
    /// Word lines.
    pub rows: usize,
    /// Bit lines.
    pub columns: usize,
    /// Conductance of each crosspoint \[S\], row by row; 0 where it is open.
    pub cells: &'a [f64],
    /// Conductance of a segment of a word line \[S\].
    pub word: f64,
    /// Conductance of a segment of a bit line \[S\].
    pub bit: f64,
    /// The terminal at the left end of each word line, or [`NONE`].
    pub word_ends: Vec<u32>,
    /// The terminal at the lower end of each bit line, or [`NONE`].
    pub bit_ends: Vec<u32>,
}

impl Mesh<'_> {
    /// Number of nodes that are not terminals.
    pub fn nodes(&self) -> usize {
        2 * self.rows * self.columns
    }

    /// One more than the last terminal.
    pub fn end(&self) -> usize {
        let all = self.word_ends.iter().chain(&self.bit_ends).filter(|&&t| t != NONE);
        all.max().map_or(self.nodes(), |&t| t as usize + 1).max(self.nodes())
    }

    /// The node of the word line at a cell.
    #[inline]
    pub fn word_node(&self, row: usize, column: usize) -> u32 {
        (2 * (row * self.columns + column)) as u32
    }

    /// The node of the bit line at a cell.
    #[inline]
    pub fn bit_node(&self, row: usize, column: usize) -> u32 {
        self.word_node(row, column) + 1
    }

    /// Calls `each(neighbour, conductance)` for all that a node is joined to.
    #[inline]
    pub fn neighbours(&self, node: u32, mut each: impl FnMut(u32, f64)) {
        let cell = node as usize / 2;
        let (row, column) = (cell / self.columns, cell % self.columns);
        let g = self.cells[cell];
        if g != 0.0 {
            each(node ^ 1, g);
        }
        if node & 1 == 0 {
            match column {
                0 if self.word_ends[row] != NONE => each(self.word_ends[row], self.word),
                0 => {}
                _ => each(node - 2, self.word),
            }
            if column + 1 < self.columns {
                each(node + 2, self.word);
            }
        } else {
            let step = 2 * self.columns as u32;
            if row > 0 {
                each(node - step, self.bit);
            }
            match row + 1 == self.rows {
                true if self.bit_ends[column] != NONE => each(self.bit_ends[column], self.bit),
                true => {}
                false => each(node + step, self.bit),
            }
        }
    }
}
