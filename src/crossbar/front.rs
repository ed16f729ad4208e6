//! Dense elimination of the first nodes of a front: star-mesh transforms, without a subtraction.
//!
//! A front is a small network of conductances between its nodes, of which the first few are eliminated. A node k with
//! the conductances c_i to its remaining neighbours goes away when each pair (i, j) of them gets c_i c_j / d more, with
//! d = sum of c. All terms are positive, so every conductance keeps its relative accuracy (a few units in the last place for each step),
//! however far apart the resistances are: Cholesky's factorisation of the nodal matrix, but with the diagonal as a sum of what
//! leaves the node, which nothing cancels. The scheme is that of Grassmann, Taksar & Heyman, Oper. Res. 33:1107 (1985).
//!
//! Only the part below the diagonal is used. What a node has left over to ground or a source is its conductance to a node
//! that is never eliminated.

use crate::math::vector::{Kernel, Target};

/// Columns that are eliminated before the rest of the front hears of them.
const PANEL: usize = 32;
/// Columns that are added at a time: each number that is loaded and stored takes in so many products.
const DEEP: usize = 8;
/// Rows that are worked on at a time: the panel's columns there stay in the nearest cache.
const ROWS: usize = 128;
/// Smaller fronts are eliminated node by node.
const SMALL: usize = 48;

/// Room for a panel's columns, used again and again.
#[derive(Default)]
pub struct Scratch {
    raw: Vec<f64>,
}

/// Eliminates the first `pivots` of `n` nodes. `f` holds conductances, column by column; afterwards its first columns
/// hold c_i / d of each eliminated node, the others the conductances of what is left, and `sums` has d of each.
///
/// # Errors
/// The first node that has no neighbour left: it floats.
pub fn eliminate(
    target: Target,
    f: &mut [f64],
    n: usize,
    pivots: usize,
    sums: &mut Vec<f64>,
    scratch: &mut Scratch,
) -> Result<(), usize> {
    sums.clear();
    target.run(Dense { f, n, pivots, sums, scratch })
}

/// As [`eliminate`], for fronts that are mostly empty.
///
/// # Errors
/// As [`eliminate`].
pub fn eliminate_sparse(
    f: &mut [f64],
    n: usize,
    pivots: usize,
    sums: &mut Vec<f64>,
    list: &mut Vec<(usize, f64)>,
) -> Result<(), usize> {
    sums.clear();
    for k in 0..pivots {
        let column = &mut f[n * k..n * (k + 1)];
        list.clear();
        list.extend(column.iter().copied().enumerate().skip(k + 1).filter(|&(_, c)| c != 0.0));
        let d: f64 = list.iter().map(|&(_, c)| c).sum();
        if d == 0.0 {
            return Err(k);
        }
        sums.push(d);
        list.iter().for_each(|&(i, c)| column[i] = c / d);
        for (at, &(j, c)) in list.iter().enumerate() {
            let ratio = c / d;
            let column = &mut f[n * j..n * (j + 1)];
            list[at + 1..].iter().for_each(|&(i, c)| column[i] += c * ratio);
        }
    }
    Ok(())
}

struct Dense<'a> {
    f: &'a mut [f64],
    n: usize,
    pivots: usize,
    sums: &'a mut Vec<f64>,
    scratch: &'a mut Scratch,
}

impl Kernel for Dense<'_> {
    type Output = Result<(), usize>;

    #[inline(always)]
    fn run(self) -> Result<(), usize> {
        let Dense { f, n, pivots, sums, scratch } = self;
        if n < SMALL {
            return node_by_node(f, n, pivots, sums);
        }
        let mut from = 0;
        while from < pivots {
            let to = (from + PANEL).min(pivots);
            panel(f, n, from..to, sums, &mut scratch.raw)?;
            update(f, n, from..to, &scratch.raw);
            from = to;
        }
        Ok(())
    }
}

#[inline(always)]
fn node_by_node(f: &mut [f64], n: usize, pivots: usize, sums: &mut Vec<f64>) -> Result<(), usize> {
    let mut raw = [0.0; SMALL];
    for k in 0..pivots {
        let (head, tail) = f.split_at_mut(n * (k + 1));
        let column = &mut head[n * k..];
        raw[..n].copy_from_slice(column);
        let d = sum(&column[k + 1..]);
        if d == 0.0 {
            return Err(k);
        }
        sums.push(d);
        for c in &mut column[k + 1..] {
            *c /= d;
        }
        for (j, to) in tail.chunks_exact_mut(n).enumerate().map(|(j, to)| (j + k + 1, to)) {
            let ratio = column[j];
            let (to, from) = (&mut to[j + 1..n], &raw[j + 1..n]);
            for i in 0..to.len() {
                to[i] += from[i] * ratio;
            }
        }
    }
    Ok(())
}

/// Eliminates the nodes of a panel within its own columns; `raw` keeps the columns before they were divided.
#[inline(always)]
fn panel(
    f: &mut [f64],
    n: usize,
    nodes: std::ops::Range<usize>,
    sums: &mut Vec<f64>,
    raw: &mut Vec<f64>,
) -> Result<(), usize> {
    raw.resize(n * PANEL, 0.0);
    for k in nodes.clone() {
        let (head, tail) = f.split_at_mut(n * k);
        let column = &mut tail[k + 1..n];
        take(column, head, n, nodes.start..k, k, raw, k + 1);
        let d = sum(column);
        if d == 0.0 {
            return Err(k);
        }
        sums.push(d);
        raw[n * (k - nodes.start)..][k + 1..n].copy_from_slice(column);
        for c in column.iter_mut() {
            *c /= d;
        }
    }
    Ok(())
}

/// Adds what the panel brings to all columns after it. Each sum runs over the panel in order, whatever the registers' width.
#[inline(always)]
fn update(f: &mut [f64], n: usize, nodes: std::ops::Range<usize>, raw: &[f64]) {
    let (head, tail) = f.split_at_mut(n * nodes.end);
    let first = nodes.end;
    let mut from = first;
    while from < n {
        let to = (from + ROWS).min(n);
        for (column, j) in tail.chunks_exact_mut(n).zip(first..to) {
            let begin = from.max(j + 1);
            if begin >= to {
                continue;
            }
            take(&mut column[begin..to], head, n, nodes.clone(), j, raw, begin);
        }
        from = to;
    }
}

/// Adds to (part of) column `j`, from row `begin` on, what the eliminated `nodes` of a panel bring, one after the other: plain loops,
/// for closures would not be compiled for wider registers.
#[inline(always)]
fn take(to: &mut [f64], head: &[f64], n: usize, nodes: std::ops::Range<usize>, j: usize, raw: &[f64], begin: usize) {
    let rows = to.len();
    let (mut t, mut at) = (nodes.start, begin);
    while t + DEEP <= nodes.end {
        let mut from = [&raw[..0]; DEEP];
        let mut ratio = [0.0; DEEP];
        for i in 0..DEEP {
            from[i] = &raw[at + n * i..at + n * i + rows];
            ratio[i] = head[n * (t + i) + j];
        }
        let [a, b, c, d, e, f, g, h] = from;
        for i in 0..rows {
            let sum = to[i] + a[i] * ratio[0] + b[i] * ratio[1] + c[i] * ratio[2] + d[i] * ratio[3];
            to[i] = sum + e[i] * ratio[4] + f[i] * ratio[5] + g[i] * ratio[6] + h[i] * ratio[7];
        }
        (t, at) = (t + DEEP, at + n * DEEP);
    }
    while t < nodes.end {
        let (ratio, from) = (head[n * t + j], &raw[at..at + rows]);
        for i in 0..rows {
            to[i] += from[i] * ratio;
        }
        (t, at) = (t + 1, at + n);
    }
}

/// The sum, in an order that does not depend on the registers' width.
#[inline(always)]
fn sum(x: &[f64]) -> f64 {
    let (chunks, rest) = x.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += x;
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, x| sum + x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positive conductances between all nodes, some of them 0.
    fn network(n: usize) -> Vec<f64> {
        let mut word = 1u64;
        let mut next = || {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f64::from((word >> 40) as u32) / f64::from(1u32 << 24)
        };
        (0..n * n).map(|_| if next() < 0.3 { 0.0 } else { next() }).collect()
    }

    fn reference(f: &[f64], n: usize, pivots: usize) -> (Vec<f64>, Vec<f64>) {
        let (mut f, mut sums) = (f.to_vec(), Vec::new());
        eliminate_sparse(&mut f, n, pivots, &mut sums, &mut Vec::new()).unwrap();
        (f, sums)
    }

    #[test]
    fn panels_give_what_node_by_node_gives() {
        for (n, pivots) in [(1, 0), (2, 1), (20, 7), (47, 46), (48, 20), (90, 33), (131, 64), (200, 199)] {
            let f = network(n);
            let (expected, d) = reference(&f, n, pivots);
            for target in Target::available() {
                let (mut found, mut sums) = (f.clone(), Vec::new());
                eliminate(target, &mut found, n, pivots, &mut sums, &mut Scratch::default()).unwrap();
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-13 * b.abs();
                assert!(sums.iter().zip(&d).all(|(a, b)| close(*a, *b)), "{n} {pivots}");
                for j in 0..n {
                    assert!((j + 1..n).all(|i| close(found[n * j + i], expected[n * j + i])), "{n} {pivots} {j}");
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let (n, pivots) = (173, 101);
        let run = |target| {
            let (mut f, mut sums) = (network(n), Vec::new());
            eliminate(target, &mut f, n, pivots, &mut sums, &mut Scratch::default()).unwrap();
            (0..n).flat_map(|j| f[n * j + j + 1..n * (j + 1)].to_vec()).map(f64::to_bits).collect::<Vec<_>>()
        };
        let all: Vec<_> = Target::available().into_iter().map(run).collect();
        assert!(all.iter().all(|bits| *bits == all[0]));
    }

    #[test]
    fn a_node_without_a_neighbour_is_named() {
        let mut f = network(60);
        (0..60).for_each(|j| f[60 * j + 50] = 0.0);
        f[60 * 50..60 * 51].fill(0.0);
        let found = eliminate(Target::best(), &mut f, 60, 55, &mut Vec::new(), &mut Scratch::default());
        assert_eq!(found, Err(50));
    }
}
