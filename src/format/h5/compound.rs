//! Tables of compound rows, as PyTables writes them: one field is read at a time.
//!
//! The bindings take compound types that are known when the program is compiled; these are known
//! when the file is open, so the library is called directly.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};
use std::ops::Range;

use hdf5::{Dataset, Dataspace};
use hdf5_sys::h5d::{H5Dget_type, H5Dread};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5t::{
    H5T_C_S1, H5T_NATIVE_DOUBLE, H5T_class_t, H5T_str_t, H5Tarray_create2, H5Tclose, H5Tcopy, H5Tcreate,
    H5Tget_array_dims2, H5Tget_array_ndims, H5Tget_class, H5Tget_member_name, H5Tget_member_type, H5Tget_nmembers,
    H5Tget_size, H5Tget_super, H5Tinsert, H5Tis_variable_str, H5Tset_size, H5Tset_strpad,
};

use super::{H5, Numbers};
use crate::format::error::{Fault, FormatError};

/// No array type has more dimensions (`H5S_MAX_RANK`).
const MAX_RANK: usize = 32;
/// No table that is worth reading has more fields.
const MAX_FIELDS: i32 = 4096;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// Integers or floats.
    Number,
    /// A string of at most so many bytes.
    Text(usize),
    /// Something else.
    Other,
}

/// A field of a row.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub name: String,
    pub kind: FieldKind,
    /// Extents of an array within the row; empty for a single value.
    pub extents: Vec<u64>,
}

impl Field {
    /// Values per row.
    pub fn width(&self) -> usize {
        self.extents.iter().product::<u64>() as usize
    }
}

/// A datatype that is closed when it goes.
struct Type(hid_t);

impl Type {
    fn new(id: hid_t) -> Option<Type> {
        (id >= 0).then_some(Type(id))
    }
}

impl Drop for Type {
    fn drop(&mut self) {
        let _lock = hdf5_sys::LOCK.lock();
        // SAFETY: the id is a datatype's that this value alone owns.
        unsafe { H5Tclose(self.0) };
    }
}

impl H5<'_> {
    /// The fields of a table; none if the dataset is no table.
    pub fn fields(&self, place: &str) -> Option<Vec<Field>> {
        if !self.is_dataset(place) {
            return None;
        }
        fields(&self.dataset(place).ok()?)
    }

    /// A field of numbers, row by row.
    pub fn field_numbers(&self, place: &str, field: &Field) -> Result<Numbers, FormatError> {
        let rows = self.table_of(place, field, 0)?.size();
        let data = self.field_rows(place, field, 0..rows)?;
        Ok(Numbers { data, shape: vec![rows, field.width()] })
    }

    /// A field of numbers of some rows.
    pub fn field_rows(&self, place: &str, field: &Field, rows: Range<usize>) -> Result<Vec<f64>, FormatError> {
        let dataset = self.table_of(place, field, field.width() * 8)?;
        let spaces = Spaces::of(&dataset, &rows).ok_or_else(|| self.unread(place, field))?;
        let mut data = vec![0f64; rows.len() * field.width()];
        // Of the library, which is no place for two threads at once; whoever has it may take it again.
        let _lock = hdf5_sys::LOCK.lock();
        // SAFETY: the buffer holds as many items of the type of `width` doubles as rows are selected.
        let read = unsafe {
            let kind = Type::new(H5Tcopy(*H5T_NATIVE_DOUBLE)).and_then(|base| array_of(base, &field.extents));
            let size = field.width() * 8;
            kind.is_some_and(|kind| read_field(&dataset, &spaces, field, &kind, size, data.as_mut_ptr().cast()))
        };
        if read { Ok(data) } else { Err(self.unread(place, field)) }
    }

    /// A field of strings.
    pub fn field_texts(&self, place: &str, field: &Field) -> Result<Vec<String>, FormatError> {
        let FieldKind::Text(length) = field.kind else { return Err(self.unread(place, field)) };
        let dataset = self.table_of(place, field, length)?;
        let spaces = Spaces::of(&dataset, &(0..dataset.size())).ok_or_else(|| self.unread(place, field))?;
        let mut bytes = vec![0u8; dataset.size() * length];
        let _lock = hdf5_sys::LOCK.lock();
        // SAFETY: the buffer holds as many items of `length` bytes as the dataset has rows.
        let read = unsafe {
            let kind = Type::new(H5Tcopy(*H5T_C_S1)).filter(|kind| {
                H5Tset_size(kind.0, length) >= 0 && H5Tset_strpad(kind.0, H5T_str_t::H5T_STR_NULLPAD) >= 0
            });
            kind.is_some_and(|kind| read_field(&dataset, &spaces, field, &kind, length, bytes.as_mut_ptr().cast()))
        };
        if !read {
            return Err(self.unread(place, field));
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches(['\0', ' ']).to_owned();
        Ok(bytes.chunks_exact(length.max(1)).map(text).collect())
    }

    fn table_of(&self, place: &str, field: &Field, row_bytes: usize) -> Result<Dataset, FormatError> {
        let dataset = self.dataset(place)?;
        let same = |f: &Field| f.name == field.name && f.kind == field.kind && f.extents == field.extents;
        if dataset.ndim() != 1 || !fields(&dataset).is_some_and(|fields| fields.iter().any(same)) {
            return Err(self.unread(place, field));
        }
        self.check(place, &dataset, row_bytes.max(1) as u64)?;
        Ok(dataset)
    }

    fn unread(&self, place: &str, field: &Field) -> FormatError {
        let message = format!("the field {} can't be read, the file is probably damaged", field.name);
        self.error(place, Fault::Damaged, message)
    }
}

fn fields(dataset: &Dataset) -> Option<Vec<Field>> {
    let _lock = hdf5_sys::LOCK.lock();
    // SAFETY: ids are checked for errors; names are freed by the library that gave them.
    unsafe {
        let table = Type::new(H5Dget_type(dataset.id()))?;
        if H5Tget_class(table.0) != H5T_class_t::H5T_COMPOUND {
            return None;
        }
        let count = H5Tget_nmembers(table.0);
        if !(0..=MAX_FIELDS).contains(&count) {
            return None;
        }
        (0..count as u32)
            .map(|index| {
                let raw = H5Tget_member_name(table.0, index);
                if raw.is_null() {
                    return None;
                }
                let name = CStr::from_ptr(raw).to_string_lossy().into_owned();
                hdf5_sys::h5::H5free_memory(raw.cast());
                let member = Type::new(H5Tget_member_type(table.0, index))?;
                let (kind, extents) = describe(&member);
                Some(Field { name, kind, extents })
            })
            .collect()
    }
}

/// What a member's type holds, and its extents.
unsafe fn describe(member: &Type) -> (FieldKind, Vec<u64>) {
    // SAFETY: the type is open; the extents have the room that the rank asks for.
    unsafe {
        match H5Tget_class(member.0) {
            H5T_class_t::H5T_INTEGER | H5T_class_t::H5T_FLOAT => (FieldKind::Number, Vec::new()),
            H5T_class_t::H5T_STRING if H5Tis_variable_str(member.0) == 0 => {
                (FieldKind::Text(H5Tget_size(member.0)), Vec::new())
            }
            H5T_class_t::H5T_ARRAY => {
                let rank = H5Tget_array_ndims(member.0);
                let mut extents = [0u64; MAX_RANK];
                if !(1..=MAX_RANK as i32).contains(&rank) || H5Tget_array_dims2(member.0, extents.as_mut_ptr()) < 0 {
                    return (FieldKind::Other, Vec::new());
                }
                let extents = extents[..rank as usize].to_vec();
                let base = Type::new(H5Tget_super(member.0)).map(|base| describe(&base).0);
                let small = extents.iter().try_fold(1u64, |all, n| all.checked_mul(*n)).is_some_and(|n| n < 1 << 24);
                match base {
                    Some(FieldKind::Number) if small => (FieldKind::Number, extents),
                    _ => (FieldKind::Other, Vec::new()),
                }
            }
            _ => (FieldKind::Other, Vec::new()),
        }
    }
}

unsafe fn array_of(base: Type, extents: &[u64]) -> Option<Type> {
    if extents.is_empty() {
        return Some(base);
    }
    let _lock = hdf5_sys::LOCK.lock();
    // SAFETY: `extents` has as many entries as are said.
    Type::new(unsafe { H5Tarray_create2(base.0, extents.len() as u32, extents.as_ptr()) })
}

/// Which rows of a file go to which of the memory.
struct Spaces {
    file: Dataspace,
    memory: Dataspace,
}

impl Spaces {
    /// A range of rows, all of which there must be.
    fn of(dataset: &Dataset, rows: &Range<usize>) -> Option<Spaces> {
        if rows.end > dataset.size() {
            return None;
        }
        let file = dataset.space().and_then(|space| space.select(rows.clone())).ok()?;
        Some(Spaces { file, memory: Dataspace::try_new(rows.len()).ok()? })
    }
}

/// Reads one field of the rows that are selected into `buffer`, which has room for `size` bytes per row.
unsafe fn read_field(
    dataset: &Dataset,
    spaces: &Spaces,
    field: &Field,
    kind: &Type,
    size: usize,
    buffer: *mut c_void,
) -> bool {
    let Ok(name) = CString::new(field.name.as_str()) else { return false };
    let _lock = hdf5_sys::LOCK.lock();
    // SAFETY: the memory type is a row of just this field, of the size that the caller's buffer has per row.
    unsafe {
        let Some(row) = Type::new(H5Tcreate(H5T_class_t::H5T_COMPOUND, size.max(1))) else { return false };
        H5Tget_size(kind.0) == size
            && H5Tinsert(row.0, name.as_ptr(), 0, kind.0) >= 0
            && H5Dread(dataset.id(), row.0, spaces.memory.id(), spaces.file.id(), H5P_DEFAULT, buffer) >= 0
    }
}
