//! A cross-correlogram: the rate of one train around the spikes of another.

use super::PlotError;
use super::axis::{self, Style};
use super::figure::{Anchor, Figure, Mark, Panel};
use super::palette::{self, MUTED, TEXT};
use crate::analysis::Correlogram;

/// Draws the rate of `names[1]` around the spikes of `names[0]`, with its mean rate \[Hz\] as a dashed line.
///
/// # Errors
/// If the picture is too small.
pub fn cross_correlogram(
    title: &str,
    names: [&str; 2],
    table: &Correlogram,
    mean_hz: f64,
    size: (u32, u32),
) -> Result<Figure, PlotError> {
    let style = Style::of(size)?;
    let (mut figure, top) = style.figure(size, title);
    let pairs = axis::grouped(table.counts.iter().sum::<u64>() as usize);
    let width = axis::trimmed(table.bin * 1e3);
    let spikes = axis::grouped(table.references);
    figure.caption = format!(
        "{pairs} pairs of spikes, {spikes} spikes of {}; bins of {width} ms; dashed: mean rate of {}.",
        names[0], names[1]
    );
    let lines = style.caption_lines(size.0, &figure.caption);
    let left = (6.5 * style.em).round();
    let right = (f64::from(size.0) - 2.0 * style.em).round();
    let bottom = (f64::from(size.1) - axis::x_room(style) - style.caption_height(lines.len())).round();
    let hz = table.hz();
    let most = hz.iter().copied().fold(mean_hz, f64::max);
    let edge = table.lag(hz.len() - 1) + table.bin / 2.0;
    let pixels = [left, (top + 1.2 * style.em).round(), right, bottom];
    let y = (0.0, if most > 0.0 { 1.08 * most } else { 1.0 });
    let panel = Panel { name: "correlogram".into(), pixels, x: (-1e3 * edge, 1e3 * edge), y };
    let xs = axis::labelled(panel.x.0, panel.x.1, axis::wanted(right - left, 6.0 * style.em));
    let ys = axis::labelled(0.0, y.1, axis::wanted(bottom - pixels[1], 3.0 * style.em));
    let places = |ticks: &[(f64, String)]| ticks.iter().map(|t| t.0).collect::<Vec<_>>();
    axis::grid(&mut figure, style, &panel, &places(&xs), &places(&ys));
    let mut points = vec![(panel.px(panel.x.0), bottom)];
    for (index, hz) in hz.iter().enumerate() {
        let middle = 1e3 * table.lag(index);
        let half = 500.0 * table.bin;
        points.extend([middle - half, middle + half].map(|x| (panel.px(x), panel.py(*hz))));
    }
    points.push((panel.px(panel.x.1), bottom));
    let ink = palette::color(0);
    figure.marks.push(Mark::Area { points: points.clone(), ink: ink.fade(0.3) });
    let inner = points.len() - 1;
    figure.line(points[1..inner].to_vec(), 1.5 * style.hair, ink);
    super::traces::dashes(&mut figure, (left, right), panel.py(mean_hz), style);
    if table.counts.iter().all(|n| *n == 0) {
        let middle = ((left + right) / 2.0, (pixels[1] + bottom) / 2.0);
        figure.text(middle, 1.2 * style.em, "no pairs of spikes", MUTED, Anchor::Middle);
    }
    axis::frame(&mut figure, style, &panel);
    axis::x_ticks(&mut figure, style, &panel, &xs, true);
    axis::y_ticks(&mut figure, style, &panel, &ys);
    axis::x_label(&mut figure, style, &panel, &format!("time since a spike of {} (ms)", names[0]));
    axis::y_label(&mut figure, style, &panel, 1.6 * style.em, &format!("rate of {} (Hz)", names[1]), TEXT);
    style.caption(&mut figure, &lines);
    figure.panels.push(panel);
    Ok(figure)
}
