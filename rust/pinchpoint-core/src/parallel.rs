//! Work in fixed pieces over threads: the result never depends on how many threads there are.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Result;
use crate::threads;

/// Runs `work` on each of `0..pieces` and returns the results in that order.
///
/// The calling thread works too, so that its monitor can look for signals. The first error in the
/// order of pieces among those that ran is returned; the others stop at their next piece.
pub fn in_pieces<T: Send>(
    pieces: usize,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<Result<T>>>> = Mutex::new((0..pieces).map(|_| None).collect());
    let run = || {
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                return;
            }
            let result = work(piece);
            if result.is_err() {
                next.store(pieces, Ordering::Relaxed);
            }
            done.lock().unwrap_or_else(|broken| broken.into_inner())[piece] = Some(result);
        }
    };
    threads::join((0..threads::count().min(pieces)).map(|_| &run));
    let done = done
        .into_inner()
        .unwrap_or_else(|broken| broken.into_inner());
    let mut out = Vec::with_capacity(pieces);
    let mut missing = false;
    for result in done {
        match result {
            Some(result) => out.push(result?),
            None => missing = true,
        }
    }
    debug_assert!(!missing);
    Ok(out)
}
