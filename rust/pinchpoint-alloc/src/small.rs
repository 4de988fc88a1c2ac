//! Small blocks: mimalloc, which takes a third as long as glibc where thousands of blocks come and go.

use std::alloc::Layout;

use libmimalloc_sys as mi;

/// Blocks of mimalloc are aligned to this, or to their size if that is less.
const NATURAL: usize = 16;

/// Whether plain calls align as asked; they are shorter than the others.
fn is_natural(layout: Layout) -> bool {
    layout.align() <= NATURAL.min(layout.size())
}

/// As [`std::alloc::GlobalAlloc::alloc`].
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
pub unsafe fn dealloc(block: *mut u8) {
    // SAFETY: the caller got `block` here, and does not use it again.
    unsafe { mi::mi_free(block.cast()) }
}

/// As [`std::alloc::GlobalAlloc::realloc`]; `new` has the alignment of the old layout.
pub unsafe fn realloc(block: *mut u8, new: Layout) -> *mut u8 {
    // SAFETY: the caller got `block` here, and does not use it again unless this fails.
    unsafe {
        match is_natural(new) {
            true => mi::mi_realloc(block.cast(), new.size()).cast(),
            false => mi::mi_realloc_aligned(block.cast(), new.size(), new.align()).cast(),
        }
    }
}
