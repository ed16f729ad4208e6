//! `memspike device stdp`: what pairs of overlapping spikes do to a physical device.

use memspike::counted::counted;
use memspike::device::physical::NOISE;
use memspike::device::physical::solve::Options;
use memspike::device::physical::surface::Surface;
use memspike::device::physical::waveform::{Side, Waveform};
use memspike::plot::xy::{Axes, Series, Shape, prefixed, xy};
use memspike::spec;
use rayon::prelude::*;
use serde_json::json;

use super::choose::{Choice, Start, in_unit};
use super::sinks::{SIZE, Sinks, csv};
use crate::cli::{Done, Failure, quantity};

/// The change of conductance by a pair of overlapping spikes, over their distance: the STDP window of a physical device
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike device stdp voltage_threshold\n  \
                        memspike device stdp hp --set v_threshold='1 V' --set mu_v='1e-12 m^2/V/s' -o window.png\n  \
                        memspike device stdp voltage_threshold --waveform a_minus='0.2 V' --dt '-60ms:60ms:3ms' --json\n\n\
                        dt is t_post - t_pre. The waveform's parameters: memspike models waveform.")]
pub struct Args {
    #[command(flatten)]
    choice: Choice,

    #[command(flatten)]
    start: Start,

    /// Change a parameter of the spikes, such as a_plus="1 V"; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = quantity::layer)]
    waveform: Vec<(String, String)>,

    /// Distances: START:STOP:STEP, or a list such as -10ms,10ms
    #[arg(long, value_name = "TIMES", default_value = "-90ms:90ms:1ms", allow_hyphen_values = true)]
    dt: String,

    #[command(flatten)]
    sinks: Sinks,
}

/// Most distances.
const MOST: f64 = 1e5;

/// The distances \[s\].
fn distances(text: &str) -> Result<Vec<f64>, Failure> {
    let parts: Vec<&str> = text.split(':').collect();
    let times = |list: Vec<&str>| list.into_iter().map(|t| in_unit(t.trim(), "ms")).collect::<Result<Vec<_>, _>>();
    let wrong =
        || Failure::input(format!("--dt: found {text}, expected START:STOP:STEP such as -90ms:90ms:3ms, or a list."));
    match parts.len() {
        1 => Ok(times(text.split(',').collect())?.into_iter().map(|ms| ms * 1e-3).collect()),
        3 => {
            let all = times(parts)?;
            let (start, stop, step) = (all[0], all[1], all[2]);
            let count = (stop - start) / step;
            if !(step > 0.0 && (0.0..=MOST).contains(&count)) {
                return Err(wrong());
            }
            Ok((0..=(count + 1e-9) as usize).map(|k| (start + k as f64 * step) * 1e-3).collect())
        }
        _ => Err(wrong()),
    }
}

/// Solves, tabulates and reports.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let outputs = args.sinks.check(false)?.spare(args.choice.file())?;
    let (name, device) = args.choice.physical()?;
    if device.noise_step().is_some() {
        let message = format!("{NOISE}: the window of overlapping spikes is that without noise; leave it out.");
        return Err(Failure::input(message));
    }
    let x0 = args.start.state(&device)?;
    let values = spec::waveform(&args.waveform).map_err(Failure::input)?;
    let waveform = Waveform::new(&values).map_err(Failure::input)?;
    let distances = distances(&args.dt)?;
    let g0 = device.conductance(x0);
    let solve = |dt: f64| {
        let pair = if dt >= 0.0 { [(Side::Pre, 0.0), (Side::Post, dt)] } else { [(Side::Post, 0.0), (Side::Pre, -dt)] };
        let end = dt.abs() + waveform.tail_minus + 1e-3;
        device.states(x0, &waveform.pieces(&device, &pair), &[end], Options::EXACT)[0]
    };
    let after: Vec<f64> = distances.par_iter().map(|&dt| solve(dt)).collect();
    let changes: Vec<f64> = after.iter().map(|&x| device.conductance(x) - g0).collect();
    let ms: Vec<f64> = distances.iter().map(|dt| dt * 1e3).collect();
    let surface = Surface::new(&device, &waveform);
    surface.warnings(&name).iter().for_each(|message| memspike::say!("warning: {message}"));
    let tabulated = |dt: f64| {
        let mut before = surface.untouched(g0);
        let mut after = |side, g, since| surface.after(side, g, since, &mut before, None::<fn(bool) -> f64>);
        let sides = if dt >= 0.0 { [Side::Pre, Side::Post] } else { [Side::Post, Side::Pre] };
        let first = after(sides[0], g0, None);
        after(sides[1], first, Some(dt.abs())) - g0
    };
    let tabulated: Vec<f64> = distances.iter().map(|&dt| tabulated(dt)).collect();
    let figure = if outputs.wants_picture() {
        let (scale, prefix) = prefixed(changes.iter().fold(0.0_f64, |a, g| a.max(g.abs())));
        let points = ms.iter().zip(&changes).map(|(t, g)| (*t, g * scale)).collect();
        let window = Axes {
            name: "STDP window".into(),
            x: "t_post \u{2212} t_pre (ms)".into(),
            y: format!("change of conductance ({prefix}S)"),
            series: vec![Series { label: String::new(), shape: Shape::Line, color: 0, points }],
            zero: true,
        };
        let shown = waveform.pieces(&device, &[(Side::Post, 0.0)]);
        let sign = device.potentiating() * waveform.sign / waveform.alpha_post.max(f64::MIN_POSITIVE);
        let samples = shown.iter().flat_map(|p| {
            (0..=60)
                .map(move |k| p.start + (p.end - p.start) * f64::from(k) / 60.0)
                .map(move |t| (t * 1e3, sign * p.at(t)))
        });
        let spike = Axes {
            name: "spike".into(),
            x: "time from the spike (ms)".into(),
            y: "voltage (V)".into(),
            series: vec![Series { label: String::new(), shape: Shape::Line, color: 1, points: samples.collect() }],
            zero: true,
        };
        let caption = format!("one isolated pair, from {g0:.4e} S");
        Some(
            xy(&format!("{name}: STDP from overlapping spikes"), &caption, &[window, spike], SIZE)
                .map_err(Failure::run)?,
        )
    } else {
        None
    };
    let said = outputs.write(&csv(&[("dt_ms", &ms), ("dG_S", &changes), ("state", &after)]), figure.as_ref(), "")?;
    let table = json!({ "changes": surface.len(), "error": surface.error, "missed": surface.missed,
        "largest_S": surface.largest, "solved": surface.solved_share() });
    if args.sinks.json {
        return Done::json(&json!({
            "device": name, "state_0": x0, "G0_S": g0, "dt_ms": ms, "dG_S": changes, "dG_table_S": tabulated, "state": after,
            "surface": table, "crosses_alone_V": surface.crosses_alone,
        }));
    }
    // The largest change of one sign; there may be none.
    let extreme = |sign: f64| {
        let best = (0..ms.len()).fold(0, |best, k| if sign * changes[k] > sign * changes[best] { k } else { best });
        let change = changes[best];
        if sign * change > 0.0 { format!("{change:+.4e} S at {} ms", ms[best]) } else { "none".to_string() }
    };
    Ok(Done::text(format!(
        "{name}: {} from {g0:.4e} S\nlargest rise  {}\nlargest fall  {}\nas a table    {} changes over distance and state, \
         wrong by at most {:.2e} of the largest ({:.3e} S){}\n{said}",
        counted(ms.len(), "pair"),
        extreme(1.0),
        extreme(-1.0),
        surface.len(),
        surface.error,
        surface.largest,
        solved(&surface)
    )))
}

/// How many of the pairs are not looked up.
fn solved(surface: &Surface) -> String {
    match 100.0 * surface.solved_share() {
        0.0 => String::new(),
        share => format!(", {share:.2} % of them solved when they come"),
    }
}
