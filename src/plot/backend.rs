//! plotters draws on a [`Figure`]: a backend that keeps what is drawn as marks, for all kinds of file.
//!
//! plotters counts in whole numbers. They are a thousandth of a pixel here, as fine as a PDF is written, so that a curve is
//! as smooth as its data. Of plotters' own backends the one for SVG rounds to pixels and sets text in a font that the reader may
//! not have, the one for bitmaps has hard edges, and there is none for PDF.

use std::convert::Infallible;

use plotters::prelude::{Color, DrawingAreaErrorKind, DrawingBackend};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontStyle, FontTransform,
};

use super::PlotError;
use super::figure::{Anchor, Figure, Mark};
use super::font;
use super::palette::Ink;

/// How many of plotters' whole numbers a pixel has.
pub(crate) const FINE: f64 = 1000.0;

/// Pixels in plotters' whole numbers.
pub(crate) fn fine(pixels: f64) -> i32 {
    (FINE * pixels).round() as i32
}

/// plotters' whole numbers in pixels.
pub(crate) fn pixels(fine: i32) -> f64 {
    f64::from(fine) / FINE
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

fn place((x, y): BackendCoord) -> (f64, f64) {
    (pixels(x), pixels(y))
}

fn ink(color: BackendColor) -> Ink {
    let (r, g, b) = color.rgb;
    Ink::new([r, g, b]).fade(color.alpha)
}

impl Color for Ink {
    fn to_backend_color(&self) -> BackendColor {
        let [r, g, b] = self.rgb;
        BackendColor { alpha: self.alpha, rgb: (r, g, b) }
    }
}

impl From<DrawingAreaErrorKind<Infallible>> for PlotError {
    fn from(error: DrawingAreaErrorKind<Infallible>) -> PlotError {
        PlotError::Draw(error.to_string())
    }
}

impl DrawingBackend for Figure {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.width * FINE as u32, self.height * FINE as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    /// A pixel of the picture.
    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect(at, (at.0 + FINE as i32, at.1 + FINE as i32), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let points: Vec<(f64, f64)> = path.into_iter().map(place).collect();
        if points.len() > 1 && style.color().alpha > 0.0 {
            let width = f64::from(style.stroke_width()) / FINE;
            self.marks.push(Mark::Line { points, width, ink: ink(style.color()) });
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        if !fill {
            return self.draw_path([from, (to.0, from.1), to, (from.0, to.1), from], style);
        }
        let ((x, y), (right, bottom)) = (place(from), place(to));
        self.marks.push(Mark::Rect { x, y, w: right - x, h: bottom - y, ink: ink(style.color()) });
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let (x, y) = place(center);
        let (r, ink) = (f64::from(radius) / FINE, ink(style.color()));
        match self.marks.last_mut() {
            _ if !fill => {
                let around = |k: u32| {
                    let (sin, cos) = (f64::from(k) * std::f64::consts::PI / 32.0).sin_cos();
                    (fine(x + r * cos), fine(y + r * sin))
                };
                return self.draw_path((0..=64).map(around), style);
            }
            Some(Mark::Dots { at, r: same, ink: also }) if *same == r && *also == ink => at.push((x, y)),
            _ => self.marks.push(Mark::Dots { at: vec![(x, y)], r, ink }),
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        let points: Vec<(f64, f64)> = corners.into_iter().map(place).collect();
        if points.len() > 2 && style.color().alpha > 0.0 {
            self.marks.push(Mark::Area { points, ink: ink(style.color()) });
        }
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        if text.is_empty() {
            return Ok(());
        }
        let ((x, y), size) = (place(at), style.size() / FINE);
        let (turn, pos) = (style.transform(), style.anchor());
        let above = size * font::ASCENT;
        let below = size * font::DESCENT;
        // From the anchor to the baseline. Upright labels read upwards on either side of a chart, which turns the box of one on
        // the right, that plotters would have read downwards.
        let baseline = match (pos.v_pos, &turn) {
            (VPos::Center, _) => font::MIDDLE * size,
            (VPos::Top, FontTransform::Rotate90) => -below,
            (VPos::Bottom, FontTransform::Rotate90) => above,
            (VPos::Top, _) => above,
            (VPos::Bottom, _) => -below,
        };
        let upward = matches!(turn, FontTransform::Rotate90 | FontTransform::Rotate270);
        let (x, y) = if upward { (x + baseline, y) } else { (x, y + baseline) };
        let anchor = match pos.h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        let bold = matches!(style.style(), FontStyle::Bold);
        self.marks.push(Mark::Text { x, y, size, text: text.into(), ink: ink(style.color()), anchor, bold, upward });
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let width = font::width(text, style.size(), matches!(style.style(), FontStyle::Bold));
        Ok((width.round() as u32, (style.size() * (font::ASCENT + font::DESCENT)).round() as u32))
    }

    /// Pixels of the picture, opaque: what plotters hands over has no opacity (`elements::Image` has).
    fn blit_bitmap(&mut self, at: BackendCoord, (width, _): (u32, u32), rgb: &[u8]) -> Drawn {
        let (x, y) = place(at);
        let rgba = rgb.chunks_exact(3).map(|p| [p[0], p[1], p[2], 255]).collect();
        self.marks.push(Mark::Pixels { x: x.round() as u32, y: y.round() as u32, width, rgba });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use plotters::prelude::*;
    use plotters::style::text_anchor::Pos;

    use super::*;

    #[test]
    fn what_plotters_draws_lies_within_a_thousandth_of_a_pixel_of_its_data() {
        let wave: Vec<(f64, f64)> = (0..50).map(|i| (f64::from(i) / 7.0, (f64::from(i) / 3.0).sin())).collect();
        let figure = Rc::new(RefCell::new(Figure { width: 300, height: 200, ..Figure::default() }));
        let area = DrawingArea::from(&figure);
        let mut chart = ChartBuilder::on(&area).build_cartesian_2d(0.0..7.0, -1.0..1.0).unwrap();
        chart.draw_series(LineSeries::new(wave.clone(), Ink::new([1, 2, 3]).stroke_width(1500))).unwrap();
        chart.draw_series(wave.iter().map(|p| Circle::new(*p, 2000, BLUE.filled()))).unwrap();
        let figure = figure.borrow();
        let [Mark::Line { points, width, ink }, Mark::Dots { at, r, .. }] = &figure.marks[..] else {
            panic!("{:?}", figure.marks)
        };
        assert_eq!((*width, *ink, *r), (1.5, Ink::new([1, 2, 3]), 2.0));
        assert_eq!(points, at);
        for ((x, y), (px, py)) in wave.iter().zip(points) {
            assert!((px - 300.0 * x / 7.0).abs() < 2e-3 && (py - 100.0 * (1.0 - y)).abs() < 2e-3, "{x} {y}: {px} {py}");
        }
    }

    #[test]
    fn texts_are_held_where_plotters_asks() {
        let mut figure = Figure { width: 100, height: 100, ..Figure::default() };
        let style = TextStyle::from((FontFamily::SansSerif, 10_000));
        figure.draw_text("top", &style.pos(Pos::new(HPos::Center, VPos::Top)), (50_000, 20_000)).unwrap();
        figure.draw_text("up", &style.transform(FontTransform::Rotate270), (50_000, 20_000)).unwrap();
        figure.draw_text("", &style, (0, 0)).unwrap();
        let found: Vec<_> = figure
            .marks
            .iter()
            .map(|mark| match mark {
                Mark::Text { x, y, anchor, upward, .. } => (*x, *y, *anchor, *upward),
                other => panic!("{other:?}"),
            })
            .collect();
        let ascent = 10.0 * font::ASCENT;
        assert_eq!(found, [(50.0, 20.0 + ascent, Anchor::Middle, false), (50.0 + ascent, 20.0, Anchor::Start, true)]);
    }
}
