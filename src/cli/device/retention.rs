//! `memspike device retention`: the conductance with time after it was set.

use memspike::counted::counted;
use memspike::device::characterise::{Course, course};
use memspike::plot::{self, Axes, Curve};
use memspike::units;
use serde_json::json;

use super::choose::{Choice, Chosen, conductance};
use super::output::{Files, SIZE, csv, texts};
use super::siemens::Siemens;
use crate::cli::{Done, Failure};

/// Let time pass: drift and relaxation of a device, with the spread over cells and the noise of a read
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike device retention pcm --set pcm_statistics=true -o drift.png\n  \
                  memspike device retention soft_bounds --set retention='{ tau = \"1 h\", g_inf = \"1 uS\" }' --stop 24h --json")]
pub struct Args {
    #[command(flatten)]
    choice: Choice,

    /// Conductances to set, such as "20 uS" or a share of the range; may be repeated
    #[arg(long, value_name = "G")]
    start: Vec<String>,

    /// Times after setting, such as 1s; may be repeated. Without them, three a decade up to --stop
    #[arg(long, value_name = "TIME", value_parser = time)]
    time: Vec<f64>,

    /// The first of these times
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1s", conflicts_with = "time")]
    from: f64,

    /// The last of these times, 1 year if not given
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "time")]
    stop: Option<f64>,

    /// Devices to draw
    #[arg(long, value_name = "N", default_value_t = 1000)]
    cells: usize,

    /// Seed of their random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// As one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    files: Files,
}

/// 365 days \[s\].
const YEAR: f64 = 31_536_000.0;

/// A time of 0 or more \[s\]; longer than a simulation may last, for devices keep for years.
fn time(text: &str) -> Result<f64, String> {
    let t = units::parse_quantity(text).and_then(|q| q.in_unit("s")).map_err(|e| e.to_string())?;
    if t.is_finite() && t >= 0.0 { Ok(t) } else { Err("expected a time of 0 or more, such as \"1 h\"".to_string()) }
}

/// Lets time pass.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let files = args.files.check(args.choice.file().as_slice())?;
    let chosen = args.choice.read()?;
    if chosen.device.bank.count() > 1 {
        args.choice.refuse(
            &["pair", "devices", "refresh", "refresh_low"],
            "what is shown is one device, not those of a synapse",
        )?;
    }
    let of_pulses = ["pulses", "sigma_c2c", "pulse_noise", "noise_slope", "sigma_reset", "endurance"];
    args.choice.refuse(&of_pulses, "no pulse is given (`memspike device pulses` shows what they do)")?;
    if args.cells == 0 || args.cells > 10_000_000 {
        return Err(Failure::input(format!("Found {} cells, expected from 1 to 10000000.", args.cells)));
    }
    let times = if args.time.is_empty() { decades(args.from, args.stop.unwrap_or(YEAR))? } else { args.time.clone() };
    let starts: Vec<f64> = if args.start.is_empty() {
        let c = &chosen.device.common;
        [0.25, 0.5, 1.0].map(|share| c.g_min + share * c.range()).to_vec()
    } else {
        args.start.iter().map(|text| conductance(text, &chosen.device)).collect::<Result<_, _>>()?
    };
    let courses: Vec<Course> =
        starts.iter().map(|&start| course(&chosen.device, start, &times, args.cells, args.seed)).collect();
    let said = files.write(|| figure(&chosen, &courses, args.cells), || table(&courses))?;
    if args.json {
        let each =
            |c: &Course| json!({ "start_S": c.start, "mean_S": c.mean, "std_S": c.std, "read_noise": c.read_noise });
        let all: Vec<_> = courses.iter().map(each).collect();
        return Done::json(&json!({
            "device": chosen.name, "model": chosen.model, "cells": args.cells, "seed": args.seed, "times_s": times, "courses": all
        }));
    }
    Ok(Done::text(lay_out(&chosen, &courses) + &said))
}

/// Three times a decade, both ends included.
fn decades(from: f64, stop: f64) -> Result<Vec<f64>, Failure> {
    if from <= 0.0 || stop <= from {
        return Err(Failure::input(format!("--stop, {stop} s, is not after --from, {from} s, which is more than 0.")));
    }
    let steps = (3.0 * (stop / from).log10()).ceil().max(1.0) as usize;
    Ok((0..=steps).map(|i| from * (stop / from).powf(i as f64 / steps as f64)).collect())
}

fn table(courses: &[Course]) -> String {
    let flat = |values: fn(&Course) -> &Vec<f64>| courses.iter().flat_map(|c| texts(values(c))).collect::<Vec<_>>();
    let starts = courses.iter().flat_map(|c| texts(&vec![c.start; c.times.len()])).collect();
    let columns = [starts, flat(|c| &c.times), flat(|c| &c.mean), flat(|c| &c.std), flat(|c| &c.read_noise)];
    csv(&["start_S", "time_s", "mean_S", "std_S", "read_noise"], &columns)
}

fn figure(chosen: &Chosen, courses: &[Course], cells: usize) -> Result<plot::Figure, Failure> {
    let unit = Siemens::of(chosen.device.common.g_max);
    let curve = |c: &Course| Curve {
        label: unit.label(c.start),
        x: c.times.clone(),
        y: unit.values(&c.mean),
        band: unit.band(&c.mean, &c.std, &c.reach),
    };
    let curves: Vec<Curve> = courses.iter().map(curve).collect();
    let axes = Axes { x: "time since it was set (s)".into(), y: format!("conductance ({})", unit.name), log_x: true };
    let caption = format!(
        "Band: mean +- standard deviation over {}, within what these had; the noise of a read is not in it.",
        counted(cells, "cell")
    );
    plot::curves(&format!("{} ({})", chosen.name, chosen.model), &caption, &axes, &curves, SIZE).map_err(Failure::run)
}

fn lay_out(chosen: &Chosen, courses: &[Course]) -> String {
    let unit = Siemens::of(chosen.device.common.g_max);
    let head = |what: &str| format!("{what} [{}]", unit.name);
    let mut out = format!(
        "{} ({})\n{:>12} {:>12} {:>12} {:>12} {:>12}\n",
        chosen.name,
        chosen.model,
        head("set"),
        "time [s]",
        head("mean"),
        head("spread"),
        "read noise"
    );
    for c in courses {
        for (i, t) in c.times.iter().enumerate() {
            out += &format!(
                "{:>12} {:>12.4e} {:>12} {:>12} {:>12.4}\n",
                unit.text(c.start),
                t,
                unit.text(c.mean[i]),
                unit.text(c.std[i]),
                c.read_noise[i]
            );
        }
    }
    out
}
