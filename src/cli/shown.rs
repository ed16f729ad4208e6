//! What sources showed when, as tables of a result.

use memspike::format::result::RecordedTable;
use memspike::rng::name_key;
use memspike::spec::{LabelsSpec, NetworkSpec, PatternSpec, PopulationKind, PopulationSpec, Shown, SourceSpec};
use memspike::spikes::{Column, IntervalTable};
use memspike::time::Time;

/// Start and stop.
type Span = (Time, Time);
/// A column and its name.
type NamedColumn = (String, Column);

/// A table for each source of labelled images or of a pattern, named after its population, in model time: what ends within the run.
pub fn tables(spec: &NetworkSpec) -> Vec<RecordedTable> {
    let end = spec.simulation.duration.unwrap_or(Time::NEVER);
    let table = |population: &PopulationSpec| {
        let (spans, columns) = match &population.kind {
            PopulationKind::Source(SourceSpec::Labels(labels)) => presentations(labels, end),
            PopulationKind::Source(SourceSpec::Pattern(pattern)) => {
                let key = PatternSpec::key(spec.simulation.seed, name_key(&population.name));
                (pattern.occurrences(key, end), Vec::new())
            }
            _ => return None,
        };
        let table = IntervalTable {
            name: population.name.clone(),
            start: spans.iter().map(|s| s.0.seconds()).collect(),
            stop: spans.iter().map(|s| s.1.seconds()).collect(),
            columns,
        };
        Some(RecordedTable { table, t0_s: 0.0 })
    };
    spec.populations.iter().filter_map(table).collect()
}

/// The presentations that end by `end`: when, and of what.
fn presentations(labels: &LabelsSpec, end: Time) -> (Vec<Span>, Vec<NamedColumn>) {
    let span = |index: usize| (labels.begin(index), labels.begin(index) + labels.presentation);
    let spans: Vec<_> = (0..labels.shown.len()).map(span).take_while(|s| s.1 <= end).collect();
    let shown = &labels.shown[..spans.len()];
    let number = |of: &dyn Fn(&Shown) -> f64| Column::Number(shown.iter().map(of).collect());
    let columns = vec![
        ("image".to_string(), number(&|s| f64::from(s.image))),
        ("label".to_string(), number(&|s| f64::from(labels.images.labels[s.image as usize]))),
        ("part".to_string(), Column::Text(shown.iter().map(|s| s.part.name().to_string()).collect())),
        ("epoch".to_string(), number(&|s| f64::from(s.epoch))),
    ];
    (spans, columns)
}
