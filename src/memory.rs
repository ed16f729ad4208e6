//! Hints to processor and kernel about memory. They change speed alone; where there is no such hint, nothing happens.
#![allow(unsafe_code)]

mod aligned;

pub use aligned::Aligned;

/// Length of a cache line \[bytes\]; on processors with longer ones some hints are idle.
const LINE: usize = 64;

/// Below this a column gains nothing from huge pages \[bytes\].
const HUGE: usize = 4 << 20;

/// Begins to fetch `slice[from..from + count]` into the cache: all lines that the first 512 bytes of it touch, from where the
/// processor sees the pattern by itself. What lies outside of the slice is left out.
#[inline(always)]
pub fn prefetch<T>(slice: &[T], from: usize, count: usize) {
    fetch::<T, true>(slice, from, count);
}

/// Likewise into the second cache only: what is fetched long before its turn neither drives other things out of the first nor
/// takes the places in which that keeps what it waits for.
#[inline(always)]
pub fn prefetch_second<T>(slice: &[T], from: usize, count: usize) {
    fetch::<T, false>(slice, from, count);
}

/// Begins to fetch the line in which an item of the slice begins; of one that lies outside, what is there, which nobody will see.
#[inline(always)]
pub fn prefetch_line<T>(slice: &[T], at: usize) {
    fetch_line::<true>(slice.as_ptr().wrapping_add(at).cast());
}

#[inline(always)]
fn fetch<T, const FIRST: bool>(slice: &[T], from: usize, count: usize) {
    let Some(span) = slice.get(from..slice.len().min(from.saturating_add(count))) else { return };
    let start = span.as_ptr().cast::<i8>();
    // From the border of a line: else the last line would be left out where the span ends earlier in it than it began in its first.
    let before = start.addr() % LINE;
    let (start, bytes) = (start.wrapping_sub(before), before + size_of_val(span).min(8 * LINE));
    for offset in (0..bytes).step_by(LINE) {
        fetch_line::<FIRST>(start.wrapping_add(offset));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn fetch_line<const FIRST: bool>(at: *const i8) {
    use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
    // SAFETY: a prefetch reads nothing that the program sees and cannot fault, whatever the address; SSE is part of x86-64.
    unsafe { if FIRST { _mm_prefetch::<_MM_HINT_T0>(at) } else { _mm_prefetch::<_MM_HINT_T1>(at) } }
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn fetch_line<const FIRST: bool>(at: *const i8) {
    // SAFETY: a prefetch reads nothing that the program sees and cannot fault, whatever the address.
    unsafe {
        if FIRST {
            std::arch::asm!("prfm pldl1keep, [{0}]", in(reg) at, options(nostack, readonly, preserves_flags));
        } else {
            std::arch::asm!("prfm pldl2keep, [{0}]", in(reg) at, options(nostack, readonly, preserves_flags));
        }
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
fn fetch_line<const FIRST: bool>(_: *const i8) {}

/// An empty column with room for `capacity` items, on huge pages if it is long and the system has them: rows that are
/// read at random then miss the page table's cache less often. Room that is never used takes no memory.
pub fn column<T>(capacity: usize) -> Vec<T> {
    let column = Vec::with_capacity(capacity);
    advise_huge(&column);
    column
}

/// Brings a long column that is complete onto huge pages where it is not: one that outgrew its room was moved, page by page.
/// Linux 6.1 and later do so at once, earlier ones in the background.
pub fn settle<T>(column: &Vec<T>) {
    advise_huge(column);
    advise(column.as_ptr(), column.len(), COLLAPSE);
}

fn advise_huge<T>(column: &Vec<T>) {
    advise(column.as_ptr(), column.capacity(), HUGE_PAGES);
}

#[cfg(target_os = "linux")]
const HUGE_PAGES: i32 = libc::MADV_HUGEPAGE;
/// `MADV_COLLAPSE` of linux/mman.h.
#[cfg(target_os = "linux")]
const COLLAPSE: i32 = 25;

/// Advises the system about the first `count` items of a column's room, which begins at `column`.
#[cfg(target_os = "linux")]
fn advise<T>(column: *const T, count: usize, advice: i32) {
    let bytes = count * size_of::<T>();
    if bytes < HUGE {
        return;
    }
    // Whole pages only, and only those of the column.
    let page = 1 << 12;
    let start = (column as usize).next_multiple_of(page);
    let length = (column as usize + bytes - start) / page * page;
    // SAFETY: the span lies within the vector's own allocation, and the advice changes no content. A refusal is no harm.
    unsafe { libc::madvise(start as *mut libc::c_void, length, advice) };
}

#[cfg(not(target_os = "linux"))]
const HUGE_PAGES: i32 = 0;
#[cfg(not(target_os = "linux"))]
const COLLAPSE: i32 = 0;

#[cfg(not(target_os = "linux"))]
fn advise<T>(_: *const T, _: usize, _: i32) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_take_any_span_and_change_nothing() {
        let mut big: Vec<u32> = column(3 << 20);
        big.extend(0..2_000_000);
        for (from, count) in [(0, 1), (1_999_999, 5), (2_000_000, 1), (usize::MAX, 3), (7, usize::MAX), (5, 0)] {
            prefetch(&big, from, count);
        }
        prefetch(&[0u8; 0], 0, 1);
        assert!(big.capacity() >= 3 << 20 && big.iter().enumerate().all(|(i, &x)| i as u32 == x));
        settle(&big);
        assert!(big.iter().enumerate().all(|(i, &x)| i as u32 == x));
        assert!(column::<u8>(0).is_empty());
    }
}
