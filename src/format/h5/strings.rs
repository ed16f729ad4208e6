//! Strings, enumerations and filter names of HDF5 files.

use hdf5::Container;
use hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};

/// The strings of a dataset or attribute, whichever of HDF5's four string types it has; nothing if it has none.
///
/// Bytes that are not UTF-8 become replacement characters: `VarLenUnicode` itself would take them on trust.
pub(crate) fn strings(container: &Container, kind: &TypeDescriptor) -> Option<Vec<String>> {
    fn lossy<S>(texts: Vec<S>, bytes: impl Fn(&S) -> &[u8]) -> Vec<String> {
        texts.iter().map(|t| String::from_utf8_lossy(bytes(t)).into_owned()).collect()
    }
    macro_rules! fixed {
        ($kind:ident, $length:expr, $($size:literal),*) => {
            match $length {
                $(n if n <= $size => Some(lossy(container.read_raw::<$kind<$size>>().ok()?, |t| t.as_bytes())),)*
                _ => None,
            }
        };
    }
    match kind {
        TypeDescriptor::VarLenUnicode => {
            Some(lossy(container.read_raw::<VarLenUnicode>().ok()?, VarLenUnicode::as_bytes))
        }
        TypeDescriptor::VarLenAscii => Some(lossy(container.read_raw::<VarLenAscii>().ok()?, VarLenAscii::as_bytes)),
        TypeDescriptor::FixedAscii(n) => fixed!(FixedAscii, *n, 16, 64, 256, 1024, 8192),
        TypeDescriptor::FixedUnicode(n) => fixed!(FixedUnicode, *n, 16, 64, 256, 1024, 8192),
        _ => None,
    }
}

/// The names of an enumeration's values; `false` and `true` for a boolean.
pub(crate) fn enum_names(kind: &TypeDescriptor) -> Option<Vec<(i64, String)>> {
    match kind {
        TypeDescriptor::Boolean => Some(vec![(0, "false".to_owned()), (1, "true".to_owned())]),
        TypeDescriptor::Enum(kind) => {
            Some(kind.members.iter().map(|member| (member.value as i64, member.name.clone())).collect())
        }
        _ => None,
    }
}

/// The name of one value, or the value itself where it has none.
pub(crate) fn name_of(names: &[(i64, String)], value: i64) -> String {
    names.iter().find(|(v, _)| *v == value).map_or_else(|| value.to_string(), |(_, name)| name.clone())
}

/// What a filter is called, from the registry of filters that the HDF Group keeps.
pub(crate) fn filter_name(id: i32) -> &'static str {
    match id {
        1 => "deflate (gzip)",
        2 => "shuffle",
        3 => "fletcher32",
        4 => "szip",
        5 => "nbit",
        6 => "scaleoffset",
        305 => "lzo",
        307 => "bzip2",
        32000 => "lzf",
        32001 => "blosc",
        32002 => "mafisc",
        32003 => "snappy",
        32004 => "lz4",
        32008 => "bitshuffle",
        32010 => "spdp",
        32012 => "fpzip",
        32013 => "zfp",
        32015 => "zstd",
        32016 => "b3d",
        32017 => "sz",
        32018 => "fcidecomp",
        32020 => "vbz",
        32023 => "sz3",
        32026 => "blosc2",
        _ => "of an unknown name",
    }
}
