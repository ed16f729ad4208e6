//! Energy of projections: bars side by side of what reads, pulses and static power took.

use super::PlotError;
use super::axis::{self, Style};
use super::figure::{Anchor, Figure, Panel};
use super::palette::{self, MUTED, TEXT};
use super::traces::legend;

/// What one projection's devices spent \[J\], by kind; none where the price is missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnergyBars {
    /// The projection.
    pub name: String,
    /// By kind, as [`ENERGY_KINDS`].
    pub joules: [Option<f64>; 4],
}

/// The kinds, in the order of their bars.
pub const ENERGY_KINDS: [&str; 4] = ["read", "set", "reset", "static"];

/// Draws the bars of each projection, on one axis.
///
/// # Errors
/// If there is no projection, or the picture is too small.
pub fn energy(title: &str, all: &[EnergyBars], size: (u32, u32)) -> Result<Figure, PlotError> {
    if all.is_empty() {
        return Err(PlotError::Table("there is no projection with devices; expected at least one".into()));
    }
    let style = Style::of(size)?;
    let (mut figure, top) = style.figure(size, title);
    let most = all.iter().flat_map(|bars| bars.joules.iter().flatten()).copied().fold(0.0, f64::max);
    let prefixes = [(1.0, "J"), (1e-3, "mJ"), (1e-6, "uJ"), (1e-9, "nJ"), (1e-12, "pJ"), (1e-15, "fJ")];
    let (unit, symbol) = prefixes.into_iter().find(|(unit, _)| most >= *unit).unwrap_or((1.0, "J"));
    if all.iter().any(|bars| bars.joules.contains(&None)) {
        figure.caption =
            "\u{2013}: the model has no price for it (pulse_up, pulse_down, read, static_power).".to_string();
    }
    let lines = style.caption_lines(size.0, &figure.caption);
    let left = (6.0 * style.em).round();
    let right = (f64::from(size.0) - 2.0 * style.em).round();
    let bottom = (f64::from(size.1) - axis::x_room(style) - style.caption_height(lines.len())).round();
    let high = if most > 0.0 { 1.08 * most / unit } else { 1.0 };
    let pixels = [left, (top + 1.2 * style.em).round(), right, bottom];
    let panel = Panel { name: "energy".into(), pixels, x: (0.0, all.len() as f64), y: (0.0, high) };
    let ys = axis::labelled(0.0, high, 6);
    axis::grid(&mut figure, style, &panel, &[], &ys.iter().map(|t| t.0).collect::<Vec<_>>());
    for (index, bars) in all.iter().enumerate() {
        for (kind, joules) in bars.joules.iter().enumerate() {
            let (from, to) = (index as f64 + 0.1 + 0.2 * kind as f64, index as f64 + 0.28 + 0.2 * kind as f64);
            let (x, end) = (panel.px(from), panel.px(to));
            match joules {
                Some(joules) => {
                    let y = panel.py(joules / unit);
                    figure.rect(x, y, end - x, bottom - y, palette::color(kind));
                }
                None => {
                    let at = ((x + end) / 2.0, bottom - 0.4 * style.em);
                    figure.text(at, style.small, "\u{2013}", MUTED, Anchor::Middle);
                }
            }
        }
    }
    legend(&mut figure, style, &panel, &ENERGY_KINDS);
    axis::frame(&mut figure, style, &panel);
    let names: Vec<(f64, String)> = all.iter().enumerate().map(|(i, b)| (i as f64 + 0.5, b.name.clone())).collect();
    axis::x_ticks(&mut figure, style, &panel, &names, true);
    axis::y_ticks(&mut figure, style, &panel, &ys);
    axis::x_label(&mut figure, style, &panel, "projection");
    axis::y_label(&mut figure, style, &panel, 1.6 * style.em, &format!("energy ({symbol})"), TEXT);
    style.caption(&mut figure, &lines);
    figure.panels.push(panel);
    Ok(figure)
}
