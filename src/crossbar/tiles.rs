//! The cells of a projection in as many arrays as they need.

use rayon::prelude::*;

use super::{Array, CrossbarError, CrossbarSpec, Transfer};

/// A device at a crosspoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Its word line.
    pub row: u32,
    /// Its bit line.
    pub column: u32,
    /// Its conductance \[S\].
    pub g: f64,
}

/// What a projection's cells do in their arrays.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Of each cell: current into its bit line per volt on its word line \[S\].
    pub pairs: Vec<f64>,
    /// Of each word line: current from its sources per volt, over all arrays \[S\].
    pub supply: Vec<f64>,
}

/// Cells that lie in one array.
struct Tile {
    first: (usize, usize),
    size: (usize, usize),
    /// Their numbers.
    cells: Vec<u32>,
}

/// Word lines and bit lines of one array.
fn tile_size(spec: &CrossbarSpec, (rows, columns): (usize, usize)) -> (usize, usize) {
    (spec.rows.unwrap_or(rows).clamp(1, rows.max(1)), spec.columns.unwrap_or(columns).clamp(1, columns.max(1)))
}

/// The array in which a cell lies, by its place among them, then its lines.
fn place(cell: &Cell, (high, wide): (usize, usize)) -> (usize, usize, u32, u32) {
    (cell.row as usize / high, cell.column as usize / wide, cell.row, cell.column)
}

/// The numbers of the cells, array by array and line by line.
///
/// # Errors
/// If two cells lie at one crosspoint.
pub fn in_order(spec: &CrossbarSpec, size: (usize, usize), cells: &[Cell]) -> Result<Vec<u32>, CrossbarError> {
    let mut order: Vec<u32> = (0..cells.len() as u32).collect();
    let place = |at: u32| place(&cells[at as usize], tile_size(spec, size));
    order.sort_by_key(|&at| place(at));
    match order.windows(2).find(|pair| place(pair[0]) == place(pair[1])) {
        None => Ok(order),
        Some(pair) => {
            let Cell { row, column, .. } = cells[pair[0] as usize];
            Err(CrossbarError::Taken { row: row as usize, column: column as usize })
        }
    }
}

/// Solves the arrays of a projection with `rows` word lines and `columns` bit lines. On a thread of a rayon pool the arrays are
/// shared out over the pool, elsewhere they are solved one after the other; the result is the same.
///
/// # Errors
/// If two cells lie at one crosspoint, or an array is too large or can't be solved.
pub fn effect(spec: &CrossbarSpec, (rows, columns): (usize, usize), cells: &[Cell]) -> Result<Effect, CrossbarError> {
    let (high, wide) = tile_size(spec, (rows, columns));
    let place = |at: u32| place(&cells[at as usize], (high, wide));
    let tiles: Vec<Tile> = in_order(spec, (rows, columns), cells)?
        .chunk_by(|&a, &b| (place(a).0, place(a).1) == (place(b).0, place(b).1))
        .map(|cells| {
            let (down, right, ..) = place(cells[0]);
            let first = (down * high, right * wide);
            Tile { first, size: (high.min(rows - first.0), wide.min(columns - first.1)), cells: cells.to_vec() }
        })
        .collect();
    let solve = |tile: &Tile| tile.solve(spec, cells);
    let solved: Vec<Transfer> = if rayon::current_thread_index().is_some() {
        tiles.par_iter().map(solve).collect::<Result<_, _>>()?
    } else {
        tiles.iter().map(solve).collect::<Result<_, _>>()?
    };
    let mut effect = Effect { pairs: vec![0.0; cells.len()], supply: vec![0.0; rows] };
    for (tile, transfer) in tiles.iter().zip(solved) {
        for &at in &tile.cells {
            effect.pairs[at as usize] = transfer.pairs[tile.index(&cells[at as usize])];
        }
        effect.supply[tile.first.0..].iter_mut().zip(&transfer.supply).for_each(|(sum, g)| *sum += g);
    }
    Ok(effect)
}

impl Tile {
    fn index(&self, cell: &Cell) -> usize {
        (cell.row as usize - self.first.0) * self.size.1 + cell.column as usize - self.first.1
    }

    fn solve(&self, spec: &CrossbarSpec, cells: &[Cell]) -> Result<Transfer, CrossbarError> {
        let (rows, columns) = self.size;
        if rows.max(columns) > Array::LARGEST {
            return Err(CrossbarError::TooLarge { rows, columns });
        }
        let mut g = vec![if spec.filled { spec.levels.g_min } else { 0.0 }; rows * columns];
        self.cells.iter().for_each(|&at| g[self.index(&cells[at as usize])] = cells[at as usize].g);
        let (word, bit) = (spec.word_line_resistance, spec.bit_line_resistance);
        match spec.access_resistance {
            Some(access) => Ok(Transfer::row_by_row(self.size, &g, (word, bit, access))),
            None => Transfer::resistive(&Array::new(rows, columns, g, word, bit)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::MODEL;
    use super::*;

    fn spec(changes: &[(&str, f64)]) -> CrossbarSpec {
        let mut all: Vec<f64> = MODEL.params.iter().map(|p| p.default).collect();
        changes.iter().for_each(|(name, value)| all[MODEL.param(name).unwrap()] = *value);
        CrossbarSpec::new(&all, None).unwrap()
    }

    fn some_cells(rows: u32, columns: u32) -> Vec<Cell> {
        let all = (0..rows * columns).filter(|k| k % 3 != 1);
        all.map(|k| Cell { row: k / columns, column: k % columns, g: 1e-6 * f64::from(1 + k * 7 % 50) }).collect()
    }

    #[test]
    fn arrays_of_a_cut_projection_are_solved_each_alone() {
        let cells = some_cells(7, 5);
        let wires = [("word_line_resistance", 20.0), ("bit_line_resistance", 30.0)];
        let cut = spec(&[&wires[..], &[("rows", 4.0), ("columns", 3.0)]].concat());
        let found = effect(&cut, (7, 5), &cells).unwrap();
        let mut supply = vec![0.0; 7];
        for (r, c) in [(0, 0), (0, 3), (4, 0), (4, 3)] {
            let inside = |cell: &&Cell| cell.row / 4 * 4 == r && cell.column / 3 * 3 == c;
            let own: Vec<Cell> = cells
                .iter()
                .filter(inside)
                .map(|cell| Cell { row: cell.row - r, column: cell.column - c, ..*cell })
                .collect();
            let size = (4.min(7 - r) as usize, 3.min(5 - c) as usize);
            let alone = effect(&spec(&wires), size, &own).unwrap();
            let there = cells.iter().zip(&found.pairs).filter(|(cell, _)| inside(cell)).map(|(_, g)| *g);
            assert_eq!(there.collect::<Vec<_>>(), alone.pairs);
            alone.supply.iter().enumerate().for_each(|(i, g)| supply[r as usize + i] += g);
        }
        assert_eq!(found.supply, supply);
    }

    #[test]
    fn threads_and_the_order_of_cells_change_nothing() {
        let mut cells = some_cells(30, 40);
        let cut = spec(&[("word_line_resistance", 2.0), ("rows", 8.0), ("columns", 16.0), ("unconnected", 1.0)]);
        let alone = effect(&cut, (30, 40), &cells).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(pool.install(|| effect(&cut, (30, 40), &cells)).unwrap(), alone);
        cells.reverse();
        let mut turned = effect(&cut, (30, 40), &cells).unwrap();
        turned.pairs.reverse();
        assert_eq!(turned, alone);
    }

    #[test]
    fn two_cells_at_one_crosspoint_are_refused() {
        let mut cells = some_cells(3, 3);
        cells.push(Cell { g: 5e-6, ..cells[2] });
        assert!(effect(&spec(&[]), (3, 3), &cells).unwrap_err().to_string().contains("two synapses"));
    }
}
