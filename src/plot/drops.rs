//! Where an array of cells loses voltage: a map of colours, one square for each cell.

use super::PlotError;
use super::figure::Figure;
use super::heat::Heat;

/// A matrix of voltages, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Drops {
    /// Word lines.
    pub rows: usize,
    /// Bit lines.
    pub columns: usize,
    /// What is missing at each cell \[V\]; NaN is left white.
    pub volts: Vec<f64>,
}

/// Draws the map, word lines from top to bottom as they are numbered, with its scale beside it.
///
/// # Errors
/// If the matrix does not have its stated shape, or the picture is too small.
pub fn ir_drop(title: &str, drops: &Drops, size: (u32, u32)) -> Result<Figure, PlotError> {
    let values: Vec<f64> = drops.volts.iter().map(|v| 1e3 * v).collect();
    let known = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (known().fold(0.0f64, f64::min), known().fold(0.0f64, f64::max));
    let range = (low, if high > low { high } else { low + 1.0 });
    let caption = if known().next().is_some() {
        "Voltage missing at each cell, against its lines' sources: lost on the wires."
    } else {
        "Every cell lies on a floating line: there is no voltage that it should have."
    };
    let labels = ["bit line", "word line", "drop (mV)"].map(str::to_string);
    let (rows, columns) = (drops.rows, drops.columns);
    Heat { name: "drops", rows, columns, values, range, labels, ..Heat::default() }.draw(title, caption, size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::figure::Mark;
    use crate::plot::heat::ONE_SIDED;

    #[test]
    fn the_cell_that_loses_most_is_darkest_and_unknown_ones_are_white() {
        let drops = Drops { rows: 2, columns: 2, volts: vec![0.0, 0.5e-3, 1e-3, f64::NAN] };
        let figure = ir_drop("t", &drops, (600, 500)).unwrap();
        let Some(Mark::Pixels { width, rgba, .. }) = figure.marks.iter().find(|m| matches!(m, Mark::Pixels { .. }))
        else {
            panic!("no map");
        };
        let (w, h) = (*width as usize, rgba.len() / *width as usize);
        let at = |x: usize, y: usize| rgba[(h * y / 4) * w + w * x / 4][..3].to_vec();
        assert_eq!(
            [at(1, 1), at(3, 1), at(1, 3), at(3, 3)],
            [ONE_SIDED[0].to_vec(), ONE_SIDED[2].to_vec(), ONE_SIDED[4].to_vec(), vec![255; 3]]
        );
        assert!(figure.texts().any(|t| t == "drop (mV)"));
        assert!(ir_drop("t", &Drops { rows: 2, columns: 3, volts: vec![0.0; 4] }, (600, 500)).is_err());
    }
}
