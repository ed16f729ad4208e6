//! Careful access to the parts of an HDF5 file that someone else wrote.
//!
//! Everything is addressed by its absolute path, so that every error can name it. Types and sizes are
//! checked before anything is read or allocated.

use std::path::Path;

use hdf5::filters::Filter;
use hdf5::types::{IntSize, TypeDescriptor};
use hdf5::{Container, Dataset, File, Group, IndexType, IterationOrder, Location, LocationType};

use super::error::{Fault, FormatError};
use crate::spikes::Column;

mod beside;
mod column;
mod compound;
mod filters;
mod ragged;
mod slab;
mod slices;
mod strings;
mod walk;

pub use beside::look_beside;
pub(super) use beside::sources;
pub(super) use compound::{Field, FieldKind};
pub(super) use filters::register as register_filters;
pub(super) use ragged::Target;
pub(super) use slab::{Slab, parts};
pub(super) use slices::Slices;

/// Deflate packs at most 1032 : 1.
const MOST_DEFLATED: u64 = 1100;
/// Other filters, and several, may write down equal blocks of hundreds of kilobytes by a few bytes.
const MOST_PACKED: u64 = 1 << 18;
/// Below this size a dataset may consist of fill values that are not stored at all.
const SMALL_BYTES: u64 = 64 << 20;

/// Opens a file to read it, without a lock: it may lie where nothing can be written.
pub(super) fn open(path: &Path) -> hdf5::Result<File> {
    File::with_options().with_fapl(|p| p.file_locking(false)).open(path)
}

/// An open file and its path on disk.
pub(crate) struct H5<'a> {
    pub path: &'a Path,
    pub file: &'a File,
    /// Length of the file \[bytes\].
    pub bytes: u64,
}

/// Numbers with the shape of their dataset, row by row.
pub(crate) struct Numbers {
    pub data: Vec<f64>,
    pub shape: Vec<usize>,
}

impl Numbers {
    /// Numbers per row: the product of all dimensions but the first.
    pub fn width(&self) -> usize {
        self.shape.iter().skip(1).product()
    }
}

/// The path of `name` in the group `parent`.
pub(crate) fn join(parent: &str, name: &str) -> String {
    format!("{}/{name}", parent.trim_end_matches('/'))
}

impl H5<'_> {
    /// An error about `place`.
    pub fn error(&self, place: &str, fault: Fault, message: impl Into<String>) -> FormatError {
        FormatError::new(self.path, place, fault, message)
    }

    /// The error for what the library can't read.
    pub fn damaged(&self, place: &str, error: &hdf5::Error) -> FormatError {
        if let Some(message) = filters::last_failure() {
            return self.error(place, Fault::MissingFilter, message);
        }
        let message =
            format!("can't be read, the file is probably damaged; copy it again from its source ({})", reason(error));
        self.error(place, Fault::Damaged, message)
    }

    fn kind(&self, place: &str) -> Option<LocationType> {
        if place.is_empty() || place == "/" {
            return Some(LocationType::Group);
        }
        self.file.loc_type_by_name(place).ok()
    }

    /// Whether there is a group at this path.
    pub fn is_group(&self, place: &str) -> bool {
        self.kind(place) == Some(LocationType::Group)
    }

    /// Whether there is a dataset at this path.
    pub fn is_dataset(&self, place: &str) -> bool {
        self.kind(place) == Some(LocationType::Dataset)
    }

    fn group(&self, place: &str) -> hdf5::Result<Group> {
        if place.is_empty() || place == "/" { self.file.as_group() } else { self.file.group(place) }
    }

    /// The names in a group, in alphabetical order; none if there is no such group.
    pub fn members(&self, place: &str) -> Vec<String> {
        let mut names = self.group(place).and_then(|group| group.member_names()).unwrap_or_default();
        names.sort();
        names
    }

    /// Whether a group holds something whose name is no UTF-8: it is among the members under another name, by which it is not found.
    pub fn has_unreadable_names(&self, place: &str) -> bool {
        // The binding puts this character in the place of bytes that are no text.
        self.members(place).iter().any(|name| name.contains(char::REPLACEMENT_CHARACTER))
    }

    /// The names in a group in the order in which they were put there, and whether it knows that: else they are in alphabetical order.
    pub fn members_as_made(&self, place: &str) -> (Vec<String>, bool) {
        let made = self
            .group(place)
            .and_then(|group| group.member_names_by(IndexType::CreationOrder, IterationOrder::Increasing));
        made.map_or_else(|_| (self.members(place), false), |made| (made, true))
    }

    /// The names in a group of links that lead nowhere: their file or what is in it is not there, or they go round in a circle.
    pub fn dangling(&self, place: &str) -> Vec<String> {
        self.members(place).into_iter().filter(|name| self.kind(&join(place, name)).is_none()).collect()
    }

    /// Whether what is absent at this path is no link that leads nowhere, nor behind one.
    pub fn expect_no_dangling(&self, place: &str) -> Result<(), FormatError> {
        let mut above = String::new();
        for name in place.split('/').filter(|name| !name.is_empty()) {
            let here = join(&above, name);
            if self.kind(&here).is_none() {
                let dangles = self.members(&above).iter().any(|member| member == name);
                return if dangles { Err(self.nowhere(&here)) } else { Ok(()) };
            }
            above = here;
        }
        Ok(())
    }

    /// The error for a link that leads nowhere, where what it stands for would be taken for absent.
    pub fn nowhere(&self, place: &str) -> FormatError {
        let message = "is a link that leads nowhere: the file or the object that it names is not there, or links go round in a circle; put \
                       the file back beside this one, or copy the data into it";
        self.error(place, Fault::Incomplete, message)
    }

    /// A dataset that the layout requires.
    pub fn dataset(&self, place: &str) -> Result<Dataset, FormatError> {
        match self.kind(place) {
            Some(LocationType::Dataset) => self.file.dataset(place).map_err(|e| self.damaged(place, &e)),
            Some(_) => Err(self.error(place, Fault::WrongType, "found a group, expected a dataset")),
            None => {
                let parent = place.rsplit_once('/').map_or("", |p| p.0);
                let there = list(&self.members(parent));
                let message = format!("there is no such dataset, but the format requires it; {parent}/ holds {there}");
                Err(self.error(place, Fault::Incomplete, message))
            }
        }
    }

    /// The shape of a dataset.
    pub fn shape(&self, place: &str) -> Result<Vec<usize>, FormatError> {
        Ok(self.dataset(place)?.shape())
    }

    /// All numbers of a dataset of integers, floats or booleans.
    pub fn numbers(&self, place: &str) -> Result<Numbers, FormatError> {
        self.numbers_of(place, &self.dataset(place)?)
    }

    /// All numbers of a dataset at hand; `place` is what messages call it.
    pub fn numbers_of(&self, place: &str, dataset: &Dataset) -> Result<Numbers, FormatError> {
        self.check(place, dataset, 8)?;
        self.expect(place, dataset, "numbers", is_number)?;
        let data = dataset.read_raw::<f64>().map_err(|e| self.damaged(place, &e))?;
        let mut shape = dataset.shape();
        // A dataset without a space has no extents, as one number has, but no number.
        if shape.is_empty() && data.is_empty() {
            shape.push(0);
        }
        Ok(Numbers { data, shape })
    }

    /// Whether a dataset at hand holds numbers that can be read.
    pub fn expect_numbers(&self, place: &str, dataset: &Dataset) -> Result<(), FormatError> {
        self.expect_filters(place, dataset)?;
        self.expect_possible_size(place, dataset, 8)?;
        self.expect(place, dataset, "numbers", is_number)
    }

    /// A one-dimensional dataset of numbers.
    pub fn list(&self, place: &str) -> Result<Vec<f64>, FormatError> {
        let numbers = self.numbers(place)?;
        self.expect_flat(place, &numbers.shape)?;
        Ok(numbers.data)
    }

    /// A one-dimensional dataset of integers of any width and sign.
    pub fn integers(&self, place: &str) -> Result<Vec<i64>, FormatError> {
        let dataset = self.dataset(place)?;
        self.check(place, &dataset, 8)?;
        self.expect(place, &dataset, "integers", is_integer)?;
        self.expect_flat(place, &dataset.shape())?;
        let values = dataset.read_raw::<i64>().map_err(|e| self.damaged(place, &e))?;
        self.expect_fitting(place, &dataset, (0, &values))?;
        Ok(values)
    }

    /// Whether integers that were read, from an entry on, are those of the file: of unsigned ones the library gives the largest that there is for all that are
    /// larger.
    fn expect_fitting(&self, place: &str, dataset: &Dataset, (from, read): (usize, &[i64])) -> Result<(), FormatError> {
        let Some(bad) = read.iter().position(|value| *value == i64::MAX) else { return Ok(()) };
        let kind = dataset.dtype().and_then(|t| t.to_descriptor());
        if !matches!(kind, Ok(TypeDescriptor::Unsigned(IntSize::U8))) {
            return Ok(());
        }
        let message = format!(
            "entry {} is 2^63 - 1 or more, expected smaller integers, which can be told apart; renumber them",
            from + bad
        );
        Err(self.error(place, Fault::TooLarge, message))
    }

    /// The text of a dataset that holds one string.
    pub fn text(&self, place: &str) -> Option<String> {
        if !self.is_dataset(place) {
            return None;
        }
        self.texts(place).ok()?.into_iter().next()
    }

    /// The strings of a dataset; none if it holds something else.
    pub fn texts(&self, place: &str) -> Result<Vec<String>, FormatError> {
        let dataset = self.dataset(place)?;
        self.check(place, &dataset, 16)?;
        Ok(all_texts(&dataset).unwrap_or_default())
    }

    /// An attribute as text.
    pub fn attr_text(&self, place: &str, name: &str) -> Option<String> {
        all_texts(&*self.attr(place, name)?)?.into_iter().next()
    }

    /// An attribute as a number.
    pub fn attr_number(&self, place: &str, name: &str) -> Option<f64> {
        let attr = self.attr(place, name)?;
        let kind = attr.dtype().and_then(|t| t.to_descriptor()).ok()?;
        if !is_number(&kind) || attr.size() == 0 {
            return None;
        }
        attr.read_raw::<f64>().ok()?.first().copied()
    }

    /// An attribute as a whole number, if its type is one.
    pub fn attr_integer(&self, place: &str, name: &str) -> Option<i64> {
        let attr = self.attr(place, name)?;
        let kind = attr.dtype().and_then(|t| t.to_descriptor()).ok()?;
        let whole = matches!(kind, TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_));
        if !whole || attr.size() == 0 {
            return None;
        }
        attr.read_raw::<i64>().ok()?.first().copied()
    }

    /// Names of the attributes of a group or dataset; none if it can't be opened.
    pub fn attr_names(&self, place: &str) -> Vec<String> {
        self.location(place).and_then(|location| location.attr_names().ok()).unwrap_or_default()
    }

    /// An attribute of an object at hand as text.
    pub fn attr_text_of(&self, object: &Location, name: &str) -> Option<String> {
        all_texts(&*object.attr(name).ok()?)?.into_iter().next()
    }

    fn attr(&self, place: &str, name: &str) -> Option<hdf5::Attribute> {
        self.location(place)?.attr(name).ok()
    }

    fn location(&self, place: &str) -> Option<Location> {
        Some(match self.kind(place)? {
            LocationType::Group if place.is_empty() || place == "/" => Location::clone(&*self.file.as_group().ok()?),
            LocationType::Group => Location::clone(&*self.file.group(place).ok()?),
            LocationType::Dataset => Location::clone(&*self.file.dataset(place).ok()?),
            _ => return None,
        })
    }

    /// Whether the dataset's filters are at hand and its size is possible; tells the filters how large a chunk is.
    fn check(&self, place: &str, dataset: &Dataset, element_bytes: u64) -> Result<(), FormatError> {
        self.expect_filters(place, dataset)?;
        self.expect_sane_size(place, dataset, element_bytes)?;
        filters::expect_chunks_of(slab::chunk_bytes(dataset));
        Ok(())
    }

    fn expect_filters(&self, place: &str, dataset: &Dataset) -> Result<(), FormatError> {
        for filter in dataset.filters() {
            let id = filter.id();
            if !Filter::get_info(id).decode_enabled {
                let message = format!(
                    "is compressed with the HDF5 filter {} (id {id}), which this program doesn't contain; rewrite the file \
                     with gzip, e.g. h5repack -f GZIP=4 IN OUT on a machine that has the filter",
                    strings::filter_name(id)
                );
                return Err(self.error(place, Fault::MissingFilter, message));
            }
        }
        Ok(())
    }

    /// Whether so much can be in the file, and in memory.
    fn expect_sane_size(&self, place: &str, dataset: &Dataset, element_bytes: u64) -> Result<(), FormatError> {
        let bytes = self.expect_possible_size(place, dataset, element_bytes)?;
        // Asks for the memory first: a refusal is an answer here, but would end the program in the library.
        let needed = usize::try_from(bytes).unwrap_or(usize::MAX);
        if Vec::<u8>::new().try_reserve_exact(needed).is_err() {
            let message = format!("needs {needed} bytes of memory, more than this machine gives; read a shorter file");
            return Err(self.error(place, Fault::TooLarge, message));
        }
        Ok(())
    }

    /// Whether so much can be in the file; how many bytes it is.
    fn expect_possible_size(&self, place: &str, dataset: &Dataset, element_bytes: u64) -> Result<u64, FormatError> {
        beside::expect_there(self, place, dataset)?;
        let shape = dataset.shape();
        let count = shape.iter().try_fold(1u64, |all, n| all.checked_mul(*n as u64));
        let bytes = count.and_then(|c| c.checked_mul(element_bytes));
        // As the file has them: flags of a byte are packed further than the doubles that they become.
        let element = dataset.dtype().map_or(element_bytes, |kind| kind.size() as u64);
        let unpacked = count.and_then(|c| c.checked_mul(element));
        let most = most_packed(&dataset.filters());
        let fits = |stored: u64, there: u64| {
            let possible = |unpacked: u64| unpacked <= stored.saturating_mul(most);
            stored <= there && (bytes.is_some_and(|b| b <= SMALL_BYTES) || unpacked.is_some_and(possible))
        };
        if fits(dataset.storage_size(), self.bytes) {
            return Ok(bytes.unwrap_or(u64::MAX));
        }
        let (stored, there) = beside::held(self, dataset);
        if !fits(stored, there) {
            let message = format!(
                "claims the shape {shape:?}, which can't be in {stored} stored bytes of a file of {there} bytes; the file is \
                 damaged or was never filled"
            );
            return Err(self.error(place, Fault::TooLarge, message));
        }
        Ok(bytes.unwrap_or(u64::MAX))
    }

    fn expect(
        &self,
        place: &str,
        found: &Container,
        expected: &str,
        fits: fn(&TypeDescriptor) -> bool,
    ) -> Result<(), FormatError> {
        match found.dtype().and_then(|t| t.to_descriptor()) {
            Ok(kind) if fits(&kind) => Ok(()),
            Ok(kind) => Err(self.error(place, Fault::WrongType, format!("found the type {kind}, expected {expected}"))),
            Err(_) => Err(self.error(place, Fault::WrongType, format!("found an unusual type, expected {expected}"))),
        }
    }

    fn expect_flat(&self, place: &str, shape: &[usize]) -> Result<(), FormatError> {
        if shape.len() == 1 {
            return Ok(());
        }
        Err(self.error(place, Fault::WrongType, format!("found the shape {shape:?}, expected one dimension")))
    }
}

/// How many bytes these filters may make one of.
fn most_packed(filters: &[Filter]) -> u64 {
    let packs = |filter: &&Filter| !matches!(filter, Filter::Shuffle | Filter::Fletcher32);
    match &filters.iter().filter(packs).collect::<Vec<_>>()[..] {
        [] | [Filter::Deflate(_)] => MOST_DEFLATED,
        _ => MOST_PACKED,
    }
}

/// What HDF5 says, without the names of its functions.
pub(crate) fn reason(error: &hdf5::Error) -> String {
    let text = error.to_string();
    text.rsplit_once("(): ").map_or(text.as_str(), |(_, reason)| reason).to_owned()
}

/// Names for a message; `nothing` if there are none.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    match names.len() {
        0 => "nothing".to_owned(),
        n if n > SHOWN => format!("{}, .. ({n} in all)", names[..SHOWN].join(", ")),
        _ => names.join(", "),
    }
}

fn all_texts(container: &Container) -> Option<Vec<String>> {
    let kind = container.dtype().and_then(|t| t.to_descriptor()).ok()?;
    if let Some(names) = strings::enum_names(&kind) {
        let values = container.read_raw::<i64>().ok()?;
        return Some(values.into_iter().map(|value| strings::name_of(&names, value)).collect());
    }
    strings::strings(container, &kind)
}

fn is_integer(kind: &TypeDescriptor) -> bool {
    matches!(kind, TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_))
}

fn is_number(kind: &TypeDescriptor) -> bool {
    is_integer(kind) || matches!(kind, TypeDescriptor::Float(_) | TypeDescriptor::Boolean)
}

/// Number of entries of a column.
pub(crate) fn rows(column: &Column) -> usize {
    column.len()
}
