//! Nodes without state.

use crate::format::nir::{Convolution, Kind, Layer, Node, Pool};

/// What the node gives for `x`, into `out`, which is cleared first.
pub(super) fn apply(node: &Node, x: &[f64], out: &mut [f64]) {
    match &node.kind {
        Kind::Linear(layer) => linear(layer, x, out),
        Kind::Convolution(convolution) => convolve(convolution, &node.input, &node.output, x, out),
        Kind::Pool(pool) => sum_windows(pool, &node.input, &node.output, x, out),
        Kind::Scale(scale) => out.iter_mut().zip(x.iter().zip(scale)).for_each(|(y, (x, s))| *y = x * s),
        Kind::Threshold(level) => {
            out.iter_mut().zip(x.iter().zip(level)).for_each(|(y, (x, l))| *y = f64::from(u8::from(x > l)));
        }
        Kind::Input | Kind::Output | Kind::Identity | Kind::Flatten { .. } | Kind::Delay(_) | Kind::Neuron(_) => {
            out.copy_from_slice(x);
        }
    }
}

fn linear(layer: &Layer, x: &[f64], out: &mut [f64]) {
    match &layer.bias {
        Some(bias) => out.copy_from_slice(bias),
        None => out.fill(0.0),
    }
    let width = layer.size.1;
    // Most of what spikes give is 0.
    for (i, &x) in x.iter().enumerate().filter(|(_, x)| **x != 0.0) {
        for (row, y) in out.iter_mut().enumerate() {
            *y += layer.weight[row * width + i] * x;
        }
    }
}

/// The last two extents; a first one of 1 is put before a single one.
fn plane(shape: &[usize]) -> (usize, usize) {
    match *shape {
        [.., x, y] if shape.len() > 2 => (x, y),
        [.., n] => (1, n),
        [] => (1, 1),
    }
}

fn convolve(c: &Convolution, input: &[usize], output: &[usize], x: &[f64], out: &mut [f64]) {
    let ((height, width), (rows, columns)) = (plane(input), plane(output));
    let [outputs, within, kernel_rows, kernel_columns] = c.shape;
    let before = c.before();
    for (channel, plane) in out.chunks_exact_mut(rows * columns).enumerate() {
        plane.fill(c.bias[channel]);
    }
    let per_group = outputs / c.groups;
    // Where an input at `at` meets the output through place `k` of the kernel.
    let target = |d: usize, at: usize, k: usize, count: usize| {
        let shifted = (at + before[d]).checked_sub(k * c.dilation[d])?;
        (shifted % c.stride[d] == 0).then_some(shifted / c.stride[d]).filter(|place| *place < count)
    };
    for (i, &x) in x.iter().enumerate().filter(|(_, x)| **x != 0.0) {
        let (channel, row, column) = (i / (height * width), i / width % height, i % width);
        let (group, inner) = (channel / within, channel % within);
        for kr in 0..kernel_rows {
            let Some(to_row) = target(0, row, kr, rows) else { continue };
            for kc in 0..kernel_columns {
                let Some(to_column) = target(1, column, kc, columns) else { continue };
                for o in group * per_group..(group + 1) * per_group {
                    let weight = c.weight[((o * within + inner) * kernel_rows + kr) * kernel_columns + kc];
                    out[(o * rows + to_row) * columns + to_column] += weight * x;
                }
            }
        }
    }
}

fn sum_windows(p: &Pool, input: &[usize], output: &[usize], x: &[f64], out: &mut [f64]) {
    let ((height, width), (rows, columns)) = (plane(input), plane(output));
    let share = if p.mean { 1.0 / (p.kernel[0] * p.kernel[1]) as f64 } else { 1.0 };
    for (channel, to) in out.chunks_exact_mut(rows * columns).enumerate() {
        let from = &x[channel * height * width..(channel + 1) * height * width];
        for row in 0..rows {
            for column in 0..columns {
                let span = |d: usize, place: usize, length: usize| {
                    let first = place * p.stride[d];
                    let end = (first + p.kernel[d]).saturating_sub(p.padding[d]).min(length);
                    // A window may lie in the padding alone.
                    first.saturating_sub(p.padding[d]).min(end)..end
                };
                let mut sum = 0.0;
                for r in span(0, row, height) {
                    sum += from[r * width..][span(1, column, width)].iter().sum::<f64>();
                }
                to[row * columns + column] = sum * share;
            }
        }
    }
}
