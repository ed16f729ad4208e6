//! `memspike device pulses`: the conductance after each of some pulses.

use std::path::Path;

use memspike::counted::counted;
use memspike::device::Law;
use memspike::device::characterise::{Staircase, staircase};
use memspike::given;
use memspike::plot::{self, Axes, Curve};
use serde_json::json;

use super::choose::{Choice, Chosen, conductance};
use super::output::{Files, SIZE, csv, texts};
use super::siemens::Siemens;
use crate::cli::{Done, Failure};

/// Apply pulses to a device: its course without noise, and mean and spread over cells and cycles
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike device pulses re_ram_es --up 600 --down 600 -o staircase.png\n  \
                  memspike device pulses soft_bounds --sequence ++-+-- --start 0.5 --json --set dg_up=\"2 uS\"\n\n\
                  Without noise: the first cycle. What endurance ends stays where its last pulse left it, in all later cycles too.\n\
                  std_cells: spread from cell to cell, of their means over cycles less what the spread over cycles adds to that (which one \
                  cycle alone can't tell: it stays); std_cycles: spread over the cycles of a cell, root mean square over cells. Both estimate \
                  that of what they are drawn from (over n - 1), and together, as a root of squares, that of all; of one cell or cycle alone \
                  they are 0. Pulses go to one device, also of a set whose synapses have several or pairs. A picture's band is the mean plus and minus that of all, cut where no cell ever was.")]
pub struct Args {
    #[command(flatten)]
    choice: Choice,

    /// Number of potentiating pulses, which come first
    #[arg(long, value_name = "N", default_value_t = 100)]
    up: usize,

    /// Number of depressing pulses after them
    #[arg(long, value_name = "N", default_value_t = 100)]
    down: usize,

    /// Instead: a sequence of + and -, or a file with 1 for up and -1 for down; spaces, commas and lines may separate them
    #[arg(long, value_name = "PULSES", allow_hyphen_values = true, conflicts_with_all = ["up", "down"])]
    sequence: Option<String>,

    /// Where to start: a conductance such as "20 uS", or a share of the range
    #[arg(long, value_name = "G", default_value = "0")]
    start: String,

    /// Devices to draw
    #[arg(long, value_name = "N", default_value_t = 100)]
    cells: usize,

    /// How often each goes through the pulses
    #[arg(long, value_name = "N", default_value_t = 10)]
    cycles: usize,

    /// Seed of their random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// As one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    files: Files,
}

/// Pulses, cells and cycles that are simulated at once, at most: a bound on memory and time.
const MOST: usize = 100_000_000;

/// Applies them.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let sequence_file = args.sequence.as_deref().filter(|text| !is_signs(text)).map(Path::new);
    let read: Vec<&Path> = args.choice.file().into_iter().chain(sequence_file).collect();
    let files = args.files.check(&read)?;
    let chosen = args.choice.read()?;
    if chosen.device.bank.count() > 1 {
        let why = "the pulses go to one device, not to those of a synapse";
        args.choice.refuse(&["pair", "devices", "refresh", "refresh_low"], why)?;
    }
    let of_time = ["drift", "retention", "flicker", "pcm_statistics"];
    args.choice
        .refuse(&of_time, "no time passes between the pulses (`memspike device retention` shows what it does)")?;
    args.choice.refuse(&["program_noise"], "devices start where --start says")?;
    args.choice.refuse(&["read_noise"], "what is shown is the conductance that a pulse left, not that of a read")?;
    args.choice.refuse(&["pulses"], "the pulses are those of the command line, not of changes of a weight")?;
    let up = match &args.sequence {
        Some(text) => sequence(text)?,
        None => [vec![true; args.up.min(MOST)], vec![false; args.down.min(MOST)]].concat(),
    };
    if up.is_empty() || args.cells == 0 || args.cycles == 0 {
        return Err(Failure::input("There is nothing to do: expected at least one pulse, one cell and one cycle."));
    }
    let work = up.len().checked_mul(args.cells).and_then(|n| n.checked_mul(args.cycles));
    if work.is_none_or(|work| work > MOST) {
        return Err(Failure::input(format!(
            "{} pulses to {} cells in {} cycles are more than {MOST} pulses; take fewer cells or cycles.",
            up.len(),
            args.cells,
            args.cycles
        )));
    }
    if let Law::Physical(law) = &chosen.device.law
        && !law.is_complete()
    {
        let message = format!(
            "{} is a physical device, which needs voltages: give --set pulse_up='{{ v = \"1 V\", width = \"1 ms\" }}' and pulse_down likewise.",
            chosen.name
        );
        return Err(Failure::input(message));
    }
    let start = conductance(&args.start, &chosen.device)?;
    let result = staircase(&chosen.device, &up, start, args.cells, args.cycles, args.seed);
    let said = files.write(|| figure(&chosen, &result, args), || table(&result))?;
    if args.json {
        return Done::json(&figures(&chosen, &result, start, args));
    }
    Ok(Done::text(lay_out(&chosen, &result) + &said))
}

/// What may stand between the directions of pulses.
fn between(c: char) -> bool {
    c.is_whitespace() || c == ','
}

/// Whether a text is the directions themselves, not the name of a file.
fn is_signs(text: &str) -> bool {
    let mut signs = text.chars().filter(|c| !between(*c)).peekable();
    signs.peek().is_some() && signs.all(|c| matches!(c, '+' | '-'))
}

/// Directions of pulses from text, or from a file.
fn sequence(text: &str) -> Result<Vec<bool>, Failure> {
    if is_signs(text) {
        return Ok(text.chars().filter(|c| !between(*c)).map(|c| c == '+').collect());
    }
    let words = given::string(Path::new(text)).map_err(|e| {
        Failure::input(format!("--sequence {text}: expected + and -, or a file that can be read ({e})."))
    })?;
    let words = words.split(between).filter(|w| !w.is_empty());
    words
        .map(|word| match word.trim_start_matches('+').parse::<f64>() {
            Ok(1.0) => Ok(true),
            Ok(-1.0) => Ok(false),
            _ => Err(Failure::input(format!("{text}: found `{word}`, expected 1 for a pulse up and -1 for one down."))),
        })
        .collect()
}

fn figures(chosen: &Chosen, s: &Staircase, start: f64, args: &Args) -> serde_json::Value {
    let c = &chosen.device.common;
    json!({
        "device": chosen.name, "model": chosen.model, "g_min_S": c.g_min, "g_max_S": c.g_max, "start_S": start,
        "cells": args.cells, "cycles": args.cycles, "seed": args.seed,
        "up": s.up, "nominal_S": s.nominal, "mean_S": s.mean, "std_cells_S": s.cells, "std_cycles_S": s.cycles,
        "energy_J": s.energy,
    })
}

fn table(s: &Staircase) -> String {
    let pulses = (1..=s.up.len()).map(|n| n.to_string()).collect();
    let signs = s.up.iter().map(|up| if *up { "1" } else { "-1" }.to_string()).collect();
    let columns = [pulses, signs, texts(&s.nominal), texts(&s.mean), texts(&s.cells), texts(&s.cycles)];
    csv(&["pulse", "direction", "nominal_S", "mean_S", "std_cells_S", "std_cycles_S"], &columns)
}

fn figure(chosen: &Chosen, s: &Staircase, args: &Args) -> Result<plot::Figure, Failure> {
    let x: Vec<f64> = (1..=s.up.len()).map(|n| n as f64).collect();
    let all: Vec<f64> = s.cells.iter().zip(&s.cycles).map(|(a, b)| (a * a + b * b).sqrt()).collect();
    let unit = Siemens::of(chosen.device.common.g_max);
    let all = unit.band(&s.mean, &all, &s.reach);
    let curves = [
        Curve { label: "mean".into(), x: x.clone(), y: unit.values(&s.mean), band: all },
        Curve { label: "without spread and noise".into(), x, y: unit.values(&s.nominal), band: Vec::new() },
    ];
    let axes = Axes { x: "pulse".into(), y: format!("conductance ({})", unit.name), log_x: false };
    let caption = format!(
        "Band: mean +- standard deviation over {} and {} of each, within what these had.",
        counted(args.cells, "cell"),
        counted(args.cycles, "cycle")
    );
    plot::curves(&format!("{} ({})", chosen.name, chosen.model), &caption, &axes, &curves, SIZE).map_err(Failure::run)
}

fn lay_out(chosen: &Chosen, s: &Staircase) -> String {
    let unit = Siemens::of(chosen.device.common.g_max);
    let shown = |g: f64| format!("{} {}", unit.text(g), unit.name);
    let mut out = format!("{} ({}), {}\n", chosen.name, chosen.model, counted(s.up.len(), "pulse"));
    // The turning points: the last pulse of each run of one direction.
    let turns: Vec<usize> = (0..s.up.len()).filter(|&i| i + 1 == s.up.len() || s.up[i] != s.up[i + 1]).collect();
    for &i in turns.iter().take(10) {
        out += &format!(
            "after pulse {:>6}: without noise {}, mean {}, spread over cells {}, over cycles {}\n",
            i + 1,
            shown(s.nominal[i]),
            shown(s.mean[i]),
            shown(s.cells[i]),
            shown(s.cycles[i])
        );
    }
    if turns.len() > 10 {
        out += &format!("and {} more turns; --csv or --json has every pulse\n", turns.len() - 10);
    }
    if let Some(energy) = &s.energy {
        out += &format!("energy of all pulses: {:.3e} J for one device\n", energy.iter().sum::<f64>());
    }
    out
}
