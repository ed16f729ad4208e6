//! `memspike plot`: state traces, weights, energies, and what spike trains show.

use std::path::PathBuf;

use clap::ValueEnum;
use memspike::plot::{self, Figure, Selection};

use super::output::Output;
use super::{Done, Failure, quantity};

mod energy;
mod fields;
mod sweep;
mod traces;
mod trains;
mod weights;

/// Draw what a result, a recording or a sweep holds: states, weights, energies, rates, intervals, correlations
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike plot weights replay.h5 -o weights.png --projection recorded_to_E\n  \
                        memspike plot connectivity replay.h5 -o matrix.pdf --projection recorded_to_E\n  \
                        memspike plot traces replay.h5 -o traces.svg --population 'hidden_E[0:2]' --stop 500ms\n  \
                        memspike plot energy replay.h5 -o energy.png\n  \
                        memspike plot fields digits.h5 -o fields.png\n  \
                        memspike plot isi session.nwb -o isi.png\n  \
                        memspike plot correlations session.nwb -o correlations.png --bin 20ms\n  \
                        memspike plot crosscorrelogram session.nwb -o pair.svg --population 'units[150]' --bin 5ms\n  \
                        memspike plot sweep out -o rates.png --figure rate_hz --where seed=1\n\n\
                        The model says which states and weights are recorded: [[record.state]] and [[record.weights]]. Units of a file \
                        without populations are called `units`.")]
pub struct Args {
    /// What to draw
    #[arg(value_enum)]
    kind: Kind,

    /// A result of memspike; for rates, isi, cv, correlations, spectrum and crosscorrelogram also a recording; for sweep its folder
    file: PathBuf,

    /// The picture, .png, .svg or .pdf
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// A population or some of its members, such as E or 'E[0:3]'; may be repeated. Weights, evolution, connectivity, fields: the
    /// synapses onto these
    #[arg(long, value_name = "POPULATION")]
    population: Vec<Selection>,

    /// traces: only this variable, such as v_m; may be repeated
    #[arg(long, value_name = "NAME")]
    variable: Vec<String>,

    /// weights, evolution, connectivity, energy, fields: which projection, where several were recorded. Of a table of the model with lists
    /// of sources or targets its name (or NAME.*) is all that it makes, where the picture can show several: weights, evolution, energy
    #[arg(long, value_name = "PROJECTION")]
    projection: Option<String>,

    /// Start of the window, on the file's clock
    #[arg(long, value_name = "TIME", value_parser = quantity::moment, allow_hyphen_values = true)]
    start: Option<f64>,

    /// End of the window, on the file's clock
    #[arg(long, value_name = "TIME", value_parser = quantity::moment, allow_hyphen_values = true)]
    stop: Option<f64>,

    /// correlations, spectrum, crosscorrelogram: width of the bins [default: 5 ms, 1 ms, 1 ms]
    #[arg(long, value_name = "TIME", value_parser = quantity::positive_seconds)]
    bin: Option<f64>,

    /// crosscorrelogram: the longest lag [default: 100 ms]
    #[arg(long, value_name = "TIME", value_parser = quantity::positive_seconds)]
    reach: Option<f64>,

    /// sweep: which figure, a column of sweep.csv or the end of its name; one of each population or projection together [default: rate_hz]
    #[arg(long, value_name = "NAME")]
    figure: Option<String>,

    /// sweep: only runs with this value of a key; may be repeated
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = quantity::layer)]
    at: Vec<(String, String)>,

    /// Replace the picture if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// State variables over time, with the threshold and the spikes
    Traces,
    /// The distribution of a projection's weights, at the first and the last snapshot
    Weights,
    /// How weights change: mean, 10th and 90th percentile over time
    Evolution,
    /// The weight from each source to each target
    Connectivity,
    /// What each projection's devices spent on reads, pulses and static power
    Energy,
    /// The weights onto each neuron, at the last snapshot, as an image of its sources
    Fields,
    /// The distribution of the units' rates
    Rates,
    /// The distribution of interspike intervals
    Isi,
    /// The distribution of the intervals' coefficient of variation
    Cv,
    /// Correlation of spike counts of all pairs of units
    Correlations,
    /// How strong the population rates are at each frequency
    Spectrum,
    /// The rate of one train around the spikes of another
    Crosscorrelogram,
    /// A figure over the keys of a sweep: curves over one, a map over two; runs that differ in their seed are averaged
    Sweep,
}

/// A figure, and what is said of it.
type Drawn = (Figure, String);

/// Width and height \[pixels\].
const SIZE: (u32, u32) = (1400, 900);

impl Args {
    /// Refuses options that this picture does not heed.
    ///
    /// # Errors
    /// Which one, and what heeds it.
    fn refuse_idle(&self) -> Result<(), Failure> {
        use Kind::*;
        let trains = [Traces, Rates, Isi, Cv, Correlations, Spectrum, Crosscorrelogram];
        let neurons = [&[Weights, Evolution, Connectivity, Fields], &trains[..]].concat();
        let uses: [(&str, bool, &[Kind]); 9] = [
            ("--population", !self.population.is_empty(), &neurons),
            ("--variable", !self.variable.is_empty(), &[Traces]),
            ("--projection", self.projection.is_some(), &[Weights, Evolution, Connectivity, Energy, Fields]),
            ("--start", self.start.is_some(), &trains),
            ("--stop", self.stop.is_some(), &trains),
            ("--bin", self.bin.is_some(), &[Correlations, Spectrum, Crosscorrelogram]),
            ("--reach", self.reach.is_some(), &[Crosscorrelogram]),
            ("--figure", self.figure.is_some(), &[Sweep]),
            ("--where", !self.at.is_empty(), &[Sweep]),
        ];
        let Some((option, _, heed)) = uses.iter().find(|(_, given, heed)| *given && !heed.contains(&self.kind)) else {
            return Ok(());
        };
        let name = |kind: &Kind| kind.to_possible_value().map_or(String::new(), |value| value.get_name().to_string());
        let heed = heed.iter().map(name).collect::<Vec<_>>().join(", ");
        Err(Failure::input(format!(
            "{option} changes nothing in a picture of {}; it is for: {heed}.",
            name(&self.kind)
        )))
    }
}

/// Reads, draws, and says what was drawn.
pub fn run(args: Args) -> Result<Done, Failure> {
    let output = Output::new(&args.output, args.force)?.spare([args.file.as_path()])?;
    plot::Format::of(output.path()).map_err(Failure::input)?;
    args.refuse_idle()?;
    let title = args.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let (figure, said) = match args.kind {
        Kind::Traces => traces::draw(&title, &args)?,
        Kind::Weights => weights::distribution(&title, &args)?,
        Kind::Evolution => weights::evolution(&title, &args)?,
        Kind::Connectivity => weights::connectivity(&title, &args)?,
        Kind::Energy => energy::draw(&title, &args)?,
        Kind::Fields => fields::draw(&title, &args)?,
        Kind::Sweep => sweep::draw(&title, &args)?,
        Kind::Rates | Kind::Isi | Kind::Cv | Kind::Correlations | Kind::Spectrum | Kind::Crosscorrelogram => {
            trains::draw(&title, &args)?
        }
    };
    output.draw(&figure)?;
    Ok(Done::text(format!("{}: {said}\n", output.path().display())))
}
