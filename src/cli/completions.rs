//! `memspike completions`: completions for a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Done, Failure};

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example (bash, for this session: source the output):\n  memspike completions bash")]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// The script.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "memspike", &mut script);
    Ok(Done { stdout: script, ..Done::default() })
}
