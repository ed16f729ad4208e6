//! Shapes: from the inputs on, checked along every edge.

use super::kinds::{Convolution, Graph, Kind, Padding, Pool};

/// No node of a network that can be simulated is larger.
const MAX_ELEMENTS: usize = 1 << 28;

/// Works out the shapes of all nodes; those of inputs and outputs are declared, those of others follow from their kind or
/// from what comes in. The error names a node.
pub(super) fn infer(graph: &mut Graph) -> Result<(), (String, String)> {
    loop {
        let mut changed = false;
        for &(from, to) in &graph.edges {
            let given = graph.nodes[from].output.clone();
            let node = &mut graph.nodes[to];
            if node.input.is_empty() && !given.is_empty() {
                node.input = given;
                changed = true;
            }
        }
        for node in graph.nodes.iter_mut().filter(|node| !node.input.is_empty() && node.output.is_empty()) {
            node.output = output(&node.kind, &node.input).map_err(|message| (node.name.clone(), message))?;
            let elements = node.output.iter().try_fold(1usize, |all, n| all.checked_mul(*n));
            if elements.is_none_or(|n| n == 0 || n > MAX_ELEMENTS) {
                let message = format!("gives the shape {:?}, expected 1 to {MAX_ELEMENTS} elements", node.output);
                return Err((node.name.clone(), message));
            }
            changed = true;
        }
        if !changed {
            break;
        }
    }
    if let Some(node) = graph.nodes.iter().find(|node| node.output.is_empty()) {
        let message = "has no shape: nothing of a known shape leads to it".to_owned();
        return Err((node.name.clone(), message));
    }
    for &(from, to) in &graph.edges {
        let (from, to) = (&graph.nodes[from], &graph.nodes[to]);
        if from.output == to.input {
            continue;
        }
        let count = |shape: &[usize]| shape.iter().product::<usize>();
        if count(&from.output) != count(&to.input) {
            let message = format!("takes the shape {:?}, but {} gives {:?}", to.input, from.name, from.output);
            return Err((to.name.clone(), message));
        }
        graph.notes.push(format!(
            "{} gives the shape {:?} and {} takes {:?}, with as many elements: taken in order",
            from.name, from.output, to.name, to.input
        ));
    }
    Ok(())
}

/// The shape that a node takes by itself, whatever comes in.
pub(super) fn own_input(kind: &Kind) -> Option<Vec<usize>> {
    match kind {
        Kind::Linear(layer) => Some(vec![layer.size.1]),
        Kind::Neuron(neuron) => Some(neuron.shape.clone()),
        _ => None,
    }
}

fn output(kind: &Kind, input: &[usize]) -> Result<Vec<usize>, String> {
    match kind {
        Kind::Linear(layer) => Ok(vec![layer.size.0]),
        Kind::Convolution(convolution) => convolved(convolution, input),
        Kind::Pool(pool) => pooled(pool, input),
        Kind::Flatten { start, end } => flattened(*start, *end, input),
        Kind::Scale(values) | Kind::Threshold(values) | Kind::Delay(values) => {
            let count = input.iter().product::<usize>();
            if values.len() == count {
                Ok(input.to_vec())
            } else {
                Err(format!("has {} values, but takes the shape {input:?}", values.len()))
            }
        }
        Kind::Input | Kind::Output | Kind::Identity | Kind::Neuron(_) => Ok(input.to_vec()),
    }
}

/// Places of a window along a dimension.
fn places(length: usize, zeros: usize, reach: usize, stride: usize) -> Result<usize, String> {
    match (length + zeros).checked_sub(reach) {
        Some(room) => Ok(room / stride + 1),
        None => Err(format!("has a window of {reach}, which does not fit into {length} and {zeros} zeros around it")),
    }
}

fn convolved(c: &Convolution, input: &[usize]) -> Result<Vec<usize>, String> {
    let (channels, extents) = match (c.flat, input) {
        (true, [channels, n]) => (*channels, [1, *n]),
        (false, [channels, x, y]) => (*channels, [*x, *y]),
        _ => {
            let expected = if c.flat { "[channels, length]" } else { "[channels, height, width]" };
            return Err(format!("takes the shape {input:?}, expected {expected}"));
        }
    };
    if channels != c.shape[1] * c.groups {
        return Err(format!("has weights for {} channels, but takes {channels}", c.shape[1] * c.groups));
    }
    let mut out = vec![c.shape[0]];
    for d in 0..2 {
        let reach = c.dilation[d] * (c.shape[2 + d] - 1) + 1;
        let n = match c.padding {
            Padding::Same => extents[d],
            Padding::Both(zeros) => places(extents[d], 2 * zeros[d], reach, c.stride[d])?,
        };
        if !(c.flat && d == 0) {
            out.push(n);
        }
    }
    Ok(out)
}

fn pooled(p: &Pool, input: &[usize]) -> Result<Vec<usize>, String> {
    let [channels, x, y] = *input else {
        return Err(format!("takes the shape {input:?}, expected [channels, height, width]"));
    };
    let n = |d: usize, length: usize| places(length, 2 * p.padding[d], p.kernel[d], p.stride[d]);
    Ok(vec![channels, n(0, x)?, n(1, y)?])
}

fn flattened(start: i64, end: i64, input: &[usize]) -> Result<Vec<usize>, String> {
    let rank = input.len() as i64;
    let place = |d: i64| if d < 0 { d + rank } else { d };
    let (start, end) = (place(start), place(end));
    // Frameworks that count a batch as dimension 0 start at 1, which a list does not have.
    if rank == 1 {
        return Ok(input.to_vec());
    }
    if start < 0 || end >= rank || start > end {
        return Err(format!("flattens the dimensions {start} to {end} of {rank}"));
    }
    let (start, end) = (start as usize, end as usize);
    let mut out = input[..start].to_vec();
    out.push(input[start..=end].iter().product());
    out.extend(&input[end + 1..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flatten_counts_from_either_end() {
        assert_eq!(flattened(0, -1, &[8, 4, 4]).unwrap(), [128]);
        assert_eq!(flattened(1, 2, &[8, 4, 4]).unwrap(), [8, 16]);
        assert_eq!(flattened(-2, -1, &[8, 4, 4]).unwrap(), [8, 16]);
        assert_eq!(flattened(1, -1, &[7]).unwrap(), [7]);
        assert!(flattened(2, 1, &[8, 4, 4]).is_err());
    }

    #[test]
    fn windows_fit_as_in_torch() {
        let pool = Pool { mean: false, kernel: [3, 2], stride: [2, 2], padding: [1, 0] };
        assert_eq!(pooled(&pool, &[5, 7, 7]).unwrap(), [5, 4, 3]);
        assert!(pooled(&pool, &[5, 7]).is_err());
        assert!(pooled(&pool, &[5, 7, 1]).is_err());
    }
}
