//! SONATA spikes (Dai et al. 2020): `/spikes/<population>/{timestamps, node_ids}`, milliseconds, by time.

use std::collections::HashSet;
use std::path::Path;

use hdf5::File;

use super::column::Column;
use super::{Unwritten, What};
use crate::format::new_hdf5;
use crate::format::result::attributes::{Sorting, set, set_list, set_text};
use crate::format::result::{SONATA_MAGIC, SONATA_VERSION};

/// What a population without a name is called.
const ONLY: &str = "units";

/// Writes the spikes.
pub(super) fn write(part: &Path, what: &What) -> Result<Vec<String>, Unwritten> {
    let (ids, mut notes) = what.distinct_ids();
    if let Some(id) = ids.iter().find(|id| **id < 0) {
        let message =
            format!("the unit {id} can't be a SONATA node, whose ids are 0 or more; write .nwb, .csv or .npy");
        return Err(Unwritten::Input(message));
    }
    if let Some((time, _)) = what.spikes.ends()?.filter(|(time, _)| *time < 0.0) {
        let message = format!("a spike is at {time} s; SONATA has no times before 0: write .nwb, .csv or .npy");
        return Err(Unwritten::Input(message));
    }
    let inexact = new_hdf5::fill(part, |file| fill(file, what, &ids, &mut notes))?;
    notes.extend(what.beside_spikes("SONATA"));
    if inexact > 0 {
        notes.push(format!(
            "SONATA counts milliseconds: {inexact} of {} times have no double in ms that is exactly theirs; they are off \
             in the last bit",
            what.total()
        ));
    }
    Ok(notes)
}

/// Fills the file; gives how many times are not exactly those of the recording.
fn fill(file: &File, what: &What, ids: &[i64], notes: &mut Vec<String>) -> Result<usize, Unwritten> {
    let mut inexact = 0usize;
    set(file, "magic", &SONATA_MAGIC)?;
    set_list(file, "version", &SONATA_VERSION)?;
    let root = file.create_group("spikes")?;
    let populations = what.populations();
    let names = group_names(&populations.iter().map(|population| population.0).collect::<Vec<_>>());
    for ((name, first, size), called) in populations.into_iter().zip(names) {
        if called != name && !what.recording.populations.is_empty() {
            notes
                .push(format!("the population {name:?} is called {called:?}: SONATA's names are those of HDF5 groups"));
        }
        let group = root.create_group(&called)?;
        set(&group, "sorting", &Sorting::by_time)?;
        let units = first..first + size;
        let count = what.counts[units.clone()].iter().sum();
        // Not compressed: the HDF5 library inside libsonata is built without zlib and couldn't read it.
        let mut times = Column::<f64>::new(&group, "timestamps", count)?;
        set_text(times.dataset(), "units", "ms")?;
        let mut nodes = Column::<u64>::new(&group, "node_ids", count)?;
        let mut done = Ok(());
        what.spikes.pieces_of(units, (f64::NEG_INFINITY, f64::INFINITY), &mut |seconds, units| {
            if done.is_ok() {
                done = seconds.iter().zip(units).try_for_each(|(seconds, unit)| {
                    let (ms, exact) = milliseconds(*seconds);
                    inexact += usize::from(!exact);
                    times.push(ms)?;
                    nodes.push(ids[*unit as usize] as u64)
                });
            }
        })?;
        done?;
        times.flush()?;
        nodes.flush()?;
    }
    Ok(inexact)
}

/// Names of groups for the populations of these names: their own, where a group can be called so, else others, so that no two are alike.
fn group_names(names: &[&str]) -> Vec<String> {
    let fits = |name: &str| !name.is_empty() && name != "." && !name.contains(['/', '\0']);
    let mut taken: HashSet<String> = names.iter().filter(|name| fits(name)).map(|name| (*name).to_owned()).collect();
    let called = |name: &&str| {
        if fits(name) {
            return (*name).to_owned();
        }
        let mut called = match *name {
            "" => ONLY.to_owned(),
            "." => "_".to_owned(),
            name => name.replace(['/', '\0'], "_"),
        };
        while !taken.insert(called.clone()) {
            called.push('_');
        }
        called
    };
    names.iter().map(called).collect()
}

/// The time in ms that reads as the same bits in s, if there is one.
fn milliseconds(seconds: f64) -> (f64, bool) {
    let near = seconds * 1e3;
    let candidates = [near, near.next_up(), near.next_down()];
    let found = candidates.into_iter().find(|ms| (ms / 1e3).to_bits() == seconds.to_bits());
    (found.unwrap_or(near), found.is_some())
}

#[cfg(test)]
mod tests {
    use super::{group_names, milliseconds};

    #[test]
    fn groups_have_the_names_of_their_populations_where_they_can_and_all_differ() {
        assert_eq!(
            group_names(&["d/e", "d_e", "", "units", ".", "d//e"]),
            ["d_e_", "d_e", "units_", "units", "_", "d__e"]
        );
    }

    #[test]
    fn times_that_were_milliseconds_become_the_same_milliseconds_in_effect() {
        for i in 0..100_000 {
            let seconds = f64::from(i) * 0.1 / 1e3;
            let (ms, exact) = milliseconds(seconds);
            assert!(exact && ms / 1e3 == seconds, "{i}");
        }
    }
}
