//! What a process that reads a file may use up.
#![allow(unsafe_code)]

/// Room for the program itself, its libraries and the stacks and heaps of its threads \[bytes\].
const PROGRAM: u64 = 512 << 20;

/// What reading a file may take, by the file's size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Memory whatever the file's size \[bytes\].
    pub memory: u64,
    /// Memory for each byte of the file: packed files become larger.
    pub memory_per_byte: u64,
    /// Never more memory than this, such as what the machine has left \[bytes\].
    pub most_memory: u64,
    /// Processor time whatever the file's size \[s\].
    pub seconds: u64,
    /// Another second of processor time for so many bytes of the file.
    pub bytes_per_second: u64,
}

impl Default for Limits {
    /// 1 GiB and 256 bytes for each byte of the file; 10 s and a second for each 2 MiB of it.
    fn default() -> Limits {
        Limits { memory: 1 << 30, memory_per_byte: 256, most_memory: u64::MAX, seconds: 10, bytes_per_second: 2 << 20 }
    }
}

/// What one process is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Granted {
    /// Memory \[bytes\].
    pub memory: u64,
    /// Processor time \[s\].
    pub seconds: u64,
}

impl Limits {
    /// For a file of so many bytes.
    pub(super) fn of(&self, bytes: u64) -> Granted {
        let memory = self.memory.saturating_add(self.memory_per_byte.saturating_mul(bytes)).min(self.most_memory);
        let seconds = self.seconds.saturating_add(bytes / self.bytes_per_second.max(1));
        Granted { memory, seconds }
    }
}

/// Limits this process for good: address space, processor time, no core dump, no file written.
#[cfg(unix)]
pub(super) fn apply(granted: Granted) {
    limit(libc::RLIMIT_CORE as _, 0, 0);
    limit(libc::RLIMIT_FSIZE as _, 0, 0);
    limit(libc::RLIMIT_AS as _, granted.memory.saturating_add(PROGRAM), granted.memory.saturating_add(PROGRAM));
    // At the first of the two the process is told (SIGXCPU), at the second it is killed.
    limit(libc::RLIMIT_CPU as _, granted.seconds, granted.seconds.saturating_add(2));
}

#[cfg(unix)]
fn limit(resource: i32, soft: u64, hard: u64) {
    // SAFETY: both calls take a valid structure. What is limited more tightly already stays so.
    unsafe {
        let mut now = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        libc::getrlimit(resource as _, &raw mut now);
        let most = now.rlim_max;
        let wanted =
            libc::rlimit { rlim_cur: (soft as libc::rlim_t).min(most), rlim_max: (hard as libc::rlim_t).min(most) };
        libc::setrlimit(resource as _, &raw const wanted);
    }
}

#[cfg(not(unix))]
pub(super) fn apply(_: Granted) {}

/// The address space that whoever started this process lets it and its children have \[bytes\]; none without a limit.
#[cfg(unix)]
pub(super) fn inherited() -> Option<u64> {
    let mut now = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the call takes a valid structure.
    unsafe { libc::getrlimit(libc::RLIMIT_AS as _, &raw mut now) };
    (now.rlim_cur != libc::RLIM_INFINITY).then_some(now.rlim_cur)
}

#[cfg(not(unix))]
pub(super) fn inherited() -> Option<u64> {
    None
}

/// A write beyond the largest file that is allowed (`ulimit -f`) is an error from now on, as one onto a full disk is; without this it ends
/// the process (SIGXFSZ), which can't clean up then.
pub fn survive_large_writes() {
    // SAFETY: no handler runs; the signal is ignored.
    #[cfg(unix)]
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN)
    };
}

/// Makes room in the pipe that the answer goes through, so that two processes take turns less often. Without it the answer is the same.
pub(super) fn widen_output() {
    // SAFETY: a request about a descriptor that is open; a refusal is no harm.
    #[cfg(target_os = "linux")]
    unsafe {
        libc::fcntl(libc::STDOUT_FILENO, libc::F_SETPIPE_SZ, 1 << 20)
    };
}

/// Ends this process at once, whatever its other threads are in the middle of.
pub(super) fn leave() -> ! {
    // SAFETY: the process ends here.
    #[cfg(unix)]
    unsafe {
        libc::_exit(3)
    };
    #[cfg(not(unix))]
    std::process::exit(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_grow_with_the_file_up_to_what_there_is() {
        let limits = Limits { most_memory: 3 << 30, ..Limits::default() };
        assert_eq!(limits.of(0), Granted { memory: 1 << 30, seconds: 10 });
        assert_eq!(limits.of(4 << 20), Granted { memory: 2 << 30, seconds: 12 });
        assert_eq!(limits.of(1 << 40), Granted { memory: 3 << 30, seconds: 10 + (1 << 19) });
        assert_eq!(Limits { bytes_per_second: 0, ..limits }.of(u64::MAX).memory, 3 << 30);
    }
}
