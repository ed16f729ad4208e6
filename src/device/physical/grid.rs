//! What pairs of spikes do to any device, tabulated over their distance and the state: rectangles, halved where the table does not follow
//! the solver.
//!
//! A device with a threshold of current or field switches as a whole once that is passed, so its change jumps along curves of
//! distance and state. A rectangle that still holds a part of such a curve when it is as small as allowed is not interpolated: the pairs
//! that fall into it, a few in a thousand, are solved one by one. Elsewhere the change is bilinear between the corners, which keeps
//! the order of states.
//!
//! A rectangle is looked at in thirteen places. What lies between them is found by its neighbours, for such a curve has no end within:
//! where one rectangle is far smaller than the next, the next is halved too. And a tree that seems finished is sampled anew.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::pairs::{Pairs, edges};
use super::solve::FromBounds;
use super::waveform::Side;

/// How often each side of a rectangle may be halved.
const DEPTH: u32 = 10;
/// The same for what one spike alone does, which has one side: two such spikes in a row may spread what the first is wrong by.
const DEPTH_ALONE: u32 = 17;
/// How often it is halved in any case, over the distance and over the state: next to a bound, where nothing changes, and a threshold,
/// beyond which nothing does, there is a narrow strip where something does.
const FIRST: (u32, u32) = (3, 5);
/// Corners, middles and probes lie on eighths of the smallest rectangle.
const SIDE: u32 = 1 << (DEPTH_ALONE + 3);
/// Solutions for a stretch of distances, about at most; what is left open then is solved pair by pair.
const MOST: usize = 12_000;
/// How many halvings more the neighbour of a rectangle may have, if it is one where the change jumps, and if not.
const GRADES: [u32; 2] = [1, 3];
/// Rounds of samples of a finished tree, and distances and states of each.
const ROUNDS: usize = 3;
const SAMPLES: (usize, usize) = (150, 6);
/// Error of a step of the solver for the table, relative to the range of the state.
const SOLVER: f64 = 1e-6;
/// What the table may be wrong by at the places that are looked at, relative to the tolerance: between them it is wrong by more.
const AIM: f64 = 0.2;
/// The same for one spike alone, relative to that.
const AIM_ALONE: f64 = 0.03;
/// How much more than at middles it may be at places that the next halves do not look at again.
const PROBE: f64 = 1.5;
/// Distances keep off the ends of their stretch by this share of it, for there the change may jump.
const WITHIN: f64 = 1e-9;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Node {
    /// Bilinear between these corners.
    Smooth(u32),
    /// Solved pair by pair; the corners say between what it jumps.
    Steep(u32),
    /// Halved over the distance: the first of both halves.
    Distance(u32),
    /// Halved over the state.
    State(u32),
}

/// Changes over a stretch of distances and all states.
#[derive(Clone, Debug, PartialEq)]
struct Tree {
    start: f64,
    per_length: f64,
    /// The root is the first.
    nodes: Vec<Node>,
    /// Changes of the state, relative to its range, at (distance, state): (low, low), (low, high), (high, low), (high, high).
    corners: Vec<[f64; 4]>,
    /// The share that is solved pair by pair.
    steep: f64,
    /// The largest change that was seen \[S\].
    largest: f64,
}

fn bilinear([a, b, c, d]: &[f64; 4], t: f64, u: f64) -> f64 {
    let (low, high) = (a + u * (b - a), c + u * (d - c));
    low + t * (high - low)
}

impl Tree {
    /// The rectangle at a distance and a state, and the place in it.
    #[inline]
    fn find(&self, dt: f64, u: f64) -> (Node, f64, f64) {
        let (mut t, mut u) = (((dt - self.start) * self.per_length).clamp(0.0, 1.0), u.clamp(0.0, 1.0));
        let half = |x: &mut f64| {
            let second = *x >= 0.5;
            *x = if second { 2.0 * *x - 1.0 } else { 2.0 * *x };
            usize::from(second)
        };
        let mut node = self.nodes[0];
        loop {
            node = match node {
                Node::Distance(first) => self.nodes[first as usize + half(&mut t)],
                Node::State(first) => self.nodes[first as usize + half(&mut u)],
                Node::Smooth(_) | Node::Steep(_) => return (node, t, u),
            };
        }
    }

    /// The change of the state; none where it has to be solved.
    #[inline]
    fn change(&self, dt: f64, u: f64) -> Option<f64> {
        let (node, t, u) = self.find(dt, u);
        let Node::Smooth(place) = node else { return None };
        Some(bilinear(&self.corners[place as usize], t, u))
    }

    /// The state after a change that need not be solved, coarse where the change jumps.
    fn after(&self, u: f64) -> f64 {
        let (Node::Smooth(place) | Node::Steep(place), t, within) = self.find(0.0, u) else { return u };
        u + bilinear(&self.corners[place as usize], t, within)
    }

    fn bytes(&self) -> usize {
        size_of_val(&self.nodes[..]) + size_of_val(&self.corners[..])
    }
}

/// A rectangle on the lattice of [`SIDE`] steps each way: its lower corner, and how often its sides were halved.
#[derive(Clone, Copy, Debug)]
struct Cell {
    at: (u32, u32),
    halved: (u32, u32),
}

impl Cell {
    /// The point of the lattice at eighths of both sides.
    fn point(&self, t: u32, u: u32) -> (u32, u32) {
        (self.at.0 + (SIDE >> self.halved.0) / 8 * t, self.at.1 + (SIDE >> self.halved.1) / 8 * u)
    }

    /// Points off the middles.
    const PROBES: [(u32, u32); 4] = [(1, 7), (3, 5), (5, 3), (7, 1)];

    fn halves(&self, over_distance: bool) -> [Cell; 2] {
        let (mut halved, mut second) = (self.halved, self.point(0, 0));
        if over_distance {
            halved.0 += 1;
            second.0 += SIDE >> halved.0;
        } else {
            halved.1 += 1;
            second.1 += SIDE >> halved.1;
        }
        [Cell { at: self.at, halved }, Cell { at: second, halved }]
    }
}

/// A rectangle that is not halved.
#[derive(Clone, Copy, Debug)]
struct Leaf {
    node: usize,
    cell: Cell,
    smooth: bool,
}

/// Nodes of a tree while it is made; those without halves name their leaf.
struct Made {
    nodes: Vec<Node>,
    /// None where a leaf was halved later.
    leaves: Vec<Option<Leaf>>,
    root: Cell,
}

impl Made {
    fn keep(&mut self, node: usize, cell: Cell, smooth: bool) {
        let place = self.leaves.len() as u32;
        self.nodes[node] = if smooth { Node::Smooth(place) } else { Node::Steep(place) };
        self.leaves.push(Some(Leaf { node, cell, smooth }));
    }

    /// Halves a rectangle: both halves with their nodes.
    fn halve(&mut self, node: usize, cell: &Cell, over_distance: bool) -> [(usize, Cell); 2] {
        let place = self.nodes.len();
        self.nodes[node] = if over_distance { Node::Distance(place as u32) } else { Node::State(place as u32) };
        self.nodes.extend([Node::Steep(0); 2]);
        let [first, second] = cell.halves(over_distance);
        [(place, first), (place + 1, second)]
    }

    /// Halves leaves; what that leaves open.
    fn halve_leaves(&mut self, which: &BTreeMap<usize, bool>) -> Vec<(usize, Cell)> {
        let mut open = Vec::new();
        for (&leaf, &over_distance) in which {
            if let Some(Leaf { node, cell, .. }) = self.leaves[leaf].take() {
                open.extend(self.halve(node, &cell, over_distance));
            }
        }
        open
    }

    /// The leaf that holds a point of the lattice.
    fn leaf_at(&self, (i, j): (u32, u32)) -> usize {
        let (mut node, mut cell) = (0, self.root);
        loop {
            let (first, over_distance) = match self.nodes[node] {
                Node::Distance(first) => (first, true),
                Node::State(first) => (first, false),
                Node::Smooth(leaf) | Node::Steep(leaf) => return leaf as usize,
            };
            let halves = cell.halves(over_distance);
            let second = if over_distance { i >= halves[1].at.0 } else { j >= halves[1].at.1 };
            node = first as usize + usize::from(second);
            cell = halves[usize::from(second)];
        }
    }

    /// Leaves that are far larger than one beside them, and over which side to halve each.
    fn unbalanced(&self, flat: bool) -> BTreeMap<usize, bool> {
        let mut which = BTreeMap::new();
        for leaf in self.leaves.iter().flatten() {
            let (cell, grade) = (&leaf.cell, GRADES[usize::from(leaf.smooth)]);
            let (middle, beyond) = (cell.point(4, 4), cell.point(8, 8));
            let beside = [
                (cell.at.0.wrapping_sub(1), middle.1),
                (beyond.0, middle.1),
                (middle.0, cell.at.1.wrapping_sub(1)),
                (middle.0, beyond.1),
            ];
            for (k, &point) in beside.iter().enumerate() {
                if point.0 >= SIDE || point.1 >= SIDE || (flat && k < 2) {
                    continue;
                }
                let place = self.leaf_at(point);
                let Some(Leaf { cell: other, smooth: true, .. }) = &self.leaves[place] else { continue };
                // The side that both share, then the other one.
                let along = if k < 2 { 1 } else { 0 };
                let (mine, its) = ([cell.halved.0, cell.halved.1], [other.halved.0, other.halved.1]);
                if !flat && its[along] + grade < mine[along] {
                    which.entry(place).or_insert(along == 0);
                } else if its[1 - along] + grade + 1 < mine[1 - along] {
                    which.entry(place).or_insert(along == 1);
                }
            }
        }
        which
    }
}

/// A tree that is being made.
struct Maker<'a, S> {
    pairs: &'a Pairs<'a>,
    /// The changes at a distance from several states.
    solve: S,
    start: f64,
    length: f64,
    /// One spike alone has no distance: the changes are the same at all.
    flat: bool,
    /// \[S\]
    aim: f64,
    /// Changes by their place on the lattice.
    known: HashMap<(u32, u32), f64>,
    /// What was solved from bounds, by the place of the distance.
    from_bounds: HashMap<u32, FromBounds>,
}

impl<'a, S: Fn(f64, &[f64], &mut FromBounds) -> Vec<f64> + Sync> Maker<'a, S> {
    /// A tree over a stretch of distances.
    fn new(pairs: &'a Pairs<'a>, solve: S, (start, length): (f64, f64), flat: bool, aim: f64) -> Maker<'a, S> {
        let (known, from_bounds) = (HashMap::new(), HashMap::new());
        Maker { pairs, solve, start, length, flat, aim, known, from_bounds }
    }

    fn state(j: u32) -> f64 {
        f64::from(j) / f64::from(SIDE)
    }

    /// Where on the lattice the change at a point is kept.
    fn place(&self, (i, j): (u32, u32)) -> (u32, u32) {
        (if self.flat { 0 } else { i }, j)
    }

    /// The change at a point that is known.
    fn at(&self, point: (u32, u32)) -> f64 {
        self.known[&self.place(point)]
    }

    /// Solves what is not known yet of these points.
    fn know(&mut self, points: Vec<(u32, u32)>) {
        let places = points.into_iter().map(|p| self.place(p));
        let mut new: Vec<(u32, u32)> = places.filter(|p| !self.known.contains_key(p)).collect();
        new.sort_unstable();
        new.dedup();
        let at_one_distance: Vec<&[(u32, u32)]> = new.chunk_by(|a, b| a.0 == b.0).collect();
        let solved: Vec<(Vec<f64>, FromBounds)> = at_one_distance
            .par_iter()
            .map(|points| {
                let share = (f64::from(points[0].0) / f64::from(SIDE)).clamp(WITHIN, 1.0 - WITHIN);
                let us: Vec<f64> = points.iter().map(|p| Self::state(p.1)).collect();
                let mut from_bounds = self.from_bounds.get(&points[0].0).cloned().unwrap_or_default();
                ((self.solve)(self.start + self.length * share, &us, &mut from_bounds), from_bounds)
            })
            .collect();
        for (points, (changes, from_bounds)) in at_one_distance.into_iter().zip(solved) {
            self.from_bounds.insert(points[0].0, from_bounds);
            self.known.extend(points.iter().copied().zip(changes));
        }
    }

    fn corners(&self, cell: &Cell) -> [f64; 4] {
        [(0, 0), (0, 8), (8, 0), (8, 8)].map(|(t, u)| self.at(cell.point(t, u)))
    }

    /// How wrong the rectangle is at a place that is known \[S\].
    fn off(&self, cell: &Cell, (t, u): (u32, u32)) -> f64 {
        let point = cell.point(t, u);
        let from = Self::state(point.1);
        let found = bilinear(&self.corners(cell), f64::from(t) / 8.0, f64::from(u) / 8.0);
        (self.pairs.siemens(from + found) - self.pairs.siemens(from + self.at(point))).abs()
    }

    /// Which side to halve where the rectangle is wrong; none where it is right.
    fn wrong(&self, cell: &Cell) -> Option<bool> {
        let over_distance = [(4, 0), (4, 8)].map(|p| self.off(cell, p));
        let over_state = [(0, 4), (8, 4)].map(|p| self.off(cell, p));
        let (t, u) = (over_distance[0].max(over_distance[1]), over_state[0].max(over_state[1]));
        (t.max(u).max(self.off(cell, (4, 4))) > self.aim).then_some(t > u || (t == u && cell.halved.0 <= cell.halved.1))
    }

    /// Halves rectangles level by level until they are right, small, or too many.
    fn refine(&mut self, made: &mut Made, mut open: Vec<(usize, Cell)>) {
        let depth = if self.flat { DEPTH_ALONE } else { DEPTH };
        while !open.is_empty() {
            let lattice = |cell: &Cell| [0, 4, 8].map(|t| [0, 4, 8].map(|u| cell.point(t, u)));
            self.know(open.iter().flat_map(|(_, cell)| lattice(cell)).flatten().collect());
            let mut wrong: Vec<Option<bool>> = open.iter().map(|(_, cell)| self.wrong(cell)).collect();
            let right: Vec<usize> = (0..open.len()).filter(|&k| wrong[k].is_none()).collect();
            let probes = |k: usize| Cell::PROBES.map(|(t, u)| open[k].1.point(t, u));
            self.know(right.iter().flat_map(|&k| probes(k)).collect());
            for k in right {
                let cell = &open[k].1;
                if Cell::PROBES.into_iter().any(|p| self.off(cell, p) > PROBE * self.aim) {
                    wrong[k] = Some(!self.flat && cell.halved.0 <= cell.halved.1);
                }
            }
            let enough = self.known.len() > MOST;
            let mut next = Vec::new();
            for ((node, cell), wrong) in open.into_iter().zip(wrong) {
                let coarse = [cell.halved.0 < FIRST.0 && !self.flat, cell.halved.1 < FIRST.1];
                let done = [cell.halved.0 >= DEPTH || self.flat, cell.halved.1 >= depth];
                let over_distance = match wrong {
                    _ if coarse[0] => true,
                    _ if coarse[1] => false,
                    None => {
                        made.keep(node, cell, true);
                        continue;
                    }
                    Some(_) if enough || done == [true; 2] => {
                        made.keep(node, cell, false);
                        continue;
                    }
                    Some(over_distance) => (over_distance && !done[0]) || done[1],
                };
                next.extend(made.halve(node, &cell, over_distance));
            }
            open = next;
        }
    }

    /// Leaves that samples show to be wrong, and over which side to halve each.
    fn missed(&self, made: &Made, round: usize) -> BTreeMap<usize, bool> {
        let spread = |k: usize, step: f64| (0.5 + k as f64 * step).fract();
        let (distances, states) = if self.flat { (1, SAMPLES.0 * SAMPLES.1) } else { SAMPLES };
        let one = |k: usize| -> Vec<(usize, bool)> {
            let number = round * distances + k;
            let t = spread(number, 0.754_877_666_246_692_8);
            let us: Vec<f64> = (0..states).map(|i| spread(number * states + i, 0.569_840_290_998_053_2)).collect();
            // As many near each end as anywhere else.
            let bent = |(i, u): (usize, f64)| match i % 3 {
                0 => u * u * u,
                1 => 1.0 - u * u * u,
                _ => u,
            };
            let us: Vec<f64> = us.into_iter().enumerate().map(bent).collect();
            let changes = (self.solve)(self.start + self.length * t, &us, &mut FromBounds::default());
            let wrong = |(u, change): (&f64, f64)| {
                let at = |share: f64| share * f64::from(SIDE);
                let place = made.leaf_at((if self.flat { 0 } else { at(t) as u32 }, (at(*u) as u32).min(SIDE - 1)));
                let Some(Leaf { cell, smooth: true, .. }) = &made.leaves[place] else { return None };
                let within = |at: f64, from: u32, halved: u32| (at - f64::from(from)) / f64::from(SIDE >> halved);
                let local = (within(at(t), cell.at.0, cell.halved.0), within(at(*u), cell.at.1, cell.halved.1));
                let found = bilinear(&self.corners(cell), if self.flat { 0.0 } else { local.0 }, local.1);
                let off = (self.pairs.siemens(u + found) - self.pairs.siemens(u + change)).abs();
                (off > 2.0 * PROBE * self.aim).then_some((place, !self.flat && cell.halved.0 <= cell.halved.1))
            };
            us.iter().zip(changes).filter_map(wrong).collect()
        };
        (0..distances).into_par_iter().flat_map_iter(one).collect()
    }

    fn tree(mut self) -> Tree {
        let first = if self.flat { DEPTH_ALONE } else { 0 };
        let root = Cell { at: (0, 0), halved: (first, 0) };
        let mut made = Made { nodes: vec![Node::Steep(0)], leaves: Vec::new(), root };
        let (mut open, mut round) = (vec![(0, root)], 0);
        while !open.is_empty() {
            self.refine(&mut made, open);
            if self.known.len() > MOST {
                break;
            }
            let mut which = made.unbalanced(self.flat);
            while which.is_empty() && round < ROUNDS {
                which = self.missed(&made, round);
                round += 1;
            }
            open = made.halve_leaves(&which);
        }
        self.finished(made)
    }

    fn finished(&self, made: Made) -> Tree {
        let Made { mut nodes, leaves, root } = made;
        let (mut corners, mut steep) = (Vec::new(), 0.0);
        for Leaf { node, cell, smooth } in leaves.into_iter().flatten() {
            let place = corners.len() as u32;
            nodes[node] = if smooth { Node::Smooth(place) } else { Node::Steep(place) };
            corners.push(self.corners(&cell));
            if !smooth {
                steep += 1.0 / (1u64 << (cell.halved.0 - root.halved.0 + cell.halved.1)) as f64;
            }
        }
        nodes.shrink_to_fit();
        corners.shrink_to_fit();
        let size = |(&(_, j), du): (&(u32, u32), &f64)| {
            (self.pairs.siemens(Self::state(j) + du) - self.pairs.siemens(Self::state(j))).abs()
        };
        let largest = self.known.iter().map(size).fold(0.0, f64::max);
        Tree { start: self.start, per_length: 1.0 / self.length, nodes, corners, steep, largest }
    }
}

/// One sign of the distance: stretches that join, in order of |dt|.
#[derive(Clone, Debug, Default, PartialEq)]
struct Branch {
    trees: Vec<Tree>,
    /// Beyond this |dt| the two spikes do what each does alone \[s\].
    reach: f64,
}

/// The table.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// The later spike is the pre one, and the post one.
    branches: [Branch; 2],
    /// What one spike alone does, pre and post, where it does anything.
    alone: Option<[Tree; 2]>,
}

impl Grid {
    /// Tabulates, aiming at an error relative to the largest change.
    pub fn new(pairs: &Pairs<'_>, moves_alone: bool, tolerance: f64) -> Grid {
        let of_pair = |dt: f64, us: &[f64]| pairs.changes(&Pairs::spikes(dt), us, SOLVER);
        let edges = edges(pairs.waveform);
        let some = edges
            .windows(2)
            .flat_map(|e| [0.0203, 0.11, 0.27, 0.49, 0.77, 0.96].map(|share| e[0] + share * (e[1] - e[0])));
        let distances: Vec<f64> = some.flat_map(|t| [-t, t]).collect();
        let us: Vec<f64> = (0..=16).map(|k| f64::from(k) / 16.0).collect();
        let size = |u: f64, du: f64| (pairs.siemens(u + du) - pairs.siemens(u)).abs();
        let largest = |changes: Vec<f64>| us.iter().zip(changes).map(|(u, du)| size(*u, du)).fold(0.0, f64::max);
        let sizes: Vec<f64> = distances.par_iter().map(|&dt| largest(of_pair(dt, &us))).collect();
        let aim = AIM * tolerance * sizes.into_iter().fold(0.0, f64::max);
        let grid = Grid::aimed(pairs, &edges, moves_alone, aim);
        if aim > 0.0 || grid.largest() == 0.0 {
            return grid;
        }
        // What moves is so little of distances and states that it was first seen in the table.
        Grid::aimed(pairs, &edges, moves_alone, AIM * tolerance * grid.largest())
    }

    /// Tabulates with this error at the places that are looked at \[S\].
    fn aimed(pairs: &Pairs<'_>, edges: &[f64], moves_alone: bool, aim: f64) -> Grid {
        let tree = |(sign, e): (f64, &[f64])| {
            let solve = |t: f64, us: &[f64], known: &mut FromBounds| {
                pairs.more_changes(&Pairs::spikes(sign * t), us, SOLVER, known)
            };
            Maker::new(pairs, solve, (e[0], e[1] - e[0]), false, aim).tree()
        };
        let stretches: Vec<(f64, &[f64])> =
            [-1.0, 1.0].into_iter().flat_map(|sign| edges.windows(2).map(move |e| (sign, e))).collect();
        let of_one = |side: Side| {
            let solve =
                |_: f64, us: &[f64], known: &mut FromBounds| pairs.more_changes(&[(side, 0.0)], us, SOLVER, known);
            Maker::new(pairs, solve, (0.0, 1.0), true, AIM_ALONE * aim).tree()
        };
        let both = || rayon::join(|| of_one(Side::Pre), || of_one(Side::Post));
        // All at once: of a single tree there is often too little to do at a time for all threads.
        let (mut trees, alone) = rayon::join(
            || stretches.into_par_iter().map(tree).collect::<Vec<Tree>>(),
            || moves_alone.then(both).map(|(pre, post)| [pre, post]),
        );
        let later = trees.split_off(trees.len() / 2);
        let branches = [trees, later].map(|trees| {
            let mut branch = Branch { trees, reach: pairs.waveform.reach() };
            if !moves_alone {
                branch.trim();
            }
            branch
        });
        Grid { branches, alone }
    }

    /// Beyond this distance a pair does what its spikes do alone \[s\]; `side`: of the later spike.
    #[inline]
    pub fn reach(&self, side: usize) -> f64 {
        self.branches[side].reach
    }

    /// The change of the state by a pair whose later spike on `side` comes `since` after the earlier one; none where it has to be solved.
    #[inline]
    pub fn pair(&self, side: usize, since: f64, u: f64) -> Option<f64> {
        let trees = &self.branches[side].trees;
        trees[trees.partition_point(|t| t.start <= since).max(1) - 1].change(since, u)
    }

    /// The change of the state by one spike alone; none where it has to be solved.
    #[inline]
    pub fn alone(&self, side: usize, u: f64) -> Option<f64> {
        self.alone.as_ref().map_or(Some(0.0), |alone| alone[side].change(0.0, u))
    }

    /// The state nearest to `hint` from which one spike on `side` alone leads to `u`, which never falls as that state rises.
    pub fn before(&self, side: usize, u: f64, hint: f64) -> f64 {
        let Some(alone) = &self.alone else { return u };
        let after = |from: f64| alone[side].after(from);
        let first = after(hint);
        if first == u {
            return hint;
        }
        let (mut near, mut far) = (hint, if first > u { 0.0 } else { 1.0 });
        for _ in 0..52 {
            let middle = 0.5 * (near + far);
            if (after(middle) > u) == (first > u) { near = middle } else { far = middle }
        }
        far
    }

    /// Does one spike alone move the device?
    #[inline]
    pub fn heeds_single_spikes(&self) -> bool {
        self.alone.is_some()
    }

    /// The largest change that was seen \[S\].
    pub fn largest(&self) -> f64 {
        self.trees().map(|t| t.largest).fold(0.0, f64::max)
    }

    /// How many numbers are tabulated.
    pub fn size(&self) -> usize {
        self.trees().map(|t| 4 * t.corners.len()).sum()
    }

    /// Memory that it takes \[bytes\].
    pub fn bytes(&self) -> usize {
        self.trees().map(Tree::bytes).sum()
    }

    /// The share of the pairs that are solved one by one, were they spread evenly over distance and state.
    pub fn steep(&self) -> f64 {
        let (mut steep, mut all) = (0.0, 0.0);
        for tree in self.branches.iter().flat_map(|b| &b.trees) {
            steep += tree.steep / tree.per_length;
            all += 1.0 / tree.per_length;
        }
        if all > 0.0 { steep / all } else { 0.0 }
    }

    fn trees(&self) -> impl Iterator<Item = &Tree> {
        self.branches.iter().flat_map(|b| &b.trees).chain(self.alone.iter().flatten())
    }
}

impl Branch {
    /// Drops what changes nothing at the far end.
    fn trim(&mut self) {
        let still = |t: &Tree| t.steep == 0.0 && t.corners.iter().flatten().all(|d| d.abs() < 1e-15);
        while self.trees.last().is_some_and(still) {
            self.trees.pop();
        }
        self.reach = self.trees.last().map_or(0.0, |t| t.start + 1.0 / t.per_length).min(self.reach);
    }
}
