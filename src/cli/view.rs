//! `memspike view`: the raster of a result or a recording as a page on this machine.

use std::io::Write;
use std::path::{Path, PathBuf};

use memspike::plot::{self, RasterOptions, Selection};

use super::http::{self, Answer};
use super::raster::{Shown, shown};
use super::{Done, Failure, quantity};

/// Serve the raster of a result or a recording as a page to look into, on this machine only; Ctrl-C ends it
///
/// A simulation that runs is watched with `memspike run MODEL.toml --view`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  memspike view replay.h5\n  memspike view session.nwb --port 8000 --no-open --behavior"
)]
pub struct Args {
    /// A result or a recording
    file: PathBuf,

    /// The port on 127.0.0.1; one that is free without it
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    port: u16,

    /// Do not open a browser: only print the address
    #[arg(long)]
    no_open: bool,

    /// Start of the window, on the file's clock
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, allow_hyphen_values = true)]
    start: Option<f64>,

    /// End of the window, on the file's clock
    #[arg(long, value_name = "TIME", value_parser = quantity::seconds, allow_hyphen_values = true)]
    stop: Option<f64>,

    /// A population or some of its members, such as E or 'E[0:100]'; may be repeated
    #[arg(long, value_name = "POPULATION")]
    population: Vec<Selection>,

    /// At most so many neurons, evenly chosen
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    max_neurons: Option<u32>,

    /// Show the recorded behaviour below and shade the trials; --behavior=hand_pos,hand_vel for some of it
    #[arg(long, value_name = "NAMES", value_delimiter = ',', num_args = 0.., require_equals = true)]
    behavior: Option<Vec<String>>,
}

/// Makes the page, prints its address, and serves it until the program is ended.
pub fn run(args: Args) -> Result<Done, Failure> {
    let mut part = args.file.clone().into_os_string();
    part.push(".part");
    if !args.file.exists() && Path::new(&part).exists() {
        return Err(Failure::input(format!(
            "{} is still being written, and is whole only at the end of its run; start a run with --view to watch it.",
            args.file.display()
        )));
    }
    let file = Shown { file: args.file.clone(), behavior: args.behavior };
    let options = RasterOptions {
        start: args.start,
        stop: args.stop,
        select: args.population,
        max_neurons: args.max_neurons.map(|n| n as usize),
        ..RasterOptions::default()
    };
    let page = shown(&file, options, |data, options| plot::page(data, options).map_err(Failure::input))?;
    let (listener, address) = http::listen(args.port).map_err(|e| taken(args.port, &e))?;
    let address = format!("http://{address}/");
    // Not by way of what a command returns: it has to be read while this one runs.
    let mut out = std::io::stdout();
    writeln!(out, "{}: {address} (Ctrl-C ends it)", args.file.display())
        .and_then(|()| out.flush())
        .map_err(Failure::run)?;
    if !args.no_open {
        http::open_browser(&address);
    }
    let body = page.into_bytes();
    http::serve(&listener, |path| {
        (path == "/").then(|| Answer { kind: "text/html; charset=utf-8", body: body.clone() })
    });
    Ok(Done::text(String::new()))
}

/// The port cannot be had.
pub fn taken(port: u16, error: &std::io::Error) -> Failure {
    Failure::input(format!(
        "The port {port} of 127.0.0.1 cannot be had ({error}); choose another with --port, or none."
    ))
}
