//! The figures of a run, laid out for people; `--json` gives the same ones to programs.

use std::fmt::Write;

use memspike::counted::{counted, grouped};
use memspike::engine::Summary;
use memspike::units;
use serde_json::Value;

/// The figures as a few lines of text.
pub fn lay_out(s: &Summary) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}, {}; {} engine, {} precision, {}",
        counted(s.neurons, "neuron"),
        counted(s.synapses, "synapse"),
        s.engine,
        s.precision,
        workers(s.ranks, s.threads)
    );
    let _ = write!(out, "{} s recorded", short(s.duration_s));
    if s.warmup_s > 0.0 {
        let _ = write!(out, " after {} s of warm-up", short(s.warmup_s));
    }
    let _ = write!(out, ": built in {} s, simulated in {} s", short(s.build_s), short(s.sim_s));
    if let Some(factor) = s.realtime_factor {
        let _ = write!(out, " ({} x the recorded time)", short(factor));
    }
    if let Some(peak) = s.peak_rss_mib {
        let _ = write!(out, ", peak memory {peak:.0} MiB");
    }
    let _ = writeln!(
        out,
        "\n{}, {}, {}",
        counted(s.spikes, "spike"),
        counted(s.synaptic_events, "synaptic event"),
        counted(s.background_events, "background event")
    );
    if let Some([mean, p99, max]) = s.lateness_ms {
        let _ =
            writeln!(out, "lateness: mean {} ms, 99 % under {} ms, at most {} ms", short(mean), short(p99), short(max));
    }
    if let Some(phases) = &s.phases_s {
        let _ = writeln!(
            out,
            "where the time went [s of a thread]: delivery {}, update {}, background {}, exchange {}, recording {}",
            short(phases.delivery),
            short(phases.update),
            short(phases.background),
            short(phases.exchange),
            short(phases.recording)
        );
    }
    out += &populations(&s.populations);
    out += &projections(&s.projections);
    s.energy.iter().for_each(|energy| out += &on_chip(energy));
    out
}

/// Who simulated.
fn workers(ranks: usize, threads: usize) -> String {
    let threads = counted(threads, "thread");
    if ranks == 1 { threads } else { format!("{ranks} ranks of {threads}") }
}

fn populations(rows: &serde_json::Map<String, Value>) -> String {
    let width = name_width(rows, "population");
    let mut out =
        format!("\n{:<width$} {:>10} {:>12} {:>10} {:>8}\n", "population", "size", "spikes", "rate [Hz]", "CV");
    for (name, row) in rows {
        let number = |key: &str| row[key].as_f64().map_or("-".to_string(), short);
        let count = |key: &str| row[key].as_u64().map_or("-".to_string(), grouped);
        let _ = writeln!(
            out,
            "{name:<width$} {:>10} {:>12} {:>10} {:>8}",
            count("size"),
            count("spikes"),
            number("rate_hz"),
            number("cv_isi")
        );
    }
    if rows.is_empty() { String::new() } else { out }
}

fn projections(rows: &serde_json::Map<String, Value>) -> String {
    let width = name_width(rows, "projection");
    let mut out = format!("\n{:<width$} {:>14} {:>14}\n", "projection", "synapses", "events");
    for (name, row) in rows {
        let count = |key: &str| row[key].as_u64().map_or("-".to_string(), grouped);
        let _ = write!(out, "{name:<width$} {:>14} {:>14}", count("synapses"), count("events"));
        if let Some(energy) = row["energy_j"].as_object() {
            let parts: Vec<String> =
                energy.iter().filter_map(|(kind, joule)| Some(format!("{kind} {}", joules(joule.as_f64()?)))).collect();
            if !parts.is_empty() {
                let _ = write!(out, "  energy: {}", parts.join(", "));
            }
        }
        let weight = ["mean", "std", "min", "max"].map(|figure| row["weight"][figure].as_f64());
        if let [Some(mean), Some(std), Some(min), Some(max)] = weight {
            let (mean, std, min, max) = (short(mean), short(std), short(min), short(max));
            let _ = write!(out, "  weights: {mean} +- {std}, from {min} to {max}");
        }
        if let Some(error) = row["surface"]["error"].as_f64() {
            let _ = write!(out, "  change surface within {} %", short(100.0 * error));
        }
        out.push('\n');
    }
    if rows.is_empty() { String::new() } else { out }
}

/// What the run would cost on a chip, in a line: the sum of what has a price, its parts, and what has none.
fn on_chip(energy: &serde_json::Map<String, Value>) -> String {
    const PARTS: [(&str, &str); 4] = [
        ("synaptic_events_j", "synaptic events"),
        ("spikes_j", "spikes"),
        ("neuron_updates_j", "neuron updates"),
        ("static_j", "static power"),
    ];
    let priced: Vec<(&str, f64)> =
        PARTS.iter().filter_map(|(key, name)| Some((*name, energy[*key].as_f64()?))).collect();
    let free: Vec<&str> = PARTS.iter().filter(|(key, _)| energy[*key].is_null()).map(|(_, name)| *name).collect();
    let chip = energy["prices"].as_str().map_or("at the model's prices".to_string(), |name| format!("on {name}"));
    let parts: Vec<String> = priced.iter().map(|(name, joule)| format!("{name} {}", joules(*joule))).collect();
    let mut out = match parts.is_empty() {
        true => format!("\nenergy {chip}: unknown"),
        false => format!("\nenergy {chip}: {} ({})", joules(priced.iter().map(|p| p.1).sum()), parts.join(", ")),
    };
    if !free.is_empty() {
        out += &format!("; no price of {}", free.join(", "));
    }
    out + "\n"
}

fn name_width(rows: &serde_json::Map<String, Value>, head: &str) -> usize {
    column(rows.keys().map(String::as_str), head.len())
}

/// The width of a column of names, at least that of its head. A longer name puts its own line out: of lines as wide as the longest name
/// nobody reads the rest, and formatting has a limit.
pub fn column<'a>(names: impl Iterator<Item = &'a str>, least: usize) -> usize {
    const WIDEST: usize = 255;
    names.map(|name| name.chars().count()).max().unwrap_or(0).min(WIDEST).max(least)
}

/// Three significant digits, all of a whole number and four decimals at most where there is no exponent.
pub fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        size if !(1e-3..1e6).contains(&size) => format!("{value:.2e}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => units::short(value, 3),
        _ => format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_string(),
    }
}

fn joules(value: f64) -> String {
    with_prefix(value, "J")
}

/// Three significant digits with the prefix that reads well.
pub fn with_prefix(value: f64, unit: &str) -> String {
    let prefixes = [(1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f")];
    let (scale, prefix) = prefixes.into_iter().find(|(scale, _)| value.abs() >= *scale).unwrap_or((1.0, ""));
    format!("{} {prefix}{unit}", short(value / scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        assert_eq!(short(0.0), "0");
        assert_eq!(short(12.34), "12.3");
        assert_eq!(short(2.0), "2");
        assert_eq!(short(0.52), "0.52");
        assert_eq!(short(1e-9), "1.00e-9");
        assert_eq!([-9.996, 99.96, 123.4, 54_321.0].map(short), ["-10", "100", "123", "54321"]);
        assert_eq!([0.99999, 0.001_26, 0.5].map(short), ["1", "0.0013", "0.5"]);
        assert_eq!(joules(3.2e-9), "3.2 nJ");
        assert_eq!(joules(0.0), "0 J");
    }

    #[test]
    fn the_energy_on_a_chip_is_a_line_that_says_what_has_no_price() {
        let energy = |value: Value| on_chip(value.as_object().unwrap());
        let loihi = serde_json::json!({
            "prices": "loihi", "source": "doi:..", "synaptic_events_j": 2e-6, "spikes_j": 5e-7, "neuron_updates_j": 0.0, "static_j": null,
        });
        assert_eq!(
            energy(loihi),
            "\nenergy on loihi: 2.5 uJ (synaptic events 2 uJ, spikes 500 nJ, neuron updates 0 J); no price of static power\n"
        );
        let none = serde_json::json!({ "prices": null, "synaptic_events_j": null, "spikes_j": null, "neuron_updates_j": null, "static_j": null });
        assert!(
            energy(none).starts_with("\nenergy at the model's prices: unknown; no price of synaptic events, spikes")
        );
    }
}
