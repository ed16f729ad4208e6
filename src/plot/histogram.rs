//! Weights of a projection: their distribution at the first and last snapshot.

use super::axis::{self, Style};
use super::figure::{Anchor, Figure, Panel};
use super::palette::{self, MUTED, TEXT};
use super::{PlotError, WeightSnapshots};
use crate::analysis::histogram;

/// Draws the distribution of the weights: the last snapshot, and the first one as an outline.
///
/// # Errors
/// If there are not as many snapshots as times, or the picture is too small.
pub fn weights(title: &str, table: &WeightSnapshots, size: (u32, u32)) -> Result<Figure, PlotError> {
    let style = Style::of(size)?;
    if table.times_ms.len() != table.weights.len() {
        let (snapshots, times) = (table.weights.len(), table.times_ms.len());
        return Err(PlotError::Table(format!(
            "{} has {snapshots} snapshots at {times} times; expected as many",
            table.name
        )));
    }
    let (mut figure, top) = style.figure(size, title);
    let left = (6.0 * style.em).round();
    let right = (f64::from(size.0) - 2.0 * style.em).round();
    let bottom = (f64::from(size.1) - axis::x_room(style) - 0.5 * style.em).round();
    let ends = [table.weights.first(), table.weights.last()];
    let (low, high) = axis::padded(ends.iter().flatten().flat_map(|w| w.iter().copied()));
    let mut panel =
        Panel { name: "weights".into(), pixels: [left, top + style.em, right, bottom], x: (low, high), y: (0.0, 1.0) };
    let mut shares = Vec::new();
    for weights in ends.into_iter().flatten().skip(usize::from(table.weights.len() == 1)) {
        shares.push(histogram(weights, low, high, 60)?.shares());
    }
    let most = shares.iter().flatten().copied().fold(0.0, f64::max);
    panel.y = (0.0, if most > 0.0 { 108.0 * most } else { 1.0 });
    let (xs, ys) = (axis::labelled(low, high, 8), axis::labelled(0.0, panel.y.1, 5));
    let values = |ticks: &[(f64, String)]| ticks.iter().map(|t| t.0).collect::<Vec<_>>();
    axis::grid(&mut figure, style, &panel, &values(&xs), &values(&ys));
    let last = shares.len().saturating_sub(1);
    for (index, shares) in shares.iter().enumerate().rev() {
        let ink = palette::color(index);
        let mut outline = Vec::new();
        for (bin, share) in shares.iter().enumerate() {
            let edge = |bin: usize| panel.px(low + (high - low) * bin as f64 / shares.len() as f64);
            let y = panel.py(100.0 * share);
            outline.extend([(edge(bin), y), (edge(bin + 1), y)]);
            if index == last {
                figure.rect(edge(bin), y, edge(bin + 1) - edge(bin), bottom - y, ink.fade(0.35));
            }
        }
        figure.line(outline, 1.3 * style.hair, ink);
    }
    if most == 0.0 {
        figure.text(((left + right) / 2.0, (top + bottom) / 2.0), 1.2 * style.em, "no weights", MUTED, Anchor::Middle);
    }
    let mut times: Vec<String> = table.times_ms.iter().map(|t| format!("{} s", t / 1e3)).collect();
    times = [times.first(), times.last()].into_iter().flatten().skip(usize::from(times.len() == 1)).cloned().collect();
    super::traces::legend(&mut figure, style, &panel, &times.iter().map(String::as_str).collect::<Vec<_>>());
    axis::frame(&mut figure, style, &panel);
    axis::x_ticks(&mut figure, style, &panel, &xs, true);
    axis::y_ticks(&mut figure, style, &panel, &ys);
    let unit = if table.unit.is_empty() { String::new() } else { format!(" ({})", table.unit) };
    axis::x_label(&mut figure, style, &panel, &format!("weight of {}{unit}", table.name));
    axis::y_label(&mut figure, style, &panel, 1.6 * style.em, "synapses (%)", TEXT);
    figure.panels.push(panel);
    Ok(figure)
}
