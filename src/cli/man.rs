//! `memspike man`: man pages.

use std::io;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use memspike::whole;

use super::{Cli, Done, Failure};

/// Print the man page of memspike or of one of its commands
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike man run\n  memspike man device-pulses\n  memspike man -o man1")]
pub struct Args {
    /// A command, such as run or device-pulses; memspike itself without one
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
    let pages = pages(&program);
    let name = args.command.as_deref().unwrap_or_default();
    let Some((_, command)) = pages.iter().find(|(known, _)| known == name) else {
        let known: Vec<&str> = pages.iter().skip(1).map(|(name, _)| name.as_str()).collect();
        return Err(Failure::input(format!("There is no command `{name}`; expected one of {}.", known.join(", "))));
    };
    Ok(Done { stdout: render((*command).clone()).map_err(Failure::run)?, ..Done::default() })
}

/// Commands that have a page, and what it is called: the program itself nothing, a command of a command `device-pulses`.
fn pages(program: &clap::Command) -> Vec<(String, &clap::Command)> {
    let mut pages = vec![(String::new(), program)];
    for command in program.get_subcommands() {
        let name = command.get_name();
        pages.push((name.to_string(), command));
        // `help` repeats what --help says.
        let inner = command.get_subcommands().filter(|inner| inner.get_name() != "help");
        pages.extend(inner.map(|inner| (format!("{name}-{}", inner.get_name()), inner)));
    }
    pages
}

fn write_all(program: &clap::Command, folder: &Path) -> Result<Done, Failure> {
    let fail =
        |path: &Path, error: io::Error| Failure::unwritten(format!("Can't write {}: {error}.", path.display()), &error);
    std::fs::create_dir_all(folder).map_err(|e| fail(folder, e))?;
    let mut written = String::new();
    for (name, command) in pages(program) {
        let path = folder.join(if name.is_empty() { "memspike.1".to_string() } else { format!("memspike-{name}.1") });
        let page = render(command.clone()).map_err(Failure::run)?;
        whole::write(&path, page).map_err(|e| fail(&path, e))?;
        written += &format!("{}\n", path.display());
    }
    Ok(Done::text(written))
}

fn render(command: clap::Command) -> std::io::Result<Vec<u8>> {
    let name = command.get_display_name().unwrap_or("memspike").to_string();
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    // It leaves an empty date out, so that the version would stand in its place.
    let title = format!(".TH {} 1 \"\" \"memspike {}\"", name.to_uppercase(), env!("CARGO_PKG_VERSION"));
    let mut text = String::new();
    let (mut behind, mut kept) = (false, false);
    for line in String::from_utf8_lossy(&page).lines() {
        let line = match line {
            line if line.starts_with(".TH ") => title.as_str(),
            ".SH EXTRA" => ".SH NOTES",
            line => line,
        };
        if line.starts_with(".SH ") {
            behind = line == ".SH NOTES";
        }
        // Examples stay as they are written, to be copied; what surrounds them is filled.
        let example = behind && line.starts_with(' ');
        if example != kept {
            text += if example { ".nf\n" } else { ".fi\n" };
            kept = example;
        }
        text += line;
        text.push('\n');
    }
    text += if kept { ".fi\n" } else { "" };
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_kept_as_lines() {
        let page = String::from_utf8(render(Cli::command().find_subcommand("man").unwrap().clone()).unwrap()).unwrap();
        assert!(page.contains(".SH NOTES\nExamples:\n.nf\n  memspike man run\n"), "{page}");
        assert_eq!(page.matches(".nf").count(), page.matches(".fi").count());
    }
}
