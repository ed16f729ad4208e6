//! `connect`: which pairs of neurons a projection connects.

use std::collections::HashSet;

use super::error::ModelError;
use super::matrix::Cells;
use super::names;
use super::network_spec::Connect;
use super::pairs_file;
use super::projections::{Made, Pair};
use super::reader::Reader;
use super::tables::{CONNECT, TOTAL_NUMBER};
use super::tree::Node;

impl Reader<'_> {
    /// Reads the rule for one pair; none where a list or matrix says 0.
    pub(crate) fn connect(&self, node: &Node, cells: &Cells, pair: &Pair) -> Result<Option<Made>, ModelError> {
        let plain = |connect: Connect, synapses: Option<u64>| Made { connect, synapses, weights: None, delays: None };
        if let Some(text) = node.text() {
            let rules = CONNECT.names();
            let made = match text {
                "one_to_one" => plain(Connect::OneToOne, self.one_to_one(node, cells, pair)?),
                "all_to_all" => plain(Connect::AllToAll, self.all_to_all(node, pair)?),
                _ if rules.contains(&text) => {
                    return Err(node.at.error(format!("{text} needs a value: write connect.{text} = ..")));
                }
                _ => return Err(names::unknown(&node.at, "connect rule", text, &rules)),
            };
            return Ok(Some(made));
        }
        if let Some(entry) = node
            .table()
            .and_then(|t| t.entries.iter().find(|e| matches!(e.key.as_str(), "autapses" | "multapses" | "procedural")))
        {
            return Err(entry
                .key_at
                .error(format!("`{0}` stands beside `connect`: write {0} = .. in the projection", entry.key)));
        }
        let entry = self.variant(node, "connect rule", &CONNECT)?;
        let value = &entry.node;
        let (sources, targets) = pair.sizes;
        let made = match entry.key.as_str() {
            "one_to_one" | "all_to_all" => {
                if value.table().is_none_or(|t| !t.entries.is_empty()) {
                    return Err(value.at.error(format!("{0} takes no value: write connect = \"{0}\"", entry.key)));
                }
                if entry.key == "one_to_one" {
                    plain(Connect::OneToOne, self.one_to_one(node, cells, pair)?)
                } else {
                    plain(Connect::AllToAll, self.all_to_all(node, pair)?)
                }
            }
            "fixed_probability" => {
                let p = self.probability(cells.of(value)?)?;
                if cells.lists && p == 0.0 {
                    return Ok(None);
                }
                // Each pair at most once: the number of synapses stays below that of pairs.
                self.product(value, sources, targets)?;
                plain(Connect::FixedProbability(p), None)
            }
            "fixed_indegree" => {
                let count = self.scope.count(cells.of(value)?)?;
                if cells.lists && count == 0 {
                    return Ok(None);
                }
                self.check_degree(value, pair, count, sources, "source")?;
                let total = self.product(value, usize::try_from(count).ok(), targets)?;
                plain(Connect::FixedIndegree(degree(value, count)?), total)
            }
            "fixed_outdegree" => {
                let count = self.scope.count(cells.of(value)?)?;
                if cells.lists && count == 0 {
                    return Ok(None);
                }
                self.check_degree(value, pair, count, targets, "target")?;
                let total = self.product(value, usize::try_from(count).ok(), sources)?;
                plain(Connect::FixedOutdegree(degree(value, count)?), total)
            }
            "fixed_total_number" => match self.total(value, cells, pair)? {
                Some((connect, synapses)) => plain(connect, synapses),
                None => return Ok(None),
            },
            "pairs" => {
                let pairs = self.pairs(value, pair)?;
                if let Some((index, message)) = forbidden(&pairs, pair) {
                    let place = value.array().and_then(|items| items.get(index)).unwrap_or(value);
                    return Err(place.at.error(message));
                }
                let count = pairs.len() as u64;
                plain(Connect::Pairs(pairs), Some(count))
            }
            _ => {
                if cells.sources * cells.targets > 1 {
                    return Err(value
                        .at
                        .error("connections from a file belong to one pair of populations, not to lists"));
                }
                pairs_file::read(self, value, pair)?
            }
        };
        Ok(Some(made))
    }

    fn probability(&self, node: &Node) -> Result<f64, ModelError> {
        let p = self.scope.finite(node, "")?;
        if (0.0..=1.0).contains(&p) {
            Ok(p)
        } else {
            Err(node.at.error(format!("found {p}, expected a probability between 0 and 1")))
        }
    }

    fn total(&self, value: &Node, cells: &Cells, pair: &Pair) -> Result<Option<(Connect, Option<u64>)>, ModelError> {
        let pairs = self.product(value, pair.sizes.0, pair.sizes.1)?;
        if let Some(table) = value.table() {
            TOTAL_NUMBER.check(table)?;
            let Some(node) = table.get("probability") else { return Err(value.at.error("`probability` is missing")) };
            let node = cells.of(node)?;
            let p = self.probability(node)?;
            if p == 1.0 {
                let message = "found a probability of 1, which no finite number of random synapses reaches";
                return Err(node.at.error(message).help("write connect = \"all_to_all\""));
            }
            if cells.lists && p == 0.0 {
                return Ok(None);
            }
            return Ok(Some((Connect::TotalFromProbability(p), None)));
        }
        let node = cells.of(value)?;
        let count = self.scope.count(node)?;
        if cells.lists && count == 0 {
            return Ok(None);
        }
        if let Some(pairs) = pairs {
            let able = pairs - if pair.autapses { 0 } else { self.overlap(pair) };
            if count > 0 && able == 0 && pairs > 0 {
                return Err(node.at.error("there is no pair but that of a neuron with itself, and autapses = false"));
            }
            if count > 0 && able == 0 || !pair.multapses && count > able {
                return Err(node.at.error(format!(
                    "found {count} synapses, but there are {able} pairs, each to be used once at most (multapses = false)"
                )));
            }
        }
        Ok(Some((Connect::FixedTotalNumber(count), Some(count))))
    }

    fn one_to_one(&self, node: &Node, cells: &Cells, pair: &Pair) -> Result<Option<u64>, ModelError> {
        let (source, target) = (pair.source, pair.target);
        let same = (source.population, source.start, pair.sizes.0) == (target.population, target.start, pair.sizes.1);
        // Of lists a pair of populations may come to nothing, where others do not.
        if same && !pair.autapses && !cells.lists {
            return Err(node
                .at
                .error("one_to_one connects each neuron to itself here, which autapses = false forbids: no synapse is left")
                .help("remove autapses = false, or connect slices that begin at different members"));
        }
        match pair.sizes {
            (Some(a), Some(b)) if a != b => {
                Err(node.at.error(format!("one_to_one needs as many sources as targets; found {a} and {b}")))
            }
            (Some(a), Some(_)) => Ok(Some(a as u64).filter(|_| pair.autapses || self.overlap(pair) == 0)),
            _ => Ok(None),
        }
    }

    fn all_to_all(&self, node: &Node, pair: &Pair) -> Result<Option<u64>, ModelError> {
        let all = self.product(node, pair.sizes.0, pair.sizes.1)?;
        Ok(all.map(|n| if pair.autapses { n } else { n - self.overlap(pair) }))
    }

    /// Neurons that are source and target.
    fn overlap(&self, pair: &Pair) -> u64 {
        if pair.source.population != pair.target.population {
            return 0;
        }
        let end = |start: usize, length: Option<usize>| start + length.unwrap_or(0);
        let stop = end(pair.source.start, pair.sizes.0).min(end(pair.target.start, pair.sizes.1));
        stop.saturating_sub(pair.source.start.max(pair.target.start)) as u64
    }

    /// A product of counts, checked.
    fn product(&self, node: &Node, a: Option<usize>, b: Option<usize>) -> Result<Option<u64>, ModelError> {
        let (Some(a), Some(b)) = (a, b) else { return Ok(None) };
        match (a as u64).checked_mul(b as u64) {
            Some(n) if n <= i64::MAX as u64 => Ok(Some(n)),
            _ => Err(node.at.error(format!("{a} x {b} synapses can't be counted: reduce `size` or the connections"))),
        }
    }

    /// Refuses degrees that can't be drawn.
    fn check_degree(
        &self,
        node: &Node,
        pair: &Pair,
        count: u64,
        among: Option<usize>,
        what: &str,
    ) -> Result<(), ModelError> {
        let Some(among) = among else { return Ok(()) };
        // Where a neuron is on both sides, it is no partner of its own.
        let own = u64::from(!pair.autapses && self.overlap(pair) > 0);
        let able = (among as u64).saturating_sub(own);
        if count > 0 && able == 0 {
            return Err(node
                .at
                .error(format!("there is no {what} other than the neuron itself, and autapses = false")));
        }
        if !pair.multapses && count > able {
            return Err(node.at.error(format!(
                "found {count}, but there are {able} {what}s, each to be used once at most (multapses = false)"
            )));
        }
        Ok(())
    }

    fn pairs(&self, node: &Node, pair: &Pair) -> Result<Vec<(u32, u32)>, ModelError> {
        let Some(items) = node.array() else { return Err(node.mismatch("a list [[source, target], ..]")) };
        let mut pairs = Vec::with_capacity(items.len());
        for item in items {
            let Some([source, target]) = item.array() else { return Err(item.mismatch("a pair [source, target]")) };
            let id = |node: &Node, size: Option<usize>, what: &str| {
                let id = self.scope.count(node)?;
                check_id(id, size, what).map_err(|message| node.at.error(message))
            };
            pairs.push((id(source, pair.sizes.0, "source")?, id(target, pair.sizes.1, "target")?));
        }
        Ok(pairs)
    }
}

/// The place of the first listed pair that `autapses` or `multapses` forbids, and what is wrong with it.
pub(crate) fn forbidden(pairs: &[(u32, u32)], pair: &Pair) -> Option<(usize, String)> {
    let (from, to) = (pair.source, pair.target);
    let itself = |(source, target): (u32, u32)| {
        from.population == to.population && from.start + source as usize == to.start + target as usize
    };
    let mut seen = HashSet::new();
    pairs.iter().enumerate().find_map(|(index, &found)| {
        let what = if !pair.autapses && itself(found) {
            "connects a neuron to itself, which autapses = false forbids"
        } else if !pair.multapses && !seen.insert(found) {
            "is there a second time, which multapses = false forbids"
        } else {
            return None;
        };
        Some((index, format!("the pair [{}, {}] {what}", found.0, found.1)))
    })
}

/// An id within a population or slice.
pub(crate) fn check_id(id: u64, size: Option<usize>, what: &str) -> Result<u32, String> {
    match (size, u32::try_from(id)) {
        (Some(size), _) if id >= size as u64 => {
            Err(format!("found the {what} {id}, but there are {size}, 0 to {}", size.saturating_sub(1)))
        }
        (_, Ok(id)) => Ok(id),
        _ => Err(format!("found the {what} {id}, expected at most {}", u32::MAX)),
    }
}

fn degree(node: &Node, count: u64) -> Result<usize, ModelError> {
    u32::try_from(count)
        .map(|n| n as usize)
        .map_err(|_| node.at.error(format!("found {count}, expected at most {}", u32::MAX)))
}
