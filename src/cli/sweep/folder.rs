//! The folder of a sweep: `sweep.json` says what it is a sweep of, `sweep.csv` is its table, each run has a result.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use memspike::fnv::digest;
use memspike::whole;
use serde::{Deserialize, Serialize};

use super::axis::Axis;
use crate::cli::Failure;

const FORMAT: &str = "memspike sweep";
const FORMAT_VERSION: u32 = 1;

/// What `sweep.json` says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    format: String,
    format_version: u32,
    /// Results of another version can't be compared.
    program_version: String,
    /// The model as it was named.
    model: String,
    /// Of the model with `--set` and the like applied, at the values that the file itself gives to the keys.
    model_hash: String,
    /// Where the runs begin their names and the table its columns.
    pub keys: Vec<Axis>,
}

impl Record {
    /// Of a sweep of `model`, whose resolved text is given, without the names of files.
    pub fn new(model: &Path, nameless: &str, keys: Vec<Axis>) -> Record {
        Record {
            format: FORMAT.into(),
            format_version: FORMAT_VERSION,
            program_version: env!("CARGO_PKG_VERSION").into(),
            model: model.display().to_string(),
            model_hash: format!("{:016x}", digest(nameless.as_bytes())),
            keys,
        }
    }

    /// Reads the one of a folder; none if there is none.
    ///
    /// # Errors
    /// If it can't be read, or is not one.
    pub fn read(folder: &Path) -> Result<Option<Record>, Failure> {
        let path = folder.join("sweep.json");
        let text = match fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|e| Failure::input(format!("{} can't be read: {e}.", path.display())))?,
        };
        match serde_json::from_str::<Record>(&text) {
            Ok(record) if record.format == FORMAT && record.format_version <= FORMAT_VERSION => Ok(Some(record)),
            Ok(_) => Err(Failure::input(format!("{} was written by a later memspike; update it.", path.display()))),
            Err(e) => Err(Failure::input(format!("{} is not the record of a sweep: {e}.", path.display()))),
        }
    }

    /// Refuses to go on in a folder with the results of another sweep.
    fn expect_same(&self, earlier: &Record, folder: &Path) -> Result<(), Failure> {
        let keys = |record: &Record| record.keys.iter().map(|axis| axis.name.clone()).collect::<Vec<_>>().join(", ");
        let what = if self.program_version != earlier.program_version {
            format!("by memspike {}, this is {}", earlier.program_version, self.program_version)
        } else if keys(self) != keys(earlier) {
            format!("over {}, this one is over {}", keys(earlier), keys(self))
        } else if self.model_hash != earlier.model_hash {
            format!(
                "of another model: {} has changed since, or it was given other --set, --seed, --duration or --engine",
                earlier.model
            )
        } else {
            return Ok(());
        };
        Err(Failure::input(format!(
            "The folder {} holds a sweep {what}. Choose another folder, or do all runs again in this one with --force.",
            folder.display()
        )))
    }
}

/// The folder, held by this sweep.
pub struct Folder {
    path: PathBuf,
    /// Locked until the end; where the system has no locks on folders, nothing.
    _claim: Option<File>,
}

impl Folder {
    /// Makes the folder, or goes on in it; with `force` whatever sweep it holds.
    ///
    /// # Errors
    /// If it can't be made or written to, another sweep is at work in it, or it holds the results of another one.
    pub fn open(path: &Path, record: &Record, force: bool) -> Result<Folder, Failure> {
        let shown = path.display();
        if path.exists() && !path.is_dir() {
            return Err(Failure::input(format!("The output {shown} is a file; expected the name of a folder.")));
        }
        fs::create_dir_all(path)
            .map_err(|e| Failure::unwritten(format!("The folder {shown} can't be made: {e}."), &e))?;
        let claim = File::open(path).ok();
        if let Some(Err(fs::TryLockError::WouldBlock)) = claim.as_ref().map(File::try_lock) {
            return Err(Failure::input(format!(
                "Another sweep is at work in {shown}; choose another folder, or wait."
            )));
        }
        if !force {
            match Record::read(path)? {
                Some(earlier) => record.expect_same(&earlier, path)?,
                None if path.join("sweep.csv").exists() => {
                    return Err(Failure::input(format!(
                        "{} exists, but no sweep.json that says what it is; choose another folder, or replace it with --force.",
                        path.join("sweep.csv").display()
                    )));
                }
                None => {}
            }
        }
        let folder = Folder { path: path.to_path_buf(), _claim: claim };
        let text = serde_json::to_string_pretty(record).map_err(Failure::run)? + "\n";
        folder.write("sweep.json", &text)?;
        Ok(folder)
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file, whole.
    ///
    /// # Errors
    /// Exit code 2 if it may not be written there, 1 if the machine fails.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.file(name);
        let failed = |e| Failure::unwritten(format!("Can't write {}: {e}.", path.display()), &e);
        whole::write(&path, text).map_err(failed)
    }
}
