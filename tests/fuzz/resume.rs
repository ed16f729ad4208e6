//! `--resume`: a run goes on from a checkpoint and an earlier output, one of which was changed. The program itself tries it, for the library is
//! met in its own process here; before that another process reads the output through.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use memspike::fnv::digest;

use crate::guard;
use crate::targets::Answer;

/// Address space of the program \[KiB\] and its processor time \[s\]: twice what the process that reads the output through is given.
const LIMITS: &str = "ulimit -v 3000000; ulimit -t 25; ulimit -c 0";
/// An answer that takes longer does not come: processor time is limited, but a busy machine may take long to give it.
const PATIENCE: Duration = Duration::from_secs(240);

/// What a run left, and where it is gone on with.
pub struct Resumed {
    folder: PathBuf,
    model: PathBuf,
    output: Vec<u8>,
    checkpoint: Vec<u8>,
}

impl Resumed {
    /// Runs the small model.
    pub fn new(folder: &Path, root: &Path) -> Resumed {
        let folder = folder.join("resume");
        fs::create_dir(&folder).expect("a folder");
        let model = root.join("tests/fuzz/small.toml");
        let ran = Command::new(env!("CARGO_BIN_EXE_memspike"))
            .current_dir(&folder)
            .arg("run")
            .arg(&model)
            .args(["-o", "a.h5", "--checkpoint-every", "5ms", "--threads", "1"])
            .output();
        assert!(ran.as_ref().is_ok_and(|ran| ran.status.success()), "{ran:?}");
        let kept = |name: &str| fs::read(folder.join(name)).expect("what the run left");
        let (output, checkpoint) = (kept("a.h5"), kept("a.h5.ckpt"));
        Resumed { folder, model, output, checkpoint }
    }

    /// The output that is finished, one that is not, and the checkpoint, each after a byte that says which it is.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        let seed = |which: u8, bytes: &[u8]| [&[which], bytes].concat();
        vec![seed(0, &self.output), seed(1, &self.output), seed(2, &self.checkpoint)]
    }

    /// What becomes of an input.
    pub fn read(&self, input: &[u8]) -> Answer {
        let [which, bytes @ ..] = input else { return Answer::Refused };
        let (output, checkpoint) =
            if which % 3 == 2 { (&self.output[..], bytes) } else { (bytes, &self.checkpoint[..]) };
        let place = |name: &str| self.folder.join(name);
        for name in ["a.h5", "a.h5.part"] {
            let _ = fs::remove_file(place(name));
        }
        let name = if which % 3 == 1 { "a.h5.part" } else { "a.h5" };
        fs::write(place(name), output).expect("room for the input");
        fs::write(place("a.h5.ckpt"), signed(checkpoint)).expect("room for the input");
        let said = File::create(place("said")).expect("room");
        let line = format!("{LIMITS}; exec \"$0\" \"$@\"");
        let started = Command::new("sh")
            .current_dir(&self.folder)
            .args(["-c", &line, env!("CARGO_BIN_EXE_memspike"), "run"])
            .arg(&self.model)
            .args(["-o", "a.h5", "--resume", "a.h5.ckpt", "--duration", "20ms", "--threads", "1"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn();
        let ended = wait(started.expect("a process"));
        let said = fs::read(place("said")).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        match ended.and_then(|status| status.code()) {
            Some(0) => Answer::Read,
            Some(1 | 2) if said.contains("made the HDF5 library crash") || said.contains("of processor time") => {
                Answer::Contained
            }
            Some(1 | 2) if said.contains("error: ") && !said.contains("panicked") => Answer::Refused,
            code => {
                guard::remember(&format!("ended with {code:?} ({ended:?}): {said}"));
                Answer::Finding
            }
        }
    }
}

/// A checkpoint whose checksum is right whatever was changed.
pub fn signed(checkpoint: &[u8]) -> Vec<u8> {
    let mut bytes = checkpoint.to_vec();
    if bytes.len() > 16 {
        let sum = digest(&bytes[16..]).to_le_bytes();
        bytes[8..16].copy_from_slice(&sum);
    }
    bytes
}

/// How a process ended; nothing if it did not.
fn wait(mut child: Child) -> Option<ExitStatus> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    while start.elapsed() < PATIENCE {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}
