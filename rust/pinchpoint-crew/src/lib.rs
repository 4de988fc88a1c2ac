//! Helper threads that stay awake between the steps of a computation.
//!
//! A solve of a millisecond has a dozen steps that two threads do in half the time, but to start a
//! thread, or to wake one, takes a tenth of a millisecond. Helpers are therefore made once, and look
//! for the next job for about as long as it takes to wake them before they sleep. A job that its
//! helper has not begun when everything else is done is taken back, so that a helper that is late,
//! or gone after a fork, costs little and is never waited for.
//!
//! Jobs may borrow: nothing here returns before they are done.

mod part;
mod seat;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

pub use part::Part;

use seat::{Claim, Done, Job};

/// A job and what it returns.
struct Frame<F, T> {
    job: Option<F>,
    outcome: Option<thread::Result<T>>,
    done: Done,
}

impl<F: FnOnce() -> T, T> Frame<F, T> {
    fn new(job: F) -> Self {
        Frame {
            job: Some(job),
            outcome: None,
            done: Done::not_yet(),
        }
    }

    /// Runs the job of the frame at `data`, if it did not run.
    ///
    /// # Safety
    ///
    /// `data` points to a frame of this type, of which nobody else uses more than `done` meanwhile.
    unsafe fn run(data: *mut ()) {
        let frame = data.cast::<Self>();
        // SAFETY: as promised.
        let (job, outcome) = unsafe { (&mut (*frame).job, &mut (*frame).outcome) };
        if let Some(job) = job.take() {
            *outcome = Some(catch_unwind(AssertUnwindSafe(job)));
        }
    }

    fn returned(self) -> T {
        match self.outcome.expect("the job ran") {
            Ok(value) => value,
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// Jobs that were handed over; none is with a helper when this is dropped.
#[derive(Default)]
struct Handed(Vec<(Claim, *const Done)>);

impl Handed {
    /// Hands over the job of a frame, if one of the first `helpers` has nothing to do.
    ///
    /// # Safety
    ///
    /// The frame stays where it is, and nobody else uses it, until this is dropped.
    unsafe fn give<F: FnOnce() -> T + Send, T: Send>(
        &mut self,
        helpers: usize,
        frame: *mut Frame<F, T>,
    ) -> bool {
        let Some(claim) = Claim::any(helpers) else {
            return false;
        };
        // SAFETY: the frame is there.
        let done = unsafe { &raw const (*frame).done };
        self.0.push((claim, done));
        let job = Job {
            run: Frame::<F, T>::run,
            data: frame.cast(),
            done,
        };
        // SAFETY: the frame stays, and dropping this ends the job.
        unsafe { claim.give(job) };
        true
    }

    /// Ends all jobs; those that were not begun are run here.
    fn finish(mut self) {
        while let Some((claim, done)) = self.0.pop() {
            // SAFETY: `done` is that of the job, and a frame whose job came back is nobody else's.
            unsafe {
                if let Some(job) = claim.finish(done) {
                    (job.run)(job.data);
                }
            }
        }
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        for (claim, done) in &self.0 {
            // SAFETY: `done` is that of the job.
            unsafe { claim.finish(*done) };
        }
    }
}

/// Runs `jobs`, the last one on this thread and others by at most `helpers` other threads that have
/// nothing to do, and returns what they return, in order.
///
/// # Panics
///
/// If a job does, after all that were begun have ended.
pub fn join<T: Send, F: FnOnce() -> T + Send>(
    helpers: usize,
    jobs: impl IntoIterator<Item = F>,
) -> Vec<T> {
    let jobs: Vec<F> = jobs.into_iter().collect();
    if helpers == 0 || jobs.len() < 2 {
        return jobs.into_iter().map(|job| job()).collect();
    }
    let mut frames: Vec<_> = jobs.into_iter().map(Frame::new).collect();
    let (mut next, mut end) = (0, frames.len());
    let base = frames.as_mut_ptr();
    let mut handed = Handed::default();
    while next < end {
        // SAFETY: each index below the length is used once, and `frames` stays until all are done.
        while next + 1 < end && unsafe { handed.give(helpers, base.add(next)) } {
            next += 1;
        }
        end -= 1;
        // SAFETY: nobody else has this frame.
        unsafe { Frame::<F, T>::run(base.add(end).cast()) };
    }
    handed.finish();
    frames.into_iter().map(Frame::returned).collect()
}

/// Runs two jobs, the first by one of at most `helpers` other threads if one has nothing to do.
///
/// # Panics
///
/// If a job does, after both have ended.
pub fn both<A: Send, B>(
    helpers: usize,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    let mut first = Frame::new(first);
    let frame = &raw mut first;
    let mut handed = Handed::default();
    // SAFETY: `first` is not touched until the job is done.
    let is_given = unsafe { handed.give(helpers, frame) };
    let second = second();
    handed.finish();
    if !is_given {
        run_here(&mut first);
    }
    (first.returned(), second)
}

/// Runs the job of a frame that nobody else has.
fn run_here<F: FnOnce() -> T, T>(frame: &mut Frame<F, T>) {
    // SAFETY: the reference is the only one.
    unsafe { Frame::<F, T>::run((&raw mut *frame).cast()) };
}

/// A vector made in parts, with room for `more` values: each job writes as many values as it says. Also
/// what the jobs return.
///
/// Each thread is the first to touch what it writes.
///
/// # Panics
///
/// If a job does, or does not write all of its part; after all have ended.
pub fn made<T: Copy + Send, R: Send, F: FnOnce(&mut Part<'_, T>) -> R + Send>(
    helpers: usize,
    more: usize,
    jobs: impl IntoIterator<Item = (usize, F)>,
) -> (Vec<T>, Vec<R>) {
    let jobs: Vec<_> = jobs.into_iter().collect();
    let total = jobs.iter().map(|(len, _)| len).sum();
    let mut all: Vec<T> = Vec::with_capacity(total + more);
    let mut rest = &mut all.spare_capacity_mut()[..total];
    let jobs = jobs.into_iter().map(|(len, job)| {
        let own;
        (own, rest) = std::mem::take(&mut rest).split_at_mut(len);
        move || {
            let mut part = Part { rest: own };
            let returned = job(&mut part);
            assert!(part.rest.is_empty(), "a job writes all of its part");
            returned
        }
    });
    let returned = join(helpers, jobs);
    // SAFETY: every job ran, none panicked, and each wrote all of its part; the parts are all of it.
    unsafe { all.set_len(total) };
    (all, returned)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// Adds up `range` slowly or fast.
    fn work(from: usize, slow: bool) -> usize {
        if slow {
            thread::sleep(Duration::from_micros(300));
        }
        (from..from + 10).sum()
    }

    #[test]
    fn jobs_keep_their_order_and_borrow() {
        for turn in 0..2000usize {
            let data: Vec<usize> = (0..turn % 9).collect();
            let jobs = data.iter().map(|at| {
                let slow = (at + turn) % 50 == 0;
                move || work(*at, slow)
            });
            let sums = join(turn % 4, jobs);
            assert!(sums.into_iter().eq(data.iter().map(|at| work(*at, false))));
            if turn % 100 == 0 {
                // Helpers sleep.
                thread::sleep(Duration::from_millis(1));
            }
        }
    }

    #[test]
    fn many_threads_share_the_helpers() {
        let runs = AtomicUsize::new(0);
        thread::scope(|scope| {
            for seed in 0..6 {
                let runs = &runs;
                scope.spawn(move || {
                    for turn in 0..500 {
                        let inner = |at: usize| join(2, (0..3).map(|x| move || at * x));
                        let outer = join(3, (0..5).map(|at| move || inner(at + seed)));
                        for (at, inner) in outer.into_iter().enumerate() {
                            assert_eq!(inner, [0, at + seed, 2 * (at + seed)]);
                        }
                        let (a, b) = both(2, || turn + 1, || turn + 2);
                        assert_eq!(b - a, 1);
                        runs.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(runs.load(Ordering::Relaxed), 3000);
    }

    #[test]
    fn a_panic_comes_after_all_have_ended() {
        for bad in 0..6 {
            let ended = AtomicUsize::new(0);
            let jobs = (0..6).map(|at| {
                let ended = &ended;
                move || {
                    thread::sleep(Duration::from_micros(50 * (6 - at)));
                    ended.fetch_add(1, Ordering::Relaxed);
                    assert!(at != bad, "job {at}");
                }
            });
            let outcome = catch_unwind(AssertUnwindSafe(|| join(3, jobs)));
            let message = outcome.expect_err("one panicked");
            let message = message.downcast_ref::<String>();
            assert_eq!(message, Some(&format!("job {bad}")));
            assert_eq!(ended.load(Ordering::Relaxed), 6);
        }
        let first = catch_unwind(|| both(2, || panic!("first"), || 1));
        let second = catch_unwind(|| both(2, || 1, || panic!("second")));
        assert!(first.is_err() && second.is_err());
        assert_eq!(join(3, (0..4).map(|at| move || at)), [0, 1, 2, 3]);
    }

    #[test]
    fn parts_are_written() {
        for helpers in 0..4 {
            let jobs = (0..5usize).map(|at| {
                let job = move |part: &mut Part<'_, usize>| {
                    part.extend(0..at / 2);
                    let rest = part.fill(7);
                    rest.iter_mut().skip(1).for_each(|value| *value = at);
                    at
                };
                (at, job)
            });
            let (all, returned) = made(helpers, 3, jobs);
            assert_eq!(all, [7, 0, 7, 0, 7, 3, 0, 1, 7, 4]);
            assert!(all.capacity() >= 13);
            assert_eq!(returned, [0, 1, 2, 3, 4]);
        }
    }

    #[test]
    fn a_part_is_written_whole() {
        for given in 0..5 {
            let jobs = [3, 3].map(|len| {
                let job = move |part: &mut Part<'_, u8>| part.extend(0..given);
                (len, job)
            });
            let outcome = catch_unwind(AssertUnwindSafe(|| made(1, 0, jobs).0));
            assert_eq!(outcome.ok(), (given >= 3).then(|| vec![0, 1, 2, 0, 1, 2]));
        }
    }
}
