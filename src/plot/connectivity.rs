//! Who is connected to whom, and how strongly: the weight between sources and targets, as a map.

use std::collections::HashSet;

use super::axis;
use super::figure::Figure;
use super::heat::{Heat, blank};
use super::{PlotError, WeightSnapshots};
use crate::counted::counted;

/// At most so many rows and columns: more could not be told apart.
const MOST: usize = 300;

/// Draws the last snapshot of a projection: a row per target, a column per source, white (grey where there are negative weights) where there
/// is no synapse.
/// `pairs` are the source and target of each synapse; several between one pair add up. Where only synapses onto some targets were chosen,
/// rows begin at the first of these. Where there are many members, neighbours share a cell and the mean over their connected pairs is drawn.
///
/// # Errors
/// If there are not as many weights as synapses, or the picture is too small.
pub fn connectivity(
    title: &str,
    table: &WeightSnapshots,
    pairs: &[(u64, u64)],
    chosen: bool,
    size: (u32, u32),
) -> Result<Figure, PlotError> {
    table.check()?;
    let weights = table.weights.last().map_or(&[][..], Vec::as_slice);
    if weights.len() != pairs.len() || pairs.is_empty() {
        let (found, synapses) = (weights.len(), pairs.len());
        return Err(PlotError::Table(format!(
            "{} has {found} weights of {synapses} synapses; expected as many, and at least one",
            table.name
        )));
    }
    let sources = pairs.iter().map(|p| p.0).max().unwrap_or(0) as usize + 1;
    let first = pairs.iter().map(|p| p.1).min().filter(|_| chosen).unwrap_or(0) as usize;
    let targets = pairs.iter().map(|p| p.1).max().unwrap_or(0) as usize + 1 - first;
    let (per_column, per_row) = (sources.div_ceil(MOST), targets.div_ceil(MOST));
    let (columns, rows) = (sources.div_ceil(per_column), targets.div_ceil(per_row));
    let mut cells = vec![(0.0, 0u32); rows * columns];
    let mut connected = HashSet::new();
    for (&pair, &weight) in pairs.iter().zip(weights).filter(|(_, w)| w.is_finite()) {
        let cell = &mut cells[(pair.1 as usize - first) / per_row * columns + pair.0 as usize / per_column];
        *cell = (cell.0 + weight, cell.1 + u32::from(connected.insert(pair)));
    }
    let values: Vec<f64> = cells.iter().map(|(sum, n)| if *n == 0 { f64::NAN } else { sum / f64::from(*n) }).collect();
    let known = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (known().fold(0.0f64, f64::min), known().fold(0.0f64, f64::max));
    // Also where all are negative: the colours grow darker away from 0.
    let two_sided = low < 0.0;
    let range = match (two_sided, low < high) {
        (true, _) => (-high.max(-low), high.max(-low)),
        (false, true) => (low, high),
        (false, false) => (0.0, 1.0),
    };
    let last = table.times_ms.last().copied().unwrap_or(0.0);
    let mut caption = format!("{} at {} s", counted(pairs.len(), "synapse"), axis::trimmed(last / 1e3));
    if per_column > 1 || per_row > 1 {
        caption += &format!(
            "; a cell is the mean over connected pairs of {} and {}",
            counted(per_column, "source"),
            counted(per_row, "target")
        );
    }
    if connected.len() < pairs.len() {
        caption += "; several synapses of a pair add up";
    }
    let chosen = if chosen { " onto the chosen targets" } else { "" };
    caption += &format!("; {}: no synapse{chosen}.", blank(two_sided));
    let weight = format!("weight{}", axis::in_brackets(&table.unit));
    let labels = ["source neuron".to_string(), "target neuron".to_string(), weight];
    // Ticks count neurons, not cells.
    let ticks = |first: usize, count: usize, per: usize| {
        let (first, end) = (first as f64, (first + count) as f64);
        let whole = axis::labelled(first, end, 6).into_iter().filter(|t| t.0.fract() == 0.0 && t.0 < end);
        whole.map(|(at, _)| ((at - first + 0.5) / per as f64, format!("{at:.0}"))).collect::<Vec<_>>()
    };
    let heat = Heat {
        name: "connectivity",
        rows,
        columns,
        values,
        range,
        two_sided,
        labels,
        units: [Vec::new(), Vec::new()],
        ticks: [ticks(0, sources, per_column), ticks(first, targets, per_row)],
        lines: [Vec::new(), Vec::new()],
    };
    heat.draw(title, &caption, size)
}
