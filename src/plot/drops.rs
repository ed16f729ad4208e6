//! Where an array of cells loses voltage: a map of colours, one square for each cell.

use super::PlotError;
use super::axis::{self, Style};
use super::figure::{Figure, Mark, Panel};
use super::palette::TEXT;

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

/// Light to dark over the palette's blues: growing darkness, to every kind of colour vision.
const SCALE: [[u8; 3]; 5] =
    [[0xff, 0xff, 0xf0], [0xab, 0xda, 0xec], [0x56, 0xb4, 0xe9], [0x00, 0x72, 0xb2], [0x00, 0x24, 0x3d]];

fn shade(share: f64) -> [u8; 4] {
    if share.is_nan() {
        return [255; 4];
    }
    let at = share.clamp(0.0, 1.0) * (SCALE.len() - 1) as f64;
    let low = (at as usize).min(SCALE.len() - 2);
    let mix = |c: usize| {
        let (a, b) = (f64::from(SCALE[low][c]), f64::from(SCALE[low + 1][c]));
        (a + (b - a) * (at - low as f64)).round() as u8
    };
    [mix(0), mix(1), mix(2), 255]
}

/// Draws the map, word lines from top to bottom as they are numbered, with its scale beside it.
///
/// # Errors
/// If the matrix does not have its stated shape, or the picture is too small.
pub fn ir_drop(title: &str, drops: &Drops, size: (u32, u32)) -> Result<Figure, PlotError> {
    let &Drops { rows, columns, ref volts } = drops;
    if rows == 0 || columns == 0 || volts.len() != rows * columns {
        return Err(PlotError::Table(format!("found {} voltages for {rows} x {columns} cells", volts.len())));
    }
    let style = Style::of(size)?;
    let known = || volts.iter().map(|v| 1e3 * v).filter(|v| v.is_finite());
    let (low, high) = (known().fold(0.0f64, f64::min), known().fold(0.0f64, f64::max));
    let high = if high > low { high } else { low + 1.0 };
    let (mut figure, top) = style.figure(size, title);
    figure.caption = if known().next().is_some() {
        "Voltage missing at each cell, against its lines' sources: lost on the wires.".into()
    } else {
        "Every cell lies on a floating line: there is no voltage that it should have.".into()
    };
    let lines = style.caption_lines(size.0, &figure.caption);
    let (left, right) = ((5.5 * style.em).round(), (f64::from(size.0) - 9.0 * style.em).round());
    let top = (top + 0.5 * style.em).round();
    let bottom = (f64::from(size.1) - axis::x_room(style) - style.caption_height(lines.len())).round();
    let map = Panel {
        name: "drops".into(),
        pixels: [left, top, right, bottom],
        x: (0.0, columns as f64),
        y: (rows as f64, 0.0),
    };
    let scale_left = right + 4.5 * style.em;
    let scale = Panel {
        name: "scale".into(),
        pixels: [scale_left.round(), top, (scale_left + 1.5 * style.em).round(), bottom],
        x: (0.0, 1.0),
        y: (low, high),
    };
    let share = |millivolts: f64| (millivolts - low) / (high - low);
    pixels(&mut figure, &map, |x, y| {
        let (column, row) = ((x * columns as f64) as usize, (y * rows as f64) as usize);
        shade(share(1e3 * volts[row.min(rows - 1) * columns + column.min(columns - 1)]))
    });
    pixels(&mut figure, &scale, |_, y| shade(1.0 - y));
    let whole = |count: usize, pixels: f64| {
        let ticks = axis::labelled(0.0, count as f64, axis::wanted(pixels, 4.0 * style.em));
        let middle = if count <= 40 { 0.5 } else { 0.0 };
        let fine = ticks.into_iter().filter(|t| t.0.fract() == 0.0 && (t.0 as usize) < count);
        fine.map(|(at, label)| (at + middle, label)).collect::<Vec<_>>()
    };
    axis::frame(&mut figure, style, &map);
    axis::x_ticks(&mut figure, style, &map, &whole(columns, right - left), true);
    axis::y_ticks(&mut figure, style, &map, &whole(rows, bottom - top));
    axis::x_label(&mut figure, style, &map, "bit line");
    axis::y_label(&mut figure, style, &map, 1.6 * style.em, "word line", TEXT);
    axis::y_ticks(&mut figure, style, &scale, &axis::labelled(low, high, axis::wanted(bottom - top, 3.0 * style.em)));
    let beside = scale.pixels[2] + 1.6 * style.em;
    axis::y_label(&mut figure, style, &scale, beside, "drop (mV)", TEXT);
    style.caption(&mut figure, &lines);
    figure.panels.extend([map, scale]);
    Ok(figure)
}

/// Fills a panel pixel by pixel; `color` takes shares of its width and height, from its left upper corner.
fn pixels(figure: &mut Figure, panel: &Panel, color: impl Fn(f64, f64) -> [u8; 4]) {
    let [left, top, right, bottom] = panel.pixels;
    let (width, height) = ((right - left) as u32, (bottom - top) as u32);
    let share = |at: u32, of: u32| (f64::from(at) + 0.5) / f64::from(of);
    let rgba = (0..width * height).map(|k| color(share(k % width, width), share(k / width, height))).collect();
    figure.marks.push(Mark::Pixels { x: left as u32, y: top as u32, width, rgba });
}

#[cfg(test)]
mod tests {
    use super::*;

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
            [SCALE[0].to_vec(), SCALE[2].to_vec(), SCALE[4].to_vec(), vec![255; 3]]
        );
        assert!(figure.texts().any(|t| t == "drop (mV)"));
        assert!(ir_drop("t", &Drops { rows: 2, columns: 3, volts: vec![0.0; 4] }, (600, 500)).is_err());
    }
}
