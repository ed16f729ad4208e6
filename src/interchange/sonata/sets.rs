//! Node sets: names for nodes, by population, id or columns of their types.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{InterchangeError, Placed, wrong};
use crate::format::sonata::Config;

/// Sets may name others, so deep.
const DEEPEST: usize = 16;

/// (population of the circuit, node), each once, in order.
pub(super) type Chosen = BTreeSet<(usize, u32)>;

/// The nodes that a set stands for; `place` is where it is used.
pub(super) fn resolve(
    set: &Value,
    config: &Config,
    circuit: &[Placed],
    place: &str,
) -> Result<Chosen, InterchangeError> {
    Sets { config, circuit, place }.resolve(set, 0)
}

struct Sets<'a> {
    config: &'a Config,
    circuit: &'a [Placed],
    place: &'a str,
}

impl Sets<'_> {
    fn error(&self, message: impl Into<String>) -> InterchangeError {
        wrong(&self.config.path, self.place, message)
    }

    fn resolve(&self, set: &Value, depth: usize) -> Result<Chosen, InterchangeError> {
        if depth > DEEPEST {
            return Err(self.error("node sets name each other in a circle"));
        }
        match set {
            Value::String(name) => match self.config.node_sets.get(name) {
                Some(set) => self.resolve(set, depth + 1),
                None => self.population(name),
            },
            Value::Array(items) => {
                let mut all = Chosen::new();
                for item in items {
                    all.extend(self.resolve(item, depth + 1)?);
                }
                Ok(all)
            }
            Value::Object(conditions) => {
                let mut chosen = self.all();
                // Ids count within populations, and one that these don't have is a mistake: other conditions come later.
                let mut conditions: Vec<_> = conditions.iter().collect();
                conditions.sort_by_key(|(key, _)| match key.as_str() {
                    "population" => 0,
                    "node_id" | "node_ids" | "gids" => 1,
                    _ => 2,
                });
                for (key, wanted) in conditions {
                    chosen = self.filter(chosen, key, wanted)?;
                }
                Ok(chosen)
            }
            other => {
                Err(self.error(format!("found {other}, expected a node set: a name, a list of names, or conditions")))
            }
        }
    }

    fn all(&self) -> Chosen {
        let of = |(p, placed): (usize, &Placed)| {
            (0..placed.members.len() as u32).map(move |node| (p, node)).collect::<Vec<_>>()
        };
        self.circuit.iter().enumerate().flat_map(of).collect()
    }

    /// A name that no set has: that of a population, or `all`.
    fn population(&self, name: &str) -> Result<Chosen, InterchangeError> {
        if let Some(p) = self.circuit.iter().position(|placed| placed.nodes.name == name) {
            return Ok((0..self.circuit[p].members.len() as u32).map(|node| (p, node)).collect());
        }
        if name == "all" {
            return Ok(self.all());
        }
        let sets = self.config.node_sets.keys().map(String::as_str);
        let names: Vec<&str> = sets.chain(self.circuit.iter().map(|p| p.nodes.name.as_str())).collect();
        Err(self.error(format!("there is no node set or population {name}; there are {}", names.join(", "))))
    }

    fn filter(&self, chosen: Chosen, key: &str, wanted: &Value) -> Result<Chosen, InterchangeError> {
        let wanted = match wanted {
            Value::Array(items) => items.clone(),
            Value::Object(_) => {
                return Err(self.error(format!("{key}: comparisons are not known, only values and lists")));
            }
            one => vec![one.clone()],
        };
        match key {
            "population" => {
                let mut keep = Chosen::new();
                for name in &wanted {
                    let name = name.as_str().ok_or_else(|| self.error("population: expected a name"))?;
                    let one = self.population(name)?;
                    keep.extend(chosen.intersection(&one));
                }
                Ok(keep)
            }
            "node_id" | "node_ids" | "gids" => {
                let mut ids = BTreeSet::new();
                for id in &wanted {
                    let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
                    ids.insert(id.ok_or_else(|| self.error(format!("{key}: expected ids, 0 or more")))?);
                }
                let populations: BTreeSet<usize> = chosen.iter().map(|(p, _)| *p).collect();
                let kept: Chosen = chosen.into_iter().filter(|(_, node)| ids.contains(node)).collect();
                for (_, node) in &kept {
                    ids.remove(node);
                }
                let Some(missing) = ids.first() else { return Ok(kept) };
                let sizes = populations.iter().map(|p| &self.circuit[*p]);
                let sizes: Vec<String> =
                    sizes.map(|placed| format!("{} has {} nodes", placed.nodes.name, placed.members.len())).collect();
                Err(self.error(format!("{key}: there is no node {missing}: {}", sizes.join(", "))))
            }
            column => {
                let known = |placed: &Placed| placed.nodes.types.columns.iter().any(|c| c == column);
                if !self.circuit.iter().any(known) {
                    let message = format!("no table of node types has the column {column} that a node set selects by");
                    return Err(self.error(message));
                }
                let texts: Vec<String> =
                    wanted.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
                let fits = |&(p, node): &(usize, u32)| {
                    let nodes = &self.circuit[p].nodes;
                    let cell = nodes.types.get(nodes.type_ids[node as usize], column);
                    cell.is_some_and(|cell| texts.iter().any(|text| text == cell))
                };
                Ok(chosen.into_iter().filter(fits).collect())
            }
        }
    }
}
