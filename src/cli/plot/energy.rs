//! `plot energy`: what the devices of a result spent.

use memspike::counted::counted;
use memspike::format::result::read_summary;
use memspike::plot::{self, ENERGY_KINDS, EnergyBars};

use super::weights::takes;
use super::{Args, Drawn, SIZE};
use crate::cli::Failure;

/// Bars of each projection with devices.
pub fn draw(title: &str, args: &Args) -> Result<Drawn, Failure> {
    let figures = read_summary(&args.file).map_err(Failure::input)?;
    let projections = figures.get("projections").and_then(|p| p.as_object());
    let bars: Vec<EnergyBars> = projections
        .into_iter()
        .flatten()
        .filter(|(name, _)| args.projection.as_ref().is_none_or(|wanted| takes(wanted, name)))
        .filter_map(|(name, p)| {
            let spent = p.get("energy_j")?;
            Some(EnergyBars { name: name.clone(), joules: ENERGY_KINDS.map(|kind| spent.get(kind)?.as_f64()) })
        })
        .collect();
    if bars.is_empty() {
        return Err(Failure::input(format!(
            "{} has no projection with devices{}; their energy follows from the prices of a device: pulse_up, pulse_down, read.",
            args.file.display(),
            args.projection.as_ref().map_or(String::new(), |name| format!(" named {name}"))
        )));
    }
    // Each name needs a line.
    let height = SIZE.1.max(u32::try_from(200 + 26 * bars.len()).unwrap_or(u32::MAX)).min(20_000);
    let figure = plot::energy(title, &bars, (SIZE.0, height)).map_err(Failure::input)?;
    Ok((figure, format!("{} with devices", counted(bars.len(), "projection"))))
}
