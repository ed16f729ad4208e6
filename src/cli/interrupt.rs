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
    if let Err(error) = ctrlc::set_handler(handler) {
        memspike::say!("warning: Ctrl-C will not keep what was simulated: {error}");
    }
}
