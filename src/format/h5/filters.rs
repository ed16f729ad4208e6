//! Compression filters that HDF5 itself doesn't have, registered with it: lz4, zstd, bitshuffle, blosc.
//!
//! Only the decoders, which are safe code (`format::codec`). HDF5 doesn't tell a filter how large a
//! chunk is to become, so the reader leaves that here before it reads; nothing larger is made.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::ffi::{c_uint, c_void};
use std::sync::Once;

use hdf5_sys::h5::{H5allocate_memory, H5free_memory};
use hdf5_sys::h5z::{H5Z_CLASS_T_VERS, H5Z_FLAG_REVERSE, H5Z_class2_t, H5Zregister};

use crate::format::codec::{self, Decoder};

thread_local! {
    /// Bytes of a chunk of the dataset that is being read; 0 if unknown.
    static CHUNK: Cell<usize> = const { Cell::new(0) };
    /// Why the last decoding failed, where that is worth saying.
    static FAILURE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What a chunk of unknown size may become.
const MOST: usize = 256 << 20;
/// A checksum that follows the data within a chunk.
const CHECKSUM: usize = 4;

/// Tells the decoders how many bytes a chunk has.
pub(super) fn expect_chunks_of(bytes: usize) {
    CHUNK.set(bytes);
    FAILURE.take();
}

/// What the last failed decoder had to say.
pub(super) fn last_failure() -> Option<String> {
    FAILURE.take()
}

/// Registers the filters; more than once does nothing.
pub(in crate::format) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The filters of the bindings (lzf) come first: they are registered with the library's start.
        let _lock = hdf5_sys::LOCK.lock();
        for (id, name, filter) in [
            (32001, c"blosc", blosc as Filter),
            (32004, c"lz4", lz4 as Filter),
            (32008, c"bitshuffle", bitshuffle as Filter),
            (32015, c"zstd", zstd as Filter),
        ] {
            let class = H5Z_class2_t {
                version: H5Z_CLASS_T_VERS as _,
                id,
                encoder_present: 0,
                decoder_present: 1,
                name: name.as_ptr(),
                can_apply: None,
                set_local: None,
                filter: Some(filter),
            };
            // SAFETY: the library copies the class; its name and function live for ever.
            unsafe { H5Zregister(std::ptr::from_ref(&class).cast()) };
        }
    });
}

type Filter = unsafe extern "C" fn(c_uint, usize, *const c_uint, usize, *mut usize, *mut *mut c_void) -> usize;

macro_rules! filter {
    ($name:ident) => {
        unsafe extern "C" fn $name(
            flags: c_uint,
            count: usize,
            values: *const c_uint,
            bytes: usize,
            size: *mut usize,
            buffer: *mut *mut c_void,
        ) -> usize {
            // SAFETY: the arguments are passed on as they came.
            unsafe { decode(codec::$name, flags, (count, values), bytes, size, buffer) }
        }
    };
}
filter!(blosc);
filter!(lz4);
filter!(bitshuffle);
filter!(zstd);

/// Replaces the chunk in `buffer` by what it decodes to; 0 if it can't be.
unsafe fn decode(
    decoder: Decoder,
    flags: c_uint,
    (count, values): (usize, *const c_uint),
    bytes: usize,
    size: *mut usize,
    buffer: *mut *mut c_void,
) -> usize {
    if flags & H5Z_FLAG_REVERSE == 0 {
        return 0;
    }
    let chunk = CHUNK.get();
    let limit = if chunk == 0 { MOST } else { chunk.saturating_add(CHECKSUM) };
    // SAFETY: the library gives `count` values and `bytes` bytes; null stands for none.
    let (parameters, input) = unsafe {
        let parameters = if values.is_null() { &[] } else { std::slice::from_raw_parts(values, count) };
        let input = if (*buffer).is_null() { &[] } else { std::slice::from_raw_parts((*buffer).cast::<u8>(), bytes) };
        (parameters, input)
    };
    let decoded = std::panic::catch_unwind(|| decoder(input, parameters, limit));
    // Fewer bytes than a chunk has would leave the rest of it undefined.
    let output = match decoded {
        Ok(Ok(output)) if !output.is_empty() && output.len() >= chunk => output,
        Ok(Err(codec::Fault::Unsupported(message))) => {
            FAILURE.set(Some(message));
            return 0;
        }
        _ => return 0,
    };
    // SAFETY: the new buffer has the length of the output; the old one is the library's, and goes.
    unsafe {
        let new = H5allocate_memory(output.len(), Default::default());
        if new.is_null() {
            return 0;
        }
        std::ptr::copy_nonoverlapping(output.as_ptr(), new.cast::<u8>(), output.len());
        H5free_memory(*buffer);
        *buffer = new;
        *size = output.len();
    }
    output.len()
}
