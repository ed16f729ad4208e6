//! A command on several ranks, which ends as one: the first rank speaks, all have its exit code.

use std::panic::{AssertUnwindSafe, catch_unwind};

use memspike::ranks::{Ranks, launched};

use super::{Done, Failure};

/// Runs `work` on the ranks that were started together, or alone.
///
/// # Errors
/// What went wrong on the first rank that failed; silent but on the first rank.
pub fn together(work: impl FnOnce(&Ranks) -> Result<Done, Failure>) -> Result<Done, Failure> {
    let ranks = if launched() > 1 { join()? } else { Ranks::alone() };
    if ranks.is_alone() {
        return work(&ranks);
    }
    // The others may be waiting for this rank: after a mistake of our own they are ended.
    let done = catch_unwind(AssertUnwindSafe(|| work(&ranks))).unwrap_or_else(|_| {
        memspike::say!("{}", crate::own_mistake());
        ranks.abort(1)
    });
    let done = agree(&ranks, done);
    if ranks.is_first() {
        return done;
    }
    done.map(|done| Done { stdout: Vec::new(), ..done }).map_err(Failure::silent)
}

/// Whether all ranks are well; if not, everybody has the failure of the first that is not. All ranks call it, wherever
/// one may fail and others not.
///
/// # Errors
/// If any rank failed.
pub fn agree<T>(ranks: &Ranks, own: Result<T, Failure>) -> Result<T, Failure> {
    ranks.agree(own, |failure| failure.code, Failure::told)
}

#[cfg(feature = "mpi")]
fn join() -> Result<Ranks, Failure> {
    memspike::ranks::mpi::join().map_err(|e| Failure::run(format!("Can't join the other ranks: {e}.")))
}

#[cfg(not(feature = "mpi"))]
fn join() -> Result<Ranks, Failure> {
    memspike::say!(
        "warning: {} copies were started together, but this memspike was built without MPI: each simulates the whole \
         network. To share it, build with: cargo build --release --features mpi",
        launched()
    );
    Ok(Ranks::alone())
}
