//! The command line: one file per command (arguments -> call -> summary).
//!
//! In each file `Args` is what was typed; what it means is another type, made from it after
//! all of it was checked. Commands return what goes to stdout, so nothing is printed there before
//! they have ended well; only `sweep`, which prints as its runs end, and `view`, whose address is needed while it runs, write at once.

use clap::{Parser, Subcommand};
use memspike::format::contain::{Contained, Limits};

mod align;
mod cells;
mod changes;
mod check;
mod clock;
mod completions;
mod convert;
mod crossbar;
mod detect;
mod device;
mod diff;
mod evaluate;
mod failure;
mod figures;
mod graph;
mod http;
mod info;
mod interrupt;
mod intervals;
mod keys;
mod live;
mod man;
mod memory;
mod model;
mod models;
mod names;
mod note;
mod output;
mod part;
mod plot;
mod progress;
mod quantity;
mod raster;
mod replay;
mod result_size;
mod run;
mod shown;
mod simulate;
mod sink;
mod stats;
mod sweep;
mod together;
mod unit;
mod unobserved;
mod view;
mod window;

pub use failure::{Done, Failure, one_line, printable};

/// What was typed.
#[derive(Debug, Parser)]
#[command(
    name = "memspike",
    version,
    about = "Simulates spiking networks exactly, event by event, with memristive synapses, and replays neural recordings",
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 110
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Read HDF5 files in this process, without limits: for files of your own. Otherwise a process with limits on memory and
    /// processor time reads them, so that a damaged file can't harm the program or the machine
    #[arg(long, global = true)]
    trust: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Replay(replay::Args),
    Sweep(sweep::Args),
    Raster(raster::Args),
    Plot(plot::Args),
    Evaluate(evaluate::Args),
    Stats(stats::Args),
    Diff(diff::Args),
    View(view::Args),
    Info(info::Args),
    Convert(convert::Args),
    Check(check::Args),
    Models(models::Args),
    Device(device::Args),
    Crossbar(crossbar::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Cli {
    /// Carries the command out.
    ///
    /// # Errors
    /// What went wrong, and whether it was the input or the run.
    pub fn dispatch(self) -> Result<Done, Failure> {
        if !self.trust {
            contain_readers()?;
        }
        match self.command {
            Command::Run(args) => together::together(|ranks| run::run(args, ranks)),
            Command::Replay(args) => together::together(|ranks| replay::run(args, ranks)),
            Command::Sweep(args) => sweep::run(args, self.trust),
            Command::Raster(args) => raster::run(args),
            Command::Plot(args) => plot::run(args),
            Command::Evaluate(args) => evaluate::run(&args),
            Command::Stats(args) => stats::run(&args),
            Command::Diff(args) => diff::run(&args),
            Command::View(args) => view::run(args),
            Command::Info(args) => info::run(&args),
            Command::Convert(args) => convert::run(args),
            Command::Check(args) => check::run(args),
            Command::Models(args) => models::run(&args),
            Command::Device(args) => device::run(args),
            Command::Crossbar(args) => crossbar::run(&args),
            Command::Completions(args) => completions::run(&args),
            Command::Man(args) => man::run(&args),
        }
    }
}

/// From now on a process of its own reads HDF5 files.
fn contain_readers() -> Result<(), Failure> {
    let program = Contained::of_this_program()
        .map_err(|e| Failure::run(format!("The system does not tell where this program is ({e}); use --trust.")))?;
    let limits = Limits { most_memory: memory::available().unwrap_or(u64::MAX), ..Limits::default() };
    program.with_limits(limits).install();
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_of_every_command_has_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("\n  memspike "), "{} has no example:\n{help}", command.get_name());
        }
    }
}
