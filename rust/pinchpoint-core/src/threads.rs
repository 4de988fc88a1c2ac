//! How many threads the core uses. Results never depend on it.

use std::env;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

pub use pinchpoint_crew::Part;

/// 0 until first asked for.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Sets the number of threads for all later calls; at least one.
pub fn set(count: usize) {
    COUNT.store(count.max(1), Ordering::Relaxed);
}

/// The number of threads: as set, else `PINCHPOINT_THREADS`, else one per core.
pub fn count() -> usize {
    match COUNT.load(Ordering::Relaxed) {
        0 => {
            let given = env::var("PINCHPOINT_THREADS")
                .ok()
                .and_then(|text| text.parse().ok());
            let found = given
                .filter(|count| *count > 0)
                .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
            set(found);
            found
        }
        count => count,
    }
}

/// Threads worth starting for `work` items of which one needs at least `grain`.
pub fn worth(work: usize, grain: usize) -> usize {
    (work / grain).clamp(1, count())
}

/// `0..len` in `parts` ranges of about the same length.
pub fn ranges(len: usize, parts: usize) -> Vec<Range<usize>> {
    (0..parts)
        .map(|part| len * part / parts..len * (part + 1) / parts)
        .collect()
}

/// `range` in blocks of at most `size`, between which a long run looks whether to stop.
pub fn blocks(range: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    range
        .clone()
        .step_by(size)
        .map(move |begin| begin..range.end.min(begin + size))
}

/// Runs `jobs` side by side, the last one on this thread, and returns what they return, in order.
///
/// # Panics
///
/// If a job does.
pub fn join<T: Send, F: FnOnce() -> T + Send>(jobs: impl IntoIterator<Item = F>) -> Vec<T> {
    pinchpoint_crew::join(count() - 1, jobs)
}

/// Runs two jobs, side by side if `apart` and there are threads for it.
///
/// # Panics
///
/// If a job does.
pub fn both<A: Send, B>(
    apart: bool,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    if apart && count() > 1 {
        pinchpoint_crew::both(count() - 1, first, second)
    } else {
        (first(), second())
    }
}

/// A vector made in parts, side by side, with room for `more` values: each job writes the values of one
/// of `ranges`, which follow each other from 0. Also what the jobs return.
///
/// # Panics
///
/// If a job does, or does not write all of its part.
pub fn made<T: Copy + Send, R: Send, F: FnOnce(&mut Part<'_, T>) -> R + Send>(
    more: usize,
    ranges: &[Range<usize>],
    jobs: impl IntoIterator<Item = F>,
) -> (Vec<T>, Vec<R>) {
    let lens = ranges.iter().map(Range::len);
    pinchpoint_crew::made(count() - 1, more, lens.zip(jobs))
}

/// Cuts `slice` at the ends of `ranges`, which follow each other from 0 to its length.
pub fn split<'a, T>(mut slice: &'a mut [T], ranges: &[Range<usize>]) -> Vec<&'a mut [T]> {
    let mut parts = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (part, rest) = slice.split_at_mut(range.len());
        parts.push(part);
        slice = rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_keep_their_order() {
        let mut data = [0; 10];
        for parts in [1, 2, 3, 8] {
            let ranges = ranges(data.len(), parts);
            let jobs = split(&mut data, &ranges)
                .into_iter()
                .zip(&ranges)
                .map(|(part, range)| {
                    move || {
                        part.iter_mut().zip(range.clone()).for_each(|(x, i)| *x = i);
                        part.len()
                    }
                });
            assert_eq!(join(jobs).into_iter().sum::<usize>(), 10);
            assert_eq!(data, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        }
    }
}
