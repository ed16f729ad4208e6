//! The figures as JSON.

use std::path::Path;

use memspike::analysis::{Distribution, GroupStatistics, Moments};
use serde_json::{Map, Value, json};

use super::Measured;

/// All figures.
pub fn all(measured: &Measured, file: &Path) -> Value {
    let (start, stop) = measured.plan.window;
    let (plan, found) = (&measured.plan, &measured.found);
    let width = |bins: Option<memspike::analysis::Bins>| bins.map(|bins| bins.width);
    let mut all = json!({
        "file": file.display().to_string(),
        "format": measured.recording.format,
        "start_s": start,
        "stop_s": stop,
        "duration_s": measured.end - start,
        "observed_duration_s": plan.spans.seconds(),
        "min_spikes": plan.min_spikes,
        "correlation_bin_s": width(plan.correlation),
        "fano_bin_s": width(plan.fano),
        "spectrum_bin_s": width(plan.spectrum),
        "spectrum_segment": plan.spectrum.and(plan.segment),
        "trials": plan.trials.as_ref().map(|trials| trials.count()),
        "aligned_to": measured.event,
        "all": group(&found.all),
    });
    let populations: Map<String, Value> = found.groups.iter().map(|g| (g.name.clone(), group(g))).collect();
    all["populations"] = populations.into();
    all
}

fn group(group: &GroupStatistics) -> Value {
    let pairs = &group.correlation;
    let peak = group.spectrum.as_ref().and_then(|spectrum| spectrum.peak());
    json!({
        "units": group.units.len(),
        "active_units": group.active,
        "spikes": group.spikes,
        "rate_hz": distribution(group.rate_hz),
        "isi_s": moments(&group.intervals),
        "cv": distribution(group.cv),
        "cv2": distribution(group.cv2),
        "lv": distribution(group.lv),
        "lvr": distribution(group.lvr),
        "fano_units": group.fano_units,
        "fano_bins": distribution(group.fano_bins),
        "fano_trials": distribution(group.fano_trials),
        "correlation": {
            "pairs": pairs.pairs,
            "mean": pairs.mean,
            "std": pairs.distribution.map(|d| d.std),
            "min": pairs.distribution.map(|d| d.min),
            "median": pairs.distribution.map(|d| d.median),
            "max": pairs.distribution.map(|d| d.max),
        },
        "spectrum": {
            "segments": group.spectrum.as_ref().map(|spectrum| spectrum.segments),
            "peak_hz": peak.map(|peak| peak.0),
            "peak_density": peak.map(|peak| peak.1),
        },
    })
}

fn distribution(of: Option<Distribution>) -> Value {
    of.map_or(
        Value::Null,
        |d| json!({ "n": d.n, "mean": d.mean, "std": d.std, "min": d.min, "median": d.median, "max": d.max }),
    )
}

fn moments(of: &Moments) -> Value {
    of.std().map_or(Value::Null, |std| json!({ "n": of.n, "mean": of.mean, "std": std, "min": of.min, "max": of.max }))
}
