//! Curves and points over any quantity: panels side by side.

use super::PlotError;
use super::axis::{self, Style};
use super::figure::{Anchor, Figure, Panel};
use super::palette::{self, MUTED, TEXT};
use super::traces::{dashes, legend};

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line through its points, interrupted where one is not finite.
    Line,
    /// A dot at each point.
    Dots,
    /// A small dot at each point, pale: for many.
    Cloud,
}

/// A series of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What the legend calls it; nothing keeps it out of the legend.
    pub label: String,
    /// How it is drawn.
    pub shape: Shape,
    /// Which colour: that of the series with this number.
    pub color: usize,
    /// (x, y)
    pub points: Vec<(f64, f64)>,
}

/// A panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axes {
    /// What it shows.
    pub name: String,
    /// Label of the x axis, with its unit.
    pub x: String,
    /// Label of the y axis, with its unit.
    pub y: String,
    /// What is drawn, from back to front.
    pub series: Vec<Series>,
    /// Is 0 marked with a dashed line?
    pub zero: bool,
}

/// A factor and a prefix in which values of this size are written well: 2e-6 is 2 u.
pub fn prefixed(largest: f64) -> (f64, &'static str) {
    let prefixes = [(1.0, ""), (1e3, "m"), (1e6, "u"), (1e9, "n"), (1e12, "p"), (1e15, "f")];
    if largest >= 1e3 {
        return if largest >= 1e6 { (1e-6, "M") } else { (1e-3, "k") };
    }
    prefixes.into_iter().find(|(factor, _)| largest * factor >= 1.0).unwrap_or((1.0, ""))
}

/// Draws panels side by side.
///
/// # Errors
/// If the picture is too small.
pub fn xy(title: &str, caption: &str, panels: &[Axes], size: (u32, u32)) -> Result<Figure, PlotError> {
    let style = Style::of(size)?;
    let (mut figure, top) = style.figure(size, title);
    let lines = style.caption_lines(size.0, caption);
    figure.caption = caption.to_string();
    let bottom = f64::from(size.1) - style.caption_height(lines.len()) - axis::x_room(style);
    let count = panels.len().max(1) as f64;
    let (margin, gap) = (6.0 * style.em, 1.5 * style.em);
    let width = (f64::from(size.0) - style.em - count * margin - (count - 1.0) * gap) / count;
    for (index, axes) in panels.iter().enumerate() {
        let left = margin + index as f64 * (width + gap + margin);
        let pixels = [left.round(), (top + 1.2 * style.em).round(), (left + width).round(), bottom.round()];
        draw(&mut figure, style, axes, pixels);
    }
    style.caption(&mut figure, &lines);
    Ok(figure)
}

fn draw(figure: &mut Figure, style: Style, axes: &Axes, pixels: [f64; 4]) {
    let all = || axes.series.iter().flat_map(|s| &s.points);
    let zero = axes.zero.then_some(0.0);
    let panel = Panel {
        name: axes.name.clone(),
        pixels,
        x: axis::padded(all().map(|p| p.0)),
        y: axis::padded(all().map(|p| p.1).chain(zero)),
    };
    let [left, top, right, bottom] = pixels;
    let xs = axis::labelled(panel.x.0, panel.x.1, axis::wanted(right - left, 6.0 * style.em));
    let ys = axis::labelled(panel.y.0, panel.y.1, axis::wanted(bottom - top, 3.0 * style.em));
    let values = |ticks: &[(f64, String)]| ticks.iter().map(|t| t.0).collect::<Vec<_>>();
    axis::grid(figure, style, &panel, &values(&xs), &values(&ys));
    if axes.zero {
        dashes(figure, (left, right), panel.py(0.0), style);
    }
    for series in &axes.series {
        let ink = palette::color(series.color);
        let at = |p: &(f64, f64)| (panel.px(p.0), panel.py(p.1));
        match series.shape {
            Shape::Line => {
                for run in series.points.split(|p| !(p.0.is_finite() && p.1.is_finite())) {
                    figure.line(run.iter().map(at).collect(), 1.6 * style.hair, ink);
                }
            }
            Shape::Dots | Shape::Cloud => {
                let (w, ink) = if series.shape == Shape::Dots {
                    (0.45 * style.em, ink)
                } else {
                    (0.22 * style.em, ink.fade(0.35))
                };
                for (x, y) in series.points.iter().filter(|p| p.0.is_finite() && p.1.is_finite()).map(at) {
                    figure.rect(x - w / 2.0, y - w / 2.0, w, w, ink);
                }
            }
        }
    }
    axis::frame(figure, style, &panel);
    axis::x_ticks(figure, style, &panel, &xs, true);
    axis::y_ticks(figure, style, &panel, &ys);
    axis::x_label(figure, style, &panel, &axes.x);
    axis::y_label(figure, style, &panel, left - 4.9 * style.em, &axes.y, TEXT);
    let named: Vec<&Series> = axes.series.iter().filter(|s| !s.label.is_empty()).collect();
    if named.iter().enumerate().all(|(i, s)| s.color == i) {
        legend(figure, style, &panel, &named.iter().map(|s| s.label.as_str()).collect::<Vec<_>>());
    } else {
        let mut x = right;
        for series in named.iter().rev() {
            figure.text(
                (x, top - 0.5 * style.em),
                style.small,
                &series.label,
                palette::color(series.color),
                Anchor::End,
            );
            x -= super::font::width(&series.label, style.small, false) + style.em;
        }
    }
    if !axes.name.is_empty() {
        figure.text((left, top - 0.5 * style.em), style.small, &axes.name, MUTED, Anchor::Start);
    }
    figure.panels.push(panel);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_where_the_axes_say_and_gaps_break_a_line() {
        let line = Series {
            label: "a".into(),
            shape: Shape::Line,
            color: 0,
            points: vec![(0.0, 0.0), (1.0, 2.0), (f64::NAN, 1.0), (2.0, 3.0), (3.0, 1.0)],
        };
        let axes = Axes { name: "p".into(), x: "x (s)".into(), y: "y (A)".into(), series: vec![line], zero: true };
        let figure = xy("t", "c", &[axes.clone(), axes], (900, 500)).unwrap();
        assert_eq!(figure.panels.len(), 2);
        let lines = figure.marks.iter().filter(|m| matches!(m, super::super::Mark::Line { .. })).count();
        assert_eq!(lines, 4, "two runs in each of two panels");
        let panel = &figure.panels[0];
        assert!(panel.y.0 < 0.0 && panel.y.1 > 3.0 && panel.px(0.0) > panel.pixels[0]);
        assert!(figure.texts().any(|t| t == "x (s)"));
    }

    #[test]
    fn prefixes_make_numbers_of_one_to_three_digits() {
        assert_eq!(prefixed(2e-6), (1e6, "u"));
        assert_eq!(prefixed(0.5), (1e3, "m"));
        assert_eq!(prefixed(16e3), (1e-3, "k"));
        assert_eq!(prefixed(0.0), (1.0, ""));
    }
}
