//! FlatBuffers (<https://flatbuffers.dev/internals>), read with every offset checked.

/// A buffer.
#[derive(Clone, Copy)]
pub(super) struct Flat<'a>(pub &'a [u8]);

/// A table: where it lies, and where its fields are listed.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    buffer: Flat<'a>,
    at: usize,
    list: usize,
    listed: usize,
}

impl<'a> Flat<'a> {
    fn bytes<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    fn offset(self, at: usize) -> Option<usize> {
        at.checked_add(u32::from_le_bytes(self.bytes(at)?) as usize)
    }

    /// The root table.
    pub fn root(self) -> Option<Table<'a>> {
        self.table(self.offset(0)?)
    }

    fn table(self, at: usize) -> Option<Table<'a>> {
        let list = at.checked_add_signed(-(i32::from_le_bytes(self.bytes(at)?) as isize))?;
        let listed = usize::from(u16::from_le_bytes(self.bytes(list)?));
        Some(Table { buffer: self, at, list, listed })
    }
}

impl<'a> Table<'a> {
    /// Where a field lies; nothing if it is left out.
    fn field(self, index: usize) -> Option<usize> {
        let entry = 4 + 2 * index;
        if entry + 2 > self.listed {
            return None;
        }
        match u16::from_le_bytes(self.buffer.bytes(self.list + entry)?) {
            0 => None,
            offset => self.at.checked_add(usize::from(offset)),
        }
    }

    pub fn i8(self, index: usize) -> Option<i8> {
        self.field(index).and_then(|at| self.buffer.bytes(at)).map(i8::from_le_bytes)
    }

    pub fn i32(self, index: usize) -> Option<i32> {
        self.field(index).and_then(|at| self.buffer.bytes(at)).map(i32::from_le_bytes)
    }

    pub fn i64(self, index: usize) -> Option<i64> {
        self.field(index).and_then(|at| self.buffer.bytes(at)).map(i64::from_le_bytes)
    }

    pub fn f32(self, index: usize) -> Option<f32> {
        self.field(index).and_then(|at| self.buffer.bytes(at)).map(f32::from_le_bytes)
    }

    /// Number of items of a vector, and where they begin.
    fn vector(self, index: usize) -> Option<(usize, usize)> {
        let at = self.buffer.offset(self.field(index)?)?;
        Some((u32::from_le_bytes(self.buffer.bytes(at)?) as usize, at + 4))
    }

    /// The bytes of a vector whose items have this length.
    pub fn items(self, index: usize, length: usize) -> Option<&'a [u8]> {
        let (count, at) = self.vector(index)?;
        self.buffer.0.get(at..at.checked_add(count.checked_mul(length)?)?)
    }

    /// The tables of a vector of them; nothing if one can't be.
    pub fn tables(self, index: usize) -> Option<Vec<Table<'a>>> {
        let (count, at) = self.vector(index)?;
        // Every item takes an offset, so that a count beyond the buffer ends at once.
        let end = at.checked_add(count.checked_mul(4)?)?;
        self.buffer.0.get(at..end)?;
        (0..count).map(|i| self.buffer.table(self.buffer.offset(at + 4 * i)?)).collect()
    }

    pub fn text(self, index: usize) -> Option<String> {
        self.items(index, 1).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}
