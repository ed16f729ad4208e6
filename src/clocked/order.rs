//! The order of the nodes within a step.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::GraphError;
use crate::format::nir::{Graph, Kind};

/// In which order nodes are worked out, and which edges give what was given a step before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Nodes in order.
    pub order: Vec<usize>,
    /// By node: where its input comes from, and whether from the step before.
    pub incoming: Vec<Vec<(usize, bool)>>,
    /// Edges that give what was given a step before.
    pub late: Vec<(usize, usize)>,
}

impl Plan {
    /// Of a graph. Circles are looked for from the inputs on, in the order of names; of each, the last edge that leaves a
    /// neuron or delay is late.
    ///
    /// # Errors
    /// If a circle has neither neuron nor delay.
    pub fn of(graph: &Graph) -> Result<Plan, GraphError> {
        let count = graph.nodes.len();
        let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
        graph.edges.iter().for_each(|(from, to)| next[*from].push(*to));
        next.iter_mut().for_each(|list| list.sort_unstable());
        let mut starts: Vec<usize> = (0..count).filter(|i| graph.nodes[*i].kind == Kind::Input).collect();
        starts.extend((0..count).filter(|i| graph.nodes[*i].kind != Kind::Input));
        let mut plan = Plan { incoming: vec![Vec::new(); count], ..Plan::default() };
        while let Some(circle) = circle(&next, &starts) {
            let Some(place) = (0..circle.len()).rev().find(|i| graph.nodes[circle[*i]].kind.has_state()) else {
                let names: Vec<&str> = circle.iter().map(|i| graph.nodes[*i].name.as_str()).collect();
                return Err(GraphError(format!(
                    "the nodes {} form a circle without a neuron or a delay, in which each would need its own result",
                    names.join(" -> ")
                )));
            };
            let (from, to) = (circle[place], circle[(place + 1) % circle.len()]);
            next[from].retain(|n| *n != to);
            plan.late.push((from, to));
        }
        for &(from, to) in &graph.edges {
            plan.incoming[to].push((from, plan.late.contains(&(from, to))));
        }
        // Sums run in one order.
        plan.incoming.iter_mut().for_each(|list| list.sort_unstable());
        let mut waiting: Vec<usize> =
            plan.incoming.iter().map(|list| list.iter().filter(|(_, late)| !late).count()).collect();
        let mut ready: BinaryHeap<Reverse<usize>> = (0..count).filter(|i| waiting[*i] == 0).map(Reverse).collect();
        while let Some(Reverse(node)) = ready.pop() {
            plan.order.push(node);
            for &to in &next[node] {
                waiting[to] -= 1;
                if waiting[to] == 0 {
                    ready.push(Reverse(to));
                }
            }
        }
        Ok(plan)
    }
}

/// A circle: nodes, each with an edge to the next, and the last to the first.
fn circle(next: &[Vec<usize>], starts: &[usize]) -> Option<Vec<usize>> {
    // 0: not seen, 1: on the path, 2: done.
    let mut mark = vec![0u8; next.len()];
    for &start in starts {
        if mark[start] != 0 {
            continue;
        }
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        mark[start] = 1;
        while let Some((node, place)) = path.last_mut() {
            let Some(&to) = next[*node].get(*place) else {
                mark[*node] = 2;
                path.pop();
                continue;
            };
            *place += 1;
            match mark[to] {
                0 => {
                    mark[to] = 1;
                    path.push((to, 0));
                }
                1 => {
                    let from = path.iter().position(|(node, _)| *node == to).unwrap_or(0);
                    return Some(path[from..].iter().map(|(node, _)| *node).collect());
                }
                _ => {}
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::nir::{Neuron, Node};

    fn graph(kinds: &str, edges: &[(usize, usize)]) -> Graph {
        let kind = |c| match c {
            'i' => Kind::Input,
            'n' => Kind::Neuron(Neuron {
                shape: vec![1],
                tau_mem: None,
                synapse: None,
                r: vec![1.0],
                v_leak: vec![0.0],
                threshold: None,
            }),
            _ => Kind::Identity,
        };
        let nodes = kinds.chars().enumerate().map(|(i, c)| Node::new(i.to_string(), kind(c))).collect();
        Graph { nodes, edges: edges.to_vec(), ..Graph::default() }
    }

    #[test]
    fn a_circle_is_late_where_it_leaves_its_last_neuron() {
        // input -> a -> neuron -> b -> neuron -> c -> a
        let plan = Plan::of(&graph("i_n_n_", &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 1)])).unwrap();
        assert_eq!(plan.late, [(4, 5)]);
        assert_eq!(plan.order, [0, 5, 1, 2, 3, 4]);
        assert_eq!(plan.incoming[1], [(0, false), (5, false)]);
        assert_eq!(plan.incoming[5], [(4, true)]);
    }

    #[test]
    fn a_circle_without_a_neuron_is_an_error_and_a_neuron_may_feed_itself() {
        assert!(Plan::of(&graph("i__", &[(0, 1), (1, 2), (2, 1)])).unwrap_err().0.contains("1 -> 2"));
        assert_eq!(Plan::of(&graph("in", &[(0, 1), (1, 1)])).unwrap().late, [(1, 1)]);
    }
}
