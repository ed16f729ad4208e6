//! The factor of a network, and the voltages that follow from it.

/// Eliminated nodes, front by front, in order.
#[derive(Clone, Debug, Default)]
pub struct Factor {
    blocks: Vec<Block>,
    nodes: Vec<u32>,
    /// c_i / d below the diagonal of each eliminated column.
    ratios: Vec<f64>,
    /// d of each eliminated node, in order.
    sums: Vec<f64>,
}

/// A front: where its nodes and ratios start, and how many nodes it has and eliminates.
#[derive(Clone, Copy, Debug)]
struct Block {
    node: usize,
    ratio: usize,
    size: u32,
    pivots: u32,
}

impl Factor {
    /// Adds a front whose first nodes, as many as `sums` has, were eliminated.
    pub fn push(&mut self, nodes: &[u32], front: &[f64], sums: &[f64]) {
        let (n, pivots) = (nodes.len(), sums.len());
        self.begin(n, pivots);
        self.nodes.extend_from_slice(nodes);
        (0..pivots).for_each(|k| self.ratios.extend_from_slice(&front[n * k + k + 1..n * (k + 1)]));
        self.sums.extend_from_slice(sums);
    }

    /// As `push`, leaving out what is 0.
    pub fn push_sparse(&mut self, nodes: &[u32], front: &[f64], sums: &[f64]) {
        let n = nodes.len();
        for (k, &sum) in sums.iter().enumerate() {
            let column = &front[n * k..n * (k + 1)];
            let filled = || (k + 1..n).filter(|&i| column[i] != 0.0);
            self.begin(1 + filled().count(), 1);
            self.nodes.push(nodes[k]);
            self.nodes.extend(filled().map(|i| nodes[i]));
            self.ratios.extend(filled().map(|i| column[i]));
            self.sums.push(sum);
        }
    }

    fn begin(&mut self, size: usize, pivots: usize) {
        let (node, ratio) = (self.nodes.len(), self.ratios.len());
        self.blocks.push(Block { node, ratio, size: size as u32, pivots: pivots as u32 });
    }

    /// Memory that it takes \[bytes\].
    pub fn bytes(&self) -> usize {
        size_of_val(&self.blocks[..])
            + size_of_val(&self.nodes[..])
            + size_of_val(&self.ratios[..])
            + size_of_val(&self.sums[..])
    }

    /// Voltages from currents that flow into nodes: `x` holds the currents \[A\] at first, then the voltages against the
    /// terminals, which are at 0 V. A voltage is a sum of positive shares of the sources', so nothing is lost to ill condition.
    pub fn solve(&self, x: &mut [f64]) {
        let mut local = Vec::new();
        let mut order = 0;
        for block in &self.blocks {
            let (nodes, mut ratios) = self.of(block);
            local.clear();
            local.extend(nodes.iter().map(|&node| x[node as usize]));
            for k in 0..block.pivots as usize {
                let (column, next) = ratios.split_at(nodes.len() - k - 1);
                let current = local[k];
                local[k + 1..].iter_mut().zip(column).for_each(|(to, ratio)| *to += ratio * current);
                local[k] = current / self.sums[order];
                (ratios, order) = (next, order + 1);
            }
            nodes.iter().zip(&local).for_each(|(&node, value)| x[node as usize] = *value);
        }
        x[self.sums.len()..].fill(0.0);
        for block in self.blocks.iter().rev() {
            let (nodes, ratios) = self.of(block);
            local.clear();
            local.extend(nodes.iter().map(|&node| x[node as usize]));
            let mut end = ratios.len();
            for k in (0..block.pivots as usize).rev() {
                let start = end - (nodes.len() - k - 1);
                let shares = ratios[start..end].iter().zip(&local[k + 1..]);
                local[k] = shares.fold(local[k], |sum, (ratio, v)| sum + ratio * v);
                end = start;
            }
            nodes.iter().zip(&local).take(block.pivots as usize).for_each(|(&node, v)| x[node as usize] = *v);
        }
    }

    fn of(&self, block: &Block) -> (&[u32], &[f64]) {
        let (size, pivots) = (block.size as usize, block.pivots as usize);
        let count = pivots * (2 * size - pivots - 1) / 2;
        (&self.nodes[block.node..block.node + size], &self.ratios[block.ratio..block.ratio + count])
    }
}
