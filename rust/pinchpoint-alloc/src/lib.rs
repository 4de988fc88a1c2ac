//! Memory for large arrays, in huge pages where they come fast, and what was freed last is kept for
//! the next array; and for small blocks.
//!
//! A solve touches each of its arrays a few times only, so that the first touch of fresh 4 KiB
//! pages would cost as much as the solve itself. NumPy asks for huge pages for the same reason.
//! Blocks below [`LARGE`] are those of mimalloc. Where the system is not Linux, all are its own.
//!
//! At most [`KEPT`] bytes are kept, and of those beyond [`FIRM`] the system may take back whole huge
//! pages when it needs them. Another thread is waited for only so long, so that a fork while it holds
//! the lock does no harm.

#![cfg(target_os = "linux")]

mod extents;
mod small;

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use std::{hint, ptr};

use extents::{Extent, Extents};

/// From here on a block is whole pages.
const LARGE: usize = 128 << 10;
/// Blocks are multiples of this, which is whole pages: other processors have larger ones.
const UNIT: usize = if cfg!(target_arch = "x86_64") {
    ALIGN
} else {
    64 << 10
};
/// No page is smaller, so that blocks are aligned to this.
const ALIGN: usize = 4096;
/// Memory comes from the system in whole huge pages.
const HUGE: usize = 2 << 20;
/// Bytes kept at most, and how many of them firmly.
const KEPT: usize = 1 << 30;
const FIRM: usize = 64 << 20;

/// So little is not returned for being in pieces.
const FEW: usize = 3 << 20;

/// Ranges that are tried to be made longer.
const TRIES: usize = 8;
/// Tries to get at what is free, some hundred times as long as anybody holds it.
const SPINS: usize = 1 << 12;

/// A huge page that takes so long is slow.
const SLOW: Duration = Duration::from_millis(2);

/// A huge page was slow.
static SMALL_PAGES: AtomicBool = AtomicBool::new(false);
static FREE: Mutex<Extents> = Mutex::new(Extents::new());

/// The allocator.
#[derive(Debug)]
pub struct LargeBlocks;

/// The bytes a block of `layout` takes here; `None` if it is small.
fn whole(layout: Layout) -> Option<usize> {
    let here = layout.size() >= LARGE && layout.align() <= ALIGN;
    here.then(|| layout.size().next_multiple_of(UNIT))
}

// SAFETY: a layout alone decides whether its block is small, so that each block returns where it
// came from. Small blocks are aligned as `small` is asked. Blocks made here are page-aligned, as
// long as asked, and apart: `FREE` holds each address once (see `Extents`) and none in use.
unsafe impl GlobalAlloc for LargeBlocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match whole(layout) {
            Some(len) => recycled(len).unwrap_or_else(|| map(len)),
            // SAFETY: the caller promises what is promised there.
            None => unsafe { small::alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match whole(layout) {
            Some(len) => match recycled(len) {
                Some(block) => {
                    // SAFETY: the block is `len` bytes, which is at least the size.
                    unsafe { block.write_bytes(0, layout.size()) };
                    block
                }
                None => map(len),
            },
            // SAFETY: the caller promises what is promised there.
            None => unsafe { small::alloc_zeroed(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match whole(layout) {
            Some(len) => keep(Extent {
                begin: block as usize,
                len,
            }),
            // SAFETY: the caller got `block` for `layout`, which is why it is from there.
            None => unsafe { small::dealloc(block) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `size` fits a layout of this alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if let (None, None) = (whole(layout), whole(new)) {
            // SAFETY: the caller promises what is promised there.
            return unsafe { small::realloc(block, new) };
        }
        if whole(layout) == whole(new) {
            return block;
        }
        // SAFETY: the new block is apart from the old one, and both hold what is copied.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

/// What is free, unless another thread holds it for longer than it should take.
fn lock() -> Option<MutexGuard<'static, Extents>> {
    (0..SPINS).find_map(|_| {
        let free = FREE.try_lock().ok();
        if free.is_none() {
            hint::spin_loop();
        }
        free
    })
}

/// A block of memory that was freed before; what it holds is left over.
///
/// If none is long enough, a long one is made longer: what comes in pieces grows together, and the same
/// blocks fit the next time. Where that can't be, about as much is returned to the system as will
/// be mapped instead.
fn recycled(len: usize) -> Option<*mut u8> {
    let fitting = lock()?.take(len);
    if let Some(begin) = fitting.or_else(|| lengthened(len)) {
        return Some(ptr::with_exposed_provenance_mut(begin));
    }
    let mut more = len;
    while let Some(extent) = surplus(FEW, more) {
        unmap(extent);
        more -= extent.len.min(more);
    }
    None
}

/// A block of `len` bytes from one of the longest ranges, all of which are shorter, and memory mapped
/// after it or before it.
fn lengthened(len: usize) -> Option<usize> {
    let mut tried = [None; TRIES];
    let mut made = None;
    for place in &mut tried {
        let Some(extent) = lock().and_then(|mut free| free.take_longest(len)) else {
            break;
        };
        made = lengthen(extent, len);
        if made.is_some() {
            break;
        }
        *place = Some(extent);
    }
    tried.into_iter().flatten().for_each(keep);
    let Extent { begin, len: whole } = made?;
    if whole > len {
        keep(Extent {
            begin: begin + len,
            len: whole - len,
        });
    }
    Some(begin)
}

/// At least `len` bytes that a shorter range is part of, and half as much again: else the next call
/// would lack a little elsewhere, and so on for several calls. Of that only what is touched costs memory,
/// in whole pages.
fn lengthen(extent: Extent, len: usize) -> Option<Extent> {
    let more = (len - extent.len + len / 2).checked_next_multiple_of(HUGE)?;
    let places = [
        Some(extent.begin + extent.len),
        extent.begin.checked_sub(more),
    ];
    let begin = places
        .into_iter()
        .flatten()
        .find(|begin| map_at(*begin, more))?;
    Some(Extent {
        begin: begin.min(extent.begin),
        len: extent.len + more,
    })
}

/// Maps zeroed memory at an address, if nothing is there.
fn map_at(begin: usize, len: usize) -> bool {
    let wanted = ptr::with_exposed_provenance_mut(begin);
    match fresh(wanted, len, libc::MAP_FIXED_NOREPLACE) {
        Some(block) if block == wanted => {
            // SAFETY: the mapping is new.
            unsafe { advise(block, len) };
            block.expose_provenance();
            true
        }
        // Linux before 4.17 takes the address for a hint.
        Some(block) => {
            // SAFETY: the mapping is new, and nobody knows of it.
            unsafe { libc::munmap(block, len) };
            false
        }
        None => false,
    }
}

/// A new mapping of zeroed memory, at an address if `more` flags say so.
fn fresh(wanted: *mut libc::c_void, len: usize, more: libc::c_int) -> Option<*mut libc::c_void> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | more;
    // SAFETY: a new anonymous mapping replaces nothing, by none of the flags used here.
    let block = unsafe { libc::mmap(wanted, len, protection, flags, -1, 0) };
    (block != libc::MAP_FAILED).then_some(block)
}

/// At most `most` bytes to return to the system, if more than `limit` are kept.
fn surplus(limit: usize, most: usize) -> Option<Extent> {
    let mut free = lock()?;
    let beyond = free.total().checked_sub(limit)?.next_multiple_of(HUGE);
    free.take_longest(most.min(beyond))
}

/// Zeroed memory from the system; what is left of the last huge page is kept.
fn map(len: usize) -> *mut u8 {
    let Some(mapped) = len.checked_next_multiple_of(HUGE) else {
        return ptr::null_mut();
    };
    let Some(block) = fresh(ptr::null_mut(), mapped, 0) else {
        return ptr::null_mut();
    };
    // SAFETY: the mapping is new.
    unsafe { advise(block, mapped) };
    let begin = block.expose_provenance();
    if mapped > len {
        keep(Extent {
            begin: begin + len,
            len: mapped - len,
        });
    }
    block.cast()
}

/// Asks for huge pages for a new mapping of whole ones, as long as they come fast.
///
/// The host of a virtual machine may have to find memory that nobody used lately: a huge page then
/// takes [`SLOW`] or more, while the system has small pages at hand that others used before. The
/// first page tells.
///
/// # Safety
///
/// The mapping is there, and nobody uses it yet.
unsafe fn advise(block: *mut libc::c_void, len: usize) {
    let mut rest = 0;
    // SAFETY: the pages are those of the mapping; advice changes no contents.
    unsafe {
        if !SMALL_PAGES.load(Ordering::Relaxed) {
            libc::madvise(block, len, libc::MADV_HUGEPAGE);
            let begin = Instant::now();
            libc::madvise(block, HUGE, libc::MADV_POPULATE_WRITE);
            if begin.elapsed() < SLOW {
                return;
            }
            SMALL_PAGES.store(true, Ordering::Relaxed);
            rest = HUGE;
        }
        libc::madvise(block.byte_add(rest), len - rest, libc::MADV_NOHUGEPAGE);
    }
}

/// Keeps memory for later, lends the system what is much, and returns to it what is too much.
fn keep(extent: Extent) {
    if lock().is_some_and(|free| free.total() + extent.len > FIRM) {
        lend(extent);
    }
    let kept = lock().is_some_and(|mut free| free.give(extent));
    if !kept {
        return unmap(extent);
    }
    while let Some(extent) = surplus(KEPT, usize::MAX) {
        unmap(extent);
    }
}

/// Lets the system take back whole huge pages whenever it needs them; they are zero from then on.
fn lend(extent: Extent) {
    let begin = extent.begin.next_multiple_of(HUGE);
    let len = (extent.begin + extent.len).saturating_sub(begin) / HUGE * HUGE;
    if len == 0 {
        return;
    }
    // SAFETY: nobody needs what these pages hold; they were mapped by `map`.
    unsafe {
        libc::madvise(
            ptr::with_exposed_provenance_mut(begin),
            len,
            libc::MADV_FREE,
        )
    };
}

fn unmap(extent: Extent) {
    // SAFETY: nobody knows of these pages any more; they were mapped by `map`.
    unsafe { libc::munmap(ptr::with_exposed_provenance_mut(extent.begin), extent.len) };
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[global_allocator]
    static ALLOCATOR: LargeBlocks = LargeBlocks;

    #[test]
    fn blocks_keep_what_they_hold() {
        let work = |seed: usize| {
            let mut held: Vec<(Vec<u32>, u32)> = Vec::new();
            for turn in 0..2000u32 {
                let len = 1 << (10 + (seed + turn as usize * 7) % 12);
                if turn % 5 < 3 {
                    let mut zeroed = vec![0u32; len];
                    assert!(zeroed.iter().all(|word| *word == 0), "fresh memory is zero");
                    zeroed.fill(turn);
                    held.push((zeroed, turn));
                }
                if turn % 3 == 0
                    && let Some((grown, mark)) = held.last_mut()
                {
                    grown.resize(grown.len() + len / 3, *mark);
                }
                if turn % 4 == 1
                    && let Some((shrunk, _)) = held.first_mut()
                {
                    shrunk.truncate(shrunk.len() / 2);
                    shrunk.shrink_to_fit();
                }
                if held.len() > 12 {
                    let (words, mark) = held.swap_remove((turn as usize * 31) % 12);
                    assert!(
                        words.iter().all(|word| *word == mark),
                        "nobody else wrote here"
                    );
                }
            }
        };
        thread::scope(|scope| {
            for seed in 0..4 {
                scope.spawn(move || work(seed));
            }
        });
        assert!(FREE.lock().is_ok_and(|free| free.total() <= KEPT));
    }

    #[test]
    fn blocks_are_aligned_as_asked() {
        for align in (0..14).map(|power| 1 << power) {
            for size in [1, 3, 8, 24, 40, 100, 1000, LARGE - 1, LARGE, 3 * LARGE] {
                let layout = Layout::from_size_align(size, align).unwrap();
                let grown = Layout::from_size_align(size * 2 + 1, align).unwrap();
                // Several at once: the first of a page is aligned to more than it has to be.
                // SAFETY: no size is zero, and each block is used within what it was asked for.
                unsafe {
                    let mut held = Vec::new();
                    for mark in 0..16 {
                        let block = ALLOCATOR.alloc(layout);
                        assert_eq!(block as usize % align, 0, "{size} bytes");
                        block.write_bytes(mark, size);
                        held.push(block);
                    }
                    for (block, mark) in held.iter_mut().zip(0..) {
                        *block = ALLOCATOR.realloc(*block, layout, grown.size());
                        assert_eq!(*block as usize % align, 0, "{size} bytes grown");
                        assert!((0..size).all(|at| *block.add(at) == mark));
                        let zeroed = ALLOCATOR.alloc_zeroed(grown);
                        assert_eq!(zeroed as usize % align, 0, "{size} bytes zeroed");
                        assert!((0..grown.size()).all(|at| *zeroed.add(at) == 0));
                        ALLOCATOR.dealloc(zeroed, grown);
                    }
                    for block in held {
                        ALLOCATOR.dealloc(block, grown);
                    }
                }
            }
        }
    }

    #[test]
    fn small_pages_serve_as_well() {
        let known = SMALL_PAGES.swap(true, Ordering::Relaxed);
        let words = (KEPT / 16 + HUGE) / size_of::<u64>();
        let mut held = vec![0u64; words];
        assert!(held.iter().all(|word| *word == 0), "fresh memory is zero");
        (0..).zip(&mut held).for_each(|(at, word)| *word = at);
        held.resize(words + 1000, 7);
        assert!((0..).zip(&held[..words]).all(|(at, word)| *word == at));
        assert!(held[words..].iter().all(|word| *word == 7));
        SMALL_PAGES.store(known, Ordering::Relaxed);
    }

    #[test]
    fn lent_memory_serves_again() {
        let words = (2 * FIRM + HUGE) / size_of::<u64>();
        for turn in 0..4u64 {
            let mut held = vec![0u64; words];
            assert!(held.iter().all(|word| *word == 0), "fresh memory is zero");
            (0..)
                .zip(&mut held)
                .for_each(|(at, word)| *word = at ^ turn);
            let copy = held.clone();
            drop(held);
            assert!((0..).zip(&copy).all(|(at, word)| *word == at ^ turn));
        }
        assert!(FREE.lock().is_ok_and(|free| free.total() > FIRM));
    }
}
