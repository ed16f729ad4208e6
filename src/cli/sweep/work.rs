//! The runs of a sweep, some beside one another: each is a `memspike run` in a process of its own, so that one that crashes or is too
//! large takes no other with it, and its memory and the HDF5 library are its own.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use memspike::engine::checkpoint::hash_of;
use memspike::format::contain::this_program;
use memspike::format::result::{Run, read_run};
use memspike::format::{Fault, FormatError};
use memspike::network;
use memspike::spec::NetworkSpec;
use memspike::whole::Part;
use serde_json::Value;

use super::gate::Gate;
use crate::cli::model::{Layers, Model};
use crate::cli::note::note;
use crate::cli::run::WITH_PARENT;
use crate::cli::{Failure, check, memory};

/// How often Ctrl-C is looked for.
const GLANCE: Duration = Duration::from_millis(50);

/// A run to do.
pub struct Task {
    /// What lies over the model.
    pub layers: Layers,
    /// Its result.
    pub file: PathBuf,
}

/// What is the same for all runs.
pub struct Common {
    /// The model.
    pub model: PathBuf,
    /// Runs beside one another.
    pub jobs: usize,
    /// Threads of each, if that was said.
    pub threads: Option<u16>,
    /// HDF5 files are trusted.
    pub trust: bool,
}

/// How a run ended.
pub enum End {
    /// Its result is there; was it before?
    Done { run: Run, kept: bool },
    /// It has none.
    Failed(Failure),
}

/// What comes of the runs.
pub enum Report {
    /// A line that one says while it goes on: a warning or a note.
    Said(String),
    /// One ended: which, and how.
    Ended(usize, End),
}

/// What the workers share.
struct Crew<'a> {
    common: &'a Common,
    tasks: &'a [Task],
    next: AtomicUsize,
    gate: Gate,
    under_way: Mutex<UnderWay>,
    program: PathBuf,
}

/// Runs under way end when their standard input is closed.
#[derive(Default)]
struct UnderWay {
    stopping: bool,
    inputs: HashMap<usize, ChildStdin>,
}

/// Does all tasks; `report` gets what they say as they say it, and each as it ends, and says whether to go on. True if all were done.
///
/// # Errors
/// If the program can't start itself, or what `report` gives.
pub fn work(
    common: &Common,
    tasks: &[Task],
    stop: impl Fn() -> bool,
    mut report: impl FnMut(Report) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    let program = this_program().map_err(|e| {
        Failure::run(format!("The system does not tell where this program is, to start it again: {e}."))
    })?;
    let gate = Gate::new(memory::available());
    let crew = Crew { common, tasks, next: AtomicUsize::new(0), gate, under_way: Mutex::default(), program };
    let mut failed = None;
    thread::scope(|scope| {
        let (sender, reports) = channel();
        for _ in 0..common.jobs.min(tasks.len()) {
            let (crew, sender) = (&crew, sender.clone());
            if let Err(e) = thread::Builder::new().spawn_scoped(scope, move || crew.serve(&sender)) {
                failed = Some(Failure::run(format!(
                    "A thread for a run can't be started: {e}; allow more processes (ulimit -u), or fewer runs at a time (--jobs)."
                )));
                crew.stop();
                break;
            }
        }
        drop(sender);
        let glance = || {
            if stop() {
                crew.stop();
            }
        };
        while let Some(one) = receive(&reports, glance) {
            if failed.is_none()
                && let Err(failure) = report(one)
            {
                failed = Some(failure);
                crew.stop();
            }
        }
    });
    if crew.gate.was_narrow() {
        note(format!("memory was enough for fewer than {} runs beside one another.", common.jobs));
    }
    match failed {
        Some(failure) => Err(failure),
        None => Ok(!crew.lock().stopping),
    }
}

/// What is reported next; `glance` is called meanwhile. None when all workers have gone.
fn receive(reports: &Receiver<Report>, glance: impl Fn()) -> Option<Report> {
    loop {
        glance();
        match reports.recv_timeout(GLANCE) {
            Ok(report) => return Some(report),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

impl Crew<'_> {
    /// Takes one task after the other.
    fn serve(&self, sender: &Sender<Report>) {
        while !self.lock().stopping {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.tasks.get(index) else { return };
            // Who receives is there until all workers have gone.
            let say = |line: String| drop(sender.send(Report::Said(line)));
            let end = match self.attempt(index, task, &say) {
                Ok(None) => return,
                Ok(Some(end)) => end,
                Err(failure) => End::Failed(failure),
            };
            if sender.send(Report::Ended(index, end)).is_err() {
                return;
            }
        }
    }

    /// Finds the result of a task or makes it; none if all is to stop.
    fn attempt(&self, index: usize, task: &Task, say: &dyn Fn(String)) -> Result<Option<End>, Failure> {
        let model = Model::File(self.common.model.clone());
        let spec = check::stand_in(model.read(&task.layers)?)?;
        if task.file.exists()
            && let Some(run) = earlier(&task.file, &spec, say)?
        {
            return Ok(Some(End::Done { run, kept: true }));
        }
        let size = network::estimate(&spec).map_err(Failure::input)?;
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let share = processors / self.common.jobs.min(self.tasks.len()).max(1);
        let threads = self.common.threads.map_or_else(|| size.threads(share, 1), usize::from);
        let Some(pass) = self.gate.enter(memory::needed(&spec, &size, Some(threads), 1, true)?) else {
            return Ok(None);
        };
        let done = self.simulate(index, task, threads, say)?;
        drop(pass);
        if !done {
            return Ok(None);
        }
        Ok(Some(End::Done { run: read_run(&task.file).map_err(Failure::run)?, kept: false }))
    }

    /// Has another process do the run; false if it was stopped.
    fn simulate(&self, index: usize, task: &Task, threads: usize, say: &dyn Fn(String)) -> Result<bool, Failure> {
        let mut command = Command::new(&self.program);
        command.args(self.common.trust.then_some("--trust")).arg("run");
        command.args(task.layers.iter().map(|(key, value)| format!("--set={key}={value}")));
        command.args(["--force", "--threads", &threads.to_string()]);
        // As one argument: the name of the folder may begin with a dash.
        let mut output = OsString::from("--output=");
        output.push(&task.file);
        command.arg(output).arg("--").arg(&self.common.model);
        command.env(WITH_PARENT, "1").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        // Ctrl-C is for this process, which ends the others.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child =
            command.spawn().map_err(|e| Failure::run(format!("A process for the run can't be started: {e}.")))?;
        let input = child.stdin.take();
        let mut under_way = self.lock();
        if !under_way.stopping {
            under_way.inputs.extend(input.map(|input| (index, input)));
        }
        drop(under_way);
        let heard = child.stderr.take().map(|stderr| hear(stderr, say));
        let status = child.wait().map_err(|e| Failure::run(format!("The process of the run was lost: {e}.")))?;
        let heard = heard.transpose();
        let error = heard.map_err(|e| Failure::run(format!("The process of the run can't be heard: {e}.")))?;
        self.lock().inputs.remove(&index);
        if status.success() {
            return Ok(true);
        }
        // What a process leaves that was ended.
        drop(Part::of(&task.file));
        if self.lock().stopping {
            return Ok(false);
        }
        Err(match status.code() {
            Some(code @ (1 | 2)) => Failure::told(code as u8, error.unwrap_or_default().trim_end().to_string()),
            _ => Failure::run(format!(
                "The process of the run ended with {status}; perhaps the machine was out of memory: try -j 1."
            )),
        })
    }

    /// Ends what is under way, and begins nothing more.
    fn stop(&self) {
        self.gate.close();
        let mut under_way = self.lock();
        under_way.stopping = true;
        under_way.inputs.clear();
    }

    fn lock(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// Passes on what a run says, line by line as it comes; its error, which is the last that it says, is handed over when it ends.
fn hear(stderr: ChildStderr, say: &dyn Fn(String)) -> io::Result<String> {
    let mut stderr = BufReader::new(stderr);
    let (mut line, mut error) = (Vec::new(), String::new());
    while stderr.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        if !error.is_empty() || text.starts_with("error: ") {
            error.push_str(&text);
        } else {
            say(text.trim_end().to_string());
        }
        line.clear();
    }
    Ok(error)
}

/// The result that is there already; none if its run did not reach the end, or if it can't be opened any more, which is said.
///
/// # Errors
/// Exit code 2 if it is something else than the result of this run.
fn earlier(file: &Path, spec: &NetworkSpec, say: &dyn Fn(String)) -> Result<Option<Run>, Failure> {
    let run = match read_run(file) {
        Ok(run) => run,
        Err(error) if is_damaged(&error) => {
            say(format!("note: {} is damaged or cut short; its run is done again.", file.display()));
            return Ok(None);
        }
        Err(error) if matches!(error.fault, Fault::NotHdf5 | Fault::UnknownLayout) => {
            return Err(Failure::input(format!(
                "{} is no result of memspike; remove it, or do all runs again with --force.",
                file.display()
            )));
        }
        Err(error) => return Err(Failure::input(error)),
    };
    let synapses = run.figures.get("synapses").and_then(Value::as_u64).unwrap_or_default();
    // The folder may have been moved with the files that the model names, so that their paths are others.
    let same = duration(&run.model) == duration(&spec.resolved) && run.model_hash == hash_of(spec, synapses);
    if !same || run.program_version != env!("CARGO_PKG_VERSION") {
        return Err(Failure::input(format!(
            "{} is the result of another model or version of memspike, or a file that the model reads has changed; remove it, or do \
             all runs again with --force.",
            file.display()
        )));
    }
    Ok(run.complete.then_some(run))
}

/// The duration that a resolved model says, which is not in the hash.
fn duration(model: &str) -> Option<String> {
    let document = model.parse::<toml_edit::DocumentMut>().ok()?;
    Some(document.get("simulation")?.get("duration")?.to_string().trim().to_string())
}

/// Whether what can't be read was a result once; what somebody else put there stays. A system that went down may leave nothing of a file,
/// or zeros.
fn is_damaged(error: &FormatError) -> bool {
    match error.fault {
        Fault::Damaged | Fault::Incomplete => true,
        Fault::NotHdf5 => {
            let mut head = Vec::new();
            let read = File::open(&error.file).and_then(|file| file.take(8).read_to_end(&mut head));
            read.is_ok() && (head.iter().all(|byte| *byte == 0) || b"\x89HDF\r\n\x1a\n".starts_with(&head))
        }
        _ => false,
    }
}
