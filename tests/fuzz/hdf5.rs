//! HDF5: the library in a process that is started anew when it dies; each death is then met by the program's own reader.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use memspike::format::contain::{Contained, Limits};
use memspike::format::stream::StreamedSpikes;
use memspike::format::{self, Fault, result};
use memspike::spikes::SpikeSource;

use crate::guard;
use crate::targets::Answer;

/// The first argument of the process that reads for this one.
pub const SERVE: &str = "serve-hdf5";
/// What it says where it should not have come to.
const PANICKED: &str = "panicked";
/// Address space of that process \[KiB\].
const SPACE: &str = "2000000";
/// An answer that takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(4);

/// Reads the file of each line of the standard input, and says `read`, `refused`, or that it panicked.
pub fn serve() {
    for path in std::io::stdin().lock().lines().map_while(Result::ok) {
        let path = PathBuf::from(path);
        let read = std::panic::catch_unwind(|| {
            let read = [
                format::read_here(&path).map(drop).is_ok(),
                result::read_observables(&path).map(drop).is_ok(),
                result::read_summary(&path).map(drop).is_ok(),
                streamed(&path),
            ];
            if read.contains(&true) { "read" } else { "refused" }
        });
        println!("{}", read.unwrap_or(PANICKED));
    }
}

/// Goes through the spikes as they are stored and in the order of time; whether that could be done.
fn streamed(path: &Path) -> bool {
    let Ok(Some((_, spikes))) = StreamedSpikes::open(path, 1000) else { return false };
    let (units, all) = (spikes.unit_ids().len(), (f64::NEG_INFINITY, f64::INFINITY));
    let known = |_: &[f64], of: &[u32]| assert!(of.iter().all(|unit| (*unit as usize) < units));
    spikes.runs(0..units, all, &mut known.clone()).is_ok() && spikes.pieces(all.0, all.1, &mut known.clone()).is_ok()
}

/// A process that reads, as long as it lives.
struct Server {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<String>,
}

impl Server {
    fn start() -> Server {
        let me = std::env::current_exe().expect("this program");
        let line = format!("ulimit -v {SPACE}; ulimit -c 0; exec \"$0\" {SERVE} 2>/dev/null");
        let mut child = Command::new("sh")
            .args(["-c", &line])
            .arg(me)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let (stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let (send, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Server { child, stdin, answers }
    }
}

/// Reads inputs: by a server, and by the program where that died.
pub struct Reader {
    server: Option<Server>,
    path: PathBuf,
    contained: Contained,
}

impl Reader {
    pub fn new(folder: &Path) -> Reader {
        let limits = Limits { memory: 512 << 20, seconds: 2, ..Limits::default() };
        let contained = Contained::of_program(env!("CARGO_BIN_EXE_memspike")).with_limits(limits);
        Reader { server: None, path: folder.join("input.h5"), contained }
    }

    /// What becomes of an input.
    pub fn read(&mut self, input: &[u8]) -> Answer {
        std::fs::write(&self.path, input).expect("room for the input");
        let server = self.server.get_or_insert_with(Server::start);
        let asked = writeln!(server.stdin, "{}", self.path.display()).and_then(|()| server.stdin.flush());
        match asked.ok().and_then(|()| server.answers.recv_timeout(PATIENCE).ok()).as_deref() {
            Some("read") => Answer::Read,
            Some(PANICKED) => {
                guard::remember("a panic in the process that reads");
                Answer::Finding
            }
            Some(_) => Answer::Refused,
            None => {
                let _ = server.child.kill();
                let _ = server.child.wait();
                self.server = None;
                self.confirm()
            }
        }
    }

    /// The program must have an answer where the library has none.
    fn confirm(&self) -> Answer {
        match self.contained.read(&self.path) {
            Err(error) if error.fault == Fault::NotContained || !error.to_string().contains("input.h5") => {
                guard::remember(&error.to_string());
                Answer::Finding
            }
            _ => Answer::Contained,
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.child.kill();
            let _ = server.child.wait();
        }
    }
}
