//! Signals and tables of intervals that go on in another segment: Neo cuts a session into segments, one for each trial say, and each has a
//! signal `lfp` and a table `ev` of its own.

use crate::spikes::{Column, IntervalTable, Recording, Signal, overlap};

/// Makes one of what follows each other in time and is the same otherwise. Where segments have a clock of their own each, so that their
/// times overlap, they stay apart.
pub(super) fn join(recording: &mut Recording) {
    recording.signals = joined(std::mem::take(&mut recording.signals), same_signal, signal_span, |signal, next| {
        signal.times.extend(next.times);
        signal.data.extend(next.data);
    });
    recording.intervals = joined(std::mem::take(&mut recording.intervals), same_table, table_span, |table, next| {
        table.start.extend(next.start);
        table.stop.extend(next.stop);
        for ((_, column), (_, next)) in table.columns.iter_mut().zip(next.columns) {
            match (column, next) {
                (Column::Number(all), Column::Number(next)) => all.extend(next),
                (Column::Text(all), Column::Text(next)) => all.extend(next),
                _ => {}
            }
        }
    });
}

/// First and last moment \[s\]; none of nothing.
type Span = Option<(f64, f64)>;

/// What is joined stands where the first of it stood.
fn joined<T>(all: Vec<T>, same: fn(&T, &T) -> bool, span: fn(&T) -> Span, mut append: impl FnMut(&mut T, T)) -> Vec<T> {
    let mut groups: Vec<Vec<(usize, T)>> = Vec::new();
    for (place, one) in all.into_iter().enumerate() {
        match groups.iter_mut().find(|group| same(&group[0].1, &one)) {
            Some(group) => group.push((place, one)),
            None => groups.push(vec![(place, one)]),
        }
    }
    let begin = |one: &T| span(one).map_or(f64::NEG_INFINITY, |span| span.0);
    let mut out: Vec<(usize, T)> = Vec::new();
    for mut group in groups {
        let first = group[0].0;
        group.sort_by(|(_, a), (_, b)| begin(a).total_cmp(&begin(b)));
        if overlap(group.iter().filter_map(|(_, one)| span(one))) {
            out.extend(group);
            continue;
        }
        let whole = group.into_iter().map(|(_, one)| one).reduce(|mut whole, next| {
            append(&mut whole, next);
            whole
        });
        out.extend(whole.map(|whole| (first, whole)));
    }
    out.sort_by_key(|(place, _)| *place);
    out.into_iter().map(|(_, one)| one).collect()
}

fn same_signal(a: &Signal, b: &Signal) -> bool {
    (&a.name, &a.unit, a.width) == (&b.name, &b.unit, b.width)
}

fn signal_span(signal: &Signal) -> Span {
    signal.times.first().copied().zip(signal.times.last().copied())
}

fn same_table(a: &IntervalTable, b: &IntervalTable) -> bool {
    let kinds = |table: &IntervalTable| {
        table.columns.iter().map(|(name, column)| (name.clone(), matches!(column, Column::Text(_)))).collect::<Vec<_>>()
    };
    a.name == b.name && kinds(a) == kinds(b)
}

fn table_span(table: &IntervalTable) -> Span {
    let all = || table.start.iter().chain(&table.stop).copied().filter(|time| time.is_finite());
    all().reduce(f64::min).zip(all().reduce(f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, start: &[f64]) -> IntervalTable {
        let labels = start.iter().map(|start| format!("at {start}")).collect();
        let columns = vec![("label".to_owned(), Column::Text(labels))];
        IntervalTable { name: name.to_owned(), start: start.to_vec(), stop: start.to_vec(), columns }
    }

    fn signal(name: &str, times: &[f64]) -> Signal {
        let data = times.iter().flat_map(|time| [*time, -time]).collect();
        Signal { name: name.to_owned(), unit: "mV".to_owned(), times: times.to_vec(), data, width: 2 }
    }

    #[test]
    fn what_goes_on_is_one_and_what_overlaps_stays_apart() {
        let mut recording = Recording {
            intervals: vec![
                table("ev", &[3.0, 3.5]),
                table("ep", &[0.0, 2.0]),
                table("ev", &[]),
                table("ev", &[1.0, 2.0]),
                table("ep", &[1.0]),
            ],
            signals: vec![
                signal("y", &[1.0, 2.0]),
                signal("lfp", &[0.0, 0.5]),
                signal("y", &[1.0]),
                signal("lfp", &[0.5, 1.0]),
            ],
            ..Recording::default()
        };
        join(&mut recording);
        let expected = [table("ev", &[1.0, 2.0, 3.0, 3.5]), table("ep", &[0.0, 2.0]), table("ep", &[1.0])];
        assert_eq!(recording.intervals, expected);
        // What stays apart has the order of the file.
        let expected = [signal("y", &[1.0, 2.0]), signal("lfp", &[0.0, 0.5, 0.5, 1.0]), signal("y", &[1.0])];
        assert_eq!(recording.signals, expected);
    }
}
