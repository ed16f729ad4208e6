//! Curves of one quantity against another, with bands around them: what a device does with pulses, or with time.

use super::axis::{padded, padded_from_zero};
use super::chart::Sheet;
use super::figure::Figure;
use super::scale::Axis;
use super::{PlotError, palette};

/// One curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// What it is, for the legend; none if empty.
    pub label: String,
    /// Along the horizontal axis.
    pub x: Vec<f64>,
    /// As many values.
    pub y: Vec<f64>,
    /// The lower and the upper edge of the band at each value; no band if empty.
    pub band: Vec<(f64, f64)>,
}

/// What the axes are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axes {
    /// Label of the horizontal axis.
    pub x: String,
    /// Label of the vertical axis.
    pub y: String,
    /// Is the horizontal axis logarithmic? Values of 0 or less are left out.
    pub log_x: bool,
}

/// Draws curves over each other in one panel.
///
/// # Errors
/// If the columns of a curve differ in length, or the picture is too small.
pub fn curves(title: &str, caption: &str, axes: &Axes, all: &[Curve], size: (u32, u32)) -> Result<Figure, PlotError> {
    if let Some(curve) = all.iter().find(|c| c.y.len() != c.x.len() || ![0, c.x.len()].contains(&c.band.len())) {
        let (x, y, band) = (curve.x.len(), curve.y.len(), curve.band.len());
        let message = format!("the curve `{}` has {y} values and {band} of a band at {x} places", curve.label);
        return Err(PlotError::Table(message));
    }
    let drawn = |x: f64| x.is_finite() && (!axes.log_x || x > 0.0);
    // x, y, lower and upper edge of the band, which without one are y.
    let points: Vec<Vec<[f64; 4]>> = all
        .iter()
        .map(|c| {
            let band = |k: usize, y: f64| c.band.get(k).copied().unwrap_or((y, y));
            let place = |(k, (x, y)): (usize, (&f64, &f64))| [*x, *y, band(k, *y).0, band(k, *y).1];
            c.x.iter().zip(&c.y).enumerate().map(place).filter(|p| drawn(p[0]) && p[1].is_finite()).collect()
        })
        .collect();
    let flat = || points.iter().flatten();
    let (low, high) = flat().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p[0]), h.max(p[0])));
    let x = match (low < high, axes.log_x) {
        (true, true) => Axis::decades((low, high), &axes.x),
        (true, false) => Axis::numbers((low, high), &axes.x),
        // One place, or none.
        (false, true) if low > high => Axis::decades((0.1, 10.0), &axes.x),
        (false, true) => Axis::decades((0.1 * low, 10.0 * low), &axes.x),
        (false, false) => Axis::numbers(padded(flat().map(|p| p[0])), &axes.x),
    };
    let y = Axis::numbers(padded_from_zero(flat().flat_map(|p| [p[2], p[1], p[3]])), &axes.y);
    let sheet = Sheet::new(title, caption, size)?;
    let mut chart = sheet.chart_in(&sheet.area, "curves", (x, y))?;
    for (index, points) in points.iter().enumerate().filter(|(_, points)| points.iter().any(|p| p[2] < p[3])) {
        let upper: Vec<(f64, f64)> = points.iter().map(|p| (p[0], p[3])).collect();
        let lower: Vec<(f64, f64)> = points.iter().map(|p| (p[0], p[2])).collect();
        chart.band(&upper, &lower, palette::color(index).fade(0.2))?;
    }
    if flat().next().is_none() {
        chart.say("no values")?;
    }
    for (index, points) in points.iter().enumerate() {
        let line: Vec<(f64, f64)> = points.iter().map(|p| (p[0], p[1])).collect();
        chart.line(&line, 1.5, palette::color(index))?;
    }
    let labels = all.iter().enumerate().filter(|(_, c)| !c.label.is_empty());
    chart.legend(&labels.map(|(i, c)| (c.label.as_str(), palette::color(i))).collect::<Vec<_>>(), 0.0)?;
    Ok(sheet.finish())
}
