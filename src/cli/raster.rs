//! `memspike raster`: the raster of a recording or a result.

use std::io::IsTerminal;
use std::path::PathBuf;

use memspike::format;
use memspike::plot::{self, Group, RasterData, RasterOptions, Selection, TerminalOptions};
use memspike::spikes::{Recording, Signal};

use super::output::Output;
use super::{Done, Failure, quantity};

/// Draw the raster of a result or a recording: png, svg or pdf, or in the terminal without -o
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike raster session.nwb -o session.png --behavior\n  \
                        memspike raster replay.h5 --start 500ms --stop 1s --population 'hidden_E[0:50]'")]
pub struct Args {
    /// A result or a recording
    file: PathBuf,

    /// The picture, .png, .svg or .pdf; drawn in the terminal without it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Start of the window, on the file's clock
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, allow_hyphen_values = true)]
    start: Option<f64>,

    /// End of the window, on the file's clock
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, allow_hyphen_values = true)]
    stop: Option<f64>,

    /// A population or some of its members, such as E or 'E[0:100]'; may be repeated
    #[arg(long, value_name = "POPULATION")]
    population: Vec<Selection>,

    /// Draw at most so many neurons, evenly chosen
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    max_neurons: Option<u32>,

    /// Draw the recorded behaviour below and shade the trials; --behavior=hand_pos,hand_vel for some of it
    #[arg(long, value_name = "NAMES", value_delimiter = ',', num_args = 0.., require_equals = true)]
    behavior: Option<Vec<String>>,

    /// Replace the picture if it exists
    #[arg(long)]
    force: bool,
}

/// What was meant.
struct Request {
    file: PathBuf,
    output: Option<Output>,
    behavior: Option<Vec<String>>,
    options: RasterOptions,
}

impl Args {
    fn request(self) -> Result<Request, Failure> {
        let output = self.output.as_deref().map(|path| Output::new(path, self.force)).transpose()?;
        if let Some(output) = &output {
            plot::Format::of(output.path()).map_err(Failure::input)?;
        }
        let options = RasterOptions {
            start: self.start,
            stop: self.stop,
            select: self.population,
            max_neurons: self.max_neurons.map(|n| n as usize),
            ..RasterOptions::default()
        };
        Ok(Request { file: self.file, output, behavior: self.behavior, options })
    }
}

/// Reads, draws, and says what was drawn.
pub fn run(args: Args) -> Result<Done, Failure> {
    let request = args.request()?;
    let recording = format::read(&request.file).map_err(Failure::input)?;
    recording.notes.iter().for_each(|note| eprintln!("note: {note}."));
    let groups: Vec<Group> =
        recording.populations.iter().map(|(name, first, count)| Group::new(name, *first, *count)).collect();
    let title = request.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let trials = recording.intervals.iter().find(|t| t.name == "trials");
    let signals = match &request.behavior {
        None => Vec::new(),
        Some(names) => behavior(&recording, names)?,
    };
    let mut options = request.options;
    // The window is what was observed, where the file says so.
    options.start = options.start.or(recording.observed.first().map(|o| o.0));
    options.stop = options.stop.or(recording.observed.last().map(|o| o.1));
    // Each signal gets a panel of its own.
    options.size.1 += 90 * u32::try_from(signals.len()).unwrap_or(0).min(20);
    let data = RasterData {
        title: &title,
        spikes: &recording.spikes,
        groups: &groups,
        signals: &signals,
        intervals: trials.filter(|_| request.behavior.is_some()),
    };
    match &request.output {
        None => terminal(&data, &options),
        Some(output) => {
            let figure = plot::raster(&data, &options).map_err(Failure::input)?;
            plot::save(&figure, output.path()).map_err(Failure::run)?;
            Ok(Done::text(format!("{}: {}\n", output.path().display(), counts(&recording))))
        }
    }
}

/// The signals of these names; all if there are none.
fn behavior(recording: &Recording, names: &[String]) -> Result<Vec<Signal>, Failure> {
    let known: Vec<&str> = recording.signals.iter().map(|s| s.name.as_str()).collect();
    if known.is_empty() {
        eprintln!("warning: the file holds no behaviour.");
    }
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Failure::input(format!("There is no signal `{name}`; the file holds {}.", known.join(", "))));
    }
    let wanted = |s: &&Signal| names.is_empty() || names.contains(&s.name);
    Ok(recording.signals.iter().filter(wanted).cloned().collect())
}

/// As text, as wide as the terminal; 80 x 24 where the output is none.
fn terminal(data: &RasterData, options: &RasterOptions) -> Result<Done, Failure> {
    let (columns, lines) =
        terminal_size::terminal_size().map_or((80, 24), |(w, h)| (usize::from(w.0), usize::from(h.0)));
    let terminal = TerminalOptions {
        width: columns.clamp(40, 400),
        // Axis, rates and prompt need a few lines too.
        height: lines.saturating_sub(4 + data.groups.len()).clamp(8, 200),
        color: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    plot::raster_text(data.spikes, data.groups, options, &terminal).map(Done::text).map_err(Failure::input)
}

fn counts(recording: &Recording) -> String {
    let s = &recording.spikes;
    format!(
        "{} spikes of {} units",
        super::memory::grouped(s.len() as u64),
        super::memory::grouped(s.unit_ids.len() as u64)
    )
}
