//! `memspike device list`: the devices that ship, or those of a file.

use std::fmt::Write;
use std::path::PathBuf;

use memspike::device::{Common, Device, DeviceModel, DeviceSpec};
use memspike::spec;
use serde_json::{Value, json};

use super::siemens::Siemens;
use crate::cli::{Done, Failure};

/// List the devices that ship, or those of a file, with their range and steps
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike device list\n  memspike device list --json")]
pub struct Args {
    /// A TOML file with [device.NAME] tables; what ships without one
    file: Option<PathBuf>,

    /// As one JSON object
    #[arg(long)]
    json: bool,
}

/// One line of the list.
struct Line {
    name: String,
    model: &'static str,
    device: Device,
}

impl Line {
    fn new(name: &str, spec: &DeviceSpec) -> Result<Line, Failure> {
        let device = spec.device().map_err(Failure::input)?;
        Ok(Line { name: name.to_string(), model: spec.device.describe().name, device })
    }
}

/// The list.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let lines = match &args.file {
        Some(file) => {
            let devices = spec::device_file(file, None, &[]).map_err(Failure::input)?;
            devices.iter().map(|(name, spec)| Line::new(name, spec)).collect::<Result<Vec<_>, _>>()?
        }
        None => {
            // A measured device is its file.
            let models = DeviceModel::ALL.into_iter().filter(|m| *m != DeviceModel::Table).map(|m| m.describe().name);
            let names = models.chain(spec::device_presets().into_iter().map(|(name, _)| name));
            let line = |name: &str| Line::new(name, &spec::device(name, &[]).map_err(Failure::input)?);
            names.map(line).collect::<Result<Vec<_>, _>>()?
        }
    };
    if args.json {
        let all: serde_json::Map<String, Value> = lines.iter().map(|l| (l.name.clone(), figures(l))).collect();
        return Done::json(&all);
    }
    Ok(Done::text(lay_out(&lines)))
}

fn figures(line: &Line) -> Value {
    let c = &line.device.common;
    json!({ "model": line.model, "g_min_S": c.g_min, "g_max_S": c.g_max, "dg_up_S": c.dg_up, "dg_down_S": c.dg_down,
            "sigma_d2d": c.sigma_d2d, "sigma_c2c": c.sigma_c2c, "c2c": from_pulse_to_pulse(c), "write_noise_S": c.write_noise })
}

/// The spread of a potentiating pulse's step from pulse to pulse at mid-range, over the step: all three noises that a device may have.
fn from_pulse_to_pulse(c: &Common) -> f64 {
    let beside = c.pulse_noise + c.noise_slope * 0.5 * c.range();
    // A physical device has no steps without pulses.
    if beside == 0.0 { c.sigma_c2c } else { c.sigma_c2c + beside / c.dg_up }
}

fn lay_out(lines: &[Line]) -> String {
    let width = lines.iter().map(|l| l.name.len()).max().unwrap_or(0);
    let model = lines.iter().map(|l| l.model.len()).max().unwrap_or(0);
    let mut out = format!(
        "{:<width$}  {:<model$} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n",
        "device", "model", "g_min [uS]", "g_max [uS]", "up [uS]", "down [uS]", "d2d", "c2c"
    );
    for l in lines {
        let c = &l.device.common;
        // Without pulses a physical device has no steps.
        let rounded = |spread: f64| (spread * 1e4).round() / 1e4;
        let micro = |g: f64| if g.is_nan() { "-".to_string() } else { Siemens::micro().text(g) };
        let _ = writeln!(
            out,
            "{:<width$}  {:<model$} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
            l.name,
            l.model,
            micro(c.g_min),
            micro(c.g_max),
            micro(c.dg_up),
            micro(c.dg_down),
            rounded(c.sigma_d2d),
            rounded(from_pulse_to_pulse(c))
        );
    }
    out + "up, down: steps of one pulse at mid-range; d2d, c2c: their relative spread from device to device, and from pulse to pulse.\nmemspike models NAME has all parameters, equations and sources.\n"
}
