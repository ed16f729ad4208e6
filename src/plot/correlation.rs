//! Correlation of spike counts between all pairs of units, as a map.

use super::axis;
use super::figure::Figure;
use super::heat::{Heat, blank};
use super::rows::{NONE, Rows};
use super::{Group, PlotError, Selection};
use crate::analysis::{Distribution, correlations};
use crate::counted::{counted, grouped};
use crate::spikes::{Selected, SpikeSource};

/// At most so many units: a row and a column each, two pixels or more.
const MOST: usize = 400;

/// Draws Pearson's correlation of the spike counts in bins of `bin` \[s\] over `start <= t < stop` \[s\] of every pair of units,
/// populations apart; of at most 400 units, evenly chosen.
///
/// # Errors
/// If the window is empty, the bin does not fit into it, a selection names what is not there, or the picture is too small.
pub fn correlation_map(
    title: &str,
    spikes: &dyn SpikeSource,
    (groups, select): (&[Group], &[Selection]),
    (start, stop): (f64, f64),
    bin: f64,
    observed: &[(f64, f64)],
    size: (u32, u32),
) -> Result<Figure, PlotError> {
    let rows = Rows::new(spikes.unit_ids(), groups, select, Some(MOST))?;
    if rows.count == 0 {
        return Err(PlotError::Table("there are no units to correlate".into()));
    }
    let mut units = vec![0; rows.count];
    rows.row_of.iter().enumerate().filter(|(_, row)| **row != NONE).for_each(|(u, row)| units[*row as usize] = u);
    let found = correlations(&Selected::new(spikes, units), (start, stop), bin, observed)?;
    let silent = (0..rows.count).filter(|&i| !found.varies(i)).count();
    // The diagonal is 1 by definition and would take the scale; silent units have no correlation.
    let value = |i: usize, j: usize| found.coefficient(i, j).filter(|_| i != j).unwrap_or(f64::NAN);
    let values: Vec<f64> = (0..rows.count * rows.count).map(|k| value(k / rows.count, k % rows.count)).collect();
    let mut sizes: Vec<f64> = values.iter().filter(|v| v.is_finite()).map(|v| v.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    // The 99th percentile, so that one pair does not make all others pale.
    let full = crate::analysis::percentile(&sizes, 0.99).filter(|f| *f > 0.0).unwrap_or(1.0);
    let full = (full / (axis::nice_step(full) / 10.0)).ceil() * axis::nice_step(full) / 10.0;
    let width = if bin < 1.0 { axis::trimmed(bin * 1e3) + " ms" } else { axis::trimmed(bin) + " s" };
    // A moment alone has no bins.
    let bins = if stop > start.next_up() { format!(" in bins of {width}") } else { String::new() };
    let mut caption = format!("Pearson's correlation of spike counts{bins}; ");
    if rows.count < rows.selected() {
        caption += &format!("{}, evenly chosen of {}; ", counted(rows.count, "unit"), grouped(rows.selected()));
    }
    match Distribution::of(found.pairs(0..rows.count)) {
        Some(pairs) => caption += &format!("mean over pairs {:.4}", pairs.mean),
        None => caption += "no pair of units whose counts vary",
    }
    if silent > 0 {
        caption += &format!("; {}: {} whose count does not vary", blank(true), counted(silent, "unit"));
    }
    if sizes.last().is_some_and(|largest| *largest > full) {
        caption += &format!("; correlations beyond {} are drawn as dark as that", axis::trimmed(full));
    }
    let several = rows.bands.len() > 1;
    let shown = || rows.bands.iter().filter(|b| !b.ids.is_empty());
    let ticks: Vec<(f64, String)> = if several {
        shown().map(|b| (b.first_row as f64 + b.ids.len() as f64 / 2.0, b.name.clone())).collect()
    } else {
        Vec::new()
    };
    let lines: Vec<f64> = shown().map(|b| b.first_row as f64).filter(|row| *row > 0.0).collect();
    let unit = match &rows.bands[0].name[..] {
        _ if several => "population".to_string(),
        "units" => "unit".to_string(),
        name => format!("{name}: neuron"),
    };
    let ids = if several { Vec::new() } else { rows.bands[0].ids.clone() };
    let labels = [unit.clone(), unit, "correlation".to_string()];
    let heat = Heat {
        name: "correlation",
        rows: rows.count,
        columns: rows.count,
        values,
        range: (-full.min(1.0), full.min(1.0)),
        two_sided: true,
        labels,
        ticks: [ticks.clone(), ticks],
        units: [ids.clone(), ids],
        lines: [lines.clone(), lines],
    };
    heat.draw(title, &(caption + "."), size)
}
