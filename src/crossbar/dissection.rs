//! Elimination by nested dissection (George, SIAM J. Numer. Anal. 10:345, 1973), front by front (Duff & Reid 1983).
//!
//! The order is known in closed form, since the network is always the same grid: a vertical cut needs the nodes of one column
//! of *word* lines only, for the bit line there hangs on them alone, and a horizontal cut those of one row of *bit* lines. So a
//! separator has half of the nodes that a two-layer grid has there, and the cost is that of a single-layer grid: about
//! 10 n^3 multiplications and 8 n^2 log2(n) numbers for n x n cells, where a banded order needs 4 n^4 and 4 n^3.

use crate::math::vector::Target;

use super::factor::Factor;
use super::front::{self, Scratch};
use super::mesh::Mesh;

/// Regions of at most as many nodes are eliminated in one front, of which most is empty.
const LEAF: usize = 32;

/// A span of rows and columns.
#[derive(Clone, Copy, Debug)]
struct Span {
    rows: (usize, usize),
    columns: (usize, usize),
}

impl Span {
    fn height(&self) -> usize {
        self.rows.1 - self.rows.0
    }

    fn width(&self) -> usize {
        self.columns.1 - self.columns.0
    }
}

/// Nodes that lie together: of word lines and of bit lines.
#[derive(Clone, Copy, Debug)]
struct Region {
    word: Span,
    bit: Span,
}

/// The cut that parts a region in two.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Along a column of word-line nodes.
    Vertical(usize),
    /// Along a row of bit-line nodes.
    Horizontal(usize),
}

impl Region {
    fn size(&self) -> usize {
        self.word.height() * self.word.width() + self.bit.height() * self.bit.width()
    }

    fn cut(&self) -> Option<Cut> {
        let width = self.word.width().max(self.bit.width());
        let height = self.word.height().max(self.bit.height());
        let (word, bit) = (self.word.height() * self.word.width() > 0, self.bit.height() * self.bit.width() > 0);
        let (wide, tall) = (word && self.word.width() > 1, bit && self.bit.height() > 1);
        if wide && (width >= height || !tall) {
            Some(Cut::Vertical(self.word.columns.0 + self.word.width() / 2))
        } else if tall {
            Some(Cut::Horizontal(self.bit.rows.0 + self.bit.height() / 2))
        } else {
            None
        }
    }

    /// The nodes of a cut, and what lies on either side: no conductance joins the two.
    fn part(&self, mesh: &Mesh<'_>, cut: Cut) -> (Vec<u32>, Region, Region) {
        let Region { word, bit } = *self;
        match cut {
            Cut::Vertical(c) => {
                let nodes = (word.rows.0..word.rows.1).map(|r| mesh.word_node(r, c)).collect();
                let own = (c + 1).clamp(bit.columns.0, bit.columns.1);
                let left = Region {
                    word: Span { columns: (word.columns.0, c), ..word },
                    bit: Span { columns: (bit.columns.0, own), ..bit },
                };
                let right = Region {
                    word: Span { columns: (c + 1, word.columns.1), ..word },
                    bit: Span { columns: (own, bit.columns.1), ..bit },
                };
                (nodes, left, right)
            }
            Cut::Horizontal(r) => {
                let nodes = (bit.columns.0..bit.columns.1).map(|c| mesh.bit_node(r, c)).collect();
                let own = (r + 1).clamp(word.rows.0, word.rows.1);
                let above = Region {
                    word: Span { rows: (word.rows.0, own), ..word },
                    bit: Span { rows: (bit.rows.0, r), ..bit },
                };
                let below = Region {
                    word: Span { rows: (own, word.rows.1), ..word },
                    bit: Span { rows: (r + 1, bit.rows.1), ..bit },
                };
                (nodes, above, below)
            }
        }
    }

    /// All nodes, in an order of nested dissection.
    fn order(&self, mesh: &Mesh<'_>, out: &mut Vec<u32>) {
        match self.cut().filter(|_| self.size() > 1) {
            Some(cut) => {
                let (nodes, first, second) = self.part(mesh, cut);
                first.order(mesh, out);
                second.order(mesh, out);
                out.extend(nodes);
            }
            None => {
                let word = &self.word;
                for r in word.rows.0..word.rows.1 {
                    out.extend((word.columns.0..word.columns.1).map(|c| mesh.word_node(r, c)));
                }
                let bit = &self.bit;
                for r in bit.rows.0..bit.rows.1 {
                    out.extend((bit.columns.0..bit.columns.1).map(|c| mesh.bit_node(r, c)));
                }
            }
        }
    }
}

/// What is left of a region once its nodes are gone: conductances between the nodes around it.
#[derive(Default)]
struct Rest {
    nodes: Vec<u32>,
    /// Where they start in the front, and how many nodes that had.
    first: usize,
    stride: usize,
    front: Vec<f64>,
}

/// What is left of the whole network: the conductances between its terminals.
#[derive(Debug)]
pub struct Terminals {
    /// Terminals, in the order of the table.
    pub nodes: Vec<u32>,
    /// Conductance between each pair \[S\]: symmetric, 0 on the diagonal.
    pub table: Vec<f64>,
}

/// An elimination at work.
struct Work<'a> {
    mesh: &'a Mesh<'a>,
    /// 1 + place of a node in the front at hand; 0 for the others.
    place: Vec<u32>,
    gone: Vec<bool>,
    /// Fronts that may be used again.
    pool: Vec<Vec<f64>>,
    scratch: Scratch,
    list: Vec<(usize, f64)>,
    sums: Vec<f64>,
    factor: Option<Factor>,
    target: Target,
}

/// Eliminates all nodes and keeps the factor.
///
/// # Errors
/// A node without a path to any terminal.
pub fn factorise(mesh: &Mesh<'_>) -> Result<Factor, u32> {
    let mut work = Work::new(mesh, Some(Factor::default()));
    work.all()?;
    Ok(work.factor.unwrap_or_default())
}

/// Eliminates all nodes and keeps what is left between the terminals.
///
/// # Errors
/// As [`factorise`].
pub fn reduce(mesh: &Mesh<'_>) -> Result<Terminals, u32> {
    let rest = Work::new(mesh, None).all()?;
    let n = rest.nodes.len();
    let mut table = vec![0.0; n * n];
    for j in 0..n {
        for i in j + 1..n {
            let g = rest.front[(rest.first + j) * rest.stride + rest.first + i];
            table[j * n + i] = g;
            table[i * n + j] = g;
        }
    }
    Ok(Terminals { nodes: rest.nodes, table })
}

impl<'a> Work<'a> {
    fn new(mesh: &'a Mesh<'a>, factor: Option<Factor>) -> Work<'a> {
        Work {
            mesh,
            place: vec![0; mesh.end()],
            gone: vec![false; mesh.end()],
            pool: Vec::new(),
            scratch: Scratch::default(),
            list: Vec::new(),
            sums: Vec::new(),
            factor,
            target: Target::best(),
        }
    }

    fn all(&mut self) -> Result<Rest, u32> {
        let span = Span { rows: (0, self.mesh.rows), columns: (0, self.mesh.columns) };
        self.region(Region { word: span, bit: span })
    }

    fn region(&mut self, region: Region) -> Result<Rest, u32> {
        let size = region.size();
        if size == 0 {
            return Ok(Rest::default());
        }
        match region.cut().filter(|_| size > LEAF) {
            None => {
                let mut nodes = Vec::new();
                region.order(self.mesh, &mut nodes);
                self.front(nodes, &[], true)
            }
            Some(cut) => {
                let (nodes, first, second) = region.part(self.mesh, cut);
                let rests = [self.region(first)?, self.region(second)?];
                let rest = self.front(nodes, &rests, false);
                self.pool.extend(rests.into_iter().map(|r| r.front).filter(|f| f.capacity() > 0));
                rest
            }
        }
    }

    /// Eliminates `nodes` (which are listed first) after all that `rests` stand for.
    fn front(&mut self, mut nodes: Vec<u32>, rests: &[Rest], leaf: bool) -> Result<Rest, u32> {
        let pivots = nodes.len();
        let (mesh, place, gone) = (self.mesh, &mut self.place, &self.gone);
        for (k, &node) in nodes.iter().enumerate() {
            place[node as usize] = k as u32 + 1;
        }
        for k in 0..pivots {
            mesh.neighbours(nodes[k], |other, _| {
                if !gone[other as usize] && place[other as usize] == 0 {
                    nodes.push(other);
                    place[other as usize] = nodes.len() as u32;
                }
            });
        }
        for &other in rests.iter().flat_map(|rest| &rest.nodes) {
            if place[other as usize] == 0 {
                nodes.push(other);
                place[other as usize] = nodes.len() as u32;
            }
        }
        let n = nodes.len();
        let mut f = self.pool.pop().unwrap_or_default();
        f.clear();
        f.resize(n * n, 0.0);
        for (k, &node) in nodes.iter().enumerate().take(pivots) {
            mesh.neighbours(node, |other, g| {
                let at = place[other as usize] as usize;
                if at > k + 1 && !gone[other as usize] {
                    f[n * k + at - 1] += g;
                }
            });
        }
        for rest in rests {
            add(rest, place, &mut f, n);
        }
        let made = if leaf {
            front::eliminate_sparse(&mut f, n, pivots, &mut self.sums, &mut self.list)
        } else {
            front::eliminate(self.target, &mut f, n, pivots, &mut self.sums, &mut self.scratch)
        };
        made.map_err(|k| nodes[k])?;
        for (k, &node) in nodes.iter().enumerate() {
            self.place[node as usize] = 0;
            self.gone[node as usize] |= k < pivots;
        }
        if let Some(factor) = &mut self.factor {
            if leaf {
                factor.push_sparse(&nodes, &f, &self.sums);
            } else {
                factor.push(&nodes, &f, &self.sums);
            }
        }
        nodes.drain(..pivots);
        Ok(Rest { nodes, first: pivots, stride: n, front: f })
    }
}

/// Adds the conductances of `rest` to a front.
fn add(rest: &Rest, place: &[u32], f: &mut [f64], n: usize) {
    let places: Vec<usize> = rest.nodes.iter().map(|&node| place[node as usize] as usize - 1).collect();
    for (j, &to) in places.iter().enumerate() {
        let column = &rest.front[(rest.first + j) * rest.stride + rest.first..][..places.len()];
        for (&at, g) in places[j + 1..].iter().zip(&column[j + 1..]) {
            let (low, high) = if at < to { (at, to) } else { (to, at) };
            f[n * low + high] += g;
        }
    }
}
