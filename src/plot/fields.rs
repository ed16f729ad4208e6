//! Receptive fields: the weights onto each neuron as an image of the sources that they come from.

use super::PlotError;
use super::axis::trimmed;
use super::backend::fine;
use super::chart::{Sheet, Style};
use super::elements::Image;
use super::figure::Figure;
use super::heat::{ONE_SIDED, shade};

/// The weights of a projection whose sources are the pixels of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// Rows of the image.
    pub rows: usize,
    /// Columns of the image.
    pub columns: usize,
    /// Unit of the weights; empty if they are bare numbers.
    pub unit: String,
    /// For each neuron `rows * columns` weights, row by row; NaN, left white, where there is no synapse.
    pub weights: Vec<Vec<f64>>,
}

/// Draws the image of each neuron, in rows by their numbers: the larger a weight's size, the darker.
///
/// # Errors
/// If an image does not have its stated shape, or the picture is too small for them all.
pub fn fields(title: &str, fields: &Fields, size: (u32, u32)) -> Result<Figure, PlotError> {
    let &Fields { rows, columns, ref unit, ref weights } = fields;
    if rows == 0 || columns == 0 || weights.iter().any(|w| w.len() != rows * columns) {
        return Err(PlotError::Table(format!("found other than {rows} x {columns} weights onto a neuron")));
    }
    let largest = weights.iter().flatten().filter(|w| w.is_finite()).fold(0.0f64, |most, w| most.max(w.abs()));
    let caption = format!(
        "Weights onto {} neurons as images of their {rows} x {columns} sources, from 0 (light) to {} {unit} (dark).",
        weights.len(),
        trimmed(largest)
    );
    let style = Style::of(size)?;
    let [left, top, right, bottom] = style.room(size, title, &caption);
    let (left, top) = (left.round() as usize, (top + 0.5 * style.em).round() as usize);
    let (width, height) = (right - left as f64, bottom - top as f64);
    // The largest pixels with which all fit, a gap of one image pixel between them.
    let fits = |scale: usize| {
        let across = (width / ((columns + 1) * scale) as f64) as usize;
        let down = (height / ((rows + 1) * scale) as f64) as usize;
        (across * down >= weights.len() && across > 0).then_some((scale, across))
    };
    let Some((scale, across)) = (1..=16).rev().find_map(fits) else {
        return Err(PlotError::Table(format!("{} images of {rows} x {columns} do not fit the picture", weights.len())));
    };
    let sheet = Sheet::new(title, &caption, size)?;
    for (neuron, field) in weights.iter().enumerate() {
        let (x, y) = (neuron % across * (columns + 1) * scale, neuron / across * (rows + 1) * scale);
        let one = |k: usize| {
            let (column, row) = (k % (columns * scale) / scale, k / (columns * scale) / scale);
            shade(&ONE_SIDED, field[row * columns + column].abs() / largest.max(f64::MIN_POSITIVE))
        };
        let rgba = (0..columns * rows * scale * scale).map(one).collect();
        let corner = [left + x, top + y].map(|at| fine(at as f64));
        sheet.paint(&Image { corner: corner.into(), width: (columns * scale) as u32, rgba })?;
    }
    Ok(sheet.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::figure::Mark;

    #[test]
    fn each_neuron_has_its_image_and_large_weights_are_dark() {
        let weights = vec![vec![0.0, 1.0, -2.0, f64::NAN], vec![2.0; 4], vec![0.0; 4]];
        let three = Fields { rows: 2, columns: 2, unit: "mV".into(), weights };
        let figure = fields("t", &three, (600, 400)).unwrap();
        let images: Vec<_> = figure
            .marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Pixels { x, y, width, rgba } => Some((*x, *y, *width, rgba)),
                _ => None,
            })
            .collect();
        assert_eq!(images.len(), 3);
        let (side, first) = (images[0].2 as usize, images[0].3);
        let at = |column: usize, row: usize| first[(row * side / 2) * side + column * side / 2];
        assert_eq!(
            [at(0, 0), at(1, 0), at(0, 1), at(1, 1)],
            [0.0, 0.5, 1.0, f64::NAN].map(|share| shade(&ONE_SIDED, share))
        );
        assert!(images[1].3.iter().all(|p| *p == shade(&ONE_SIDED, 1.0)));
        assert!(figure.caption.contains("3 neurons") && figure.caption.contains("2 mV"), "{}", figure.caption);
        assert!(fields("t", &Fields { rows: 3, ..three.clone() }, (600, 400)).is_err());
        let many = Fields { weights: vec![vec![0.0; 4]; 100_000], ..three };
        assert!(fields("t", &many, (600, 400)).is_err());
    }
}
