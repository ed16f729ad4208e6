//! `memspike convert`: a recording or result as a file of another format, or a network as a NIR graph or a SONATA circuit.

mod cut;
mod iso;
mod network;
mod nir;
mod sonata;

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use memspike::counted::counted;
use memspike::format::result::ResultError;
use memspike::format::{self, Session, Subject, Target};
use memspike::spikes::{Recording, SpikeSource};
use memspike::time::Time;

use crate::cli::model::is_circuit;
use crate::cli::note;
use crate::cli::output::Output;
use crate::cli::part::Part;
use crate::cli::{Done, Failure, clock, graph, quantity};

/// Convert a recording or a result to NWB, SONATA, CSV or NPY, or a model to a NIR graph or a SONATA circuit
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike convert session.nwb spikes.csv\n  \
                        memspike convert session.nwb part.nwb --start 2283s --stop 2284s --where heldout=false\n  \
                        memspike convert replay.h5 replay.nwb --experimenter 'Doe, Jane' --institution 'ETH Zurich'\n  \
                        memspike convert tests/data/nir/chain.toml chain.nir --dt 0.1ms\n  \
                        memspike convert tests/data/nir/chain.toml circuit --to sonata\n\n\
                        NWB holds everything that was read, and of another NWB file what its /general and its \
                        subject say in words, where no flag says otherwise; the other formats hold spikes. What is left out is said. Times \
                        are seconds in NWB, CSV and NPY, milliseconds in SONATA.\n\
                        A part of a recording: --start, --stop, --units, --population and --where choose spikes with start <= t < stop; times stay \
                        as they are. NWB then has what was observed in the window (all of it, where the recording does not say), the samples \
                        of signals in it, and each trial or other interval that overlaps it, whole.\n\
                        The Python package nir reads graphs, NEST and bmtk circuits, libsonata the HDF5 files of circuits; what they have no words for is told \
                        or refused (docs/INTERCHANGE.md).")]
pub struct Args {
    /// A recording or a result; for a graph or a circuit a model file (TOML) or the configuration of a SONATA circuit (JSON)
    input: PathBuf,

    /// The file to write; its extension (.nwb, .h5, .csv, .npy, .nir) is its format. The folder of a circuit
    output: PathBuf,

    /// The format, whatever the extension
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Option<To>,

    /// Replace the output if it exists
    #[arg(long)]
    force: bool,

    /// Of a graph: the step for which a spike moves potentials as it does here; of a circuit, its step. Without it, the model's
    /// resolution
    #[arg(long, value_name = "TIME", value_parser = quantity::span)]
    dt: Option<Time>,

    /// Of a graph or a circuit: lay a value over the model, such as parameters.g=4.5; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = quantity::layer)]
    set: Vec<(String, String)>,

    #[command(flatten)]
    part: Part,

    #[command(flatten)]
    session: SessionFlags,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum To {
    /// Neurodata Without Borders 2
    Nwb,
    /// SONATA spikes (HDF5); of a model, the circuit in a folder
    Sonata,
    /// A row of text per spike
    Csv,
    /// A structured array of NumPy
    Npy,
}

/// What an NWB file says of itself.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Fields of NWB")]
struct SessionFlags {
    /// What was done, in a sentence
    #[arg(long, value_name = "TEXT")]
    session_description: Option<String>,

    /// When the session began: ISO 8601 with a time zone, such as 2026-03-01T14:30:00+01:00
    #[arg(long, value_name = "TIME", value_parser = iso::moment)]
    session_start: Option<String>,

    /// The lab's name of the session
    #[arg(long, value_name = "TEXT")]
    session_id: Option<String>,

    /// An identifier that no other file has; without it one is derived from the spikes
    #[arg(long, value_name = "TEXT")]
    identifier: Option<String>,

    /// Who did it, as 'Last, First'; may be repeated
    #[arg(long, value_name = "NAME")]
    experimenter: Vec<String>,

    /// The purpose of the experiment
    #[arg(long, value_name = "TEXT")]
    experiment: Option<String>,

    /// University or institute
    #[arg(long, value_name = "TEXT")]
    institution: Option<String>,

    /// Lab
    #[arg(long, value_name = "TEXT")]
    lab: Option<String>,

    /// A word to find it by; may be repeated
    #[arg(long, value_name = "WORD")]
    keyword: Vec<String>,

    /// The smallest difference between spike times, such as 33.3us for sampling at 30 kHz
    #[arg(long, value_name = "TIME", value_parser = quantity::positive_seconds)]
    resolution: Option<f64>,

    /// Name of the animal, person or model
    #[arg(long, value_name = "TEXT")]
    subject_id: Option<String>,

    /// Latin name, such as 'Macaca mulatta'
    #[arg(long, value_name = "NAME")]
    species: Option<String>,

    /// Sex: male, female, unknown or other
    #[arg(long, value_parser = ["M", "F", "U", "O"])]
    sex: Option<String>,

    /// Age as an ISO 8601 duration, such as P90D or P8Y
    #[arg(long, value_name = "DURATION", value_parser = iso::duration)]
    age: Option<String>,

    /// Anything else about the subject
    #[arg(long, value_name = "TEXT")]
    subject_description: Option<String>,
}

/// Reads, writes, and says what was written.
pub fn run(args: Args) -> Result<Done, Failure> {
    let is_model = is_circuit(&args.input) || args.input.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    let is_network = is_model || (args.to.is_none() && graph::is_graph(&args.output));
    args.refuse_idle(is_network)?;
    if is_network {
        args.session.refuse("a network")?;
    }
    if is_model && matches!(args.to, Some(To::Sonata)) {
        return sonata::run(&args);
    }
    let output = Output::new(&args.output, args.force)?.spare([args.input.as_path()])?;
    if args.to.is_none() && graph::is_graph(&args.output) {
        return nir::run(&args, &output);
    }
    if is_model {
        return Err(Failure::input(format!(
            "{} is a model, which becomes a NIR graph (OUT.nir) or, with --to sonata, a circuit in a folder; a result of it (memspike run -o) \
             can be converted to other formats.",
            args.input.display()
        )));
    }
    let target = match args.to {
        Some(To::Nwb) => Target::Nwb,
        Some(To::Sonata) => Target::Sonata,
        Some(To::Csv) => Target::Csv,
        Some(To::Npy) => Target::Npy,
        None => Target::of(output.path()).ok_or_else(|| {
            Failure::input(format!(
                "The extension of {} names no format; expected .nwb, .h5 (SONATA), .csv, .npy or .nir, or --to FORMAT.",
                output.path().display()
            ))
        })?,
    };
    if target != Target::Nwb {
        args.session.refuse(&output.path().display().to_string())?;
    }
    let (recording, spikes) = format::read_in_order(&args.input).map_err(Failure::input)?;
    let cut = cut::cut(&args.part, &recording, &*spikes)?;
    note::notes(cut.as_ref().map_or(&recording.notes, |cut| &cut.recording.notes));
    let units = cut.as_ref().map(|cut| cut.select(&*spikes));
    let spikes: Box<dyn SpikeSource + '_> = match (&cut, &units) {
        (Some(cut), Some(units)) => Box::new(cut.between(units)),
        _ => spikes,
    };
    let mut recording = cut.map_or(recording, |cut| cut.recording);
    if target == Target::Nwb && args.session.age.is_none() {
        expect_age(&args, &mut recording);
    }
    let (start, assumed) = start(&args, &recording);
    if assumed && target == Target::Nwb {
        let said = recording.about.iter().find(|(label, _)| label == "start");
        let said = said.map_or("does not say when its session began".to_owned(), |(_, text)| {
            format!("says that its session began at {text}, which is no date and time of ISO 8601")
        });
        let input = args.input.display();
        note::note(format_args!("{input} {said}; the file's own date is taken, {start}: give --session-start"));
    }
    let mut session = session(args.session, start);
    session.reference = said(&recording, "times_since");
    let wrote = format::write(output.path(), &recording, &*spikes, target, &session).map_err(|e| match e {
        ResultError::Input(_) => Failure::input(e),
        ResultError::Failed(_) => Failure::run(e),
    })?;
    note::notes(&wrote.notes);
    Ok(Done::text(format!(
        "{}: {} of {}\n",
        output.path().display(),
        counted(wrote.spikes, "spike"),
        counted(spikes.unit_ids().len(), "unit")
    )))
}

impl Args {
    /// Refuses options that this input does not heed.
    fn refuse_idle(&self, is_network: bool) -> Result<(), Failure> {
        let part = &self.part;
        let of_recordings = [
            ("--start", part.start.is_some()),
            ("--stop", part.stop.is_some()),
            ("--units", part.units.is_some()),
            ("--population", !part.population.is_empty()),
            ("--where", !part.filter.is_empty()),
        ];
        let of_networks = [("--dt", self.dt.is_some()), ("--set", !self.set.is_empty())];
        let (idle, what): (&[_], _) = if is_network {
            (&of_recordings, "a network, which is written whole; it chooses a part of a recording or a result")
        } else {
            (&of_networks, "a recording or a result; it is for a model that becomes a graph or a circuit")
        };
        let Some((option, _)) = idle.iter().find(|(_, given)| *given) else { return Ok(()) };
        Err(Failure::input(format!("{option} changes nothing: {} is {what}.", self.input.display())))
    }
}

impl SessionFlags {
    /// Refuses all of these: what is written, `what`, is no NWB.
    fn refuse(&self, what: &str) -> Result<(), Failure> {
        let subject = [
            ("--subject-id", self.subject_id.is_some()),
            ("--species", self.species.is_some()),
            ("--sex", self.sex.is_some()),
            ("--age", self.age.is_some()),
            ("--subject-description", self.subject_description.is_some()),
        ];
        let session = [
            ("--session-description", self.session_description.is_some()),
            ("--session-start", self.session_start.is_some()),
            ("--session-id", self.session_id.is_some()),
            ("--identifier", self.identifier.is_some()),
            ("--experimenter", !self.experimenter.is_empty()),
            ("--experiment", self.experiment.is_some()),
            ("--institution", self.institution.is_some()),
            ("--lab", self.lab.is_some()),
            ("--keyword", !self.keyword.is_empty()),
            ("--resolution", self.resolution.is_some()),
        ];
        let Some((option, _)) = session.into_iter().chain(subject).find(|(_, given)| *given) else { return Ok(()) };
        Err(Failure::input(format!("{option} changes nothing: it is a field of NWB, and {what} is none.")))
    }
}

/// A moment that the recording says.
fn said(recording: &Recording, label: &str) -> Option<String> {
    let (_, text) = recording.about.iter().find(|(l, _)| l == label)?;
    let moment = iso::completed(text)?;
    if moment != *text {
        note::note(format_args!("the file says {text} of the session's time; {moment} is taken"));
    }
    Some(moment)
}

/// An age that is no duration is no field of NWB, but one of its notes.
fn expect_age(args: &Args, recording: &mut Recording) {
    let wrong = |(label, text): &&mut (String, String)| label == "age" && iso::duration(text).is_err();
    if let Some((label, text)) = recording.about.iter_mut().find(wrong) {
        note::note(format_args!(
            "{} says that the subject's age is {text}, which is no duration of ISO 8601 such as P90D: it goes to the notes; give --age",
            args.input.display()
        ));
        "age as given".clone_into(label);
    }
}

/// When the session began, and whether that had to be taken from the file's date.
fn start(args: &Args, recording: &Recording) -> (String, bool) {
    let said = |label: &str| said(recording, label);
    let known = args.session.session_start.clone().or_else(|| said("start")).or_else(|| said("started_utc"));
    known.map_or_else(
        || {
            let modified = std::fs::metadata(&args.input).and_then(|data| data.modified()).ok();
            let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            (since.map_or_else(clock::now_utc, |since| clock::utc(since.as_secs())), true)
        },
        |start| (start, false),
    )
}

fn session(flags: SessionFlags, start: String) -> Session {
    Session {
        description: flags.session_description,
        start,
        reference: None,
        written: clock::now_utc(),
        identifier: flags.identifier,
        id: flags.session_id,
        experimenters: flags.experimenter,
        experiment: flags.experiment,
        institution: flags.institution,
        lab: flags.lab,
        keywords: flags.keyword,
        resolution: flags.resolution,
        subject: Subject {
            id: flags.subject_id,
            species: flags.species,
            sex: flags.sex,
            age: flags.age,
            description: flags.subject_description,
        },
    }
}
