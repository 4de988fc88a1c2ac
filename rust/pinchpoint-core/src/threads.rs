//! How many threads the core uses. Results never depend on it.

use std::env;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

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
    let mut jobs: Vec<F> = jobs.into_iter().collect();
    let Some(last) = jobs.pop() else {
        return Vec::new();
    };
    if jobs.is_empty() {
        return vec![last()];
    }
    thread::scope(|scope| {
        let running: Vec<_> = jobs.into_iter().map(|job| scope.spawn(job)).collect();
        let last = last();
        let mut results: Vec<T> = Vec::with_capacity(running.len() + 1);
        for job in running {
            results.push(
                job.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        results.push(last);
        results
    })
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
    if !apart || count() == 1 {
        return (first(), second());
    }
    thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        let first = first.join();
        (
            first.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            second,
        )
    })
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
