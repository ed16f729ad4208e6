//! Notices what a panic handler can't: hangs and huge allocations.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// All inputs are small: what one of them may hold at once \[bytes\]. Beyond it there is no memory: a reader may say so, or the run aborts.
const MOST: usize = 512 << 20;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's allocator, but for a refusal, which is an answer that allocators may give.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if LIVE.fetch_add(layout.size(), Ordering::Relaxed).saturating_add(layout.size()) > MOST {
            LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
            return std::ptr::null_mut();
        }
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(place, layout) }
    }
}

static SAID: Mutex<String> = Mutex::new(String::new());
static NOW: Mutex<(&str, u64)> = Mutex::new(("", 0));
static BUSY: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
/// An input that takes longer is a hang \[s\].
static LONGEST: AtomicU64 = AtomicU64::new(30);

/// Keeps what a panic said.
pub fn remember(what: &str) {
    if let Ok(mut said) = SAID.lock() {
        *said = what.replace('\n', " ");
    }
}

/// What was kept last.
pub fn remembered() -> String {
    SAID.lock().map(|mut said| std::mem::take(&mut *said)).unwrap_or_default()
}

/// An input is tried from now on, which may take so long \[s\].
pub fn begin(target: &'static str, number: u64, longest: u64) {
    LONGEST.store(longest, Ordering::Relaxed);
    if let Ok(mut now) = NOW.lock() {
        *now = (target, number);
    }
    COUNT.fetch_add(1, Ordering::Relaxed);
    BUSY.store(true, Ordering::Relaxed);
}

/// It has been.
pub fn end() {
    BUSY.store(false, Ordering::Relaxed);
}

/// Ends the run if an input takes too long.
pub fn watch() {
    std::thread::spawn(|| {
        let mut last = (0, 0);
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let count = COUNT.load(Ordering::Relaxed);
            last = if BUSY.load(Ordering::Relaxed) && last.0 == count { (count, last.1 + 1) } else { (count, 0) };
            let longest = LONGEST.load(Ordering::Relaxed);
            if last.1 > longest {
                let now = NOW.lock().map(|now| *now).unwrap_or(("?", 0));
                println!("FINDING {} {}: takes longer than {longest} s", now.0, now.1);
                std::process::abort();
            }
        }
    });
}
