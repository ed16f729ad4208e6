//! A file to write: checked before anything is computed.

use std::io;
use std::path::{Path, PathBuf};

use memspike::plot::{self, Figure, PlotError};
use memspike::{format, shell, whole};

use super::Failure;

/// What is said where nothing is written that might be replaced.
pub const IDLE_FORCE: &str = "--force changes nothing without an output: give -o too.";

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
    /// If it exists and `force` is not given, is a folder, or its folder does not exist; of a link, what it leads to.
    pub fn new(path: &Path, force: bool) -> Result<Output, Failure> {
        let shown = path.display();
        // What a link stands for is made or replaced, and the link stays.
        let target = whole::target(path).map_err(|e| {
            Failure::input(format!("The output {shown} is a link that can't be followed: {e}; choose another name."))
        })?;
        if path.file_name().is_none() || path.is_dir() {
            return Err(Failure::input(format!("The output {shown} is a folder; expected the name of a file.")));
        }
        if shown.to_string().ends_with(std::path::is_separator) {
            return Err(Failure::input(format!(
                "The output {shown} is the name of a folder; expected that of a file."
            )));
        }
        if path == Path::new("-") {
            return Err(Failure::input(
                "The output - would be a file of that name, not the standard output; give the name of a file (./- for that one).",
            ));
        }
        // The standard output is a link to what can't be followed, and the link itself tells no more than that.
        let special = |path: &Path| path.exists() && !path.is_file();
        if special(path) || special(&target) {
            return Err(Failure::input(format!(
                "The output {shown} is a device or a pipe; expected the name of a file, which is written beside it and renamed when it is whole."
            )));
        }
        if target.exists() && !force {
            return Err(Failure::input(format!(
                "The output {shown} exists already; choose another name, or replace it with --force."
            )));
        }
        // Nobody can make a folder in a file.
        if let Some(file) = target.ancestors().skip(1).find(|place| place.exists()).filter(|place| !place.is_dir()) {
            return Err(Failure::input(format!(
                "The folder of the output {shown} can't be there: {} is a file; choose another name.",
                file.display()
            )));
        }
        match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => Err(Failure::input(format!(
                "The folder of the output {shown} does not exist; create it with: mkdir -p {}",
                shell::quoted(folder)
            ))),
            _ => Ok(Output { path: target, replaces: force }),
        }
    }

    /// Checks that it is none of the files that are read: of a folder the files in it, of HDF5 also those that its links lead to.
    ///
    /// # Errors
    /// If it is one.
    pub fn spare<'a>(self, inputs: impl IntoIterator<Item = &'a Path>) -> Result<Output, Failure> {
        // What is not there yet is not read.
        let Ok(own) = self.path.canonicalize() else { return Ok(self) };
        let is_own = |file: &PathBuf| file.canonicalize().is_ok_and(|file| file == own);
        let mut inputs =
            inputs.into_iter().flat_map(|input| format::files(input).into_iter().map(move |file| (input, file)));
        let Some((input, file)) = inputs.find(|(_, file)| is_own(file)) else { return Ok(self) };
        let with = if file == input { String::new() } else { format!(", with {}", input.display()) };
        Err(Failure::input(format!(
            "The output {} is the file that is read, {}{with}; choose another name.",
            self.path.display(),
            file.display()
        )))
    }

    /// Checks that no two outputs of a command are one file.
    ///
    /// # Errors
    /// If two are.
    pub fn apart<'a>(outputs: impl IntoIterator<Item = &'a Output>) -> Result<(), Failure> {
        let mut places = Vec::new();
        for Output { path, .. } in outputs {
            // What is not there yet lies in a folder that is.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let place = (folder.canonicalize().ok(), path.file_name());
            if places.contains(&place) {
                let message = format!("Two outputs would be the file {}; choose another name for one.", path.display());
                return Err(Failure::input(message));
            }
            places.push(place);
        }
        Ok(())
    }

    /// Checks that the name of a table in CSV doesn't say that it is a picture.
    ///
    /// # Errors
    /// If it does.
    pub fn expect_no_picture(&self) -> Result<(), Failure> {
        match plot::Format::of(&self.path) {
            Ok(_) => Err(Failure::input(format!(
                "The table {} would be CSV, which its name doesn't say; call it {}.",
                self.path.display(),
                self.path.with_extension("csv").display()
            ))),
            Err(_) => Ok(()),
        }
    }

    /// Writes the whole file, or nothing.
    ///
    /// # Errors
    /// Exit code 2 if it may not be written there, 1 if the machine fails.
    pub fn write(&self, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        whole::write(&self.path, bytes).map_err(|e| self.unwritten(&e))
    }

    /// Writes a picture, whole, of the kind that its name says.
    ///
    /// # Errors
    /// As [`Output::write`].
    pub fn draw(&self, figure: &Figure) -> Result<(), Failure> {
        plot::save(figure, &self.path).map_err(|error| match &error {
            PlotError::Write { error: cause, .. } => self.unwritten(cause),
            _ => Failure::run(error),
        })
    }

    /// What is said of a file that can't be written.
    fn unwritten(&self, cause: &io::Error) -> Failure {
        Failure::unwritten(format!("{} could not be written: {cause}.", self.path.display()), cause)
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

/// What is said where a library could not write a file: it does not tell why, so the system is asked whether one may be there at all.
pub fn unwritten_by_library(path: &Path, message: String) -> Failure {
    match whole::probe(path) {
        Ok(()) => Failure::run(message),
        Err(cause) => Failure::unwritten(message, &cause),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
    fn two_outputs_are_two_files() {
        let folder = tempfile::tempdir().unwrap();
        let new = |name: &str| Output::new(&folder.path().join(name), true).unwrap();
        let (here, again, other) = (new("a.csv"), new("./a.csv"), new("b.csv"));
        assert!(Output::apart([&here, &other]).is_ok());
        assert!(Output::apart([&here, &other, &again]).unwrap_err().to_string().contains("Two outputs would be"));
        assert!(new("a.png").expect_no_picture().unwrap_err().to_string().contains("call it"));
        assert!(here.expect_no_picture().is_ok());
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
    fn what_is_read_of_a_folder_or_by_a_link_is_not_overwritten_either() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["spike_times.npy", "spike_clusters.npy", "spike_times.txt"] {
            std::fs::write(at(name), b"\x93NUMPY").unwrap();
        }
        let spare = |out: &str, read: &Path| Output::new(&at(out), true).unwrap().spare([read]);
        let failure = spare("spike_clusters.npy", folder.path()).unwrap_err().to_string();
        assert!(failure.contains("is the file that is read") && failure.contains("with"), "{failure}");
        assert!(spare("spike_clusters.npy", &at("spike_times.npy")).is_err(), "one file stands for its folder");
        assert!(spare("spike_times.txt", folder.path()).is_ok() && spare("new.h5", folder.path()).is_ok());

        let write = |name: &str, link: Option<&str>| {
            let fill = |file: &hdf5::File| match link {
                Some(to) => file.create_group("units")?.link_external(to, "/", "elsewhere"),
                None => file.new_dataset::<f64>().create("x").map(drop),
            };
            format::replace_hdf5(&at(name), fill).unwrap();
        };
        write("there.h5", None);
        write("between.h5", Some("there.h5"));
        write("here.h5", Some("between.h5"));
        write("other.h5", None);
        for out in ["there.h5", "between.h5", "here.h5"] {
            assert!(spare(out, &at("here.h5")).is_err(), "{out}");
        }
        assert!(spare("other.h5", &at("here.h5")).is_ok() && spare("here.h5", &at("there.h5")).is_ok());
    }

    #[test]
    fn an_output_in_a_missing_folder_or_on_a_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Output::new(&folder.path().join("no/a.h5"), false).unwrap_err().to_string().contains("mkdir"));
        let failure = Output::new(&folder.path().join("sp ace/a.h5"), false).unwrap_err().to_string();
        assert!(failure.ends_with(&format!("mkdir -p '{}/sp ace'", folder.path().display())), "{failure}");
        std::fs::write(folder.path().join("a"), "x").unwrap();
        for within in ["a/b.h5", "a/b/c.h5"] {
            let failure = Output::new(&folder.path().join(within), true).unwrap_err().to_string();
            assert!(failure.contains("a is a file") && !failure.contains("mkdir"), "{failure}");
        }
        assert!(Output::new(&folder.path().join("new/"), true).unwrap_err().to_string().contains("name of a folder"));
        assert!(Output::new(folder.path(), true).unwrap_err().to_string().contains("is a folder"));
        assert!(Output::new(Path::new("-"), true).unwrap_err().to_string().contains("not the standard output"));
        assert!(Output::new(Path::new("/dev/null"), true).unwrap_err().to_string().contains("is a device"));
    }

    #[test]
    fn a_library_that_fails_is_to_blame_only_where_a_file_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let (there, missing) = (folder.path().join("a.h5"), folder.path().join("no/a.h5"));
        assert_eq!(
            [unwritten_by_library(&there, "x".into()).code, unwritten_by_library(&missing, "x".into()).code],
            [1, 2]
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stands_for_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().canonicalize().unwrap().join("a.h5"), folder.path().join("link.h5"));
        std::fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(Output::new(&link, true).unwrap().path(), file);
        std::fs::remove_file(&file).unwrap();
        assert!(Output::new(&link, false).unwrap().path().ends_with("a.h5"));
        let circle = folder.path().join("circle.h5");
        std::os::unix::fs::symlink("circle.h5", &circle).unwrap();
        let failure = Output::new(&circle, true).unwrap_err();
        assert!(failure.code == 2 && failure.to_string().contains("circle"), "{failure}");
    }
}
