//! Curves of one quantity against another, with bands around them: what a device does with pulses, or with time.

use super::PlotError;
use super::axis::{self, Style};
use super::figure::{Figure, Mark, Panel};
use super::palette;
use super::traces::legend;

/// One curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// What it is, for the legend; none if empty.
    pub label: String,
    /// Along the horizontal axis.
    pub x: Vec<f64>,
    /// As many values.
    pub y: Vec<f64>,
    /// Half the height of the band around each value; no band if empty.
    pub band: Vec<f64>,
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
    let style = Style::of(size)?;
    let (mut figure, top) = style.figure(size, title);
    figure.caption = caption.to_string();
    let lines = style.caption_lines(size.0, caption);
    let left = (7.0 * style.em).round();
    let right = (f64::from(size.0) - 2.0 * style.em).round();
    let bottom = (f64::from(size.1) - axis::x_room(style) - style.caption_height(lines.len())).round();
    let place = |x: f64| if axes.log_x { x.log10() } else { x };
    let drawn = |x: &f64| x.is_finite() && (!axes.log_x || *x > 0.0);
    let points: Vec<Vec<(f64, f64, f64)>> = all
        .iter()
        .map(|c| {
            let band = c.band.iter().copied().chain(std::iter::repeat(0.0));
            let all = c.x.iter().zip(&c.y).zip(band);
            all.filter(|((x, y), _)| drawn(x) && y.is_finite()).map(|((x, y), band)| (place(*x), *y, band)).collect()
        })
        .collect();
    let flat = || points.iter().flatten();
    let (low, high) = flat().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p.0), h.max(p.0)));
    let x = if low < high { (low, high) } else { axis::padded(flat().map(|p| p.0)) };
    let y = axis::padded_from_zero(flat().flat_map(|p| [p.1 - p.2, p.1, p.1 + p.2]));
    let panel = Panel { name: "curves".into(), pixels: [left, (top + 1.2 * style.em).round(), right, bottom], x, y };
    let ys = axis::labelled(y.0, y.1, axis::wanted(bottom - panel.pixels[1], 3.0 * style.em));
    let xs = if axes.log_x { decades(x) } else { axis::labelled(x.0, x.1, axis::wanted(right - left, 6.0 * style.em)) };
    let places = |ticks: &[(f64, String)]| ticks.iter().map(|t| t.0).collect::<Vec<_>>();
    axis::grid(&mut figure, style, &panel, &places(&xs), &places(&ys));
    for (index, points) in points.iter().enumerate() {
        let ink = palette::color(index);
        if points.iter().any(|p| p.2 > 0.0) {
            let edge = |side: f64| points.iter().map(move |p| (p.0, p.1 + side * p.2));
            let hold = |(x, y): (f64, f64)| (panel.px(x), panel.py(y.clamp(panel.y.0, panel.y.1)));
            let corners = edge(1.0).chain(edge(-1.0).collect::<Vec<_>>().into_iter().rev()).map(hold).collect();
            figure.marks.push(Mark::Area { points: corners, ink: ink.fade(0.2) });
        }
    }
    for (index, points) in points.iter().enumerate() {
        let line = points.iter().map(|p| (panel.px(p.0), panel.py(p.1))).collect();
        figure.line(line, 1.5 * style.hair, palette::color(index));
    }
    let labels: Vec<&str> = all.iter().map(|c| c.label.as_str()).filter(|l| !l.is_empty()).collect();
    legend(&mut figure, style, &panel, &labels);
    axis::frame(&mut figure, style, &panel);
    axis::x_ticks(&mut figure, style, &panel, &xs, true);
    axis::y_ticks(&mut figure, style, &panel, &ys);
    axis::x_label(&mut figure, style, &panel, &axes.x);
    axis::y_label(&mut figure, style, &panel, 1.6 * style.em, &axes.y, palette::TEXT);
    style.caption(&mut figure, &lines);
    figure.panels.push(panel);
    Ok(figure)
}

/// Whole powers of ten between two logarithms; all, every second or so, as they fit.
fn decades((low, high): (f64, f64)) -> Vec<(f64, String)> {
    let (first, last) = (low.ceil() as i32, high.floor() as i32);
    let step = ((last - first) / 10 + 1).max(1) as usize;
    (first..=last).step_by(step).map(|power| (f64::from(power), format!("1e{power}"))).collect()
}
