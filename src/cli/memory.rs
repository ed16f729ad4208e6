//! Whether a network fits: its estimated memory against what the machine, or the container, has left.

use std::fs;
use std::path::Path;

use memspike::counted::grouped;
use memspike::engine;
use memspike::network::Estimate;
use memspike::spec::{Connect, NetworkSpec, PopulationKind, PopulationSpec, ProjectionSpec, SourceSpec};
use memspike::value::Value;

use super::Failure;

const MIB: f64 = 1024.0 * 1024.0;

/// Memory that can still be had \[bytes\]: the system's available memory, or what the control groups of this process leave if that is
/// less. None where the system does not tell.
pub fn available() -> Option<u64> {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let groups = text("/proc/self/cgroup");
    let v2 = || least_left("/sys/fs/cgroup", group_v2(&groups), ["memory.max", "memory.current", "file "]);
    let v1 = || {
        let names = ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache "];
        least_left("/sys/fs/cgroup/memory", group_v1(&groups), names)
    };
    [meminfo_available(&text("/proc/meminfo")), v2().or_else(v1)].into_iter().flatten().min()
}

/// The same for networks that so many processes like this one build: each has its own limit on the address space (`ulimit -v`).
pub fn available_to(processes: u64) -> Option<u64> {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let address = address_left(&text("/proc/self/limits"), &text("/proc/self/status"));
    [available(), address.map(|left| left.saturating_mul(processes))].into_iter().flatten().min()
}

/// The control group of this process by /proc/self/cgroup, of version 2; that of a container where it is not said.
fn group_v2(groups: &str) -> &str {
    groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/")
}

/// Likewise that which limits memory, of version 1.
fn group_v1(groups: &str) -> &str {
    let own = |line: &'_ str| line.split(':').nth(1).is_some_and(|names| names.split(',').any(|name| name == "memory"));
    groups.lines().find(|line| own(line)).and_then(|line| line.splitn(3, ':').nth(2)).unwrap_or("/")
}

/// The least that a control group and those around it leave \[bytes\]; `names` are those of limit, usage, and cache in the statistics.
fn least_left(root: &str, group: &str, names: [&str; 3]) -> Option<u64> {
    let own = Path::new(root).join(group.trim_start_matches('/'));
    let folders = own.ancestors().take_while(|folder| folder.starts_with(root));
    folders.filter_map(|folder| group_left(folder, names)).min()
}

/// What a control group leaves \[bytes\]. Cached files count as its usage but are given up when memory is short.
fn group_left(folder: &Path, [limit, usage, cache]: [&str; 3]) -> Option<u64> {
    let number = |name: &str| -> Option<u64> { fs::read_to_string(folder.join(name)).ok()?.trim().parse().ok() };
    let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let cached = stat.lines().find_map(|l| l.strip_prefix(cache)?.trim().parse::<u64>().ok()).unwrap_or(0);
    Some(number(limit)?.saturating_sub(number(usage)?.saturating_sub(cached)))
}

/// What the limit on the address space leaves \[bytes\], by /proc/self/limits, beside what is reserved and not used. [`needed`] counts what
/// is used already.
fn address_left(limits: &str, status: &str) -> Option<u64> {
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u64 = limit.split_whitespace().next()?.parse().ok()?;
    let reserved = kib(status, "VmSize:").saturating_sub(kib(status, "VmRSS:"));
    Some(limit.saturating_sub(reserved))
}

/// An entry of /proc/self/status \[bytes\]; 0 where it is not there.
fn kib(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or(0).saturating_mul(1024)
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

/// What a process has that has begun to run, before it reads a model \[bytes\].
const BEGUN: u64 = 13 << 20;
/// What reading takes for each value that a model's text lists: its place, its text, its number \[bytes\].
const LISTED: u64 = 500;

/// [`needed`] of a run that has yet to read its model: a number that does not depend on what this process has at the moment.
///
/// # Errors
/// If a projection can't be wired.
pub fn foreseen(spec: &NetworkSpec, size: &Estimate) -> Result<u64, Failure> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = size.threads(processors, 1);
    let network = engine::needed(spec, threads, 1, true).map_err(Failure::input)?;
    let [program, thread, writer] = PROGRAM;
    let values = spec.resolved.bytes().filter(|byte| matches!(byte, b',' | b'[')).count() as u64;
    let reading = values.saturating_mul(LISTED);
    // Of what reading leaves behind, in pieces, about half can be used again.
    let later = network.saturating_add(reading / 2 + held(spec) + program + thread * (threads as u64 - 1) + writer);
    Ok(BEGUN + later.max(reading))
}

/// What a model holds that was read from the files that it names, or from a recording \[bytes\].
fn held(spec: &NetworkSpec) -> u64 {
    let of_value = |value: &Value| if let Value::List(values) = value { size_of_val(&values[..]) } else { 0 };
    let of_projection = |projection: &ProjectionSpec| {
        let pairs = if let Connect::Pairs(pairs) = &projection.connect { size_of_val(&pairs[..]) } else { 0 };
        pairs + of_value(&projection.weight) + of_value(&projection.delay)
    };
    let of_population = |population: &PopulationSpec| match &population.kind {
        PopulationKind::Source(SourceSpec::SpikeTimes(trains)) => trains.iter().map(|t| size_of_val(&t[..])).sum(),
        PopulationKind::Source(SourceSpec::Labels(labels)) => labels.images.pixels.len(),
        PopulationKind::Source(_) => 0,
        PopulationKind::Neuron { neuron, initial } => {
            neuron.params.iter().chain(initial.iter().map(|(_, value)| value)).map(of_value).sum()
        }
    };
    let projections: usize = spec.projections.iter().map(of_projection).sum();
    let populations: usize = spec.populations.iter().map(of_population).sum();
    (projections + populations) as u64
}

/// The memory of this process now \[bytes\]; 0 where the system does not tell.
fn resident() -> u64 {
    kib(&fs::read_to_string("/proc/self/status").unwrap_or_default(), "VmRSS:")
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
    fn a_limit_on_the_address_space_counts() {
        let limits = |soft: &str| {
            format!(
                "Limit   Soft Limit   Hard Limit   Units\nMax address space         {soft}            unlimited            bytes\n"
            )
        };
        let status = "VmPeak:\t  9000 kB\nVmSize:\t    5000 kB\nVmRSS:\t    2000 kB\n";
        assert_eq!(address_left(&limits("204800000"), status), Some(204_800_000 - 3000 * 1024));
        assert_eq!(address_left(&limits("1000"), status), Some(0));
        assert_eq!(address_left(&limits("unlimited"), status), None);
        assert_eq!(address_left("", ""), None);
    }

    #[test]
    fn the_control_groups_of_a_process_and_those_around_it_count() {
        let groups = "9:name=systemd:/\n4:cpu,memory:/batch/job:7\n0::/user.slice/a\n";
        assert_eq!((group_v2(groups), group_v1(groups)), ("/user.slice/a", "/batch/job:7"));
        assert_eq!((group_v2(""), group_v1("3:cpu:/x\n")), ("/", "/"));
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let left = || least_left(root, "/a/b", ["max", "current", "file "]);
        assert_eq!(left(), None);
        put("a/b/max", "max\n");
        put("a/b/current", "10\n");
        put("a/max", "1000\n");
        put("a/current", "300\n");
        assert_eq!(left(), Some(700));
        put("a/memory.stat", "anon 1\nfile 100\n");
        assert_eq!(left(), Some(800));
        put("max", "500");
        put("current", "0");
        assert_eq!(left(), Some(500));
    }
}
