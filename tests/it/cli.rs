//! The program as a user runs it: what the tests of its commands share.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The recording that ships.
pub fn session() -> PathBuf {
    root().join("tests/data/recordings/mc_maze_trial_748/mc_maze_trial_748.nwb")
}

/// A folder with what the examples of the documentation name: `session.nwb`, `models`, `tests`.
pub fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(session(), folder.path().join("session.nwb")).unwrap();
    for name in ["models", "tests"] {
        std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// `memspike`, to be run in `folder`.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_memspike"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs `memspike` in `folder`.
pub fn memspike(folder: &Path, args: &[&str]) -> Output {
    command(folder).args(args).output().unwrap()
}

/// Runs a line as a shell would.
pub fn shell(folder: &Path, line: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_memspike"));
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    Command::new("sh").args(["-c", line]).env("PATH", path).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// What went to stdout, of a command that must have gone well.
pub fn good(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The JSON that `memspike` prints in `folder`, which must go well.
#[track_caller]
pub fn json(folder: impl AsRef<Path>, args: &[&str]) -> serde_json::Value {
    let text = good(&memspike(folder.as_ref(), args));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e} in:\n{text}"))
}

/// What went to stderr, of a command that must have failed with this code and printed nothing else.
pub fn bad(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(output.stdout.is_empty(), "stdout: {}", String::from_utf8_lossy(&output.stdout));
    assert!(!stderr.contains("panicked") && !stderr.contains("mistake of its own"), "{stderr}");
    assert!(!stderr.contains("HDF5-DIAG"), "{stderr}");
    stderr
}
