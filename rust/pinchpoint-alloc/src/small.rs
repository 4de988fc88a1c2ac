//! Small blocks: mimalloc, which keeps many free blocks of a size at hand where glibc keeps seven.
//!
//! Its heaps belong to threads, so that after a fork the child's thread has its own.

use std::alloc::Layout;

use libmimalloc_sys as mi;

/// Blocks of mimalloc are aligned to this, or to their size if that is less.
const NATURAL: usize = 16;

/// Whether plain calls align as asked; they are shorter than the others.
fn is_natural(layout: Layout) -> bool {
    layout.align() <= NATURAL.min(layout.size())
}

/// As [`std::alloc::GlobalAlloc::alloc`].
///
/// # Safety
///
/// The size is not zero.
pub unsafe fn alloc(layout: Layout) -> *mut u8 {
    // SAFETY: any size will do, and an alignment is a power of two.
    unsafe {
        match is_natural(layout) {
            true => mi::mi_malloc(layout.size()).cast(),
            false => mi::mi_malloc_aligned(layout.size(), layout.align()).cast(),
        }
    }
}

/// As [`std::alloc::GlobalAlloc::alloc_zeroed`].
///
/// # Safety
///
/// The size is not zero.
pub unsafe fn alloc_zeroed(layout: Layout) -> *mut u8 {
    // SAFETY: as in `alloc`.
    unsafe {
        match is_natural(layout) {
            true => mi::mi_zalloc(layout.size()).cast(),
            false => mi::mi_zalloc_aligned(layout.size(), layout.align()).cast(),
        }
    }
}

/// As [`std::alloc::GlobalAlloc::dealloc`].
///
/// # Safety
///
/// The block is from here, and nobody uses it again.
pub unsafe fn dealloc(block: *mut u8) {
    // SAFETY: the caller got `block` here, and does not use it again.
    unsafe { mi::mi_free(block.cast()) }
}

/// As [`std::alloc::GlobalAlloc::realloc`].
///
/// # Safety
///
/// The block is from here with the alignment of `new`, whose size is not zero, and nobody uses it
/// again unless this fails.
pub unsafe fn realloc(block: *mut u8, new: Layout) -> *mut u8 {
    // SAFETY: the caller got `block` here, and does not use it again unless this fails.
    unsafe {
        match is_natural(new) {
            true => mi::mi_realloc(block.cast(), new.size()).cast(),
            false => mi::mi_realloc_aligned(block.cast(), new.size(), new.align()).cast(),
        }
    }
}
