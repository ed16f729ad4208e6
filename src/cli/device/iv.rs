//! `memspike device iv`: the hysteresis loop of a physical device.

use memspike::counted::counted;
use memspike::device::physical::drive::{Piece, pulse, sine, too_high, triangle};
use memspike::device::physical::solve::Options;
use memspike::plot::xy::{Axes, Series, Shape, prefixed, xy};
use memspike::rng::{Purpose, StreamKey};
use serde_json::json;

use super::choose::{Choice, Start, in_unit, state_unit};
use super::sinks::{SIZE, Sinks, csv};
use crate::cli::{Done, Failure};

/// The current of a physical device under a periodic voltage: its hysteresis loop
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike device iv hp --amplitude 1V --frequency 1Hz --state 0.1\n  \
                        memspike device iv vteam --amplitude 1V --frequency 50MHz --state '1 nm' -o loop.png -o loop.csv\n  \
                        memspike device iv hp --set window=joglekar --set p=2 --json\n  \
                        memspike device iv stanford_rram --state '1.4 nm' --pulses '1.5V:10ns x8, -1.3V:50ns x9'")]
pub struct Args {
    #[command(flatten)]
    choice: Choice,

    #[command(flatten)]
    start: Start,

    /// Peak voltage
    #[arg(long, value_name = "V", default_value = "1 V", allow_hyphen_values = true)]
    amplitude: String,

    /// Frequency
    #[arg(long, value_name = "F", default_value = "1 Hz")]
    frequency: String,

    /// Number of periods
    #[arg(long, default_value_t = 2.0)]
    periods: f64,

    /// Samples in each period; 200 unless given
    #[arg(long)]
    samples: Option<usize>,

    /// Shape of the voltage
    #[arg(long, value_enum, default_value = "sine")]
    wave: Wave,

    /// Pulses in the place of a wave: VOLTAGE:WIDTH, times a number if one follows, such as '1.5V:10ns x10, -1.3V:50ns x10'; sampled at
    /// both ends and between, --samples of them (10 unless given)
    #[arg(long, value_name = "PULSES", allow_hyphen_values = true, conflicts_with_all = ["wave", "amplitude", "frequency", "periods"])]
    pulses: Option<String>,

    /// Seed of random numbers, for devices that have some
    #[arg(long, default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    sinks: Sinks,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Wave {
    /// A sine that starts at 0
    Sine,
    /// A triangle that starts at 0
    Triangle,
}

/// Most samples.
const MOST: f64 = 1e7;

/// Steps of the integral of the power, over all pieces.
const FINE: usize = 20_000;

/// What is applied, and when it is looked at.
#[derive(Default)]
struct Drive {
    pieces: Vec<Piece>,
    /// \[s\]
    times: Vec<f64>,
    /// At those \[V\].
    volts: Vec<f64>,
    caption: String,
    /// Samples of each part that follows the one before by a leap, if it does.
    leaps: Option<usize>,
}

impl Drive {
    /// When it ends \[s\].
    fn end(&self) -> f64 {
        self.pieces.last().map_or(0.0, |p| p.end)
    }
}

impl Args {
    fn drive(&self) -> Result<Drive, Failure> {
        match &self.pulses {
            Some(text) => self.pulse_train(text),
            None => self.periodic(),
        }
    }

    /// A wave, with its samples counted from 0.
    fn periodic(&self) -> Result<Drive, Failure> {
        let (amplitude, frequency) = (in_unit(&self.amplitude, "V")?, in_unit(&self.frequency, "Hz")?);
        let samples = self.samples.unwrap_or(200);
        let total = self.periods * samples as f64;
        if !(frequency > 0.0 && frequency.is_finite() && amplitude.is_finite()) {
            return Err(Failure::input("--frequency must be more than 0, and both it and --amplitude finite."));
        }
        if !(self.periods > 0.0 && samples > 0 && total <= MOST) {
            let message = format!("--periods and --samples: found {total} samples, expected 1 to {MOST}.");
            return Err(Failure::input(message));
        }
        if let Some(wrong) = too_high(amplitude) {
            return Err(Failure::input(format!("--amplitude: {wrong}.")));
        }
        let times: Vec<f64> = (0..=total.round() as usize).map(|k| k as f64 / samples as f64 / frequency).collect();
        let pieces = match self.wave {
            Wave::Sine => sine(amplitude, frequency, self.periods),
            Wave::Triangle => triangle(amplitude, frequency, self.periods),
        };
        let at = |&t: &f64| pieces.iter().find(|p| t <= p.end).or(pieces.last()).map_or(0.0, |p| p.at(t.min(p.end)));
        let volts = times.iter().map(at).collect();
        let (factor, prefix) = prefixed(frequency);
        let caption = format!("{amplitude} V at {} {prefix}Hz", frequency / (1.0 / factor));
        Ok(Drive { volts, times, pieces, caption, leaps: None })
    }

    /// Pulses, one after the other, each with samples at both ends.
    fn pulse_train(&self, text: &str) -> Result<Drive, Failure> {
        let wrong = || {
            let expected = "VOLTAGE:WIDTH, once or more, such as '1.5V:10ns x10, -1.3V:50ns'";
            Failure::input(format!("--pulses: found {text}, expected {expected}."))
        };
        let samples = self.samples.unwrap_or(10).max(1);
        let mut drive = Drive { caption: text.to_string(), leaps: Some(samples.saturating_add(1)), ..Drive::default() };
        for part in text.split(',') {
            let count = part.rsplit_once('x').and_then(|(rest, n)| Some((rest, n.trim().parse::<usize>().ok()?)));
            let (one, count) = count.unwrap_or((part, 1));
            let (volt, width) = one.split_once(':').ok_or_else(wrong)?;
            let (volt, width) = (in_unit(volt.trim(), "V")?, in_unit(width.trim(), "s")?);
            let many = (drive.times.len() as f64) + count as f64 * (samples as f64 + 1.0);
            if !(count > 0 && width > 0.0 && width.is_finite() && volt.is_finite() && many <= MOST) {
                return Err(wrong());
            }
            for _ in 0..count {
                let piece = pulse(volt, drive.end(), width);
                let at = |k: usize| piece.start + (piece.end - piece.start) * k as f64 / samples as f64;
                drive.times.extend((0..=samples).map(|k| if k == samples { piece.end } else { at(k) }));
                drive.volts.extend(std::iter::repeat_n(volt, samples + 1));
                drive.pieces.push(piece);
            }
        }
        Ok(drive)
    }
}

/// Points in runs of so many, with a gap between.
fn apart(points: &[(f64, f64)], run: usize) -> Vec<(f64, f64)> {
    let gap = [(f64::NAN, f64::NAN)];
    points.chunks(run).flat_map(|run| run.iter().chain(&gap)).copied().collect()
}

/// Solves and reports.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let outputs = args.sinks.check(false)?.spare(args.choice.file())?;
    let (name, device) = args.choice.physical()?;
    let x0 = args.start.state(&device)?;
    let drive = args.drive()?;
    if let Some(wrong) = drive.volts.iter().find_map(|volt| too_high(*volt)) {
        return Err(Failure::input(format!("voltage: {wrong}.")));
    }
    if let Some(step) = device.noise_step()
        && drive.end() / step > MOST
    {
        let message = "The noise of the device draws a number every noise_step, which is too often for so long a drive; \
                       raise --set noise_step, or --frequency.";
        return Err(Failure::input(message));
    }
    let Drive { pieces, times, volts, caption, leaps } = drive;
    let noise = Some((StreamKey::new(args.seed, Purpose::Pulse, 0), 0));
    let states = device.states(x0, &pieces, &times, Options { noise, ..Options::EXACT });
    let currents: Vec<f64> = states.iter().zip(&volts).map(|(x, v)| device.current(*x, *v)).collect();
    let unit = match state_unit(&device) {
        "" => String::new(),
        unit => format!(" {unit}"),
    };
    let siemens: Vec<f64> = states.iter().map(|&x| device.conductance(x)).collect();
    let half = (FINE / pieces.len().max(1)).max(16);
    let energy = device.energy(x0, &pieces, half, Options { noise, ..Options::EXACT });
    if !currents.iter().all(|i| i.is_finite()) || !energy.is_finite() {
        let message = "The current is not a finite number at this voltage: the model's equations do not hold there; lower --amplitude or --pulses.";
        return Err(Failure::input(message));
    }
    let ends =
        |values: &[f64]| values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
    let table = csv(&[
        ("time_s", &times),
        ("voltage_V", &volts),
        ("state", &states),
        ("current_A", &currents),
        ("conductance_S", &siemens),
    ]);
    let figure = if outputs.wants_picture() {
        let (scale, prefix) = prefixed(currents.iter().fold(0.0_f64, |a, i| a.max(i.abs())));
        let (seconds, time) = prefixed(times.last().copied().unwrap_or(1.0));
        let (to_g, g) = prefixed(ends(&siemens).1);
        let series = |shape, points| Series { label: String::new(), shape, color: 0, points };
        let line = |points| vec![series(Shape::Line, points)];
        let points = |a: &[f64], b: &[f64], fa: f64, fb: f64| a.iter().zip(b).map(|(a, b)| (a * fa, b * fb)).collect();
        let points_of_loop: Vec<(f64, f64)> = points(&volts, &currents, 1.0, scale);
        let drawn = match leaps {
            // A pulse is one place along the voltage: its samples are dots, and between pulses nothing was solved.
            Some(samples) => {
                let runs = apart(&points_of_loop, samples);
                vec![series(Shape::Line, runs), series(Shape::Dots, points_of_loop)]
            }
            None => line(points_of_loop),
        };
        let panels = [
            Axes {
                name: if leaps.is_some() { "pulses" } else { "loop" }.into(),
                x: "voltage (V)".into(),
                y: format!("current ({prefix}A)"),
                series: drawn,
                zero: true,
            },
            Axes {
                name: "conductance".into(),
                x: format!("time ({time}s)"),
                y: format!("conductance ({g}S)"),
                series: line(points(&times, &siemens, seconds, to_g)),
                zero: false,
            },
        ];
        let caption = format!("{caption}, from state {x0:?}{unit}");
        let title = if leaps.is_some() { "pulses" } else { "hysteresis" };
        Some(xy(&format!("{name}: {title}"), &caption, &panels, SIZE).map_err(Failure::run)?)
    } else {
        None
    };
    let said = outputs.write(&table, figure.as_ref(), "")?;
    let (i, g, x) = (ends(&currents), ends(&siemens), ends(&states));
    if args.sinks.json {
        return Done::json(&json!({
            "device": name, "drive": caption, "state_0": x0, "energy_J": energy,
            "time_s": times, "voltage_V": volts, "state": states, "current_A": currents, "conductance_S": siemens,
        }));
    }
    Ok(Done::text(format!(
        "{name}: {}\ncurrent      {:.6e} to {:.6e} A\nconductance  {:.6e} to {:.6e} S\nstate        {:.6e} to {:.6e}{unit}\n\
         energy       {energy:.6e} J\n{said}",
        counted(times.len(), "sample"),
        i.0,
        i.1,
        g.0,
        g.1,
        x.0,
        x.1
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_does_not_join_one_pulse_to_the_next() {
        let points = [(1.0, 1.0), (1.0, 2.0), (-1.0, -2.0), (-1.0, -1.0)];
        let apart = apart(&points, 2);
        assert!(apart.len() == 6 && apart[2].0.is_nan() && apart[5].0.is_nan(), "{apart:?}");
        assert_eq!([apart[0], apart[1], apart[3], apart[4]], points);
    }
}
