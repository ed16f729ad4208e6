//! `memspike device`: memristive devices by themselves, one file per subcommand.

use clap::Subcommand;

use super::{Done, Failure};

mod choose;
mod fit;
mod iv;
mod list;
mod output;
mod pulses;
mod retention;
mod siemens;
mod sinks;
mod stdp;

/// Characterise memristive devices: what there is, and what a device does
#[derive(Debug, clap::Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  memspike device list\n  memspike device iv hp -o loop.png\n  \
                  memspike device pulses re_ram_es --up 600 --down 600 -o staircase.png"
)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Pulses(pulses::Args),
    Retention(retention::Args),
    Iv(iv::Args),
    Stdp(stdp::Args),
    Fit(fit::Args),
}

/// Carries the subcommand out.
pub fn run(args: Args) -> Result<Done, Failure> {
    match args.command {
        Command::List(args) => list::run(&args),
        Command::Pulses(args) => pulses::run(&args),
        Command::Retention(args) => retention::run(&args),
        Command::Iv(args) => iv::run(&args),
        Command::Stdp(args) => stdp::run(&args),
        Command::Fit(args) => fit::run(&args),
    }
}
