//! A helper thread, and the place where it is handed jobs.

use std::cell::UnsafeCell;
use std::hint;
use std::process;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a thread looks for work, or for the end of it, before it sleeps: to be woken takes about
/// as long.
const AWAKE: Duration = Duration::from_micros(100);
/// Looks between two looks at the clock.
const LOOKS: u32 = 32;
/// Helpers at most.
const SEATS: usize = 256;

/// Whether a job is done, and whether somebody sleeps until then.
#[derive(Debug)]
pub struct Done(AtomicU8);

const PENDING: u8 = 0;
const WAITING: u8 = 1;
const OVER: u8 = 2;

impl Done {
    pub const fn not_yet() -> Self {
        Done(AtomicU8::new(PENDING))
    }

    fn is_over(&self) -> bool {
        self.0.load(Ordering::Acquire) == OVER
    }

    /// Sleeps until it is over, if that takes long. Only one thread waits.
    fn wait(&self) {
        if await_change(|| self.is_over()) {
            return;
        }
        let asleep = self
            .0
            .compare_exchange(PENDING, WAITING, Ordering::AcqRel, Ordering::Acquire);
        while asleep.is_ok() && !self.is_over() {
            thread::park();
        }
    }
}

/// Something to be run once. What it points to stays where it is until it is over.
#[derive(Clone, Copy)]
pub struct Job {
    pub run: unsafe fn(*mut ()),
    pub data: *mut (),
    pub done: *const Done,
}

/// What is handed over.
struct Order {
    job: Job,
    user: Thread,
}

/// What a seat is at, together with how often it was claimed: so nobody takes a later job for theirs.
const STEP: u64 = 4;
/// Nobody uses the seat.
const FREE: u64 = 0;
/// Its user may write a job.
const CLAIMED: u64 = 1;
/// The job waits for the helper; its user may take it back.
const READY: u64 = 2;
/// The helper is at it.
const TAKEN: u64 = 3;

/// One helper. It is made when first needed, and kept.
struct Seat {
    /// After a fork the helper is not there any more.
    process: u32,
    state: AtomicU64,
    order: UnsafeCell<Option<Order>>,
    helper: OnceLock<Thread>,
    /// The helper sleeps or is about to.
    asleep: AtomicBool,
}

// SAFETY: `order` is only touched by whoever claimed the seat, until it is `READY`, and by whoever
// then advanced it from there, its helper or its user, until it is `FREE`.
unsafe impl Sync for Seat {}

static ALL: [AtomicPtr<Seat>; SEATS] = [const { AtomicPtr::new(ptr::null_mut()) }; SEATS];

/// A seat that this thread claimed, once.
#[derive(Clone, Copy)]
pub struct Claim {
    seat: &'static Seat,
    /// The count of claims in the state of the seat.
    count: u64,
}

impl Claim {
    /// One of the first `helpers` seats, if any has nothing to do.
    pub fn any(helpers: usize) -> Option<Claim> {
        let process = process::id();
        ALL.iter().take(helpers).find_map(|place| {
            let known = place.load(Ordering::Acquire);
            // SAFETY: seats are never freed.
            match unsafe { known.as_ref() } {
                Some(seat) if seat.process == process => seat.claim(),
                _ => Seat::start(process, place, known),
            }
        })
    }

    /// Hands over `job`.
    ///
    /// # Safety
    ///
    /// What `job` points to stays until the job is over or taken back, nobody uses `data` until
    /// then, and any thread may run it.
    pub unsafe fn give(self, job: Job) {
        let Claim { seat, count } = self;
        let user = thread::current();
        // SAFETY: nobody but who claimed the seat looks before it is ready.
        unsafe { *seat.order.get() = Some(Order { job, user }) };
        seat.state.store(count | READY, Ordering::SeqCst);
        if seat.asleep.load(Ordering::SeqCst)
            && let Some(helper) = seat.helper.get()
        {
            helper.unpark();
        }
    }

    /// Takes the job back, if the helper did not begin.
    fn take_back(self) -> Option<Job> {
        let Claim { seat, count } = self;
        if !seat.advance(count | READY, count | CLAIMED) {
            return None;
        }
        // SAFETY: nobody else advanced the seat from being ready.
        let order = unsafe { (*seat.order.get()).take() };
        seat.state.store(count | FREE, Ordering::SeqCst);
        order.map(|order| order.job)
    }

    /// Waits until a job that was handed over is over, or takes it back.
    ///
    /// # Safety
    ///
    /// `done` is that of the job.
    pub unsafe fn finish(self, done: *const Done) -> Option<Job> {
        let back = self.take_back();
        if back.is_none() {
            // SAFETY: it is there until the job is over.
            unsafe { &*done }.wait();
        }
        back
    }
}

impl Seat {
    /// A new seat, claimed, in `place` of the one known to be there; none if no thread can be had.
    fn start(process: u32, place: &AtomicPtr<Seat>, known: *mut Seat) -> Option<Claim> {
        let seat = Box::into_raw(Box::new(Seat {
            process,
            state: AtomicU64::new(CLAIMED),
            order: UnsafeCell::new(None),
            helper: OnceLock::new(),
            asleep: AtomicBool::new(false),
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
        // Where there is no thread to be had the seat stays claimed, and nobody gets it.
        let helper = builder.spawn(|| seat.serve()).ok()?;
        seat.helper.get_or_init(|| helper.thread().clone());
        Some(Claim { seat, count: 0 })
    }

    fn advance(&self, from: u64, to: u64) -> bool {
        let swapped = self
            .state
            .compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
        swapped.is_ok()
    }

    fn claim(&'static self) -> Option<Claim> {
        let state = self.state.load(Ordering::SeqCst);
        let count = (state & !(STEP - 1)).wrapping_add(STEP);
        let claimed = state % STEP == FREE && self.advance(state, count | CLAIMED);
        claimed.then_some(Claim { seat: self, count })
    }

    fn is_ready(&self) -> bool {
        self.state.load(Ordering::SeqCst) % STEP == READY
    }

    /// What the helper does for ever.
    fn serve(&self) {
        loop {
            if !await_change(|| self.is_ready()) {
                self.asleep.store(true, Ordering::SeqCst);
                while !self.is_ready() {
                    thread::park();
                }
                self.asleep.store(false, Ordering::SeqCst);
            }
            let state = self.state.load(Ordering::SeqCst);
            let count = state & !(STEP - 1);
            if state % STEP != READY || !self.advance(state, count | TAKEN) {
                continue;
            }
            // SAFETY: nobody else advanced the seat from being ready.
            let order = unsafe { (*self.order.get()).take() };
            let Some(Order { job, user }) = order else {
                unreachable!("a ready seat has a job");
            };
            // SAFETY: who handed it over keeps what it points to until it is over, which it is not
            // before the swap.
            let before = unsafe {
                (job.run)(job.data);
                // What was handed over may be gone as soon as that is said, so the seat is free first.
                self.state.store(count | FREE, Ordering::SeqCst);
                (*job.done).0.swap(OVER, Ordering::AcqRel)
            };
            if before == WAITING {
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
