//! What makes an HDF5 object a neurodata object: its type, the type's namespace, an id.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use hdf5::Location;

use crate::format::result::attributes::set_text;

/// Types of the namespace hdmf-common; all others that are written belong to core.
const COMMON: [&str; 5] = ["DynamicTable", "DynamicTableRegion", "ElementIdentifiers", "VectorData", "VectorIndex"];

/// Marks objects; their ids follow from the seed and their place.
pub(super) struct Marker {
    seed: u64,
}

impl Marker {
    /// For a file whose contents have this hash.
    pub fn new(seed: u64) -> Marker {
        Marker { seed }
    }

    /// Sets the attributes of an object at `place` in the file.
    pub fn mark(&self, object: &Location, place: &str, kind: &str) -> hdf5::Result<()> {
        set_text(object, "neurodata_type", kind)?;
        set_text(object, "namespace", if COMMON.contains(&kind) { "hdmf-common" } else { "core" })?;
        set_text(object, "object_id", &self.uuid(place))
    }

    /// The id of a place, in the form of a random UUID (RFC 9562, version 4).
    pub fn uuid(&self, place: &str) -> String {
        let half = |part: u8| {
            let mut hasher = DefaultHasher::new();
            (self.seed, place, part).hash(&mut hasher);
            hasher.finish()
        };
        let (a, b) = (half(0), half(1));
        let (a, b) = ((a & !0xF000) | 0x4000, (b & !(0b11 << 62)) | (0b10 << 62));
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xFFFF,
            a & 0xFFFF,
            b >> 48,
            b & 0xFFFF_FFFF_FFFF
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Marker;

    #[test]
    fn ids_have_the_form_of_version_4_and_differ_by_place_and_contents() {
        let id = Marker::new(1).uuid("/units");
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
        assert_ne!(id, Marker::new(2).uuid("/units"));
        assert_ne!(id, Marker::new(1).uuid("/units/id"));
    }
}
