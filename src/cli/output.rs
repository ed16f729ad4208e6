//! A file to write: checked before anything is computed.

use std::path::{Path, PathBuf};

use memspike::{shell, whole};

use super::Failure;

/// A path that can be written: its folder exists, and it is free or may be replaced.
#[derive(Clone, Debug)]
pub struct Output {
    path: PathBuf,
    replaces: bool,
}

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
        if path == Path::new("-") {
            return Err(Failure::input(
                "The output - would be a file of that name, not the standard output; give the name of a file (./- for that one).",
            ));
        }
        if path.exists() && !path.is_file() {
            return Err(Failure::input(format!(
                "The output {shown} is a device or a pipe; expected the name of a file, which is written beside it and renamed when it is whole."
            )));
        }
        if path.exists() && !force {
            return Err(Failure::input(format!(
                "The output {shown} exists already; choose another name, or replace it with --force."
            )));
        }
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => Err(Failure::input(format!(
                "The folder of the output {shown} does not exist; create it with: mkdir -p {}",
                shell::quoted(folder)
            ))),
            // What a link stands for is replaced, and the link stays.
            _ => {
                let path = if path.is_symlink() { path.canonicalize().unwrap_or(path.into()) } else { path.into() };
                Ok(Output { path, replaces: force })
            }
        }
    }

    /// Checks that it is none of the files that are read.
    ///
    /// # Errors
    /// If it is one.
    pub fn spare<'a>(self, inputs: impl IntoIterator<Item = &'a Path>) -> Result<Output, Failure> {
        let own = self.path.canonicalize().ok();
        match inputs.into_iter().find(|input| own.is_some() && input.canonicalize().ok() == own) {
            None => Ok(self),
            Some(input) => Err(Failure::input(format!(
                "The output {} is the file that is read, {}; choose another name.",
                self.path.display(),
                input.display()
            ))),
        }
    }

    /// Writes the whole file, or nothing.
    ///
    /// # Errors
    /// If that fails, which nothing but the machine can be blamed for.
    pub fn write(&self, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        whole::write(&self.path, bytes)
            .map_err(|e| Failure::run(format!("{} could not be written: {e}.", self.path.display())))
    }

    /// May a file be replaced that has come to be there meanwhile?
    pub fn replaces(&self) -> bool {
        self.replaces
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
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
    fn what_is_read_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a.h5"), folder.path().join("b.h5"));
        std::fs::write(&path, "x").unwrap();
        let again = folder.path().join(".").join("a.h5");
        let failure = Output::new(&path, true).unwrap().spare([other.as_path(), again.as_path()]).unwrap_err();
        assert!(failure.to_string().contains("is the file that is read"), "{failure}");
        assert!(Output::new(&other, true).unwrap().spare([path.as_path(), other.as_path()]).is_ok());
    }

    #[test]
    fn an_output_in_a_missing_folder_or_on_a_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Output::new(&folder.path().join("no/a.h5"), false).unwrap_err().to_string().contains("mkdir"));
        let failure = Output::new(&folder.path().join("sp ace/a.h5"), false).unwrap_err().to_string();
        assert!(failure.ends_with(&format!("mkdir -p '{}/sp ace'", folder.path().display())), "{failure}");
        assert!(Output::new(folder.path(), true).unwrap_err().to_string().contains("is a folder"));
        assert!(Output::new(Path::new("-"), true).unwrap_err().to_string().contains("not the standard output"));
        assert!(Output::new(Path::new("/dev/null"), true).unwrap_err().to_string().contains("is a device"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stands_for_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().canonicalize().unwrap().join("a.h5"), folder.path().join("link.h5"));
        std::fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(Output::new(&link, true).unwrap().path(), file);
    }
}
