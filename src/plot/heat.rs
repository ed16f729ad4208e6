//! A matrix as a map of colours, with its scale beside it.

use super::PlotError;
use super::chart::Sheet;
use super::figure::Figure;
use super::palette::TEXT;
use super::scale::Axis;

/// A matrix, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Heat {
    /// Name of the panel.
    pub name: &'static str,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// `rows * columns` numbers; NaN is left blank ([`blank`]).
    pub values: Vec<f64>,
    /// Values at the ends of the scale.
    pub range: (f64, f64),
    /// Two colours from a white middle, for numbers of either sign.
    pub two_sided: bool,
    /// Labels of the axes and of the scale.
    pub labels: [String; 3],
    /// Ticks on the columns and on the rows: (place, label).
    pub ticks: [Vec<(f64, String)>; 2],
    /// The numbers of columns and rows that have no such ticks; counted from 0 where there is nothing.
    pub units: [Vec<i64>; 2],
    /// Where lines separate columns and rows.
    pub lines: [Vec<f64>; 2],
}

/// Light to dark over the palette's blues: growing darkness, to every kind of colour vision.
pub(crate) const ONE_SIDED: [[u8; 3]; 5] =
    [[0xff, 0xff, 0xf0], [0xab, 0xda, 0xec], [0x56, 0xb4, 0xe9], [0x00, 0x72, 0xb2], [0x00, 0x24, 0x3d]];

/// The palette's blue and vermilion, from white.
const TWO_SIDED: [[u8; 3]; 5] =
    [[0x00, 0x45, 0x8b], [0x56, 0xb4, 0xe9], [0xff, 0xff, 0xff], [0xee, 0x8e, 0x3c], [0xa5, 0x35, 0x00]];

/// What has no number, on a map of two colours, where white is 0.
const BLANK: [u8; 4] = [0xcc, 0xcc, 0xcc, 0xff];

/// The name of the colour of what has no number.
pub(crate) fn blank(two_sided: bool) -> &'static str {
    if two_sided { "grey" } else { "white" }
}

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

/// The colour of a share of a scale from -1 to 1.
pub(crate) fn shade_of_two(share: f64) -> [u8; 4] {
    if share.is_nan() { BLANK } else { shade(&TWO_SIDED, 0.5 + 0.5 * share) }
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
        let sheet = Sheet::new(title, caption, size)?;
        let em = sheet.style.em;
        let axis = |axis: usize, range: (f64, f64)| {
            let (count, label) = (range.0.max(range.1), self.labels[axis].as_str());
            if !self.units[axis].is_empty() {
                Axis::units(range, label, self.units[axis].clone()).every(4.0)
            } else if self.ticks[axis].is_empty() {
                // In the middle of rows and columns that are wide.
                Axis::counts(range, label, if count <= 40.0 { 0.5 } else { 0.0 }).every(4.0)
            } else {
                Axis::at(range, label, self.ticks[axis].clone())
            }
        };
        let (x, y) = (axis(0, (0.0, columns as f64)), axis(1, (rows as f64, 0.0)));
        let strength = Axis::numbers((low, high), self.labels[2].as_str());
        let [left, top, right, bottom] = sheet.edges(&sheet.area, [0.0, 0.5 * em, sheet.style.x_room()]);
        let (beside, before) =
            (sheet.style.left_room(&y, bottom - top), sheet.style.left_room(&strength, bottom - top));
        let right = right - (2.4 * em + before).round();
        let mut map = sheet.chart(self.name, [left + beside, top, right, bottom], beside, (x, y))?;
        let color =
            |share: f64| if self.two_sided { shade_of_two(2.0 * share - 1.0) } else { shade(&ONE_SIDED, share) };
        map.fill(|x, y| {
            let (column, row) = ((x * columns as f64) as usize, (y * rows as f64) as usize);
            let value = values[row.min(rows - 1) * columns + column.min(columns - 1)];
            color((value - low) / (high - low))
        })?;
        for x in &self.lines[0] {
            map.rule((*x, 0.0), (*x, rows as f64), TEXT.fade(0.6))?;
        }
        for y in &self.lines[1] {
            map.rule((0.0, *y), (columns as f64, *y), TEXT.fade(0.6))?;
        }
        let from = right + before + 0.9 * em;
        let axes = (Axis::at((0.0, 1.0), "", Vec::new()), strength);
        let scale = sheet.chart("scale", [from, top, from + 1.5 * em, bottom], before, axes)?;
        scale.fill(|_, y| color(1.0 - y))?;
        Ok(sheet.finish())
    }
}
