//! What there is in `/processing` and `/acquisition`.

use crate::format::h5::{H5, join};

/// Containers such as Position or BehavioralTimeSeries nest once or twice; the limit stops hard-link cycles.
const MAX_DEPTH: usize = 5;

/// Paths of groups, by what is in them.
#[derive(Default)]
pub(super) struct Found {
    /// TimeSeries: `data` and times.
    pub series: Vec<String>,
    /// TimeIntervals: `start_time` and `stop_time`.
    pub intervals: Vec<String>,
    /// What has datasets of another kind, further tables of units among it.
    pub rest: Vec<String>,
}

/// Looks at all groups.
pub(super) fn find(h5: &H5) -> Found {
    let mut found = Found::default();
    for root in ["/processing", "/acquisition"] {
        search(h5, root, MAX_DEPTH, &mut found);
    }
    found
}

fn search(h5: &H5, group: &str, depth: usize, found: &mut Found) {
    for name in h5.members(group) {
        let place = join(group, &name);
        if !h5.is_group(&place) {
            continue;
        }
        let has = |name: &str| h5.is_dataset(&join(&place, name));
        if has("data") && (has("timestamps") || has("starting_time")) {
            found.series.push(place);
        } else if has("start_time") && has("stop_time") {
            found.intervals.push(place);
        } else {
            if h5.members(&place).iter().any(|name| has(name)) {
                found.rest.push(place.clone());
            }
            if depth > 0 {
                search(h5, &place, depth - 1, found);
            }
        }
    }
}
