//! Trials of the Riehle lab's event codes: 700 start, 70d its direction d, 11 preparatory signal, 12 response
//! signal, 13 reaction, 14 movement, 15 to 17 expected signals, 19 reward, 20 end; each code c also as 10 c + d.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::spikes::{Column, IntervalTable};

/// Identifiers from here on are events.
pub(super) const FIRST_EVENT: i64 = 10;

const START: i64 = 700;
const END: i64 = 20;
const CODES: [(i64, &str); 8] = [
    (11, "preparatory_signal_time"),
    (12, "response_signal_time"),
    (13, "reaction_time"),
    (14, "movement_time"),
    (15, "expected_signal_1_time"),
    (16, "expected_signal_2_time"),
    (17, "expected_signal_3_time"),
    (19, "reward_time"),
];

/// All times of a code, with and without its direction, in order.
fn times(marks: &BTreeMap<i64, Vec<f64>>, code: i64) -> Vec<f64> {
    let mut times: Vec<f64> = ids(code).filter_map(|id| marks.get(&id)).flatten().copied().collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    times
}

/// Codes, each with its directions.
const ALL: RangeInclusive<i64> = 10..=END;

/// The identifiers of a code, with and without its direction.
fn ids(code: i64) -> impl Iterator<Item = i64> {
    let codes = if code == START { START + 1..=START + 4 } else { 10 * code + 1..=10 * code + 4 };
    codes.chain([code])
}

/// Whether the codes of a trial's start and end are there, and no other events: the neurons of a simulation may have any identifier.
pub(super) fn recognise<T>(events: &BTreeMap<i64, T>) -> bool {
    let is_there = |code: i64| ids(code).any(|id| events.contains_key(&id));
    let is_code = |id: &i64| ALL.chain([START]).any(|code| ids(code).any(|known| known == *id));
    is_there(START) && is_there(END) && events.range(FIRST_EVENT..).all(|(id, _)| is_code(id))
}

/// The trials, with the time of the first event of each kind within them (NaN if there is none).
pub(super) fn read(marks: &BTreeMap<i64, Vec<f64>>) -> IntervalTable {
    let (start, ends) = (times(marks, START), times(marks, END));
    let last = marks.values().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    let next = |trial: usize| start.get(trial + 1).copied().unwrap_or(f64::INFINITY);
    let first_in = |times: &[f64], trial: usize| {
        let time = times.get(times.partition_point(|t| *t < start[trial])).copied();
        time.filter(|t| *t < next(trial))
    };
    let stop: Vec<f64> =
        (0..start.len()).map(|trial| first_in(&ends, trial).unwrap_or_else(|| next(trial).min(last))).collect();
    let direction = |trial: usize| {
        let of = |d: &i64| marks.get(&(START + d)).is_some_and(|times| times.contains(&start[trial]));
        (1..=4).find(of).map_or(f64::NAN, |d| d as f64)
    };
    let mut columns = vec![("direction".to_owned(), Column::Number((0..start.len()).map(direction).collect()))];
    for (code, name) in CODES {
        let times = times(marks, code);
        if !times.is_empty() {
            let values = (0..start.len()).map(|trial| first_in(&times, trial).unwrap_or(f64::NAN)).collect();
            columns.push((name.to_owned(), Column::Number(values)));
        }
    }
    IntervalTable { name: "trials".to_owned(), start, stop, columns }
}
