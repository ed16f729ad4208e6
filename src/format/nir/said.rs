//! What a node says beside what is taken from it.

use super::kinds::{Graph, Kind};
use crate::format::h5::{H5, join, list};

/// The datasets of a node of this kind, beside its type.
fn known(kind: &str) -> &'static [&'static str] {
    match kind {
        "Input" | "Output" => &["shape"],
        "Linear" => &["weight"],
        "Affine" => &["bias", "weight"],
        "Conv1d" | "Conv2d" => &["bias", "dilation", "groups", "input_shape", "padding", "stride", "weight"],
        "SumPool2d" | "AvgPool2d" => &["kernel_size", "padding", "stride"],
        "Flatten" => &["end_dim", "start_dim"],
        "Scale" => &["scale"],
        "Threshold" => &["threshold"],
        "Delay" => &["delay"],
        "LIF" => &["r", "tau", "v_leak", "v_reset", "v_threshold"],
        "CubaLIF" => &["r", "tau_mem", "tau_syn", "v_leak", "v_reset", "v_threshold", "w_in"],
        "LI" => &["r", "tau", "v_leak"],
        "CubaLI" => &["r", "tau_mem", "tau_syn", "v_leak", "w_in"],
        "I" => &["r"],
        "IF" => &["r", "v_reset", "v_threshold"],
        _ => &[],
    }
}

/// A note on the datasets of a node that nothing is made of; none if there are none.
pub(super) fn unread(h5: &H5, place: &str, kind: &str) -> Option<String> {
    const OF_ALL: [&str; 3] = ["input_type", "output_type", "type"];
    let is_unread = |name: &String| {
        !OF_ALL.contains(&&**name) && !known(kind).contains(&&**name) && h5.is_dataset(&join(place, name))
    };
    let names: Vec<String> = h5.members(place).into_iter().filter(is_unread).collect();
    (!names.is_empty()).then(|| format!("{place} is a {kind}, of which {} is not known and not used", list(&names)))
}

/// The shape that a node says to get, which that of what comes in goes before; none if it says none.
pub(super) fn declared(h5: &H5, place: &str, kind: &str) -> Option<Vec<usize>> {
    let name = match kind {
        "Output" => "shape",
        "Conv1d" | "Conv2d" => "input_shape",
        _ => return None,
    };
    let place = join(place, name);
    let numbers = h5.is_dataset(&place).then(|| h5.numbers(&place).ok()).flatten()?;
    Some(numbers.data.into_iter().map(|extent| extent as usize).collect())
        .filter(|shape: &Vec<usize>| !shape.is_empty())
}

/// Notes on nodes, by their place in the graph, that get another shape than they say.
pub(super) fn contradicted(graph: &Graph, declared: &[(usize, Vec<usize>)]) -> Vec<String> {
    let note = |(index, said): &(usize, Vec<usize>)| {
        let node = graph.nodes.get(*index)?;
        // Channels are not among what a convolution says.
        let (gets, differs) = match &node.kind {
            Kind::Convolution(_) => {
                let gets = node.input.get(1..).unwrap_or_default();
                (gets, gets != &said[..])
            }
            _ => (&node.input[..], node.input.iter().product::<usize>() != said.iter().product::<usize>()),
        };
        differs.then(|| format!("{} says the shape {said:?}, but gets {gets:?}, which counts", node.name))
    };
    declared.iter().filter_map(note).collect()
}
