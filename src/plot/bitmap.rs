//! A figure as pixels and as a PNG: edges are blended by the share of the pixel that they cover.

use tiny_skia::{FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};
use ttf_parser::OutlineBuilder;

use super::PlotError;
use super::figure::{Anchor, Figure, Mark, is_rule};
use super::font;
use super::palette::Ink;

/// Red, green and blue, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Bitmap {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `3 * width * height` bytes.
    pub rgb: Vec<u8>,
}

impl Bitmap {
    /// The colour of a pixel; white outside.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        let at = 3 * (y as usize * self.width as usize + x as usize);
        match self.rgb.get(at..at + 3) {
            Some(&[r, g, b]) if x < self.width => [r, g, b],
            _ => [255; 3],
        }
    }
}

/// Draws the figure.
///
/// # Errors
/// If it has no pixels, or too many to hold.
pub fn rasterize(figure: &Figure) -> Result<Bitmap, PlotError> {
    let size = || PlotError::Size(figure.width, figure.height);
    let mut canvas = Canvas(Pixmap::new(figure.width, figure.height).ok_or_else(size)?);
    canvas.0.fill(tiny_skia::Color::WHITE);
    figure.marks.iter().for_each(|mark| canvas.draw(mark));
    // On white everything is opaque, so that there is nothing to divide by.
    let rgb = canvas.0.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    Ok(Bitmap { width: figure.width, height: figure.height, rgb })
}

struct Canvas(Pixmap);

impl Canvas {
    fn draw(&mut self, mark: &Mark) {
        match mark {
            Mark::Rect { x, y, w, h, ink } => self.rect(*x, *y, *w, *h, *ink),
            Mark::Ticks { at, w, h, ink } => at.iter().for_each(|(x, y)| self.rect(*x, *y, *w, *h, *ink)),
            Mark::Line { points, width, ink } if is_rule(points) => self.rule(points, *width, *ink),
            Mark::Dots { at, r, ink } => {
                for (x, y) in at {
                    if let Some(path) = PathBuilder::from_circle(*x as f32, *y as f32, *r as f32) {
                        self.0.fill_path(&path, &paint(*ink), FillRule::Winding, Transform::identity(), None);
                    }
                }
            }
            Mark::Line { points, width, ink } => {
                let stroke = Stroke { width: *width as f32, line_join: LineJoin::Round, ..Stroke::default() };
                if let Some(path) = path(points, false) {
                    self.0.stroke_path(&path, &paint(*ink), &stroke, Transform::identity(), None);
                }
            }
            Mark::Area { points, ink } => {
                if let Some(path) = path(points, true) {
                    self.0.fill_path(&path, &paint(*ink), FillRule::Winding, Transform::identity(), None);
                }
            }
            Mark::Pixels { x, y, width, rgba } => {
                for (i, &[r, g, b, a]) in rgba.iter().enumerate().filter(|(_, pixel)| pixel[3] > 0) {
                    let (column, row) = (x + i as u32 % width, y + i as u32 / width);
                    self.blend(column, row, [r, g, b], f64::from(a) / 255.0);
                }
            }
            Mark::Text { x, y, size, text, ink, anchor, bold, upward } => {
                let shift = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => 0.5,
                    Anchor::End => 1.0,
                } * font::width(text, *size, *bold);
                let turn = if *upward { Transform::from_rotate(-90.0) } else { Transform::identity() };
                let place = Transform::from_translate(-shift as f32, 0.0)
                    .post_concat(turn)
                    .post_translate(*x as f32, *y as f32);
                if let Some(path) = outline(text, *size, *bold) {
                    self.0.fill_path(&path, &paint(*ink), FillRule::Winding, place, None);
                }
            }
        }
    }

    /// A level or upright line, its edge on that of a pixel. The ends of lines that meet may be a thousandth of a pixel apart.
    fn rule(&mut self, points: &[(f64, f64)], width: f64, ink: Ink) {
        let span = |at: &dyn Fn(&(f64, f64)) -> f64| {
            let ends = points.iter().map(at).fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
            if ends.0 == ends.1 {
                return ((ends.0 - width / 2.0).round(), width);
            }
            let from = (ends.0 - width / 2.0 - 0.002).round();
            (from, (ends.1 + width / 2.0 + 0.002).round() - from)
        };
        let ((x, w), (y, h)) = (span(&|p| p.0), span(&|p| p.1));
        self.rect(x, y, w, h, ink);
    }

    /// A rectangle, each pixel in the share that it covers.
    fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, ink: Ink) {
        let (columns, rows) = (f64::from(self.0.width()), f64::from(self.0.height()));
        let span = |from: f64, size: f64, most: f64| (from.clamp(0.0, most), (from + size).clamp(0.0, most));
        let ((left, right), (top, bottom)) = (span(x, w, columns), span(y, h, rows));
        let covered = |at: u32, from: f64, to: f64| (to.min(f64::from(at) + 1.0) - from.max(f64::from(at))).max(0.0);
        for row in top as u32..bottom.ceil() as u32 {
            let share = covered(row, top, bottom);
            for column in left as u32..right.ceil() as u32 {
                self.blend(column, row, ink.rgb, ink.alpha * share * covered(column, left, right));
            }
        }
    }

    fn blend(&mut self, x: u32, y: u32, rgb: [u8; 3], alpha: f64) {
        if x >= self.0.width() || y >= self.0.height() {
            return;
        }
        let at = 4 * (y as usize * self.0.width() as usize + x as usize);
        for (old, new) in self.0.data_mut()[at..at + 3].iter_mut().zip(rgb) {
            *old = (f64::from(*old) + (f64::from(new) - f64::from(*old)) * alpha).round() as u8;
        }
    }
}

fn paint(ink: Ink) -> Paint<'static> {
    let [r, g, b] = ink.rgb;
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, (255.0 * ink.alpha).round() as u8);
    paint
}

fn path(points: &[(f64, f64)], closed: bool) -> Option<Path> {
    let hold = |v: f64| v.clamp(-1e5, 1e5) as f32;
    let mut path = PathBuilder::new();
    for (i, (x, y)) in points.iter().enumerate() {
        if i == 0 { path.move_to(hold(*x), hold(*y)) } else { path.line_to(hold(*x), hold(*y)) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

/// The letters of a text as one path, from the origin along its baseline.
fn outline(text: &str, size: f64, bold: bool) -> Option<Path> {
    struct Pen(PathBuilder, f32, f32);
    impl OutlineBuilder for Pen {
        fn move_to(&mut self, x: f32, y: f32) {
            self.0.move_to(self.1 + x * self.2, -y * self.2);
        }
        fn line_to(&mut self, x: f32, y: f32) {
            self.0.line_to(self.1 + x * self.2, -y * self.2);
        }
        fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
            self.0.quad_to(self.1 + x1 * self.2, -y1 * self.2, self.1 + x * self.2, -y * self.2);
        }
        fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
            let (s, dx) = (self.2, self.1);
            self.0.cubic_to(dx + x1 * s, -y1 * s, dx + x2 * s, -y2 * s, dx + x * s, -y * s);
        }
        fn close(&mut self) {
            self.0.close();
        }
    }
    let face = font::face(bold)?;
    let mut pen = Pen(PathBuilder::new(), 0.0, size as f32 / f32::from(face.units_per_em()));
    for letter in text.chars() {
        let glyph = font::glyph(face, letter);
        face.outline_glyph(glyph, &mut pen);
        pen.1 += f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * pen.2;
    }
    pen.0.finish()
}

/// A PNG of an image.
///
/// # Errors
/// If the image has no pixels.
pub fn encode(width: u32, height: u32, color: png::ColorType, bytes: &[u8]) -> Result<Vec<u8>, PlotError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Default);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(bytes)?;
        writer.finish()
    });
    written.map_err(|error| PlotError::Draw(error.to_string()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(mark: Mark) -> Bitmap {
        rasterize(&Figure { width: 8, height: 8, marks: vec![mark], ..Figure::default() }).unwrap()
    }

    #[test]
    fn a_pixel_mark_fills_its_pixel_and_no_other() {
        let bitmap = drawn(Mark::Pixels { x: 3, y: 4, width: 1, rgba: vec![[10, 20, 30, 255]] });
        assert_eq!(bitmap.pixel(3, 4), [10, 20, 30]);
        assert_eq!(bitmap.rgb.chunks(3).filter(|p| **p != [255; 3]).count(), 1);
    }

    #[test]
    fn level_and_upright_lines_are_sharp_and_meet_in_a_corner() {
        let ink = Ink::new([0; 3]);
        let line = |points: Vec<(f64, f64)>| Mark::Line { points, width: 1.0, ink };
        // A frame's corner, a thousandth of a pixel away from whole ones.
        let marks = vec![line(vec![(2.999, 1.0), (2.999, 5.999)]), line(vec![(3.0, 6.0), (7.0, 6.0)])];
        let bitmap = rasterize(&Figure { width: 8, height: 8, marks, ..Figure::default() }).unwrap();
        let dark = |x: u32, y: u32| bitmap.pixel(x, y) == [0; 3];
        assert!((1..=6).all(|y| dark(2, y)) && (2..=6).all(|x| dark(x, 6)));
        assert!(bitmap.rgb.iter().all(|v| [0, 255].contains(v)), "no grey");
    }

    #[test]
    fn dots_that_overlap_grow_darker() {
        let ink = Ink::new([0; 3]).fade(0.5);
        let bitmap = drawn(Mark::Dots { at: vec![(3.0, 3.0), (5.0, 3.0)], r: 2.0, ink });
        let [alone, both] = [bitmap.pixel(2, 2)[0], bitmap.pixel(4, 3)[0]];
        assert!((120..=135).contains(&alone) && both < 100, "{alone} {both}");
        assert_eq!(bitmap.pixel(4, 6), [255; 3]);
    }

    #[test]
    fn a_rectangle_covers_pixels_by_their_share() {
        let bitmap = drawn(Mark::Rect { x: 1.5, y: 2.0, w: 1.75, h: 1.0, ink: Ink::new([0; 3]) });
        let row = [0, 1, 2, 3, 4].map(|x| bitmap.pixel(x, 2)[0]);
        assert_eq!(row, [255, 128, 0, 191, 255]);
        assert_eq!([bitmap.pixel(2, 1)[0], bitmap.pixel(2, 3)[0]], [255, 255]);
    }
}
