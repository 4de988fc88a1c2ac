//! A helper thread, and the place where it is handed jobs.

use std::cell::UnsafeCell;
use std::hint;
use std::process;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a thread looks for work, or for the end of it, before it sleeps: to be woken takes about
/// as long.
const AWAKE: Duration = Duration::from_micros(100);
/// Looks between two looks at the clock.
const LOOKS: u32 = 32;
/// Helpers at most.
const SEATS: usize = 64;

/// Nobody uses the seat.
const FREE: u8 = 0;
/// Its user may write a job.
const CLAIMED: u8 = 1;
/// The job waits for the helper; its user may take it back.
const READY: u8 = 2;
/// The helper is at it.
const TAKEN: u8 = 3;
/// It is done, and the helper knows nothing of it any more.
const DONE: u8 = 4;

/// Something to be run once, which lies where `data` points.
#[derive(Clone, Copy)]
pub struct Job {
    pub run: unsafe fn(*mut ()),
    pub data: *mut (),
}

/// What is handed over.
struct Order {
    job: Job,
    user: Thread,
}

/// One helper. It is made when first needed, and kept.
pub struct Seat {
    /// After a fork the helper is not there any more.
    process: u32,
    state: AtomicU8,
    order: UnsafeCell<Option<Order>>,
    helper: OnceLock<Thread>,
    /// The helper sleeps or is about to, and so does the user.
    asleep: AtomicBool,
    waiting: AtomicBool,
}

// SAFETY: `order` is written by the user between `CLAIMED` and `READY` and read by the helper
// between `TAKEN` and `DONE`; one thread alone makes each of these steps, by compare-and-swap.
unsafe impl Sync for Seat {}

static ALL: [AtomicPtr<Seat>; SEATS] = [const { AtomicPtr::new(ptr::null_mut()) }; SEATS];

impl Seat {
    /// A seat whose helper has nothing to do, claimed for this thread.
    pub fn claim() -> Option<&'static Seat> {
        let process = process::id();
        ALL.iter().find_map(|place| {
            let known = place.load(Ordering::Acquire);
            // SAFETY: seats are never freed.
            if let Some(seat) = unsafe { known.as_ref() }
                && seat.process == process
            {
                return seat.advance(FREE, CLAIMED).then_some(seat);
            }
            Self::start(process, place, known)
        })
    }

    /// A new seat, claimed, in `place` of the one known to be there; none if no thread can be had.
    fn start(process: u32, place: &AtomicPtr<Seat>, known: *mut Seat) -> Option<&'static Seat> {
        let seat = Box::into_raw(Box::new(Seat {
            process,
            state: AtomicU8::new(CLAIMED),
            order: UnsafeCell::new(None),
            helper: OnceLock::new(),
            asleep: AtomicBool::new(false),
            waiting: AtomicBool::new(false),
        }));
        let placed = place.compare_exchange(known, seat, Ordering::AcqRel, Ordering::Acquire);
        if placed.is_err() {
            // SAFETY: nobody else has seen it.
            drop(unsafe { Box::from_raw(seat) });
            return None;
        }
        // SAFETY: it is never freed from here on.
        let seat: &'static Seat = unsafe { &*seat };
        let builder = thread::Builder::new().name("pinchpoint".into());
        // Where there is no thread to be had the seat stays claimed and is never looked at again.
        let helper = builder.spawn(|| seat.serve()).ok()?;
        seat.helper.get_or_init(|| helper.thread().clone());
        Some(seat)
    }

    fn advance(&self, from: u8, to: u8) -> bool {
        let swapped = self
            .state
            .compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
        swapped.is_ok()
    }

    /// Hands over `job`.
    ///
    /// # Safety
    ///
    /// The seat is claimed by this thread, which ends the job with [`finish`](Self::finish) before
    /// what `data` points to is gone. Any thread may run the job.
    pub unsafe fn give(&self, job: Job) {
        let user = thread::current();
        // SAFETY: between `CLAIMED` and `READY` nobody else looks.
        unsafe { *self.order.get() = Some(Order { job, user }) };
        self.state.store(READY, Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst)
            && let Some(helper) = self.helper.get()
        {
            helper.unpark();
        }
    }

    /// Frees the seat if its job is done.
    pub fn is_done(&self) -> bool {
        self.advance(DONE, FREE)
    }

    /// Waits for the job, or takes it back and returns it if the helper did not begin; frees the
    /// seat.
    pub fn finish(&self) -> Option<Job> {
        if self.advance(READY, CLAIMED) {
            // SAFETY: the helper only looks once it has advanced from `READY` to `TAKEN`.
            let order = unsafe { (*self.order.get()).take() };
            self.state.store(FREE, Ordering::SeqCst);
            return order.map(|order| order.job);
        }
        if !await_change(|| self.state.load(Ordering::SeqCst) == DONE) {
            self.waiting.store(true, Ordering::SeqCst);
            while self.state.load(Ordering::SeqCst) != DONE {
                thread::park();
            }
            self.waiting.store(false, Ordering::SeqCst);
        }
        self.state.store(FREE, Ordering::SeqCst);
        None
    }

    /// What the helper does for ever.
    fn serve(&self) {
        loop {
            if !await_change(|| self.state.load(Ordering::SeqCst) == READY) {
                self.asleep.store(true, Ordering::SeqCst);
                while self.state.load(Ordering::SeqCst) != READY {
                    thread::park();
                }
                self.asleep.store(false, Ordering::SeqCst);
            }
            if !self.advance(READY, TAKEN) {
                continue;
            }
            // SAFETY: between `TAKEN` and `DONE` nobody else looks.
            let order = unsafe { (*self.order.get()).take() };
            let Some(Order { job, user }) = order else {
                unreachable!("a ready seat has a job");
            };
            // SAFETY: the user of the seat keeps what `data` points to until the job is done.
            unsafe { (job.run)(job.data) };
            self.state.store(DONE, Ordering::SeqCst);
            if self.waiting.load(Ordering::SeqCst) {
                user.unpark();
            }
        }
    }
}

/// Looks for a change for a while; says whether it came.
fn await_change(came: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    loop {
        for _ in 0..LOOKS {
            if came() {
                return true;
            }
            hint::spin_loop();
        }
        if begin.elapsed() > AWAKE {
            return false;
        }
    }
}
