//! `memspike raster`: the raster of a recording or a result.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use memspike::analysis::{Spans, outside};
use memspike::format;
use memspike::plot::{self, Group, RasterData, RasterOptions, TerminalOptions};
use memspike::spikes::{IntervalTable, Recording, Signal};

use super::align::{self, Align};
use super::note::{note, notes};
use super::output::Output;
use super::part::{self, expect_something, open_window};
use super::window::Window;
use super::{Done, Failure, quantity};

/// Draw the raster of a result or a recording: png, svg, pdf or html, or in the terminal without -o
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike raster session.nwb -o session.png --behavior\n  \
                        memspike raster session.nwb -o session.html\n  \
                        memspike raster replay.h5 --start 500ms --stop 1s --population 'hidden_E[0:50]'\n  \
                        memspike raster session.nwb -o shaded.png --shade trials\n  \
                        memspike raster session.nwb -o trials.pdf --align-to trials --before 0s --after 2s\n  \
                        memspike raster session.nwb -o trials.html --align-to trials --before 0s --after 2s\n\n\
                        A .html is one file that needs nothing else: zoom, move, point at spikes. Units of a file without populations are \
                        called `units`; `memspike info` names the intervals and their columns.")]
pub struct Args {
    /// A result or a recording
    file: PathBuf,

    /// The picture, .png, .svg or .pdf, or an interactive .html; drawn in the terminal without it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    window: Window,

    /// Width of the bins of rates in a picture; a round number that suits the window without it. A bin of which less than a
    /// quarter lies in the window and was observed has no rate
    #[arg(long, value_name = "TIME", value_parser = quantity::positive_seconds)]
    bin: Option<f64>,

    /// Trials below each other around an event, and the mean rate: the start of these intervals, or a column of times,
    /// such as trials or trials.go_cue_time
    #[arg(long, value_name = "INTERVAL|COLUMN")]
    align_to: Option<String>,

    /// With --align-to: how long before the event [default: 500 ms]
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, requires = "align_to", allow_hyphen_values = true)]
    before: Option<f64>,

    /// With --align-to: how long after the event [default: 1 s]
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, requires = "align_to", allow_hyphen_values = true)]
    after: Option<f64>,

    /// With --align-to: sort and colour the trials by this column of the intervals
    #[arg(long, value_name = "COLUMN", requires = "align_to")]
    group_by: Option<String>,

    /// Replace the picture if it exists
    #[arg(long, requires = "output")]
    force: bool,
}

/// A file of spikes, and what is shown beside them.
pub struct Shown {
    /// A result or a recording.
    pub file: PathBuf,
    /// Names of signals, all if there are none; without a list no signals, and no trials.
    pub behavior: Option<Vec<String>>,
    /// The table of intervals that is shaded; without a name trials, with behaviour.
    pub shade: Option<String>,
}

/// What kind of file was asked for.
enum Kind {
    Picture,
    Page,
}

/// Reads, draws, and says what was drawn.
pub fn run(args: Args) -> Result<Done, Failure> {
    let output =
        args.output.as_deref().map(|path| Output::new(path, args.force)?.spare([args.file.as_path()])).transpose()?;
    let kind = output.as_ref().map(|output| kind(output.path())).transpose()?;
    let (options, what) = args.window.split(args.file);
    let options = RasterOptions { bin: args.bin, ..options };
    if args.bin.is_some() && !matches!(kind, Some(Kind::Picture)) {
        let of = if output.is_some() { "of a page" } else { "in the terminal" };
        return Err(Failure::input(format!(
            "--bin changes nothing: the bins {of} follow from its width; draw a .png, .svg or .pdf."
        )));
    }
    if output.is_none() && args.align_to.is_none() {
        let idle = [("--behavior", what.behavior.is_some()), ("--shade", what.shade.is_some())];
        if let Some((flag, _)) = idle.iter().find(|(_, given)| *given) {
            return Err(Failure::input(format!(
                "{flag} changes nothing in the terminal; draw a picture or a page: -o."
            )));
        }
    }
    if let Some(to) = args.align_to {
        let (before, after) = (args.before.unwrap_or(0.5), args.after.unwrap_or(1.0));
        let Some((output, kind)) = output.as_ref().zip(kind) else {
            let message =
                "--align-to draws a picture or a page: give -o with a name that ends in .png, .svg, .pdf or .html.";
            return Err(Failure::input(message));
        };
        refuse_idle(&what, &options)?;
        let align = Align { to, before, after, group_by: args.group_by, bin: args.bin };
        if let Kind::Page = kind {
            let page = align::draw(&what.file, &align, &options, plot::aligned_page)?;
            return written(output, page);
        }
        let figure = align::draw(&what.file, &align, &options, |what| plot::aligned(what, options.size))?;
        output.draw(&figure)?;
        return Ok(Done::text(format!("{}: {}\n", output.path().display(), figure.caption)));
    }
    shown(&what, options, |data, options| match (&output, &kind) {
        (Some(output), Some(Kind::Page)) => {
            let page = plot::page(data, options).map_err(Failure::input)?;
            written(output, page)
        }
        (Some(output), _) => {
            let figure = plot::raster(data, options).map_err(Failure::input)?;
            output.draw(&figure)?;
            Ok(Done::text(format!("{}: {}\n", output.path().display(), figure.caption)))
        }
        (None, _) => terminal(data, options),
    })
}

/// Refuses options that a picture of trials does not heed.
fn refuse_idle(what: &Shown, options: &RasterOptions) -> Result<(), Failure> {
    let idle = [
        ("--behavior", what.behavior.is_some(), "the picture has a time axis of trials"),
        ("--shade", what.shade.is_some(), "the picture has a time axis of trials"),
        (
            "--max-neurons",
            options.max_neurons.is_some(),
            "it shows and averages all units; choose some with --population",
        ),
    ];
    let Some((option, _, why)) = idle.into_iter().find(|(_, given, _)| *given) else { return Ok(()) };
    Err(Failure::input(format!("{option} changes nothing with --align-to: {why}.")))
}

fn written(output: &Output, page: String) -> Result<Done, Failure> {
    output.write(page)?;
    Ok(Done::text(format!("{}: a page to open in a browser\n", output.path().display())))
}

fn kind(path: &Path) -> Result<Kind, Failure> {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("html")) {
        return Ok(Kind::Page);
    }
    let or_page = |error| Failure::input(format!("{error}, or html for a page"));
    plot::Format::of(path).map(|_| Kind::Picture).map_err(or_page)
}

/// Opens a file and hands what is shown of it to `draw`. Spikes of a large file stay there: they are read in pieces.
///
/// # Errors
/// Exit code 2 if the file cannot be read or has no such signal, and what `draw` gives.
pub fn shown<T>(
    what: &Shown,
    mut options: RasterOptions,
    draw: impl FnOnce(&RasterData, &RasterOptions) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (recording, spikes) = format::read_lazily(&what.file).map_err(Failure::input)?;
    let groups = groups(&recording);
    let units = plot::selected(spikes.unit_ids(), &groups, &options.select).map_err(Failure::input)?;
    notes(&recording.notes_of(&units, open_window(options.start, options.stop)));
    let title = what.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let shaded = shaded(&recording, what)?;
    let signals = match &what.behavior {
        None => Vec::new(),
        Some(names) => behavior(&recording, names)?,
    };
    let spiked = spikes.ends().map_err(Failure::input)?;
    if options.start.zip(options.stop).is_none_or(|(start, stop)| start < stop) {
        expect_something(&recording, spiked, (options.start, options.stop))?;
    }
    // The window is what was observed, where the file says so.
    let observed = &recording.observed;
    options.start = options.start.or(observed.iter().map(|o| o.0).min_by(f64::total_cmp));
    options.stop = options.stop.or(observed.iter().map(|o| o.1.next_up()).max_by(f64::total_cmp));
    // Without any spike the axis is that of what there is beside them.
    if let Some((first, last)) = recording.reach(None).filter(|_| spiked.is_none() && observed.is_empty()) {
        options.start = options.start.or(Some(first));
        options.stop = options.stop.or(Some(last.next_up()));
    }
    let spans = Spans::within(&recording.observed, f64::NEG_INFINITY, f64::INFINITY);
    let asked = (options.start, options.stop);
    let assumed = spiked.and_then(|spiked| assumed(&recording, spiked, asked));
    if let Some((first, last)) = spiked.filter(|_| assumed.is_some()) {
        // Trials that go on beyond the spikes are shown whole.
        let (begin, end) = recording.extent(spiked);
        options.start = options.start.or((begin < first).then_some(begin));
        options.stop = options.stop.or((end > last).then(|| end.next_up()));
    }
    let left = outside(&*spikes, &spans, open_window(options.start, options.stop)).map_err(Failure::input)?;
    if left > 0 {
        note(format_args!("{}: drawn, but in no rate", part::outside(left)));
    }
    // Each signal gets a panel of its own.
    options.size.1 += 90 * u32::try_from(signals.len()).unwrap_or(0).min(20);
    let data = RasterData {
        title: &title,
        spikes: &*spikes,
        groups: &groups,
        signals: &signals,
        intervals: shaded,
        observed: if recording.observed.is_empty() { assumed.as_slice() } else { &recording.observed },
    };
    draw(&data, &options)
}

/// When a recording that does not say so was observed, as `stats` and `info` take it: from its beginning to its end, or the edges of the window that
/// was asked for. The axis may begin at 0 where that is long before. None of a moment, over which there is no rate.
fn assumed(recording: &Recording, spiked: (f64, f64), (start, stop): (Option<f64>, Option<f64>)) -> Option<(f64, f64)> {
    let (begin, end) = recording.extent(Some(spiked));
    let (from, to) = (start.unwrap_or(begin), stop.unwrap_or(end.next_up()));
    (recording.observed.is_empty() && begin < end && from < to).then_some((from, to))
}

/// The populations of a result; none of a recording.
pub fn groups(recording: &Recording) -> Vec<Group> {
    recording.populations.iter().map(|(name, first, count)| Group::new(name, *first, *count)).collect()
}

/// The intervals that are shaded: those that were asked for, or trials below which behaviour is drawn.
fn shaded<'r>(recording: &'r Recording, what: &Shown) -> Result<Option<&'r IntervalTable>, Failure> {
    let find = |name: &str| recording.intervals.iter().find(|table| table.name == name);
    let Some(name) = &what.shade else { return Ok(find("trials").filter(|_| what.behavior.is_some())) };
    let there = || match &recording.intervals[..] {
        [] => "none".to_string(),
        tables => tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", "),
    };
    let missing = || Failure::input(format!("There are no intervals `{name}` to shade; the file holds {}.", there()));
    let table = find(name).ok_or_else(missing)?;
    let open = table.start.iter().zip(&table.stop).filter(|(from, to)| !(from.is_finite() && to.is_finite())).count();
    if open > 0 {
        let (rows, are) = if open == 1 { ("row", "is") } else { ("rows", "are") };
        note(format_args!("{open} {rows} of {name} without a beginning or an end {are} not shaded"));
    }
    Ok(Some(table))
}

/// The signals of these names; all if there are none.
fn behavior(recording: &Recording, names: &[String]) -> Result<Vec<Signal>, Failure> {
    let known: Vec<&str> = recording.signals.iter().map(|s| s.name.as_str()).collect();
    if known.is_empty() && names.is_empty() {
        memspike::say!("warning: the file holds no behaviour.");
    }
    // A name may hold a comma itself.
    let parts = |name: &'_ String| {
        if known.contains(&name.as_str()) { vec![name.clone()] } else { name.split(',').map(str::to_owned).collect() }
    };
    let names: Vec<String> = names.iter().flat_map(parts).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
        return Err(Failure::input(format!("There is no signal `{name}`; the file holds {known}.")));
    }
    let wanted = |s: &&Signal| names.is_empty() || names.contains(&s.name);
    let (drawn, empty): (Vec<&Signal>, Vec<&Signal>) =
        recording.signals.iter().filter(wanted).partition(|signal| !signal.times.is_empty());
    for signal in empty {
        note(format_args!("the signal {} has no samples and is not drawn", signal.name));
    }
    Ok(drawn.into_iter().cloned().collect())
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
    plot::raster_text(data, options, &terminal).map(Done::painted).map_err(Failure::input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_that_begins_late_is_observed_from_its_beginning_on_though_the_axis_begins_at_0() {
        let mut recording = Recording::default();
        let whole = (None, None);
        assert_eq!(assumed(&recording, (10.0, 80.0), whole), Some((10.0, 80.0f64.next_up())));
        assert_eq!(assumed(&recording, (10.0, 80.0), (Some(0.0), Some(50.0))), Some((0.0, 50.0)));
        assert_eq!(assumed(&recording, (10.0, 10.0), whole), None);
        let trials =
            IntervalTable { name: "trials".into(), start: vec![9.0], stop: vec![90.0], ..IntervalTable::default() };
        recording.intervals = vec![trials];
        assert_eq!(assumed(&recording, (10.0, 80.0), whole), Some((9.0, 90.0f64.next_up())));
        recording.observed = vec![(0.0, 100.0)];
        assert_eq!(assumed(&recording, (10.0, 80.0), whole), None);
    }
}
