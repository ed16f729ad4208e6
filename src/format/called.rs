//! What units, signals and tables of intervals are called: rules for all formats.

use std::collections::{BTreeMap, BTreeSet};

use super::gather::Spikes;
use crate::math::whole;
use crate::spikes::{Column, Recording};

/// Gives all that is called something in a recording, whose units its format calls so, names by which it can be chosen.
pub(super) fn name(recording: &mut Recording, unit_ids: &mut [i64]) {
    name_units(recording, unit_ids);
    tell_apart(recording);
}

/// The same of a recording that has the ids of its units.
pub(super) fn named(mut recording: Recording) -> Recording {
    let mut unit_ids = std::mem::take(&mut recording.spikes.unit_ids);
    name(&mut recording, &mut unit_ids);
    recording.spikes.unit_ids = unit_ids;
    recording
}

/// The same where the spikes were gathered.
pub(super) fn name_gathered(recording: &mut Recording, spikes: &mut Spikes) {
    let unit_ids = match spikes {
        Spikes::Held(table) => &mut table.unit_ids,
        Spikes::Filed(filed) => &mut filed.unit_ids,
    };
    name(recording, unit_ids);
}

/// `id` is what units are called, in all that chooses them. A column of that name in a file that has no numbers of its own for its units, where no two have the same,
/// is what they are called there; another one is `id_`.
fn name_units(recording: &mut Recording, unit_ids: &mut [i64]) {
    let Some(place) = recording.unit_columns.iter().position(|(name, _)| name == "id") else { return };
    let counted = unit_ids.iter().copied().eq(0..unit_ids.len() as i64);
    match ids(&recording.unit_columns[place].1).filter(|ids| counted && ids.len() == unit_ids.len()) {
        Some(ids) => {
            unit_ids.copy_from_slice(&ids);
            recording.unit_columns.remove(place);
        }
        None => recording.unit_columns[place].0 = "id_".to_owned(),
    }
}

/// Signals, and tables of intervals, are chosen by their names: what is called as an earlier one gets a number behind it.
fn tell_apart(recording: &mut Recording) {
    number(recording.signals.iter_mut().map(|signal| &mut signal.name));
    number(recording.intervals.iter_mut().map(|table| &mut table.name));
}

fn number<'a>(names: impl Iterator<Item = &'a mut String>) {
    let names: Vec<&mut String> = names.collect();
    let mut known: BTreeSet<String> = names.iter().map(|name| (**name).clone()).collect();
    // The number that the next of each name gets: a file may have very many.
    let mut next = BTreeMap::<String, usize>::new();
    for name in names {
        let Some(number) = next.get_mut(name.as_str()) else {
            next.insert(name.clone(), 2);
            continue;
        };
        let own = name.clone();
        while !known.insert(name.clone()) {
            *name = format!("{own}_{number}");
            *number += 1;
        }
    }
}

/// A column as ids of units: whole numbers, no two alike.
fn ids(column: &Column) -> Option<Vec<i64>> {
    let Column::Number(numbers) = column else { return None };
    let ids = numbers.iter().map(|number| whole(*number)).collect::<Option<Vec<i64>>>()?;
    (ids.iter().collect::<BTreeSet<_>>().len() == ids.len()).then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spikes::IntervalTable;

    #[test]
    fn tables_and_signals_of_one_name_are_numbered() {
        let table = |name: &str| IntervalTable { name: name.to_owned(), ..IntervalTable::default() };
        let mut recording =
            Recording { intervals: ["ev", "ev", "ev_2", "ep", "ev"].map(table).to_vec(), ..Recording::default() };
        tell_apart(&mut recording);
        let names: Vec<&str> = recording.intervals.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["ev", "ev_3", "ev_2", "ep", "ev_4"]);
    }

    #[test]
    fn a_column_id_is_what_units_are_called_unless_they_have_numbers_or_it_tells_none_apart() {
        let named = |column: Column, mut ids: Vec<i64>| {
            let mut recording = Recording { unit_columns: vec![("id".to_owned(), column)], ..Recording::default() };
            name_units(&mut recording, &mut ids);
            (ids, recording.unit_columns.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
        };
        let numbers = |numbers: &[f64]| Column::Number(numbers.to_vec());
        assert_eq!(named(numbers(&[7.0, 3.0]), vec![0, 1]), (vec![7, 3], Vec::new()));
        let other = ["id_".to_owned()].to_vec();
        assert_eq!(named(numbers(&[7.0, 7.0]), vec![0, 1]), (vec![0, 1], other.clone()), "two alike");
        assert_eq!(named(numbers(&[7.5, 3.0]), vec![0, 1]), (vec![0, 1], other.clone()), "no whole number");
        assert_eq!(named(Column::Text(vec!["a".into(), "b".into()]), vec![0, 1]), (vec![0, 1], other.clone()));
        assert_eq!(named(numbers(&[7.0, 3.0]), vec![12, 40]), (vec![12, 40], other), "the file's own numbers");
    }
}
