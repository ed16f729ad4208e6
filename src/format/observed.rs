//! When units were observed: a recording keeps what was observed of any, and says where units differ in it.

use std::collections::BTreeMap;

use super::h5::list;
use crate::spikes::Recording;

/// Spans of a unit that are shorter than all together by no more than this \[s\] are the same, rounded.
const ROUNDING: f64 = 1e-6;

/// Sets what was observed of a recording's units, for each of which its spans are handed over, none where that is not known.
pub(super) fn set<'a>(recording: &mut Recording, units: impl Iterator<Item = &'a [(f64, f64)]> + Clone) {
    recording.observed = merge(units.clone().flatten().copied().collect());
    let all = seconds(&recording.observed);
    let (mut known, mut part, mut least) = (0, 0, all);
    for spans in units.filter(|spans| !spans.is_empty()) {
        let own = match spans {
            [(start, stop)] => stop - start,
            _ => seconds(&merge(spans.to_vec())),
        };
        known += 1;
        part += usize::from(own < all - ROUNDING);
        least = least.min(own);
    }
    if part > 0 {
        let round = |seconds: f64| (seconds * 1e6).round() / 1e6;
        recording.notes.push(format!(
            "units were observed at different times: {part} of {known} in less than the {} s in which any was, down to {} s. All are taken \
             as observed in all of it, in figures and in what is written, so that the rates of these units are too low",
            round(all),
            round(least)
        ));
    }
}

/// Of units the segment that each belongs to, and when that was observed \[s\], where they are known: the names of segments for a column of units, where there
/// are several. A note tells where they were observed at the same times: Neo lets each segment have a clock of its own, so what lies at one time need
/// not have been at once.
pub(super) fn segments<'a>(
    recording: &mut Recording,
    units: impl Iterator<Item = (Option<&'a str>, Option<(f64, f64)>)>,
) -> Option<Vec<String>> {
    let (mut spans, mut of) = (BTreeMap::<&str, (f64, f64)>::new(), Vec::new());
    for (segment, observed) in units {
        of.push(segment.unwrap_or_default().to_owned());
        if let Some(segment) = segment {
            let (start, stop) = observed.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
            let span = spans.entry(segment).or_insert((start, stop));
            *span = (span.0.min(start), span.1.max(stop));
        }
    }
    if spans.len() < 2 {
        return None;
    }
    let mut known: Vec<(&str, (f64, f64))> = spans.into_iter().filter(|(_, (start, stop))| start < stop).collect();
    known.sort_by(|a, b| a.1.0.total_cmp(&b.1.0));
    if overlap(known.iter().map(|(_, span)| *span)) {
        let all: Vec<String> =
            known.iter().map(|(name, (start, stop))| format!("{name} ({start} s to {stop} s)")).collect();
        recording.notes.push(format!(
            "the segments {} overlap: they are laid over each other as if on one clock, though each may have its own; choose one with \
             --where segment={} and its --start and --stop",
            list(&all),
            known[0].0
        ));
    }
    Some(of)
}

/// Whether spans in the order of their starts overlap; those that touch do not.
pub(super) fn overlap(spans: impl Iterator<Item = (f64, f64)> + Clone) -> bool {
    spans.clone().zip(spans.skip(1)).any(|(one, next)| next.0 < one.1)
}

fn seconds(spans: &[(f64, f64)]) -> f64 {
    spans.iter().map(|(start, stop)| stop - start).sum()
}

/// The union of intervals, in order.
fn merge(mut pairs: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (start, stop) in pairs {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(stop),
            _ => merged.push((start, stop)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_and_touching_intervals_become_one() {
        assert_eq!(merge(vec![(4.0, 5.0), (0.0, 2.0), (1.0, 3.0), (5.0, 6.0)]), [(0.0, 3.0), (4.0, 6.0)]);
    }

    #[test]
    fn units_that_were_observed_at_different_times_are_told() {
        let told = |units: &[&[(f64, f64)]]| {
            let mut recording = Recording::default();
            set(&mut recording, units.iter().copied());
            (recording.observed, recording.notes.join(" "))
        };
        let (whole, halves, late) = ([(0.0, 10.0)], [(5.0, 10.0), (0.0, 5.0)], [(5.0, 10.0)]);
        assert_eq!(told(&[&whole, &halves, &[]]), (vec![(0.0, 10.0)], String::new()));
        let (observed, note) = told(&[&whole, &late, &halves]);
        assert_eq!(observed, [(0.0, 10.0)]);
        assert!(note.contains("1 of 3 in less than the 10 s in which any was, down to 5 s"), "{note}");
        assert_eq!(told(&[]), (Vec::new(), String::new()));
    }
}
