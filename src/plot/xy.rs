//! Curves and points over any quantity: panels side by side.

use plotters::prelude::{Circle, Color, PointSeries};

use super::axis::padded;
use super::backend::fine;
use super::chart::{Area, Sheet};
use super::figure::Figure;
use super::scale::Axis;
use super::{PlotError, font, palette};

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
    let prefixes = [(1.0, ""), (1e3, "m"), (1e6, "u"), (1e9, "n"), (1e12, "p"), (1e15, "f"), (1e18, "a")];
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
    let sheet = Sheet::new(title, caption, size)?;
    let beside = if panels.len() > 1 { fine(0.9 * sheet.style.em) } else { 0 };
    for (axes, area) in panels.iter().zip(sheet.area.split_evenly((1, panels.len().max(1)))) {
        draw(&sheet, axes, &area.margin(0, 0, 0, beside))?;
    }
    Ok(sheet.finish())
}

fn draw(sheet: &Sheet, axes: &Axes, area: &Area) -> Result<(), PlotError> {
    let all = || axes.series.iter().flat_map(|s| &s.points);
    let zero = axes.zero.then_some(0.0);
    let x = Axis::numbers(padded(all().map(|p| p.0)), &axes.x);
    let y = Axis::numbers(padded(all().map(|p| p.1).chain(zero)), &axes.y);
    let em = sheet.style.em;
    let mut chart = sheet.chart_in(area, &axes.name, (x, y))?;
    if axes.zero {
        chart.level(0.0)?;
    }
    for series in &axes.series {
        let ink = palette::color(series.color);
        let (radius, ink) = match series.shape {
            Shape::Line => {
                chart.line(&series.points, 1.6, ink)?;
                continue;
            }
            Shape::Dots => (fine(0.24 * em), ink),
            Shape::Cloud => (fine(0.12 * em), ink.fade(0.35)),
        };
        let known = series.points.iter().copied().filter(|p| p.0.is_finite() && p.1.is_finite());
        chart.plot.draw_series(PointSeries::<_, _, Circle<_, _>, _>::new(known, radius, ink.filled()))?;
    }
    chart.name(&axes.name, None)?;
    let named = axes.series.iter().filter(|s| !s.label.is_empty());
    let labels: Vec<_> = named.map(|s| (s.label.as_str(), palette::color(s.color))).collect();
    chart.legend(&labels, font::width(&axes.name, sheet.style.small, false) / em + 1.0)
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
        let ink = palette::color(0);
        let lines = figure.marks.iter().filter(|m| matches!(m, super::super::Mark::Line { ink: i, .. } if *i == ink));
        let lines = lines.count();
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
        assert_eq!(prefixed(2.5e-16), (1e18, "a"));
        assert_eq!(prefixed(0.0), (1.0, ""));
    }
}
