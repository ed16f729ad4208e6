//! The other files that an HDF5 file has its contents in: what is read with it, though nobody named it.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use hdf5::LocationType;
use serde::{Deserialize, Serialize};

use super::error::FormatError;
use super::h5::{H5, join, sources};

/// So many groups and datasets are looked at, those at the top first: links may go round in circles.
const MOST: usize = 1 << 16;

/// Files that external links lead to, that raw data lie in, and that virtual datasets are put together from.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Linked(pub Vec<PathBuf>);

impl Linked {
    /// Looks for them. What can't be opened is passed over: the reader of the file tells of it.
    pub fn read(h5: &H5) -> Result<Linked, FormatError> {
        let mut linked = Linked::default();
        let own = h5.file.loc_info().map(|info| info.fileno).ok();
        let (mut waiting, mut met) = (VecDeque::from(["/".to_owned()]), 0);
        while let Some(place) = waiting.pop_front().filter(|_| met < MOST) {
            met += 1;
            let Ok(info) = h5.file.loc_info_by_name(&place) else { continue };
            match info.loc_type {
                LocationType::Group => {
                    if Some(info.fileno) != own {
                        linked.add(h5.path, h5.file.group(&place).map(|group| group.filename()).ok());
                    }
                    waiting.extend(h5.members(&place).iter().map(|name| join(&place, name)));
                }
                LocationType::Dataset => {
                    let Ok(dataset) = h5.file.dataset(&place) else { continue };
                    let name = dataset.filename();
                    let Ok(plan) = dataset.create_plist() else { continue };
                    // What it names itself lies beside the file that it is in.
                    let beside = PathBuf::from(&name);
                    linked.add(&beside, plan.external().into_iter().map(|file| file.name));
                    linked.add(&beside, sources(&dataset).into_iter().map(|(name, _)| name));
                    linked.add(h5.path, Some(name).filter(|_| Some(info.fileno) != own));
                }
                _ => {}
            }
        }
        Ok(linked)
    }

    /// Adds those of these names that are there, beside a file or where the program was started: the library looks in both places.
    fn add(&mut self, beside: &Path, names: impl IntoIterator<Item = String>) {
        for name in names {
            let near = beside.parent().unwrap_or(Path::new("")).join(&name);
            for path in [near, PathBuf::from(name)].iter().filter_map(|path| fs::canonicalize(path).ok()) {
                if path.is_file() && !self.0.contains(&path) {
                    self.0.push(path);
                }
            }
        }
    }
}
