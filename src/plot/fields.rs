//! Receptive fields: the weights onto each neuron as an image of the sources that they come from.

use super::PlotError;
use super::axis::trimmed;
use super::backend::fine;
use crate::counted::counted;
use plotters::style::text_anchor::{HPos, VPos};

use super::chart::{Sheet, Style};
use super::elements::Image;
use super::figure::Figure;
use super::font;
use super::heat::{ONE_SIDED, blank, shade, shade_of_two};
use super::palette::MUTED;

/// The weights of a projection whose sources are the pixels of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// Rows of the image.
    pub rows: usize,
    /// Columns of the image.
    pub columns: usize,
    /// Unit of the weights; empty if they are bare numbers.
    pub unit: String,
    /// What each neuron is called, such as its number; as many as neurons, or none.
    pub names: Vec<String>,
    /// For each neuron `rows * columns` weights, row by row; NaN, left white, where there is no synapse.
    pub weights: Vec<Vec<f64>>,
}

/// A side of an image is to have so many pixels where the picture may be as high as that takes,
const SIDE: usize = 56;
/// which is so many at most.
const HIGHEST: u32 = 6000;
/// A weight takes no more pixels than this.
const LARGEST: f64 = 32.0;

/// How large a picture should be, as wide as `size` and at least as high, for so many images: high enough that each can be seen.
pub fn fields_size(neurons: usize, (rows, columns): (usize, usize), size: (u32, u32)) -> (u32, u32) {
    // Labels of a high picture are as large as its width has them.
    let tall = (size.0, size.0.max(size.1));
    let Ok(style) = Style::of(tall) else { return size };
    let scale = SIDE.div_ceil(rows.max(columns).max(1)) as f64;
    let [left, top, right, bottom] = style.room(tall, "title", "a caption");
    let [wide, high] = [columns, rows].map(|side| side as f64 * scale);
    let across = ((right - left + GAP * style.em) / (wide + GAP * style.em)).floor().max(1.0);
    let down = (neurons as f64 / across).ceil();
    let height = down * (high + label(style) + GAP * style.em) + top + f64::from(tall.1) - bottom + style.em;
    (size.0, (height.ceil().min(f64::from(HIGHEST)) as u32).max(size.1))
}

/// Ems between images.
const GAP: f64 = 0.35;

/// Room for a neuron's name above its image \[pixels\].
fn label(style: Style) -> f64 {
    1.25 * style.small
}

/// How images are laid out.
struct Layout {
    /// Pixels of a weight.
    scale: f64,
    /// Images in a row.
    across: usize,
    /// Room above each for its name \[pixels\].
    label: f64,
}

/// The largest images with which all fit into a room.
fn lay_out(
    neurons: usize,
    (rows, columns): (f64, f64),
    (width, height): (f64, f64),
    gap: f64,
    label: f64,
) -> Option<Layout> {
    let of = |across: usize| {
        let down = neurons.div_ceil(across);
        let wide = ((width + gap) / across as f64 - gap) / columns;
        let high = ((height + gap) / down as f64 - gap - label) / rows;
        Layout { scale: wide.min(high).min(LARGEST), across, label }
    };
    let most = neurons.min((width / columns) as usize);
    let best = (1..=most).map(of).max_by(|a, b| a.scale.total_cmp(&b.scale))?;
    // Weights of the same whole number of pixels look alike, where that costs little.
    let scale = if best.scale >= 8.0 { best.scale.floor() } else { best.scale };
    (scale >= 1.0).then_some(Layout { scale, ..best })
}

/// Draws the image of each neuron under its name, in rows by their numbers, as large as the picture allows: the larger a weight's size, the
/// darker, in two colours where there are weights of both signs. Names are left out where they would not fit.
///
/// # Errors
/// If an image does not have its stated shape, or the picture is too small for them all.
pub fn fields(title: &str, fields: &Fields, size: (u32, u32)) -> Result<Figure, PlotError> {
    let &Fields { rows, columns, ref unit, ref names, ref weights } = fields;
    if rows == 0 || columns == 0 || weights.iter().any(|w| w.len() != rows * columns) {
        return Err(PlotError::Table(format!("found other than {rows} x {columns} weights onto a neuron")));
    }
    if !names.is_empty() && names.len() != weights.len() {
        return Err(PlotError::Table(format!("found {} names of {} neurons", names.len(), weights.len())));
    }
    let largest = weights.iter().flatten().filter(|w| w.is_finite()).fold(0.0f64, |most, w| most.max(w.abs()));
    let is = |sign: f64| weights.iter().flatten().any(|w| w * sign > 0.0);
    let (two_sided, end) = (is(1.0) && is(-1.0), trimmed(largest));
    let colors = match (two_sided, is(-1.0)) {
        (true, _) => format!("from -{end} (blue) over 0 (white) to {end} {unit} (vermilion)"),
        (_, true) => format!("from 0 (light) to -{end} {unit} (dark)"),
        _ => format!("from 0 (light) to {end} {unit} (dark)"),
    };
    // Images may have more pixels than there are sources.
    let bare = weights.iter().flatten().any(|w| w.is_nan());
    let bare = if bare { format!("; {}: no synapse", blank(two_sided)) } else { String::new() };
    let caption = format!(
        "Weights onto {} as images of {rows} x {columns}, a pixel for each source, {colors}{bare}.",
        counted(weights.len(), "neuron")
    );
    let style = Style::of(size)?;
    let [left, top, right, bottom] = style.room(size, title, &caption);
    let top = top + 0.5 * style.em;
    let (room, gap, shape) = ((right - left, bottom - top), GAP * style.em, (rows as f64, columns as f64));
    let widest = names.iter().map(|name| font::width(name, style.small, false)).fold(0.0, f64::max);
    let named = lay_out(weights.len(), shape, room, gap, label(style));
    let named = named.filter(|layout| !names.is_empty() && widest <= columns as f64 * layout.scale);
    // Without names images may lie closer: many small ones must fit.
    let layout = named.or_else(|| lay_out(weights.len(), shape, room, gap.min(3.0), 0.0));
    let Some(Layout { scale, across, label }) = layout else {
        return Err(PlotError::Table(format!("{} images of {rows} x {columns} do not fit the picture", weights.len())));
    };
    let gap = if label > 0.0 { gap } else { gap.min(3.0) };
    let [wide, high] = [columns, rows].map(|side| ((side as f64 * scale).round() as usize).max(1));
    let sheet = Sheet::new(title, &caption, size)?;
    for (neuron, field) in weights.iter().enumerate() {
        let x = left.round() + (neuron % across) as f64 * (wide as f64 + gap);
        let y = top + (neuron / across) as f64 * (high as f64 + gap + label);
        if label > 0.0 {
            let font = style.font(style.small, MUTED, (HPos::Left, VPos::Top));
            sheet.write((x, y), &names[neuron], &font)?;
        }
        let one = |k: usize| {
            let (column, row) = (k % wide * columns / wide, k / wide * rows / high);
            let share = field[row * columns + column] / largest.max(f64::MIN_POSITIVE);
            if two_sided { shade_of_two(share) } else { shade(&ONE_SIDED, share.abs()) }
        };
        let rgba = (0..wide * high).map(one).collect();
        let corner = [x.round(), (y + label).round()].map(fine);
        sheet.paint(&Image { corner: corner.into(), width: wide as u32, rgba })?;
    }
    Ok(sheet.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::figure::Mark;

    #[test]
    fn each_neuron_has_its_image_and_large_weights_are_dark() {
        let weights = vec![vec![0.0, 1.0, 2.0, f64::NAN], vec![2.0; 4], vec![0.0; 4]];
        let names = ["0", "1", "2"].map(str::to_string).to_vec();
        let three = Fields { rows: 2, columns: 2, unit: "mV".into(), names, weights };
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
        assert!(figure.caption.ends_with("; white: no synapse."), "{}", figure.caption);
        // Weights of both signs have two colours, and white is 0.
        let weights = vec![vec![-2.0, 1.0, 0.0, f64::NAN]];
        let both = Fields { weights, names: vec!["0".into()], ..three.clone() };
        let figure = fields("t", &both, (600, 400)).unwrap();
        let Some(Mark::Pixels { rgba, .. }) = figure.marks.iter().find(|m| matches!(m, Mark::Pixels { .. })) else {
            panic!("no image")
        };
        for colour in [-1.0, 0.5, 0.0, f64::NAN].map(shade_of_two) {
            assert!(rgba.contains(&colour), "{colour:?}");
        }
        assert!(figure.caption.contains("from -2 (blue) over 0 (white) to 2 mV (vermilion); grey: no synapse."));
        assert!(fields("t", &Fields { rows: 3, ..three.clone() }, (600, 400)).is_err());
        let many = Fields { weights: vec![vec![0.0; 4]; 100_000], names: Vec::new(), ..three.clone() };
        assert!(fields("t", &many, (600, 400)).is_err());
        assert!(fields("t", &Fields { names: vec!["0".into()], ..three }, (600, 400)).is_err());
    }

    /// Left and upper edge of an image, its width and its height.
    type Placed = (f64, f64, u32, usize);

    /// The images of so many neurons in a picture that is as high as they need: width, height and places.
    fn images(neurons: usize, (rows, columns): (usize, usize)) -> (u32, u32, Vec<Placed>) {
        let size = fields_size(neurons, (rows, columns), (1400, 900));
        let weights = vec![vec![0.5; rows * columns]; neurons];
        let names = (0..neurons).map(|n| n.to_string()).collect();
        let figure = fields("t", &Fields { rows, columns, unit: "mV".into(), names, weights }, size).unwrap();
        let image = |mark: &Mark| match mark {
            Mark::Pixels { x, y, width, rgba } => Some((*x as f64, *y as f64, *width, rgba.len() / *width as usize)),
            _ => None,
        };
        (size.0, size.1, figure.marks.iter().filter_map(image).collect())
    }

    #[test]
    fn images_are_large_enough_to_see_and_lie_side_by_side_within_the_picture() {
        for (neurons, shape, least) in [
            (1, (28, 28), 700),
            (8, (15, 15), 300),
            (50, (28, 28), 100),
            (400, (28, 28), 56),
            (1600, (28, 28), 45),
            (20, (4, 64), 64),
        ] {
            let (width, height, images) = images(neurons, shape);
            assert_eq!(images.len(), neurons);
            let side = images[0].2.max(images[0].3 as u32);
            assert!(side >= least, "{neurons} of {shape:?}: {side} pixels");
            assert!(height <= HIGHEST);
            for (k, &(x, y, w, h)) in images.iter().enumerate() {
                let (right, bottom) = (x + f64::from(w), y + h as f64);
                assert!(
                    x >= 0.0 && y >= 0.0 && right <= f64::from(width) && bottom <= f64::from(height),
                    "{neurons}: {k}"
                );
                let apart =
                    |o: &Placed| o.0 >= right || o.0 + f64::from(o.2) <= x || o.1 >= bottom || o.1 + o.3 as f64 <= y;
                assert!(images[..k].iter().rev().take(200).all(apart), "{neurons}: image {k} lies on another");
            }
        }
    }
}
