//! A file to write: checked before anything is computed.

use std::path::{Path, PathBuf};

use super::Failure;

/// A path that can be written: its folder exists, and it is free or may be replaced.
#[derive(Clone, Debug)]
pub struct Output(PathBuf);

impl Output {
    /// Checks `path`.
    ///
    /// # Errors
    /// If it exists and `force` is not given, is a folder, or its folder does not exist.
    pub fn new(path: &Path, force: bool) -> Result<Output, Failure> {
        let shown = path.display();
        if path.file_name().is_none() || path.is_dir() {
            return Err(Failure::input(format!("The output {shown} is a folder; expected the name of a file.")));
        }
        if path.exists() && !force {
            return Err(Failure::input(format!(
                "The output {shown} exists already; choose another name, or replace it with --force."
            )));
        }
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => Err(Failure::input(format!(
                "The folder of the output {shown} does not exist; create it with: mkdir -p {}",
                folder.display()
            ))),
            _ => Ok(Output(path.to_path_buf())),
        }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_output_needs_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.h5");
        assert!(Output::new(&path, false).is_ok());
        std::fs::write(&path, "x").unwrap();
        let failure = Output::new(&path, false).unwrap_err();
        assert_eq!(failure.code, 2);
        assert!(failure.to_string().contains("--force"), "{failure}");
        assert!(Output::new(&path, true).is_ok());
    }

    #[test]
    fn an_output_in_a_missing_folder_or_on_a_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Output::new(&folder.path().join("no/a.h5"), false).unwrap_err().to_string().contains("mkdir"));
        assert!(Output::new(folder.path(), true).unwrap_err().to_string().contains("is a folder"));
    }
}
