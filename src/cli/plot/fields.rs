//! `plot fields`: the weights onto each neuron as an image of its sources.

use memspike::counted::counted;
use memspike::plot::{self, Fields};

use super::weights::one;
use super::{Args, Drawn, SIZE};
use crate::cli::Failure;

/// Pixels of all images together, at most: more do not fit a picture.
const MOST_PIXELS: usize = 10_000_000;

/// The images at the last snapshot.
pub fn draw(title: &str, args: &Args) -> Result<Drawn, Failure> {
    let chosen = one(args)?;
    let count = |ids: &[i64]| ids.iter().max().map_or(0, |last| (*last).max(0) as usize + 1);
    // Those that have a synapse: a projection may reach a slice alone, and --population takes some.
    let mut shown: Vec<i64> = chosen.target_ids.iter().map(|id| (*id).max(0)).collect();
    shown.sort_unstable();
    shown.dedup();
    let neurons = shown.len();
    let sources = count(&chosen.source_ids);
    let side = (sources as f64).sqrt().ceil() as usize;
    // Pixels at the end of an image may have no synapse.
    let fits = |shape: &(usize, usize)| shape.0.checked_mul(shape.1).is_some_and(|size| size >= sources);
    let (rows, columns) = chosen.images.filter(fits).unwrap_or((side, side));
    if sources == 0 || neurons == 0 || neurons.saturating_mul(rows * columns) > MOST_PIXELS {
        return Err(Failure::input(format!(
            "{} has {neurons} targets of {sources} sources: expected weights that make 1 to {MOST_PIXELS} pixels.",
            chosen.projection
        )));
    }
    let mut weights = vec![vec![f64::NAN; rows * columns]; neurons];
    let last = chosen.times_ms.len().saturating_sub(1) * chosen.source_ids.len();
    let now = chosen.weights.get(last..).unwrap_or_default();
    for ((&source, &target), &weight) in chosen.source_ids.iter().zip(&chosen.target_ids).zip(now) {
        let Ok(image) = shown.binary_search(&target.max(0)) else { continue };
        let place = &mut weights[image][source.max(0) as usize];
        *place = if place.is_nan() { weight } else { *place + weight };
    }
    let names = shown.iter().map(i64::to_string).collect();
    let table = Fields { rows, columns, unit: chosen.unit.clone(), names, weights };
    let size = plot::fields_size(neurons, (rows, columns), SIZE);
    let figure = plot::fields(&format!("{title}: {}", chosen.projection), &table, size).map_err(Failure::input)?;
    Ok((figure, format!("{} of {rows} x {columns} from {}", counted(neurons, "image"), chosen.projection)))
}
