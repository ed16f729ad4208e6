//! Energy of projections: bars below each other of what reads, pulses and static power took.

use plotters::prelude::{Color, Rectangle};

use super::PlotError;
use super::chart::{Sheet, Style};
use super::figure::Figure;
use super::palette::{self, MUTED};
use super::scale::Axis;

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

/// What the model calls their prices.
const PRICES: [&str; 4] = ["read", "pulse_up", "pulse_down", "static_power"];

/// Draws the bars of each projection, on one axis; lying, so that long names can be read beside them.
///
/// # Errors
/// If there is no projection, or the picture is too small.
pub fn energy(title: &str, all: &[EnergyBars], size: (u32, u32)) -> Result<Figure, PlotError> {
    if all.is_empty() {
        return Err(PlotError::Table("there is no projection with devices; expected at least one".into()));
    }
    let most = all.iter().flat_map(|bars| bars.joules.iter().flatten()).copied().fold(0.0, f64::max);
    let prefixes = [(1.0, "J"), (1e-3, "mJ"), (1e-6, "uJ"), (1e-9, "nJ"), (1e-12, "pJ"), (1e-15, "fJ")];
    let (unit, symbol) = prefixes.into_iter().find(|(unit, _)| most >= *unit).unwrap_or((1.0, "J"));
    let missing = |kind: usize| all.iter().any(|bars| bars.joules[kind].is_none());
    let prices: Vec<&str> = (0..PRICES.len()).filter(|kind| missing(*kind)).map(|kind| PRICES[kind]).collect();
    let caption = if prices.is_empty() {
        String::new()
    } else {
        format!("\u{2013}: the model has no price for it ({}).", prices.join(", "))
    };
    let sheet = Sheet::new(title, &caption, size)?;
    let names = all.iter().enumerate().map(|(i, b)| (i as f64 + 0.5, b.name.clone())).collect();
    let y = Axis::at((all.len() as f64, 0.0), "projection", names);
    let high = if most > 0.0 { 1.08 * most / unit } else { 1.0 };
    let x = Axis::numbers((0.0, high), format!("energy ({symbol})"));
    let mut chart = sheet.chart_in(&sheet.area, "energy", (x, y))?;
    let Style { em, hair, .. } = sheet.style;
    for (index, bars) in all.iter().enumerate() {
        for (kind, joules) in bars.joules.iter().enumerate() {
            let (from, to) = (index as f64 + 0.1 + 0.2 * kind as f64, index as f64 + 0.28 + 0.2 * kind as f64);
            match joules {
                Some(joules) => {
                    let bar = Rectangle::new([(0.0, from), (joules / unit, to)], palette::color(kind).filled());
                    chart.plot.draw_series([bar])?;
                }
                None => {
                    let (x, y) = (chart.panel.pixels[0] + 0.3 * em, chart.panel.py((from + to) / 2.0) - 0.5 * hair);
                    sheet.fill([x, y, x + 0.5 * em, y + hair], MUTED)?;
                }
            }
        }
    }
    let kinds: Vec<_> = ENERGY_KINDS.iter().enumerate().map(|(kind, name)| (*name, palette::color(kind))).collect();
    chart.legend(&kinds, 0.0)?;
    Ok(sheet.finish())
}
