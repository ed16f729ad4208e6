//! Ctrl-C: the first asks the run to stop at its next window and keep what it has, the second
//! ends the program at once; so does the first as long as there is nothing to keep.

use std::sync::atomic::{AtomicBool, Ordering};

/// Set once Ctrl-C was pressed.
pub static STOP: AtomicBool = AtomicBool::new(false);

/// Is there something to keep?
static KEEPS: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C keeps what there is.
pub fn keep() {
    KEEPS.store(true, Ordering::SeqCst);
}

/// Has the first Ctrl-C (or SIGTERM) set [`STOP`], and say so if `aloud`. Without a handler Ctrl-C ends the program, as usual.
pub fn listen(aloud: bool) {
    let handler = move || {
        if !KEEPS.load(Ordering::SeqCst) {
            if aloud {
                memspike::say!("Stopped before the simulation began; nothing was written.");
            }
            std::process::exit(130);
        }
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        if aloud {
            memspike::say!("Stopping; what was simulated is kept. Ctrl-C again ends at once.");
        }
    };
    let ignores = hangup::is_ignored();
    if let Err(error) = ctrlc::set_handler(handler) {
        memspike::say!("warning: Ctrl-C will not keep what was simulated: {error}");
    }
    // Who started it with `nohup` wants it to go on when the terminal is closed.
    if ignores {
        hangup::ignore();
    }
}

/// What the end of a terminal does.
#[cfg(unix)]
#[allow(unsafe_code)]
mod hangup {
    /// Is it to be ignored, as whoever started this process said?
    pub fn is_ignored() -> bool {
        // SAFETY: a zeroed sigaction is one, and asking for the present one changes nothing.
        unsafe {
            let mut now: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGHUP, std::ptr::null(), &raw mut now) == 0 && now.sa_sigaction == libc::SIG_IGN
        }
    }

    /// From now on it is.
    pub fn ignore() {
        // SAFETY: to ignore a signal runs no code.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    }
}

#[cfg(not(unix))]
mod hangup {
    pub fn is_ignored() -> bool {
        false
    }

    pub fn ignore() {}
}
