//! The raster's panels of behaviour and other signals.

use super::axis::{self, Style};
use super::figure::{Anchor, Figure, Panel};
use super::font;
use super::palette::{self, TEXT};
use super::traces::curve;
use crate::spikes::Signal;

/// Draws the signal's columns as curves.
pub(crate) fn signal_panel(figure: &mut Figure, style: Style, panel: &mut Panel, xs: &[f64], signal: &Signal) {
    panel.name = signal.name.clone();
    let width = signal.width.max(1);
    let inside: Vec<usize> = (0..signal.times.len().min(signal.data.len() / width))
        .filter(|i| signal.times[*i] >= panel.x.0 && signal.times[*i] <= panel.x.1)
        .collect();
    panel.y = axis::padded(inside.iter().flat_map(|i| signal.data[i * width..(i + 1) * width].iter().copied()));
    let ticks = axis::labelled(panel.y.0, panel.y.1, axis::wanted(panel.pixels[3] - panel.pixels[1], 1.5 * style.em));
    axis::grid(figure, style, panel, xs, &ticks.iter().map(|t| t.0).collect::<Vec<_>>());
    let mut x = panel.pixels[2];
    for column in (0..width).rev() {
        let times: Vec<f64> = inside.iter().map(|i| signal.times[*i]).collect();
        let values: Vec<f64> = inside.iter().map(|i| signal.data[i * width + column]).collect();
        curve(figure, panel, &times, &values, 1.4 * style.hair, palette::color(column));
        if width > 1 && width <= 8 {
            let label = if width <= 3 { ["x", "y", "z"][column].to_string() } else { column.to_string() };
            figure.text(
                (x, panel.pixels[1] - 0.3 * style.em),
                style.small,
                &label,
                palette::color(column),
                Anchor::End,
            );
            x -= font::width(&label, style.small, false) + 0.7 * style.em;
        }
    }
    axis::y_ticks(figure, style, panel, &ticks);
    let name = signal.name.replace('_', " ");
    let label = name.clone() + &axis::in_brackets(&signal.unit);
    if signal.unit.is_empty() || axis::fits(style, panel, &label) {
        axis::y_label(figure, style, panel, 1.6 * style.em, &label, TEXT);
    } else {
        // On two lines: a shortened unit could not be read.
        axis::y_label(figure, style, panel, 1.4 * style.em, &name, TEXT);
        axis::y_label(figure, style, panel, 2.6 * style.em, &format!("({})", signal.unit), TEXT);
    }
}
