//! Elements that plotters lacks, drawn on its charts: the spikes of a raster, and pixels that let the grid shine through.

use std::convert::Infallible;

use plotters::element::{Drawable, PointCollection};
use plotters_backend::{BackendCoord, DrawingErrorKind};

use super::backend::pixels;
use super::figure::{Figure, Mark};
use super::palette::Ink;

/// Many equal upright strokes. As rectangles they would be as many elements of an SVG.
pub(crate) struct Strokes {
    /// Time and row of each, on the chart's axes.
    pub at: Vec<(f64, f64)>,
    /// Width of each \[pixels\].
    pub w: f64,
    /// Height of each \[pixels\].
    pub h: f64,
    /// Colour.
    pub ink: Ink,
    /// Left, top, right and bottom edge of the chart, beyond which none reaches \[pixels\].
    pub within: [f64; 4],
}

impl<'a> PointCollection<'a, (f64, f64)> for &'a Strokes {
    type Point = &'a (f64, f64);
    type IntoIter = &'a [(f64, f64)];

    fn point_iter(self) -> &'a [(f64, f64)] {
        &self.at
    }
}

impl Drawable<Figure> for Strokes {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        middles: I,
        figure: &mut Figure,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let &Strokes { w, h, ink, within: [left, top, right, bottom], .. } = self;
        let inside =
            |middle: i32, size: f64, from: f64, to: f64| (pixels(middle) - size / 2.0).min(to - size).max(from);
        let at: Vec<_> = middles.map(|(x, y)| (inside(x, w, left, right), inside(y, h, top, bottom))).collect();
        if !at.is_empty() {
            figure.marks.push(Mark::Ticks { at, w, h, ink });
        }
        Ok(())
    }
}

/// Pixels of the picture with their opacity. plotters' `BitMapElement` has none, and comes with its bitmap backend.
pub(crate) struct Image<Place> {
    /// Its left upper corner.
    pub corner: Place,
    /// Columns.
    pub width: u32,
    /// Row by row: red, green, blue, opacity.
    pub rgba: Vec<[u8; 4]>,
}

impl<'a, Place> PointCollection<'a, Place> for &'a Image<Place> {
    type Point = &'a Place;
    type IntoIter = std::iter::Once<&'a Place>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.corner)
    }
}

impl<Place> Drawable<Figure> for Image<Place> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        corners: I,
        figure: &mut Figure,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        for (x, y) in corners {
            let (x, y) = (pixels(x).round() as u32, pixels(y).round() as u32);
            figure.marks.push(Mark::Pixels { x, y, width: self.width, rgba: self.rgba.clone() });
        }
        Ok(())
    }
}
