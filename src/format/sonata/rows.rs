//! What nodes and edges share: a table of rows, each with a type and a place in a group of attributes.

use crate::format::error::{Fault, FormatError};
use crate::format::h5::{H5, join, list};

/// Groups of attributes have no more names above them: `/nodes/<population>/<group>/dynamics_params`.
const DEEPEST: usize = 5;

/// The rows of `/nodes/<population>` or `/edges/<population>`.
pub(super) struct Rows {
    place: String,
    group_id: Vec<i64>,
    group_index: Vec<i64>,
    /// The groups that occur, each once.
    groups: Vec<i64>,
}

impl Rows {
    /// Reads which group each of `count` rows is in; `what` is `node` or `edge`.
    pub fn read(h5: &H5, place: &str, what: &str, count: usize) -> Result<Rows, FormatError> {
        // What a link that leads nowhere stands for would be taken for absent.
        let mut folders = vec![place.to_owned()];
        while let Some(folder) = folders.pop() {
            if let Some(name) = h5.dangling(&folder).first() {
                return Err(h5.nowhere(&join(&folder, name)));
            }
            let below = h5.members(&folder).into_iter().map(|name| join(&folder, &name));
            folders.extend(below.filter(|inner| h5.is_group(inner) && inner.matches('/').count() < DEEPEST));
        }
        let one = |name: &str| -> Result<Option<Vec<i64>>, FormatError> {
            let at = join(place, &format!("{what}_{name}"));
            if !h5.is_dataset(&at) {
                return Ok(None);
            }
            let values = h5.integers(&at)?;
            if values.len() != count {
                let message = format!("has {} entries, expected {count}, one per {what}", values.len());
                return Err(h5.error(&at, Fault::Invalid, message));
            }
            Ok(Some(values))
        };
        let group_id = one("group_id")?.unwrap_or_else(|| vec![0; count]);
        let group_index = one("group_index")?.unwrap_or_else(|| (0..count as i64).collect());
        let mut groups = group_id.clone();
        groups.sort_unstable();
        groups.dedup();
        // Rows without attributes are in the group 0, which may be left out.
        let there: Vec<String> = h5.members(place).into_iter().filter(|name| name.parse::<i64>().is_ok()).collect();
        if let Some(group) = groups.iter().find(|group| **group != 0 && !there.contains(&group.to_string())) {
            let message = format!("names the group {group}, which is not there; there are {}", list(&there));
            return Err(h5.error(&join(place, &format!("{what}_group_id")), Fault::Invalid, message));
        }
        Ok(Rows { place: place.to_owned(), group_id, group_index, groups })
    }

    /// The names of attributes below `folder` of any group.
    pub fn names(&self, h5: &H5, folder: &str) -> Vec<String> {
        let place = |group: &i64| join(&join(&self.place, &group.to_string()), folder);
        let mut names: Vec<String> = self.groups.iter().flat_map(|group| h5.members(&place(group))).collect();
        names.sort();
        names.dedup();
        names
    }

    /// An attribute of every row, NaN where the row's group doesn't have it; none if no group has it.
    pub fn attribute(&self, h5: &H5, name: &str) -> Result<Option<Vec<f64>>, FormatError> {
        let mut all = None;
        for &group in &self.groups {
            let at = join(&join(&self.place, &group.to_string()), name);
            if !h5.is_dataset(&at) {
                continue;
            }
            let values = h5.list(&at)?;
            let all = all.get_or_insert_with(|| vec![f64::NAN; self.group_id.len()]);
            for (row, value) in all.iter_mut().enumerate().filter(|(row, _)| self.group_id[*row] == group) {
                let index = self.group_index[row];
                let found = usize::try_from(index).ok().and_then(|i| values.get(i)).filter(|v| v.is_finite());
                *value = *found.ok_or_else(|| {
                    let message =
                        format!("row {row} takes entry {index} of {}, expected a finite number there", values.len());
                    h5.error(&at, Fault::Invalid, message)
                })?;
            }
        }
        Ok(all)
    }
}
