//! What units are called: a rule for all formats.

use std::collections::BTreeSet;

use super::gather::Spikes;
use crate::math::whole;
use crate::spikes::{Column, Recording};

/// `id` is what units are called, in all that chooses them. A column of that name in a file that has no numbers of its own for its units, where no two have the same,
/// is what they are called there; another one is `id_`.
pub(super) fn name_units(recording: &mut Recording, unit_ids: &mut [i64]) {
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

/// The same where the spikes were gathered.
pub(super) fn name_gathered(recording: &mut Recording, spikes: &mut Spikes) {
    let unit_ids = match spikes {
        Spikes::Held(table) => &mut table.unit_ids,
        Spikes::Filed(filed) => &mut filed.unit_ids,
    };
    name_units(recording, unit_ids);
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
