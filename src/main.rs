//! The `memspike` program: parse, dispatch, print, exit.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Parser;

mod cli;

static PANIC: Mutex<String> = Mutex::new(String::new());

fn main() -> ExitCode {
    // Kept, not printed: a reader of damaged files may catch a panic of its library and report it as an error.
    std::panic::set_hook(Box::new(|panic| {
        if let Ok(mut kept) = PANIC.lock() {
            *kept = panic.to_string();
        }
    }));
    // Another memspike may have started this one to read a file.
    if let Some(code) = memspike::format::contain::serve(std::env::args_os()) {
        return ExitCode::from(code as u8);
    }
    std::panic::catch_unwind(run).unwrap_or_else(|_| {
        eprintln!("{}", own_mistake());
        ExitCode::from(1)
    })
}

/// What is said after a panic.
fn own_mistake() -> String {
    let what = PANIC.lock().map(|kept| kept.replace('\n', " ")).unwrap_or_default();
    format!(
        "error: memspike stopped over a mistake of its own: {what}\n  Please report it, with the command and its files: \
         https://github.com/memspike/memspike/issues"
    )
}

fn run() -> ExitCode {
    match cli::Cli::parse().dispatch() {
        Ok(done) => match std::io::stdout().write_all(&done.stdout).and_then(|()| std::io::stdout().flush()) {
            // `memspike models | head`: whoever reads has what it wanted.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                eprintln!("error: Can't write to the standard output: {error}.");
                ExitCode::from(1)
            }
            _ if done.interrupted => ExitCode::from(130),
            _ => ExitCode::from(u8::from(done.differs)),
        },
        Err(failure) => {
            if !failure.is_silent() {
                eprintln!("{}", cli::printable(&failure.to_string()));
            }
            ExitCode::from(failure.code)
        }
    }
}
