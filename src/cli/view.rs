//! `memspike view`: the raster of a result or a recording as a page on this machine.

use std::io::Write;
use std::path::PathBuf;

use memspike::plot;
use memspike::whole::part_path;

use super::http::{self, Answer};
use super::raster::shown;
use super::window::Window;
use super::{Done, Failure};

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

    #[command(flatten)]
    window: Window,
}

/// Makes the page, prints its address, and serves it until the program is ended.
pub fn run(args: Args) -> Result<Done, Failure> {
    if !args.file.exists() && part_path(&args.file).exists() {
        return Err(Failure::input(format!(
            "{} is still being written, and is whole only at the end of its run; start a run with --view to watch it.",
            args.file.display()
        )));
    }
    let (options, file) = args.window.split(args.file.clone());
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
