//! Whether a network fits: its estimated memory against what the machine, or the container, has left.

use std::fs;

use memspike::engine;
use memspike::network::Estimate;
use memspike::spec::NetworkSpec;

use super::Failure;

const MIB: f64 = 1024.0 * 1024.0;

/// Memory that can still be had \[bytes\]: the system's available memory, or what the control
/// group leaves if that is less. None where the system does not tell.
pub fn available() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| meminfo_available(&text));
    let v2 = || group_limit("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "file ");
    let v1 = || {
        let folder = "/sys/fs/cgroup/memory";
        let (limit, usage) = (format!("{folder}/memory.limit_in_bytes"), format!("{folder}/memory.usage_in_bytes"));
        group_limit(&limit, &usage, "total_cache ")
    };
    [system, v2().or_else(v1)].into_iter().flatten().min()
}

/// What a control group leaves \[bytes\]. Cached files count as its usage but are given up when memory is short.
fn group_limit(limit: &str, usage: &str, cache: &str) -> Option<u64> {
    let number = |path: &str| -> Option<u64> { fs::read_to_string(path).ok()?.trim().parse().ok() };
    let stat = fs::read_to_string(std::path::Path::new(limit).with_file_name("memory.stat")).unwrap_or_default();
    let cached = stat.lines().find_map(|l| l.strip_prefix(cache)?.trim().parse::<u64>().ok()).unwrap_or(0);
    Some(number(limit)?.saturating_sub(number(usage)?.saturating_sub(cached)))
}

/// `MemAvailable` of /proc/meminfo \[bytes\].
fn meminfo_available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib.saturating_mul(1024))
}

/// What the program has beside a network once it runs: its own code and tables as far as they are used then, \[bytes\]; of a thread, and
/// of the library that writes the result. A test measures it.
pub const PROGRAM: [u64; 3] = [5 << 19, 1 << 20, 9 << 19];

/// The most memory that a run on so many threads of each of so many ranks will have at once \[bytes\]: what the process has already, and what
/// the network needs. None of threads: as many as a run has without being told.
///
/// # Errors
/// If a projection can't be wired.
pub fn needed(
    spec: &NetworkSpec,
    size: &Estimate,
    threads: Option<usize>,
    ranks: usize,
    written: bool,
) -> Result<u64, Failure> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.unwrap_or_else(|| size.threads(processors, ranks));
    let network = engine::needed(spec, threads, ranks, written).map_err(Failure::input)?;
    let [program, thread, writer] = PROGRAM;
    let program = resident() + program + thread * (threads as u64 - 1) + if written { writer } else { 0 };
    Ok(network.saturating_add(program))
}

/// The memory of this process now \[bytes\]; 0 where the system does not tell.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Refuses a network that needs more memory than there is.
///
/// # Errors
/// Names the `size` of the populations, what is needed and what there is.
pub fn refuse_if_too_large(neurons: u64, synapses: u64, needed: u64, available: Option<u64>) -> Result<(), Failure> {
    match available {
        Some(available) if needed > available => Err(Failure::input(format!(
            "The network is too large for this machine: {} neurons and {} synapses need about {}, and {} are available. \
             Reduce the `size` of its populations, the number of their connections, or the rates of sources.",
            grouped(neurons),
            grouped(synapses),
            bytes(needed),
            bytes(available)
        ))),
        _ => Ok(()),
    }
}

/// `1234567` as `1,234,567`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of bytes for people.
pub fn bytes(count: u64) -> String {
    let mib = count as f64 / MIB;
    match mib {
        m if m >= 1024.0 * 1024.0 => format!("{:.1} TiB", m / 1024.0 / 1024.0),
        m if m >= 1024.0 => format!("{:.1} GiB", m / 1024.0),
        m if m >= 1.0 => format!("{m:.1} MiB"),
        m => format!("{:.1} KiB", m * 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_does_not_fit_is_refused_and_the_message_names_size() {
        let failure = refuse_if_too_large(1_000_000, 1_000_000_000_000, 8_000_000_000_000, Some(1 << 34)).unwrap_err();
        assert_eq!(failure.code, 2);
        let text = failure.to_string();
        assert!(text.contains("`size`") && text.contains("7.3 TiB") && text.contains("16.0 GiB"), "{text}");
        assert!(refuse_if_too_large(1, 1, 100, Some(100)).is_ok());
        assert!(refuse_if_too_large(1, 1, u64::MAX, None).is_ok());
    }

    #[test]
    fn available_memory_is_read_from_meminfo() {
        let text = "MemTotal:       24689036 kB\nMemFree: 5 kB\nMemAvailable:   24000000 kB\n";
        assert_eq!(meminfo_available(text), Some(24_000_000 * 1024));
        assert_eq!(meminfo_available("MemTotal: 1 kB"), None);
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(298_880_968), "298,880,968");
    }
}
