//! What each word line adds to each bit line, for all pairs at once.
//!
//! With all lines tied to sources, an array is a network with one terminal per line. Eliminating everything else leaves the
//! conductances between terminals, and that between word line i and bit line j is the current into j per volt on i, all others
//! at 0 V. One elimination gives all pairs, in about three times the time of one solution; solving for each bit line, with the
//! factor at hand, takes as many sweeps over it as there are bit lines.

use super::mesh::Mesh;
use super::{Array, CrossbarError, dissection};

/// Currents per volt.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// Into bit line j per volt on word line i \[S\], row by row.
    pub pairs: Vec<f64>,
    /// From the source of word line i per volt on it \[S\]: what reading it takes, sneak paths into other word lines included.
    pub supply: Vec<f64>,
}

impl Transfer {
    /// Of a resistive array: word lines driven from 0 V, silent ones held there, bit lines sensed at 0 V. Such a network is linear:
    /// for word lines driven together the currents add.
    ///
    /// # Errors
    /// None that an array can cause whose lines all end in a source; kept for the caller's `?`.
    pub fn resistive(array: &Array) -> Result<Transfer, CrossbarError> {
        let (m, n) = (array.rows(), array.columns());
        let first = (2 * m * n) as u32;
        let terminal = |k: usize| first + k as u32;
        let mesh: Mesh<'_> = array.mesh((0..m).map(terminal).collect(), (m..m + n).map(terminal).collect());
        let made = dissection::reduce(&mesh).map_err(|node| array.floating(node))?;
        let (mut pairs, mut supply) = (vec![0.0; m * n], vec![0.0; m]);
        let count = made.nodes.len();
        for (a, &node) in made.nodes.iter().enumerate() {
            let i = (node - first) as usize;
            if i >= m {
                continue;
            }
            let row = &made.table[a * count..(a + 1) * count];
            // In order of terminals, so that the sum has one order.
            let mut to = vec![0.0; m + n];
            made.nodes.iter().zip(row).for_each(|(&node, &g)| to[(node - first) as usize] = g);
            supply[i] = to.iter().sum();
            pairs[i * n..(i + 1) * n].copy_from_slice(&to[m..]);
        }
        Ok(Transfer { pairs, supply })
    }

    /// Of an array with access transistors, `cells` being the devices alone \[S\]: each word line is read alone, with its own
    /// transistors on and all others off. Then a bit line is a plain wire from the cell to its end, and the row a ladder.
    /// Resistances \[ohm\] as in [`Array`].
    pub fn row_by_row(
        (rows, columns): (usize, usize),
        cells: &[f64],
        (word_line, bit_line, access): (f64, f64, f64),
    ) -> Transfer {
        let (mut pairs, mut supply) = (Vec::with_capacity(cells.len()), Vec::with_capacity(rows));
        let mut ahead = vec![0.0; columns];
        for (i, row) in cells.chunks_exact(columns).enumerate() {
            let below = (rows - i) as f64 * bit_line;
            let branch = |g: f64| if g > 0.0 { 1.0 / (1.0 / g + access + below) } else { 0.0 };
            // Conductance of all that hangs on the line from each cell on.
            let mut beyond = 0.0;
            for (to, &g) in ahead.iter_mut().zip(row).rev() {
                *to = branch(g) + beyond / (1.0 + word_line * beyond);
                beyond = *to;
            }
            supply.push(beyond / (1.0 + word_line * beyond));
            let mut v = 1.0;
            for (&ahead, &g) in ahead.iter().zip(row) {
                v /= 1.0 + word_line * ahead;
                pairs.push(branch(g) * v);
            }
        }
        Transfer { pairs, supply }
    }
}
