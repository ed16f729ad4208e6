//! A matrix as a map of colours, with its scale beside it.

use super::PlotError;
use super::axis::{self, Style};
use super::figure::{Figure, Mark, Panel};
use super::palette::TEXT;

/// A matrix, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Heat {
    /// Name of the panel.
    pub name: &'static str,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// `rows * columns` numbers; NaN is left white.
    pub values: Vec<f64>,
    /// Values at the ends of the scale.
    pub range: (f64, f64),
    /// Two colours from a white middle, for numbers of either sign.
    pub two_sided: bool,
    /// Labels of the axes and of the scale.
    pub labels: [String; 3],
    /// Ticks on the columns and on the rows: (place, label); where there are none, they are counted.
    pub ticks: [Vec<(f64, String)>; 2],
    /// Where lines separate columns and rows.
    pub lines: [Vec<f64>; 2],
}

/// Light to dark over the palette's blues: growing darkness, to every kind of colour vision.
pub(crate) const ONE_SIDED: [[u8; 3]; 5] =
    [[0xff, 0xff, 0xf0], [0xab, 0xda, 0xec], [0x56, 0xb4, 0xe9], [0x00, 0x72, 0xb2], [0x00, 0x24, 0x3d]];

/// The palette's blue and vermilion, from white.
pub(crate) const TWO_SIDED: [[u8; 3]; 5] =
    [[0x00, 0x45, 0x8b], [0x56, 0xb4, 0xe9], [0xff, 0xff, 0xff], [0xee, 0x8e, 0x3c], [0xa5, 0x35, 0x00]];

/// The colour of a share of a scale; white if it is not known.
pub(crate) fn shade(scale: &[[u8; 3]; 5], share: f64) -> [u8; 4] {
    if share.is_nan() {
        return [255; 4];
    }
    let at = share.clamp(0.0, 1.0) * (scale.len() - 1) as f64;
    let low = (at as usize).min(scale.len() - 2);
    let mix = |c: usize| {
        let (a, b) = (f64::from(scale[low][c]), f64::from(scale[low + 1][c]));
        (a + (b - a) * (at - low as f64)).round() as u8
    };
    [mix(0), mix(1), mix(2), 255]
}

impl Heat {
    /// Draws the map, first row on top; the caption is below it.
    ///
    /// # Errors
    /// If the matrix does not have its stated shape, or the picture is too small.
    pub fn draw(&self, title: &str, caption: &str, size: (u32, u32)) -> Result<Figure, PlotError> {
        let &Heat { rows, columns, ref values, range: (low, high), .. } = self;
        if rows == 0 || columns == 0 || values.len() != rows * columns {
            return Err(PlotError::Table(format!("found {} values for {rows} x {columns} cells", values.len())));
        }
        let style = Style::of(size)?;
        let (mut figure, top) = style.figure(size, title);
        figure.caption = caption.to_string();
        let lines = style.caption_lines(size.0, caption);
        let longest = |ticks: &[(f64, String)]| {
            ticks.iter().map(|t| super::font::width(&t.1, style.small, false)).fold(2.4 * style.em, f64::max)
        };
        let left = (3.1 * style.em + longest(&self.ticks[1])).round();
        let right = (f64::from(size.0) - 9.0 * style.em).round();
        let top = (top + 0.5 * style.em).round();
        let bottom = (f64::from(size.1) - axis::x_room(style) - style.caption_height(lines.len())).round();
        let name = self.name.to_string();
        let pixels = [left, top, right, bottom];
        let map = Panel { name, pixels, x: (0.0, columns as f64), y: (rows as f64, 0.0) };
        let from = right + 4.5 * style.em;
        let pixels = [from.round(), top, (from + 1.5 * style.em).round(), bottom];
        let scale = Panel { name: "scale".into(), pixels, x: (0.0, 1.0), y: (low, high) };
        let colors = if self.two_sided { &TWO_SIDED } else { &ONE_SIDED };
        fill(&mut figure, &map, |x, y| {
            let (column, row) = ((x * columns as f64) as usize, (y * rows as f64) as usize);
            let value = values[row.min(rows - 1) * columns + column.min(columns - 1)];
            shade(colors, (value - low) / (high - low))
        });
        fill(&mut figure, &scale, |_, y| shade(colors, 1.0 - y));
        for x in &self.lines[0] {
            figure.rect(map.px(*x) - style.hair / 2.0, top, style.hair, bottom - top, TEXT.fade(0.6));
        }
        for y in &self.lines[1] {
            figure.rect(left, map.py(*y) - style.hair / 2.0, right - left, style.hair, TEXT.fade(0.6));
        }
        let ticks = |axis: usize, count: usize, room: f64| {
            if self.ticks[axis].is_empty() { counted(style, count, room) } else { self.ticks[axis].clone() }
        };
        axis::frame(&mut figure, style, &map);
        axis::x_ticks(&mut figure, style, &map, &ticks(0, columns, right - left), true);
        axis::y_ticks(&mut figure, style, &map, &ticks(1, rows, bottom - top));
        axis::x_label(&mut figure, style, &map, &self.labels[0]);
        axis::y_label(&mut figure, style, &map, 1.6 * style.em, &self.labels[1], TEXT);
        let values = axis::labelled(low, high, axis::wanted(bottom - top, 3.0 * style.em));
        axis::y_ticks(&mut figure, style, &scale, &values);
        axis::y_label(&mut figure, style, &scale, scale.pixels[2] + 1.6 * style.em, &self.labels[2], TEXT);
        style.caption(&mut figure, &lines);
        figure.panels.extend([map, scale]);
        Ok(figure)
    }
}

/// Numbers of rows or columns: in their middle where they are wide.
fn counted(style: Style, count: usize, pixels: f64) -> Vec<(f64, String)> {
    let ticks = axis::labelled(0.0, count as f64, axis::wanted(pixels, 4.0 * style.em));
    let middle = if count <= 40 { 0.5 } else { 0.0 };
    let whole = ticks.into_iter().filter(|t| t.0.fract() == 0.0 && (t.0 as usize) < count);
    whole.map(|(at, _)| (at + middle, format!("{at:.0}"))).collect()
}

/// Fills a panel pixel by pixel; `color` takes shares of its width and height, from its left upper corner.
fn fill(figure: &mut Figure, panel: &Panel, color: impl Fn(f64, f64) -> [u8; 4]) {
    let [left, top, right, bottom] = panel.pixels;
    let (width, height) = ((right - left) as u32, (bottom - top) as u32);
    let share = |at: u32, of: u32| (f64::from(at) + 0.5) / f64::from(of);
    let rgba = (0..width * height).map(|k| color(share(k % width, width), share(k / width, height))).collect();
    figure.marks.push(Mark::Pixels { x: left as u32, y: top as u32, width, rgba });
}
