//! Files that are there whole or not at all: written under another name, and renamed when they are done.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// `OUT.part`, under which `OUT` is written.
pub fn part_path(out: &Path) -> PathBuf {
    let mut part = out.as_os_str().to_owned();
    part.push(".part");
    PathBuf::from(part)
}

/// The file that `out` stands for: where a link leads, also if there is nothing yet.
///
/// # Errors
/// If a link can't be followed, since links lead in a circle.
pub fn target(out: &Path) -> io::Result<PathBuf> {
    if !out.is_symlink() {
        return Ok(out.to_owned());
    }
    if let Ok(target) = fs::canonicalize(out) {
        return Ok(target);
    }
    let mut target = out.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&target) else { return Ok(target) };
        // A relative one begins where the link is.
        target = target.parent().map_or(next.clone(), |folder| folder.join(next));
    }
    Err(io::Error::other("links lead in a circle"))
}

/// As many links in a row as Linux follows.
const MOST_LINKS: usize = 40;

/// An unfinished file, which goes away with this; once it is renamed there is none.
#[derive(Debug)]
pub struct Part(PathBuf);

impl Part {
    /// The unfinished form of `out`; nothing is made yet.
    pub fn of(out: &Path) -> Part {
        Part(part_path(out))
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Puts it in the place of `out`, once the disk has all of it.
    ///
    /// # Errors
    /// What the operating system says; `out` is as it was then.
    pub fn put(&self, out: &Path) -> io::Result<()> {
        put(&self.0, out)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        discard(&self.0);
    }
}

/// Puts `part` in the place of `out`, once the disk has all of it. Who may read and write `out` stays as it was.
///
/// # Errors
/// What the operating system says; `out` is as it was then.
pub fn put(part: &Path, out: &Path) -> io::Result<()> {
    let file = File::open(part)?;
    if let Ok(old) = fs::metadata(out)
        && old.is_file()
    {
        // Some file systems have no permissions to set.
        drop(file.set_permissions(old.permissions()));
    }
    file.sync_all()?;
    fs::rename(part, out)
}

/// Checks that an unfinished file is to be written where no link is: what that leads to would be overwritten.
///
/// # Errors
/// If there is a link.
pub fn expect_no_link(part: &Path) -> io::Result<()> {
    if !part.is_symlink() {
        return Ok(());
    }
    let message = format!("{} is a link, and what it leads to would be overwritten; remove it", part.display());
    Err(io::Error::other(message))
}

/// Removes a file that did not become whole. The HDF5 library may hold it open to the end of the process, so its space is given back first.
pub fn discard(part: &Path) {
    // If it can't be removed either, the message about the write is the one that counts.
    if part.is_file() && !part.is_symlink() {
        drop(File::options().write(true).open(part).and_then(|file| file.set_len(0)));
        drop(fs::remove_file(part));
    }
}

/// Folders that were made for files to come. Those that are still empty go away again with this.
#[derive(Debug)]
pub struct Folders(Vec<PathBuf>);

impl Folders {
    /// Makes a folder, and those that it is in, where they are not there.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn make(folder: &Path) -> io::Result<Folders> {
        let missing = folder.ancestors().filter(|place| !place.as_os_str().is_empty() && !place.exists());
        let folders = Folders(missing.map(Path::to_owned).collect());
        fs::create_dir_all(folder)?;
        Ok(folders)
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        // Those within come first; one that holds a file is not removed.
        self.0.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

/// Lets `write` fill a file that takes the place of `out` when it succeeds; a link is followed, and what is no file (a pipe, a
/// terminal) is written to as it is.
///
/// # Errors
/// What `write` gives, and as `failed` says what goes wrong in putting the file in place; `out` is as it was then.
pub fn replace<T, E>(
    out: &Path,
    failed: impl FnOnce(io::Error) -> E,
    write: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    if out.exists() && !out.is_file() {
        return write(out);
    }
    let out = match target(out) {
        Ok(target) => target,
        Err(error) => return Err(failed(error)),
    };
    if let Err(error) = expect_no_link(&part_path(&out)) {
        return Err(failed(error));
    }
    let part = Part::of(&out);
    let value = write(part.path())?;
    part.put(&out).map_err(failed)?;
    Ok(value)
}

/// Checks that `out` can be written later: that no folder is in its place, and that its unfinished form can be made.
///
/// # Errors
/// What the operating system says.
pub fn probe(out: &Path) -> io::Result<()> {
    let out = target(out)?;
    if out.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    // What is no file is written to as it is.
    if out.exists() && !out.is_file() {
        return Ok(());
    }
    let part = part_path(&out);
    expect_no_link(&part)?;
    match File::create_new(&part) {
        Ok(_) => fs::remove_file(&part),
        // Left by a run that was killed, and replaced by the next.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && part.is_file() => Ok(()),
        Err(error) => Err(error),
    }
}

/// As [`fs::write`], but whole or not at all.
///
/// # Errors
/// What the operating system says.
pub fn write(out: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    replace(out, |e| e, |part| fs::write(part, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_no_part() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.png");
        write(&out, "old").unwrap();
        let error = replace(
            &out,
            |e| e,
            |part| {
                fs::write(part, "half of the n")?;
                Err::<(), _>(io::Error::other("full"))
            },
        );
        assert_eq!(error.unwrap_err().to_string(), "full");
        assert_eq!(fs::read(&out).unwrap(), b"old");
        write(&out, "new").unwrap();
        assert_eq!(fs::read(&out).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn folders_that_were_made_go_away_again_unless_something_is_in_them() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        drop(Folders::make(&deep).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let made = Folders::make(&deep).unwrap();
        fs::write(folder.path().join("a/x"), "x").unwrap();
        drop(made);
        assert!(folder.path().join("a/x").is_file() && !folder.path().join("a/b").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_a_device_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let (out, link) = (folder.path().join("a.png"), folder.path().join("link"));
        write(&out, "old").unwrap();
        std::os::unix::fs::symlink(&out, &link).unwrap();
        write(&link, "new").unwrap();
        assert!(link.is_symlink() && fs::read(&out).unwrap() == b"new");
        let (away, dangling) = (folder.path().join("new.png"), folder.path().join("dangling"));
        std::os::unix::fs::symlink("new.png", &dangling).unwrap();
        write(&dangling, "first").unwrap();
        assert!(dangling.is_symlink() && fs::read(&away).unwrap() == b"first");
        let circle = folder.path().join("circle");
        std::os::unix::fs::symlink("circle", &circle).unwrap();
        assert!(write(&circle, "x").is_err() && circle.is_symlink());
        write(Path::new("/dev/null"), "nothing").unwrap();
        assert!(!Path::new("/dev/null").is_file() && !Path::new("/dev/null.part").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_the_unfinished_file_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (out, victim) = (folder.path().join("a.png"), folder.path().join("victim"));
        write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, part_path(&out)).unwrap();
        assert!(write(&out, "new").unwrap_err().to_string().contains("a.png.part is a link"));
        drop(Part::of(&out));
        assert!(fs::read(&victim).unwrap() == b"precious" && part_path(&out).is_symlink() && !out.exists());
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_a_file_stays_as_it_was() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.png");
        write(&out, "old").unwrap();
        for mode in [0o600, 0o640, 0o444] {
            fs::set_permissions(&out, fs::Permissions::from_mode(mode)).unwrap();
            write(&out, "new").unwrap();
            assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, mode);
        }
    }
}
