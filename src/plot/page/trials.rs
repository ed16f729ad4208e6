//! The page of spikes around events: a row for each trial, as in [`aligned`](crate::plot::aligned), of all units together or of one that is chosen.

use serde_json::{Value, json};

use super::{Clock, MOST_IN_PAGE, column, fill, hex};
use crate::plot::aligned::{Aligned, Layer};
use crate::plot::{PlotError, palette};

/// The page of the spikes of each trial, trials in the order of their groups.
///
/// # Errors
/// As [`aligned`](crate::plot::aligned), and if there are more spikes than [`MOST_IN_PAGE`].
pub fn aligned_page(what: &Aligned) -> Result<String, PlotError> {
    let layer = Layer::of(what)?;
    let (start, stop) = (-what.reach.0, what.reach.1);
    let clock = Clock::of(start, stop);
    let strokes = layer.strokes()?;
    let found = strokes.iter().map(Vec::len).sum();
    if found > MOST_IN_PAGE {
        return Err(PlotError::TooMany { found, most: MOST_IN_PAGE });
    }
    let of_unit = |(unit, strokes): (usize, &Vec<(f64, u32)>)| {
        strokes.iter().map(move |(time, row)| (clock.ticks(*time), *row, unit as u32)).collect::<Vec<_>>()
    };
    let mut spikes: Vec<(u32, u32, u32)> = strokes.iter().enumerate().flat_map(of_unit).collect();
    spikes.sort_unstable();
    let groups = layer.groups();
    let populations: Vec<Value> = (0..groups)
        .map(|group| {
            let rows = |group: usize| layer.trials.partition_point(|trial| trial.1 < group);
            let name = what.groups.get(group).filter(|_| groups > 1);
            let (first, count) = (rows(group), rows(group + 1) - rows(group));
            json!({
                "name": name.map_or_else(String::new, |name| format!("{} {name}", what.by).trim().to_owned()),
                "color": hex(palette::among(group, groups)),
                "first": first,
                "count": count,
                "units": count,
                "members": (first..first + count).collect::<Vec<_>>(),
            })
        })
        .collect();
    let events: Vec<f64> = layer.trials.iter().map(|trial| trial.0).collect();
    let meta = json!({
        "title": what.title,
        "start": start,
        "stop": stop,
        "origin": clock.origin,
        "tick": clock.tick,
        "rows": layer.trials.len(),
        "populations": populations,
        "noun": "trials",
        "note": "",
        "colors": [],
        "signals": [],
        "intervals": [],
        "observed": null,
        "live": null,
        "aligned": {
            "units": what.units.iter().map(|unit| &unit.1).collect::<Vec<_>>(),
            "event": what.event,
            "events": events,
            "observed": observed(what, &events),
        },
    });
    Ok(fill(what.title, &meta, [&column(&spikes, |s| s.0), &column(&spikes, |s| s.1), &column(&spikes, |s| s.2)]))
}

/// The stretches of each trial that were observed, from its event \[s\]; nothing if all was.
fn observed(what: &Aligned, events: &[f64]) -> Value {
    let (from, to) = (-what.reach.0, what.reach.1);
    let of = |event: &f64| {
        let stretch = |(start, stop): &(f64, f64)| ((start - event).max(from), (stop - event).min(to));
        what.observed.iter().map(stretch).filter(|(start, stop)| start < stop).collect::<Vec<_>>()
    };
    let seen: Vec<Vec<(f64, f64)>> = events.iter().map(of).collect();
    let whole = |seen: &Vec<(f64, f64)>| seen.iter().map(|(a, b)| b - a).sum::<f64>() > (1.0 - 1e-6) * (to - from);
    if what.observed.is_empty() || seen.iter().all(whole) { Value::Null } else { json!(seen) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spikes::SpikeTable;

    #[test]
    fn a_page_of_trials_knows_what_was_observed_of_each() {
        let spikes = SpikeTable::from_units(vec![4], &[vec![1.0]]).unwrap();
        let units = [(0, "unit 4".to_owned())];
        let mut what = Aligned {
            title: "t",
            spikes: &spikes,
            units: &units,
            populations: &[],
            trials: &[(1.0, 0)],
            groups: &[String::new()],
            by: "",
            event: "start",
            reach: (0.5, 1.0),
            bin: None,
            observed: &[(0.0, 3.0)],
        };
        assert_eq!(observed(&what, &[1.0, 2.0]), Value::Null);
        assert_eq!(observed(&what, &[1.0, 2.5, 9.0]), json!([[[-0.5, 1.0]], [[-0.5, 0.5]], []]));
        assert!(aligned_page(&what).unwrap().contains("\"units\":[\"unit 4\"]"));
        what.observed = &[];
        assert_eq!(observed(&what, &[1.0, 9.0]), Value::Null);
        what.trials = &[];
        assert!(aligned_page(&what).is_err(), "no trial");
    }
}
