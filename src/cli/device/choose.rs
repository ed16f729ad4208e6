//! Which device a subcommand is about: a name, or a table of a file.

use std::path::Path;

use memspike::device::physical::Physical;
use memspike::device::{Device, DeviceModel, DeviceSpec};
use memspike::{spec, units};

use crate::cli::{Failure, quantity};

/// The device, and changes to its parameters.
#[derive(Debug, clap::Args)]
pub struct Choice {
    /// A device or a set that ships (`memspike device list`), or a TOML file with [device.NAME] tables
    #[arg(value_name = "NAME|FILE.toml")]
    device: String,

    /// Which of the file's devices, where it has several
    #[arg(long, value_name = "NAME")]
    pick: Option<String>,

    /// Change a parameter, such as ideal=true or g_max="20 uS"; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = quantity::layer)]
    set: Vec<(String, String)>,
}

/// A device with its name.
pub struct Chosen {
    /// Its name.
    pub name: String,
    /// The model that it is of.
    pub model: &'static str,
    /// The device.
    pub device: Device,
}

impl Choice {
    /// Reads the device.
    ///
    /// # Errors
    /// Exit code 2: no such device or file, or a parameter that does not fit.
    pub fn read(&self) -> Result<Chosen, Failure> {
        let (name, spec) = self.spec()?;
        let model = spec.device.describe().name;
        Ok(Chosen { name, model, device: spec.device().map_err(Failure::input)? })
    }

    /// Refuses changes of these parameters, or tables of parameters: `why` they would change nothing.
    ///
    /// # Errors
    /// Exit code 2, with the first that the command line changes.
    pub fn refuse(&self, names: &[&str], why: &str) -> Result<(), Failure> {
        let of = |key: &&str| names.contains(&key.split('.').next().unwrap_or(key));
        match self.set.iter().map(|(key, _)| key.trim()).find(of) {
            None => Ok(()),
            Some(key) => Err(Failure::input(format!("--set {key}: {why}; {key} changes nothing here, leave it out."))),
        }
    }

    /// The file that the device is read from, if it is no name.
    pub fn file(&self) -> Option<&Path> {
        let path = Path::new(&self.device);
        (path.extension().is_some_and(|e| e == "toml") || path.is_file()).then_some(path)
    }

    /// Reads its parameters; with its name.
    fn spec(&self) -> Result<(String, DeviceSpec), Failure> {
        self.file().map_or_else(|| self.named(), |path| self.of_file(path))
    }

    /// Reads a physical device; with its name.
    ///
    /// # Errors
    /// As [`Choice::read`], if the device has no physics, and if a change is one that its equations do not have.
    pub fn physical(&self) -> Result<(String, Physical), Failure> {
        let (name, spec) = self.spec()?;
        let physical = spec.physical().map_err(Failure::input)?;
        let model = spec.device.describe().name;
        let Some(physical) = physical else {
            let of = if name == model { String::new() } else { format!(" ({model})") };
            let message = format!(
                "{name}{of} is a device by the steps of its pulses: no voltage drives it, so it has no hysteresis loop and no \
                 overlapping spikes. Expected a physical device such as hp, vteam or yakopcic; memspike device pulses {name} shows its steps."
            );
            return Err(Failure::input(message));
        };
        let DeviceModel::Physical(of) = spec.device else { return Ok((name, physical)) };
        // One device is followed by its equations, as it is meant to be.
        let heeded = |key: &str| key == "ideal" || of.params().iter().any(|p| p.name == key);
        match self.set.iter().map(|(key, _)| key.trim()).find(|key| !heeded(key)) {
            None => Ok((name, physical)),
            Some(key) => Err(Failure::input(format!(
                "--set {key} is of pulses, or of how devices differ and fail; here one device is followed by its equations alone: leave \
                 it out."
            ))),
        }
    }

    fn named(&self) -> Result<(String, DeviceSpec), Failure> {
        if self.pick.is_some() {
            return Err(Failure::input("--pick chooses among the devices of a file; a name is one device already."));
        }
        let spec = spec::device(&self.device, &self.set).map_err(Failure::input)?;
        Ok((self.device.clone(), spec))
    }

    fn of_file(&self, path: &Path) -> Result<(String, DeviceSpec), Failure> {
        let all = spec::device_file(path, self.pick.as_deref(), &self.set).map_err(Failure::input)?;
        let names: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
        let names = names.join(", ");
        match &self.pick {
            Some(pick) => all.into_iter().find(|(name, _)| name == pick).ok_or_else(|| {
                Failure::input(format!("{} has no device `{pick}`; expected one of {names}.", path.display()))
            }),
            None if all.len() > 1 => {
                Err(Failure::input(format!("{} has several devices; choose one with --pick: {names}.", path.display())))
            }
            None => all.into_iter().next().ok_or_else(|| Failure::input("The file has no device.")),
        }
    }
}

/// A conductance \[S\]: a quantity such as "20 uS", or a share of the range, 0 at g_min and 1 at g_max.
pub fn conductance(text: &str, device: &Device) -> Result<f64, Failure> {
    let c = &device.common;
    let g = match text.trim().parse::<f64>() {
        Ok(share) => c.g_min + share * c.range(),
        Err(_) => units::parse_quantity(text)
            .and_then(|q| q.in_unit("S"))
            .map_err(|e| Failure::input(format!("{text}: {e}; or a share of the range such as 0.5")))?,
    };
    // A share may round past an end.
    let slack = 1e-9 * c.range();
    if g.is_finite() && g >= c.g_min - slack && g <= c.g_max + slack {
        return Ok(g);
    }
    Err(Failure::input(format!(
        "The conductance {g} S lies outside the device's range, {} S to {} S.",
        c.g_min, c.g_max
    )))
}

/// The unit of a device's state: lengths are metres inside; shares of a range are bare numbers.
pub fn state_unit(device: &Physical) -> &'static str {
    if device.range().1 < 1e-6 { "m" } else { "" }
}

/// Where a device starts.
#[derive(Clone, Debug, clap::Args)]
pub struct Start {
    /// State at the start in the model's own coordinate, such as 0.1 or "1 nm"; the middle of the range without
    #[arg(long, value_name = "STATE", allow_hyphen_values = true, conflicts_with = "conductance")]
    pub state: Option<String>,

    /// Conductance at the start, such as "5 uS"
    #[arg(long, value_name = "G")]
    pub conductance: Option<String>,
}

impl Start {
    /// The state.
    ///
    /// # Errors
    /// If it is outside of the device's range.
    pub fn state(&self, device: &Physical) -> Result<f64, Failure> {
        let (low, high) = device.range();
        if let Some(text) = &self.conductance {
            let g = in_unit(text, "S")?;
            let (least, most) = device.conductances();
            let Some(g) = held(g, least, most) else {
                return Err(Failure::input(format!("--conductance is {g} S, expected between {least} and {most} S.")));
            };
            return Ok(device.state(g));
        }
        let Some(text) = &self.state else { return Ok(0.5 * (low + high)) };
        let unit = state_unit(device);
        let x = in_unit(text, unit)?;
        held(x, low, high).ok_or_else(|| {
            let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
            Failure::input(format!("--state is {x}{unit}, expected between {low} and {high}{unit}."))
        })
    }
}

/// A value between two ends, or at one of them but for the rounding of their units ("0.2 nm" is not gap_min = 0.2 nm to the last bit).
fn held(x: f64, low: f64, high: f64) -> Option<f64> {
    let rounding = 1e-12 * (high - low);
    (x >= low - rounding && x <= high + rounding).then(|| x.clamp(low, high))
}

/// A quantity on a flag.
///
/// # Errors
/// If it is not one of this unit's dimension.
pub fn in_unit(text: &str, unit: &str) -> Result<f64, Failure> {
    let read = || units::parse_quantity(text)?.in_unit(unit);
    read().map_err(|e| Failure::input(format!("\"{text}\": {e}")))
}
