//! `memspike device fit`: pulse devices fitted to a measurement.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use memspike::counted::counted;
use memspike::describe::Kind;
use memspike::device::fit::{Fit, MODELS, fit, spread};
use memspike::device::measured::{Measured, Row, changes, said, set_apart};
use memspike::device::{Cell, DeviceModel, MOST_PULSES};
use memspike::plot::Figure;
use memspike::plot::xy::{Axes, Series, Shape, prefixed, xy};
use memspike::spec::{PulseColumns, read_pulses};
use serde_json::json;

use super::sinks::{SIZE, Sinks, csv};
use crate::cli::note::notes;
use crate::cli::{Done, Failure};

/// Fit pulse devices to measured pulses (a CSV file with one row per pulse), and write the best as a set
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  memspike device fit pulses.csv --as soft_bounds,exp_step,neurosim -o my_cell.toml\n  \
                        memspike device fit pulses.csv --g G_uS --unit uS --direction polarity --device cell --cycle cycle -o fit.png\n\n\
                        What is fitted is the change of conductance by a pulse, over the conductance before it, in each direction. The \
                        best fit is that with the least AICc, n ln(RSS / n) + 2 K + 2 K (K + 1) / (n - K - 1), which weighs the squared \
                        deviations RSS of the n pulses, taken for Gaussian, against the number K of free parameters and their variance \
                        (Hurvich and Tsai 1989, doi:10.1093/biomet/76.2.297). linear_step and neurosim are the same curves, steps that are \
                        linear in the conductance: linear_step takes its bounds from the data and needs fewer parameters, so it comes \
                        first; choose neurosim with --as. Of exp_step a is 1 and b 0, which the other parameters make up for. Steps \
                        may be larger or smaller from device to device: each has a factor of its own, of mean 1, found with the mean \
                        device's changes before any model is fitted; sigma_d2d is their spread. The \
                        spread from pulse to pulse is that about the course of each device's changes, read off neighbouring \
                        conductances (Gasser et al. 1986, doi:10.1093/biomet/73.3.625). Devices that pulses up and down do not move, from \
                        the start or from some pulse on, are left out there, and named. -o FILE.toml writes the best as \
                        [device.FILE.MODEL]."
)]
pub struct Args {
    /// The measurement
    file: PathBuf,

    /// Models to try
    #[arg(long = "as", value_name = "MODELS", value_delimiter = ',')]
    models: Vec<String>,

    /// Column with the conductance after each pulse; g, G_uS or `g [uS]` without
    #[arg(long, value_name = "COLUMN")]
    g: Option<String>,

    /// Unit of that column; without, that in its name, such as uS of G_uS and of `g [uS]`, or S
    #[arg(long)]
    unit: Option<String>,

    /// Column with the direction: up or down, set or reset, 1 or -1, or a voltage; direction or polarity without
    #[arg(long, value_name = "COLUMN")]
    direction: Option<String>,

    /// Swap the directions, as of cells that a negative voltage sets
    #[arg(long)]
    reverse: bool,

    /// Column that names the device; device or cell without
    #[arg(long, value_name = "COLUMN")]
    device: Option<String>,

    /// Column that numbers the runs of pulses of a device; cycle without
    #[arg(long, value_name = "COLUMN")]
    cycle: Option<String>,

    #[command(flatten)]
    sinks: Sinks,
}

/// Reads, fits and reports.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let outputs = args.sinks.check(true)?.spare([args.file.as_path()])?;
    let known: Vec<&str> = MODELS.iter().map(|m| m.describe().name).collect();
    let models: Vec<DeviceModel> = if args.models.is_empty() {
        MODELS.to_vec()
    } else {
        let find = |name: &String| {
            let found = MODELS.into_iter().find(|m| m.describe().name == name.trim());
            found.ok_or_else(|| {
                Failure::input(format!("--as: {name} has no fit; expected some of {}.", known.join(", ")))
            })
        };
        args.models.iter().map(find).collect::<Result<_, _>>()?
    };
    let given = [&args.g, &args.unit, &args.direction, &args.device, &args.cycle].map(Clone::clone);
    let columns = PulseColumns::guess(&args.file, given, args.reverse).map_err(Failure::input)?;
    let measurement = read_pulses(&args.file, &columns).map_err(Failure::input)?;
    let (rows, still) = set_apart(&measurement.rows);
    let wrong = |e: memspike::check::Invalid| Failure::input(format!("{}: {}", args.file.display(), e.message));
    let pulses = changes(&rows);
    let measured = Measured::new(&rows).map_err(wrong)?.evened(&pulses);
    // A model that does not fit at all stays out of the table, with its reason.
    let (mut fits, mut reasons) = (Vec::new(), Vec::new());
    for model in models {
        match fit(model, &measured, &pulses) {
            Ok(fit) => fits.push(fit),
            Err(e) => reasons.push(e.message),
        }
    }
    fits.sort_by(Fit::compare);
    let Some(best) = fits.first() else { return Err(Failure::input(reasons.join("\n"))) };
    reasons.extend(said(&still, &measurement.devices));
    reasons.extend(unlike(&rows, measured.unexplained(&pulses)));
    reasons.extend(small_steps(best));
    notes(&reasons);
    let [(_, c2c), (_, d2d)] = spread(&measured);

    let columns: [Vec<f64>; 4] = [
        pulses.iter().map(|c| c.g).collect(),
        pulses.iter().map(|c| c.dg).collect(),
        pulses.iter().map(|c| if c.up { 1.0 } else { -1.0 }).collect(),
        pulses.iter().map(|c| step(best, c.g, c.up)).collect(),
    ];
    let names = ["g_S", "dg_S", "direction", "fit_S"];
    let table = csv(&[0, 1, 2, 3].map(|k| (names[k], &columns[k][..])));
    let figure = if outputs.wants_picture() { Some(draw(args, &measured, &pulses, &fits)?) } else { None };
    let said = outputs.write(&table, figure.as_ref(), &set(args, best, &outputs.set_name()))?;
    // How much worse than the best.
    let worse = |f: &Fit| Some(f.aicc()? - best.aicc()?);
    if args.sinks.json {
        let one = |f: &Fit| {
            let given: serde_json::Map<String, serde_json::Value> =
                f.given.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
            json!({ "model": f.model.describe().name, "residual_S": f.residual, "relative": f.residual / f.size,
                    "free": f.free, "aicc": f.aicc(), "aicc_above_best": worse(f), "parameters": given })
        };
        return Done::json(&json!({
            "file": args.file.display().to_string(), "pulses": pulses.len(), "devices": measured.devices,
            "g_min_S": measured.range.0, "g_max_S": measured.range.1, "step_rms_S": best.size,
            "sigma_c2c": c2c, "sigma_d2d": d2d, "best": best.model.describe().name,
            "fits": fits.iter().map(one).collect::<Vec<_>>(),
        }));
    }
    let mut out = format!(
        "{}: {} of {}, {:.4e} to {:.4e} S, steps of {:.3e} S (rms)\nspread: pulse to pulse {:.1} %, device to device \
         {:.1} % of a step\n\n{:<14} {:>5} {:>14} {:>12} {:>12} {:>12}\n",
        args.file.display(),
        counted(pulses.len(), "pulse"),
        counted(measured.devices, "device"),
        measured.range.0,
        measured.range.1,
        best.size,
        100.0 * c2c,
        100.0 * d2d,
        "model",
        "free",
        "residual [S]",
        "of a step",
        "AICc",
        "above best"
    );
    for f in &fits {
        let relative = format!("{:.2} %", 100.0 * f.residual / f.size);
        let [aicc, worse] = [f.aicc(), worse(f)].map(|v| v.map_or("-".to_string(), |v| format!("{v:.1}")));
        let name = f.model.describe().name;
        let _ = writeln!(out, "{name:<14} {:>5} {:>14.4e} {relative:>12} {aicc:>12} {worse:>12}", f.free, f.residual);
    }
    let _ = write!(
        out,
        "\nresidual: root mean square deviation from the mean change, over pulses\nAICc: what parameters cost, and deviations of single \
         pulses; the least is best, within 2 of it hardly worse (--help)\n{said}"
    );
    Ok(Done::text(out))
}

/// The share of a step from which on what devices have in common does not describe them.
const UNLIKE: f64 = 0.15;

/// What there is to say where devices do not follow one law, each with a factor of its own: `unexplained` is the part of their changes that
/// is left.
fn unlike(rows: &[Row], unexplained: f64) -> Option<String> {
    let mut ranges: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for row in rows {
        let range = ranges.entry(row.device).or_insert((row.g, row.g));
        *range = (range.0.min(row.g), range.1.max(row.g));
    }
    let widths = ranges.values().map(|(low, high)| high - low);
    let (least, most) = widths.fold((f64::INFINITY, 0.0_f64), |(a, b), width| (a.min(width), b.max(width)));
    (unexplained > UNLIKE && ranges.len() > 1).then(|| {
        format!(
            "one law, with steps that are larger or smaller from device to device, leaves {:.0} % of a step (rms) beside the spread from \
             pulse to pulse: the devices differ in more, such as their bounds (they went through ranges from {least:.3e} S to {most:.3e} S \
             wide); fit them one by one",
            100.0 * unexplained
        )
    })
}

/// What there is to say of steps so small that no change of a weight takes as many pulses as cross the range.
fn small_steps(fit: &Fit) -> Option<String> {
    let c = fit.spec().device().ok()?.common;
    let (name, step) = if c.dg_up < c.dg_down { ("dg_up", c.dg_up) } else { ("dg_down", c.dg_down) };
    let across = c.range() / step;
    (across > MOST_PULSES).then(|| {
        format!(
            "the steps of {} in this fit are {name} = {step:.3e} S at mid-range, of which {across:.3e} cross the range of {:.3e} S; in a \
             network a change of a weight takes {MOST_PULSES} pulses at most, unless pulses = \"one\". Choose another model with --as",
            fit.model.describe().name,
            c.range()
        )
    })
}

/// The change by a pulse of the fitted device, without noise.
fn step(fit: &Fit, g: f64, up: bool) -> f64 {
    fit.spec().device().map_or(f64::NAN, |device| device.step(&Cell::nominal(&device.common), g, up))
}

/// The set as a model file writes it.
fn set(args: &Args, fit: &Fit, name: &str) -> String {
    let model = fit.model.describe();
    // A name with a line break would end the comment.
    let source = args.file.file_name().map(|n| n.to_string_lossy().replace(char::is_control, " ")).unwrap_or_default();
    let mut out = format!(
        "# Fitted to {source}: residual {:.3e} S, {:.2} % of a step.\n[device.{name}.{}]\n",
        fit.residual,
        100.0 * fit.residual / fit.size,
        model.name
    );
    for (key, value) in &fit.given {
        let unit = model.param(key).map(|i| model.params[i].kind);
        let _ = match unit {
            Some(Kind::Quantity(unit)) => writeln!(out, "{key} = \"{value:e} {unit}\""),
            _ => writeln!(out, "{key} = {value:?}"),
        };
    }
    out
}

/// The fits over the data.
fn draw(
    args: &Args,
    measured: &Measured,
    pulses: &[memspike::device::measured::Change],
    fits: &[Fit],
) -> Result<Figure, Failure> {
    let (to_g, g) = prefixed(measured.range.1);
    let (to_dg, dg) = prefixed(pulses.iter().fold(0.0_f64, |a, c| a.max(c.dg.abs())));
    let panel = |up: bool| {
        let mut series = Vec::new();
        let cloud = pulses.iter().filter(|c| c.up == up).map(|c| (c.g * to_g, c.dg * to_dg)).collect();
        series.push(Series { label: String::new(), shape: Shape::Cloud, color: 6, points: cloud });
        let curve = measured.curve(up);
        let mean = curve.g.iter().zip(&curve.mean).map(|(g, dg)| (g * to_g, dg * to_dg)).collect();
        series.push(Series { label: "measured mean".into(), shape: Shape::Dots, color: 6, points: mean });
        for (k, fit) in fits.iter().take(4).enumerate() {
            let (low, high) = curve.seen;
            let points = (0..=100)
                .map(|i| low + (high - low) * f64::from(i) / 100.0)
                .map(|g| (g * to_g, step(fit, g, up) * to_dg))
                .collect();
            let label = fit.model.describe().name.to_string();
            series.push(Series { label, shape: Shape::Line, color: k, points });
        }
        Axes {
            name: if up { "up" } else { "down" }.to_string(),
            x: format!("conductance before the pulse ({g}S)"),
            y: format!("change by the pulse ({dg}S)"),
            series,
            zero: true,
        }
    };
    let title = args.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let caption =
        format!("{} of {}; the best fits by AICc", counted(pulses.len(), "pulse"), counted(measured.devices, "device"));
    xy(&format!("{title}: fits"), &caption, &[panel(true), panel(false)], SIZE).map_err(Failure::run)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Soft bounds from 10 uS up to `high`, with a factor of the steps, for each device.
    fn said(devices: &[(f64, f64)]) -> Option<String> {
        let mut rows = Vec::new();
        for (device, &(high, factor)) in devices.iter().enumerate() {
            let mut g = 10e-6;
            for k in 0..240 {
                let up = k % 120 < 60;
                g += factor * if up { 0.04 * (high - g) } else { -0.04 * (g - 10e-6) };
                rows.push(Row { g, up, device, cycle: 0 });
            }
        }
        let pulses = changes(&rows);
        unlike(&rows, Measured::new(&rows).unwrap().evened(&pulses).unexplained(&pulses))
    }

    #[test]
    fn devices_that_differ_in_more_than_their_steps_are_named() {
        assert_eq!(said(&[(110e-6, 1.0), (110e-6, 0.4), (110e-6, 1.5)]), None);
        let said = said(&[(110e-6, 1.0), (40e-6, 1.0), (200e-6, 1.0)]).unwrap();
        assert!(
            said.contains("differ in more, such as their bounds") && said.contains("fit them one by one"),
            "{said}"
        );
        assert_eq!(super::unlike(&[], 1.0), None);
    }

    #[test]
    fn steps_that_no_change_of_a_weight_can_take_are_told() {
        let told = |dg_down: f64| {
            let given = vec![("g_min", 0.0), ("g_max", 1e-4), ("dg_up", 1e-6), ("dg_down", dg_down)];
            let model = DeviceModel::ConstantStep;
            small_steps(&Fit { model, given, free: 2, residual: 0.0, size: 1e-6, pulses: 80, squares: 0.0 })
        };
        assert_eq!(told(1e-9), None);
        let told = told(4.9e-19).unwrap();
        assert!(told.contains("dg_down = 4.900e-19 S") && told.contains("262144 pulses at most"), "{told}");
    }
}
