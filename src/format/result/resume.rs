//! Which file a resumed run goes on with: `OUT.h5.part`, or a copy of `OUT.h5`.

use std::fs;
use std::path::Path;

use super::attributes::{number, text};
use super::claim::claim;
use super::header::Header;
use super::write::{Marks, ResultError, remove, unwritable};
use super::writer::{Writer, expect_tables};
use crate::format::contain;
use crate::format::new_hdf5::cause;
use crate::record::Layout;
use crate::whole::{Part, part_path};

/// What the run goes on with.
pub(super) struct Taken {
    /// Held until the end: no other run writes the same file.
    pub claim: fs::File,
    /// `OUT.h5.part`, taken back to the checkpoint.
    pub writer: Writer,
    /// What the user should know.
    pub note: Option<String>,
}

/// What a file must agree with.
struct Wanted<'a> {
    layout: &'a Layout,
    header: &'a Header,
    marks: &'a Marks,
}

/// Why a run can't go on with a file.
enum Unfit {
    /// It is cut short or damaged, or ends before the checkpoint.
    Damaged(String),
    /// Another run wrote it.
    OfAnother(String),
}

/// Claims the output of an earlier run, and takes it back to the marks of its checkpoint. What doesn't fit stays as it is.
///
/// # Errors
/// `Input` if there is none, another run is writing it or has written it, or it doesn't fit the layout or holds less than the marks say.
pub(super) fn take(out: &Path, layout: &Layout, header: &Header, marks: &Marks) -> Result<Taken, ResultError> {
    let part = part_path(out);
    if !part.exists() && !out.exists() {
        return Err(nothing(out, &part));
    }
    // Before anything is looked at: a run that has not ended yet may give its file the final name while this one waits.
    let mut claim = claim(&part, |e| unwritable(&part, e))?;
    let wanted = Wanted { layout, header, marks };
    let chosen = wanted.choose(out, &part, &mut claim);
    let note = chosen.inspect_err(|_| {
        // There only because of the claim.
        if is_empty(&part) {
            remove(&part);
        }
    })?;
    let writer = Writer::open(&part, layout, header, marks);
    let writer = writer.map_err(|e| refused(Unfit::Damaged(format!("{}: {e}", part.display()))))?;
    Ok(Taken { claim, writer, note })
}

impl Wanted<'_> {
    /// Has `part` be the file to go on with, and the claim be on it.
    fn choose(&self, out: &Path, part: &Path, claim: &mut fs::File) -> Result<Option<String>, ResultError> {
        if is_empty(part) {
            if !out.exists() {
                return Err(nothing(out, part));
            }
            self.expect_fit(out).map_err(refused)?;
            *claim = copy(out, part)?;
            return Ok(None);
        }
        match self.expect_fit(part) {
            Ok(()) => Ok(None),
            // It is the copy of a run that was killed before it was whole, or while it wrote.
            Err(Unfit::Damaged(why)) if out.exists() && self.expect_fit(out).is_ok() => {
                *claim = copy(out, part)?;
                Ok(Some(format!("{why}; the run goes on with {} in its place", out.display())))
            }
            Err(unfit) => Err(refused(unfit)),
        }
    }

    /// Whether the run that wrote the checkpoint wrote this file, and it is whole up to there.
    fn expect_fit(&self, path: &Path) -> Result<(), Unfit> {
        contain::rehearse(path).map_err(|e| Unfit::Damaged(e.to_string()))?;
        let unusable = |why: &str| Unfit::Damaged(format!("{}: {why}", path.display()));
        let file = hdf5::File::with_options().with_fapl(|p| p.file_locking(false)).open(path);
        let file = file.map_err(|e| unusable(&cause(&e)))?;
        let Some(hash) = text(&file, "model_hash") else {
            return Err(unusable("it does not say which run wrote it"));
        };
        let header = self.header;
        if hash != header.model_hash {
            let seed = number::<u64>(&file, "seed").map_or("no seed".to_owned(), |seed| format!("seed {seed}"));
            let engine = text(&file, "engine").unwrap_or_default();
            return Err(Unfit::OfAnother(format!(
                "{}: is the output of another run (model_hash {hash}, {seed}, engine {engine}), not of the one that wrote the checkpoint \
                 (model_hash {}, seed {}, engine {})",
                path.display(),
                header.model_hash,
                header.seed,
                header.engine
            )));
        }
        expect_tables(&file, self.layout, self.marks).map_err(|why| unusable(&why))
    }
}

fn refused(unfit: Unfit) -> ResultError {
    ResultError::Input(match unfit {
        Unfit::Damaged(why) => format!("{why}. It can't be resumed; start the run again without --resume"),
        Unfit::OfAnother(why) => {
            format!("{why}; give the output that was interrupted with -o, or start the run again without --resume")
        }
    })
}

fn nothing(out: &Path, part: &Path) -> ResultError {
    ResultError::Input(format!(
        "{}: can't resume: neither it nor {} exists; the output of a resumed run is the one that was interrupted",
        out.display(),
        part.display()
    ))
}

/// Is there nothing in it yet? So is what a claim alone has made, also that of a run which was killed right then.
fn is_empty(part: &Path) -> bool {
    fs::metadata(part).is_ok_and(|metadata| metadata.len() == 0)
}

/// Puts a copy of `out` in the place of `part` once it is whole, and gives the claim on it.
fn copy(out: &Path, part: &Path) -> Result<fs::File, ResultError> {
    let failed = |e: &std::io::Error| unwritable(part, e);
    let copied = Part::of(part);
    let claim = claim(copied.path(), failed)?;
    fs::copy(out, copied.path()).and_then(|_| copied.put(part)).map_err(|e| ResultError::Failed(failed(&e)))?;
    Ok(claim)
}
