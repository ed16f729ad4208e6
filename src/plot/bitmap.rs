//! A figure as pixels and as a PNG, drawn by plotters.

use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color, FontTransform, RGBAColor, RGBColor, ShapeStyle, TextStyle};

use super::PlotError;
use super::figure::{Anchor, Figure, Mark};
use super::font;
use super::palette::Ink;

/// Each pixel is the mean of this many squared: plotters' own lines and glyphs sit on whole pixels.
const OVERSAMPLE: u32 = 3;

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
/// If plotters cannot draw a mark.
pub fn rasterize(figure: &Figure) -> Result<Bitmap, PlotError> {
    let (width, height) = (figure.width * OVERSAMPLE, figure.height * OVERSAMPLE);
    let mut fine = vec![255u8; 3 * width as usize * height as usize];
    {
        let mut backend = BitMapBackend::with_buffer(&mut fine, (width, height));
        for mark in &figure.marks {
            draw(&mut backend, mark)?;
        }
        backend.present().map_err(|error| PlotError::Draw(error.to_string()))?;
    }
    Ok(Bitmap { width: figure.width, height: figure.height, rgb: average(&fine, figure.width, figure.height) })
}

/// Means over squares of `OVERSAMPLE` x `OVERSAMPLE` pixels.
fn average(fine: &[u8], width: u32, height: u32) -> Vec<u8> {
    let n = OVERSAMPLE as usize;
    let row = 3 * n * width as usize;
    let mut result = vec![0u8; 3 * width as usize * height as usize];
    for (out, rows) in result.chunks_exact_mut(3 * width as usize).zip(fine.chunks_exact(row * n)) {
        for (x, pixel) in out.chunks_exact_mut(3).enumerate() {
            let mut sum = [0u32; 3];
            for line in rows.chunks_exact(row) {
                for sample in line[3 * n * x..3 * n * (x + 1)].chunks_exact(3) {
                    (0..3).for_each(|c| sum[c] += u32::from(sample[c]));
                }
            }
            (0..3).for_each(|c| pixel[c] = ((sum[c] + (n * n / 2) as u32) / (n * n) as u32) as u8);
        }
    }
    result
}

fn place(value: f64) -> i32 {
    (value * f64::from(OVERSAMPLE)).round().clamp(-1e6, 1e6) as i32
}

fn paint(ink: Ink) -> RGBAColor {
    let [r, g, b] = ink.rgb;
    RGBColor(r, g, b).mix(ink.alpha)
}

fn draw<B: DrawingBackend>(backend: &mut B, mark: &Mark) -> Result<(), PlotError> {
    match mark {
        Mark::Rect { x, y, w, h, ink } => fill(backend, *x, *y, *w, *h, paint(*ink)),
        Mark::Ticks { at, w, h, ink } => at.iter().try_for_each(|(x, y)| fill(backend, *x, *y, *w, *h, paint(*ink))),
        Mark::Line { points, width, ink } => {
            let stroke = (width * f64::from(OVERSAMPLE)).round().max(1.0) as u32;
            let style = ShapeStyle { color: paint(*ink), filled: false, stroke_width: stroke };
            let mut path: Vec<_> = points.iter().map(|(x, y)| (place(*x), place(*y))).collect();
            // Steps of no length have no direction, which plotters' thick lines need.
            path.dedup();
            // Step by step: its joints overshoot far beyond the panel where a trace turns sharply.
            path.windows(2).try_for_each(|step| backend.draw_path(step.to_vec(), &style).map_err(failed))
        }
        Mark::Area { points, ink } => {
            backend.fill_polygon(points.iter().map(|(x, y)| (place(*x), place(*y))), &paint(*ink)).map_err(failed)
        }
        Mark::Pixels { x, y, width, rgba } => {
            for (i, &[r, g, b, a]) in rgba.iter().enumerate().filter(|(_, pixel)| pixel[3] > 0) {
                let column = x + i as u32 % width;
                let row = y + i as u32 / width;
                let color = RGBColor(r, g, b).mix(f64::from(a) / 255.0);
                fill(backend, f64::from(column), f64::from(row), 1.0, 1.0, color)?;
            }
            Ok(())
        }
        Mark::Text { x, y, size, text, ink, anchor, bold, upward } => {
            let scaled = size * f64::from(OVERSAMPLE);
            let mut face = font::face(scaled, *bold);
            if *upward {
                face = face.transform(FontTransform::Rotate270);
            }
            let shift = match anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => 0.5,
                Anchor::End => 1.0,
            } * font::width(text, *size, *bold);
            // plotters puts the baseline half the font's height below the point it is given.
            let above = size * font::HEIGHT_PER_EM / 2.0;
            let at = if *upward { (x - above, y + shift) } else { (x - shift, y - above) };
            let color = paint(*ink);
            let style = TextStyle::from(face).color(&color);
            backend.draw_text(text, &style, (place(at.0), place(at.1))).map_err(failed)
        }
    }
}

fn fill<B: DrawingBackend>(backend: &mut B, x: f64, y: f64, w: f64, h: f64, color: RGBAColor) -> Result<(), PlotError> {
    let (left, top) = (place(x), place(y));
    // plotters counts the corner pixels in.
    let (right, bottom) = (place(x + w).max(left + 1) - 1, place(y + h).max(top + 1) - 1);
    backend.draw_rect((left, top), (right, bottom), &color, true).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> PlotError {
    PlotError::Draw(error.to_string())
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
