//! Notes that are true of some units only: where these were observed at times of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Recording;

/// Spans of a unit that are shorter than all together by no more than this \[s\] are the same, rounded.
const ROUNDING: f64 = 1e-6;

/// When a unit was observed, where each has one span of its own, as in files of Neo.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct UnitSpan {
    /// The segment that it belongs to, which may have a clock of its own; empty if there is none.
    pub segment: String,
    /// From when to when \[s\]; none if the file does not say.
    pub span: Option<(f64, f64)>,
}

impl Recording {
    /// The notes that are true of these units in `start <= t < stop` \[s\] alone.
    pub fn notes_of(&self, units: &[usize], window: (f64, f64)) -> Vec<String> {
        let all: Vec<usize> = (0..self.unit_spans.len()).collect();
        let of_all = self.apart(&all, (f64::NEG_INFINITY, f64::INFINITY));
        let mut own = self.apart(units, window);
        let mut notes: Vec<String> =
            self.notes.iter().filter(|note| !of_all.contains(note) || own.contains(note)).cloned().collect();
        own.retain(|note| !notes.contains(note));
        notes.extend(own);
        notes
    }

    /// What is to be told of units that were observed at different times, or in segments that overlap, as `unit_spans` says.
    pub(crate) fn apart(&self, units: &[usize], (start, stop): (f64, f64)) -> Vec<String> {
        let cut = |(from, to): &(f64, f64)| Some((from.max(start), to.min(stop))).filter(|(from, to)| from < to);
        let units: Vec<&UnitSpan> = units.iter().filter_map(|unit| self.unit_spans.get(*unit)).collect();
        let observed: Vec<(f64, f64)> = self.observed.iter().filter_map(cut).collect();
        let seconds = units.iter().filter_map(|unit| unit.span.as_ref()).map(|span| cut(span).map_or(0.0, length));
        let too_low = in_part(observed.into_iter().map(length).sum(), seconds);
        let mut segments = BTreeMap::<&str, (f64, f64)>::new();
        for (name, (from, to)) in units.iter().filter_map(|unit| Some((unit.segment.as_str(), unit.span?))) {
            let span = segments.entry(name).or_insert((from, to));
            *span = (span.0.min(from), span.1.max(to));
        }
        let mut segments: Vec<(&str, (f64, f64))> =
            segments.into_iter().filter(|(name, span)| !name.is_empty() && cut(span).is_some()).collect();
        segments.sort_by(|a, b| a.1.0.total_cmp(&b.1.0));
        let overlaid = overlap(segments.iter().filter_map(|(_, span)| cut(span))).then(|| laid_over(&segments));
        too_low.into_iter().chain(overlaid).collect()
    }
}

fn length((from, to): (f64, f64)) -> f64 {
    to - from
}

/// The note on units that were observed for so long each, where that is less than `all` \[s\] of some.
pub(crate) fn in_part(all: f64, units: impl Iterator<Item = f64>) -> Option<String> {
    let (mut known, mut part, mut least) = (0, 0, all);
    for own in units {
        known += 1;
        part += usize::from(own < all - ROUNDING);
        least = least.min(own);
    }
    let round = |seconds: f64| (seconds * 1e6).round() / 1e6;
    (part > 0).then(|| {
        format!(
            "units were observed at different times: {part} of {known} in less than the {} s in which any was, down to {} s. All are taken \
             as observed in all of it, in figures and in what is written, so that the rates of these units are too low",
            round(all),
            round(least)
        )
    })
}

/// The note on segments that overlap: Neo lets each have a clock of its own, so what lies at one time need not have been at once.
fn laid_over(segments: &[(&str, (f64, f64))]) -> String {
    const SHOWN: usize = 12;
    let all = segments.iter().map(|(name, (start, stop))| format!("{name} ({start} s to {stop} s)"));
    let more = if segments.len() > SHOWN { format!(", .. ({} in all)", segments.len()) } else { String::new() };
    format!(
        "the segments {}{more} overlap: they are laid over each other as if on one clock, though each may have its own; choose one with \
         --where segment={} and its --start and --stop",
        all.take(SHOWN).collect::<Vec<_>>().join(", "),
        segments[0].0
    )
}

/// Whether spans in the order of their starts overlap; those that touch do not.
pub(crate) fn overlap(spans: impl Iterator<Item = (f64, f64)> + Clone) -> bool {
    spans.clone().zip(spans.skip(1)).any(|(one, next)| next.0 < one.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_segments_is_true_of_the_units_and_the_window_that_were_chosen() {
        let unit = |segment: &str, span| UnitSpan { segment: segment.to_owned(), span: Some(span) };
        let mut recording = Recording {
            observed: vec![(0.0, 3.0)],
            unit_spans: vec![unit("a", (0.0, 2.0)), unit("b", (1.0, 3.0)), unit("a", (0.0, 2.0))],
            notes: vec!["first".to_owned()],
            ..Recording::default()
        };
        let always = (f64::NEG_INFINITY, f64::INFINITY);
        recording.notes.extend(recording.apart(&[0, 1, 2], always));
        recording.notes.push("last".to_owned());
        assert_eq!(recording.notes_of(&[0, 1, 2], always), recording.notes);
        let told = |units: &[usize], window| {
            let notes = recording.notes_of(units, window);
            assert!(["first", "last"].iter().all(|note| notes.iter().any(|n| n == note)), "{notes:?}");
            let said = |what: &str| notes.iter().any(|note| note.contains(what));
            (said("rates of these units are too low"), said("segments a (0 s to 2 s), b (1 s to 3 s) overlap"))
        };
        assert_eq!(told(&[0, 1, 2], always), (true, true));
        // One segment is chosen, but not when it was: the rates are over all three seconds.
        assert_eq!(told(&[0, 2], always), (true, false));
        assert_eq!(told(&[0, 2], (0.0, 2.0)), (false, false));
        assert_eq!(told(&[0, 1, 2], (1.0, 2.0)), (false, true));
        assert_eq!(told(&[0, 1, 2], (2.0, 3.0)), (true, false));
    }
}
