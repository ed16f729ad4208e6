//! `memspike man`: man pages.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use memspike::whole;

use super::{Cli, Done, Failure};

/// Print the man page of memspike or of one of its commands
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike man run\n  memspike man -o man1")]
pub struct Args {
    /// A command; memspike itself without one
    command: Option<String>,

    /// Write all pages into this folder instead
    #[arg(short, long, value_name = "FOLDER", conflicts_with = "command")]
    output: Option<PathBuf>,
}

/// The page, or the names of the pages that were written.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    if let Some(folder) = &args.output {
        return write_all(&program, folder);
    }
    let page = match &args.command {
        None => program,
        Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
            Failure::input(format!("There is no command `{name}`; expected one of {}.", known.join(", ")))
        })?,
    };
    Ok(Done { stdout: render(page).map_err(Failure::run)?, ..Done::default() })
}

fn write_all(program: &clap::Command, folder: &Path) -> Result<Done, Failure> {
    let fail = |path: &Path, error: std::io::Error| Failure::run(format!("Can't write {}: {error}.", path.display()));
    std::fs::create_dir_all(folder).map_err(|e| fail(folder, e))?;
    let mut written = String::new();
    let pages = program.get_subcommands().map(|c| (format!("memspike-{}.1", c.get_name()), c));
    for (name, command) in std::iter::once(("memspike.1".to_string(), program)).chain(pages) {
        let path = folder.join(name);
        let page = render(command.clone()).map_err(Failure::run)?;
        whole::write(&path, page).map_err(|e| fail(&path, e))?;
        written += &format!("{}\n", path.display());
    }
    Ok(Done::text(written))
}

fn render(command: clap::Command) -> std::io::Result<Vec<u8>> {
    let name = command.get_display_name().unwrap_or("memspike").to_string();
    let mut page = Vec::new();
    clap_mangen::Man::new(command).title(name.to_uppercase()).render(&mut page)?;
    Ok(page)
}
