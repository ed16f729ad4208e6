//! The figures, laid out for people.

use std::fmt::Write;
use std::path::Path;

use memspike::analysis::{Distribution, GroupStatistics, Moments};
use memspike::counted::{counted, grouped};

use super::Measured;
use crate::cli::figures::short;
use crate::cli::one_line;

/// The figures as text.
pub fn lay_out(measured: &Measured, file: &Path) -> String {
    let (start, stop) = (measured.plan.window.0, measured.end);
    let found = &measured.found;
    let mut out = format!("{}: {}\n", file.display(), measured.recording.format);
    let (units, spikes) = (counted(found.all.units.len(), "unit"), counted(found.all.spikes, "spike"));
    let _ = writeln!(out, "{units}, {spikes}, {start:.3} to {stop:.3} s ({:.3} s)", stop - start);
    let spans = &measured.plan.spans;
    if spans.count() == 1 && !spans.cover(start, stop) {
        let (observed, window) = (spans.seconds(), stop - start);
        let _ = writeln!(out, "observed in {observed:.3} s of these {window:.3} s: rates are over what was observed");
    } else if spans.count() > 1 {
        let _ = writeln!(
            out,
            "observed in {} spans, {:.3} s in all: rates are over these, intervals and bins within one",
            spans.count(),
            spans.seconds()
        );
    }
    for group in &found.groups {
        out += &block(group, &group.name, measured);
    }
    if found.groups.len() > 1 {
        out += &block(&found.all, "all", measured);
    }
    out
}

/// The figures of a population.
fn block(group: &GroupStatistics, name: &str, measured: &Measured) -> String {
    let plan = &measured.plan;
    let name = one_line(name);
    let title = format!("{name}: {}, {} active", counted(group.units.len(), "unit"), grouped(group.active));
    let mut out = format!("\n{title:<34}{}\n", head());
    let mut row = |label: String, found: Option<Distribution>| {
        let (n, figures) = match found {
            Some(d) => (d.n, [d.mean, d.std, d.min, d.median, d.max].map(Some)),
            None => (0, [None; 5]),
        };
        let _ = writeln!(out, "  {label:<32}{}", cells(n as u64, figures));
    };
    let always =
        [("rate [Hz]", group.rate_hz), ("CV", group.cv), ("CV2", group.cv2), ("LV", group.lv), ("LvR", group.lvr)];
    for (label, found) in always.into_iter().filter(|(_, found)| found.is_some()) {
        row(label.into(), found);
    }
    // What was asked for has its row in any case.
    if let Some(bins) = plan.fano {
        row(format!("Fano factor, bins of {}", duration(bins.width)), group.fano_bins);
    }
    if let Some(trials) = &plan.trials {
        row(format!("Fano factor, {}", counted(trials.count(), "trial")), group.fano_trials);
    }
    out += &intervals(&group.intervals);
    let pairs = &group.correlation;
    if let (Some(bins), Some(mean)) = (plan.correlation, pairs.mean) {
        let d = pairs.distribution;
        let of = |f: fn(Distribution) -> f64| d.map(f);
        let figures = [Some(mean), of(|d| d.std), of(|d| d.min), of(|d| d.median), of(|d| d.max)];
        let label = format!("correlation, bins of {}", duration(bins.width));
        let _ = writeln!(out, "  {label:<32}{}", cells(pairs.pairs, figures));
    }
    if let Some(fano) = group.fano_units {
        let _ = writeln!(out, "  {:<32}{:>10}", "Fano factor, over units", short(fano));
    }
    if let (Some(spectrum), Some(bins)) = (&group.spectrum, plan.spectrum)
        && let Some((hz, density)) = spectrum.peak()
    {
        let segment = duration(plan.segment.unwrap_or(0) as f64 * bins.width);
        let _ = writeln!(
            out,
            "  {:<32}{:>10} Hz with {} Hz\u{b2}/Hz; {} of {segment}",
            "spectrum of the rate, peak",
            short(hz),
            short(density),
            counted(spectrum.segments, "segment")
        );
    }
    out
}

fn intervals(of: &Moments) -> String {
    let ms = |seconds: f64| Some(1e3 * seconds);
    of.std().map_or(String::new(), |std| {
        let figures = [ms(of.mean), ms(std), ms(of.min), None, ms(of.max)];
        format!("  {:<32}{}\n", "intervals [ms]", cells(of.n, figures))
    })
}

fn head() -> String {
    let names = ["n", "mean", "std", "min", "median", "max"];
    names.iter().fold(String::new(), |line, name| line + &format!("{name:>10}"))
}

fn cells(n: u64, figures: [Option<f64>; 5]) -> String {
    let cell = |value: Option<f64>| format!("{:>10}", value.map_or("-".to_string(), short));
    figures.into_iter().fold(format!("{:>10}", grouped(n)), |line, value| line + &cell(value))
}

/// A length of time that reads well.
pub fn duration(seconds: f64) -> String {
    if seconds < 1.0 { format!("{} ms", short(1e3 * seconds)) } else { format!("{} s", short(seconds)) }
}
