//! The `memspike` program: parse, dispatch, print, exit.

#![deny(unsafe_code)]
#![warn(clippy::print_stderr)]

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
    memspike::format::look_beside();
    memspike::format::contain::survive_large_writes();
    // Another memspike may have started this one to read a file.
    if let Some(code) = memspike::format::contain::serve(std::env::args_os()) {
        return ExitCode::from(code as u8);
    }
    std::panic::catch_unwind(run).unwrap_or_else(|_| {
        memspike::say!("{}", own_mistake());
        ExitCode::from(1)
    })
}

/// What is said after a panic.
fn own_mistake() -> String {
    let what = PANIC.lock().map(|kept| kept.replace('\n', " ")).unwrap_or_default();
    // Libraries that start threads panic where the system allows no more.
    if what.contains("failed to spawn thread") || what.contains("global thread pool has not been initialized") {
        return format!(
            "error: The system allows no more threads here ({what}); allow more processes (ulimit -u, or the limit of pids of a container or job)."
        );
    }
    format!(
        "error: memspike stopped over a mistake of its own: {what}\n  Please report it, with the command and its files: \
         https://github.com/memspike/memspike/issues"
    )
}

/// The exit code after something was written to the standard output: `code`, or `failed` if not all of it could be.
fn printed(written: std::io::Result<()>, code: u8, failed: u8) -> ExitCode {
    match written.and_then(|()| std::io::stdout().flush()) {
        // `memspike models | head`: whoever reads has what it wanted.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            memspike::say!("error: Can't write to the standard output: {error}.");
            ExitCode::from(failed)
        }
        _ => ExitCode::from(code),
    }
}

fn run() -> ExitCode {
    let typed = match cli::Cli::try_parse() {
        Ok(typed) => typed,
        // What is wrong with it goes to the standard error; help and version were asked for.
        Err(error) if error.use_stderr() => error.exit(),
        Err(error) => return printed(error.print(), 0, 1),
    };
    match typed.dispatch() {
        Ok(done) => {
            let code = if done.interrupted { 130 } else { u8::from(done.differs == Some(true)) };
            let failed = if done.differs.is_some() { 2 } else { 1 };
            printed(std::io::stdout().write_all(&done.stdout), code, failed)
        }
        Err(failure) => {
            if !failure.is_silent() {
                memspike::say!("{}", cli::printable(&failure.to_string()));
            }
            ExitCode::from(failure.code)
        }
    }
}
