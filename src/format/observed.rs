//! When units were observed: a recording keeps what was observed of any, and says where units differ in it.

use crate::spikes::{Column, Recording, UnitSpan, in_part};

/// Sets what was observed of a recording's units, for each of which its spans are handed over, none where that is not known.
pub(super) fn set<'a>(recording: &mut Recording, units: impl Iterator<Item = &'a [(f64, f64)]> + Clone) {
    recording.observed = merge(units.clone().flatten().copied().collect());
    let own = units.filter(|spans| !spans.is_empty()).map(|spans| match spans {
        [(start, stop)] => stop - start,
        _ => seconds(&merge(spans.to_vec())),
    });
    recording.notes.extend(in_part(seconds(&recording.observed), own));
}

/// Sets when each unit was observed \[s\] and which segment it belongs to, where they are known, and what follows: the spans of all together, notes, and where
/// there are several segments a column of units that names them.
pub(super) fn set_segments<'a>(
    recording: &mut Recording,
    units: impl Iterator<Item = (Option<&'a str>, Option<(f64, f64)>)>,
) {
    let spans: Vec<UnitSpan> =
        units.map(|(segment, span)| UnitSpan { segment: segment.unwrap_or_default().to_owned(), span }).collect();
    recording.observed = merge(spans.iter().filter_map(|unit| unit.span).collect());
    let mut segments = spans.iter().map(|unit| &unit.segment).filter(|segment| !segment.is_empty());
    let first = segments.next();
    if segments.any(|segment| Some(segment) != first) {
        let names = spans.iter().map(|unit| unit.segment.clone()).collect();
        recording.unit_columns.push(("segment".to_owned(), Column::Text(names)));
    }
    if spans.iter().any(|unit| unit.span.is_some()) {
        recording.unit_spans = spans;
    }
    let all: Vec<usize> = (0..recording.unit_spans.len()).collect();
    recording.notes.extend(recording.apart(&all, (f64::NEG_INFINITY, f64::INFINITY)));
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
