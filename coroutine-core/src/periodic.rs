//! A callback that is called again and again.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use crate::callback::{self, Callback, CallbackResult};
use crate::current;
use crate::loop_core::LoopCore;
use crate::timers::nanos;
use crate::timers::{Nanos, TimerKey};

/// Calls a function every so often. Tornado's `PeriodicCallback`.
///
/// A period is from the start of one call to the start of the next, and the first call is one period after [`start`](Self::start). When a call takes longer than that,
/// the calls that it holds up are left out, and the next one is on time again.
///
/// The function may be a coroutine, or give back a coroutine's [`Future`](crate::Future): then it is not called again before that has ended. Errors and panics are
/// logged, and the calls go on.
///
/// A clone is the same periodic callback. Dropping it changes nothing: one that was started goes on until [`stop`](Self::stop), or until its loop is closed. As long as it goes
/// on the loop has something to do, and does not end by itself.
///
/// ```
/// use std::cell::Cell;
/// use std::time::Duration;
///
/// use coroutine_core::{IoLoop, PeriodicCallback};
///
/// let count = Cell::new(0);
/// let ticker = PeriodicCallback::new(Duration::from_millis(2), move |this| {
///     count.set(count.get() + 1);
///     if count.get() == 3 {
///         this.stop();
///     }
/// });
/// ticker.start();
/// IoLoop::current().start()?; // returns once it is stopped
/// assert!(!ticker.is_running());
/// # Ok::<(), coroutine_core::LoopError>(())
/// ```
#[derive(Clone)]
pub struct PeriodicCallback {
    inner: Rc<Inner>,
}

struct Inner {
    period: Duration,
    /// Away while it is asked.
    jitter: Cell<Option<Jitter>>,
    /// Away while it is called.
    function: Cell<Option<Function>>,
    /// Where it was made.
    made_at: &'static Location<'static>,
    /// None while it is stopped.
    schedule: RefCell<Option<Schedule>>,
    /// Whether the function is on the stack, its coroutine has not ended, or it is found out when to call it next.
    is_busy: Cell<bool>,
}

/// The user's function. It drops the second argument when all of what it began is done.
type Function = Box<dyn FnMut(&PeriodicCallback, Busy)>;

#[derive(Clone)]
struct Schedule {
    /// The loop it was started on.
    io_loop: Rc<LoopCore>,
    /// When it is due; when it was started, before that is known.
    due: Nanos,
    timer: TimerKey,
}

/// By how much periods differ.
struct Jitter {
    /// The part of the period within which they do.
    part: f64,
    /// Gives numbers from zero to one.
    random: Box<dyn FnMut() -> f64>,
}

/// Making one.
impl PeriodicCallback {
    /// A periodic callback that is not started. `function` will be called with it, so that it can stop it.
    ///
    /// # Panics
    ///
    /// Panics when the period is zero.
    #[must_use = "it calls nothing unless it is started"]
    #[track_caller]
    pub fn new<R: CallbackResult>(
        period: Duration,
        mut function: impl FnMut(&Self) -> R + 'static,
    ) -> Self {
        assert!(!period.is_zero(), "a period must be longer than zero");
        let function = move |this: &Self, busy: Busy| {
            function(this).finish(move |error| busy.end(error));
        };
        Self {
            inner: Rc::new(Inner {
                period,
                jitter: Cell::new(None),
                function: Cell::new(Some(Box::new(function))),
                made_at: Location::caller(),
                schedule: RefCell::new(None),
                is_busy: Cell::new(false),
            }),
        }
    }

    /// Makes each period longer or shorter by chance, so that what has the same period does not go on in step for ever.
    ///
    /// With 0.1 periods differ by a tenth: from 5 percent less to 5 percent more. The next period begins where the last one ended, so the calls are on no grid then.
    ///
    /// # Panics
    ///
    /// Panics when `part` is not from zero to one.
    #[must_use = "it calls nothing unless it is started"]
    pub fn with_jitter(self, part: f64) -> Self {
        self.with_jitter_from(part, random)
    }

    /// As [`with_jitter`](Self::with_jitter), where `random` is asked for a number from zero to one before each period. Zero gives the shortest, one the longest.
    ///
    /// ```
    /// use std::time::Duration;
    /// use coroutine_core::PeriodicCallback;
    ///
    /// let poll = PeriodicCallback::new(Duration::from_secs(10), |_| println!("poll"));
    /// let poll = poll.with_jitter_from(0.1, || 0.5); // 10 seconds; with 0.0 it were 9.5
    /// # drop(poll);
    /// ```
    ///
    /// # Panics
    ///
    /// Panics when `part` is not from zero to one.
    #[must_use = "it calls nothing unless it is started"]
    pub fn with_jitter_from(self, part: f64, random: impl FnMut() -> f64 + 'static) -> Self {
        assert!(
            (0.0..=1.0).contains(&part),
            "a jitter must be from zero to one"
        );
        let random = Box::new(random);
        let before = self.inner.jitter.replace(Some(Jitter { part, random }));
        drop(before);
        self
    }
}

/// Running.
impl PeriodicCallback {
    /// Starts it on the current loop: the first call is one period from now. Does nothing while it is running.
    ///
    /// One that is started again while its coroutine has not ended waits for that before the next call.
    pub fn start(&self) {
        self.start_on(current::core());
    }

    /// As [`start`](Self::start), on another loop than the current one.
    pub(crate) fn start_on(&self, io_loop: Rc<LoopCore>) {
        if self.is_running() {
            return;
        }
        let schedule = Schedule {
            due: io_loop.elapsed(),
            io_loop,
            timer: TimerKey::DEAD,
        };
        let before = self.inner.schedule.replace(Some(schedule));
        drop(before);
        if !self.inner.is_busy.get() {
            self.schedule_next();
        }
    }

    /// Stops it: there are no more calls. A coroutine that such a call began goes on.
    pub fn stop(&self) {
        let schedule = self.inner.schedule.take();
        if let Some(schedule) = schedule {
            schedule.io_loop.remove_timer(schedule.timer);
        }
    }

    /// Whether it was started and not stopped, and its loop is not closed.
    #[must_use]
    pub fn is_running(&self) -> bool {
        let schedule = self.inner.schedule.borrow();
        schedule
            .as_ref()
            .is_some_and(|schedule| !schedule.io_loop.is_closed())
    }

    /// Calls the function.
    fn call(&self) {
        let Some(mut function) = self.inner.function.take() else {
            return;
        };
        let busy = Busy::new(self);
        callback::call(self.inner.made_at, || function(self, busy));
        self.inner.function.set(Some(function));
    }

    /// Sets the timer of the next call, if it is running. It is not busy any more.
    fn schedule_next(&self) {
        // First, since it asks a user's function, which may stop it. If that starts it anew, it does not get a second timer.
        self.inner.is_busy.set(true);
        let period = self.next_period();
        self.inner.is_busy.set(false);
        let schedule = self.inner.schedule.borrow().clone();
        let Some(Schedule { io_loop, due, .. }) = schedule else {
            return;
        };
        let due = next_due(due, io_loop.elapsed(), period);
        let this = self.clone();
        let call = Callback::node(Rc::clone(&io_loop), self.inner.made_at, move || this.call());
        let timer = io_loop.add_timer(due, Some(call));
        if let Some(schedule) = &mut *self.inner.schedule.borrow_mut() {
            schedule.due = due;
            schedule.timer = timer;
        }
    }

    fn next_period(&self) -> Nanos {
        let period = nanos(self.inner.period);
        let Some(mut jitter) = self.inner.jitter.take() else {
            return period;
        };
        let mut number = 0.5;
        callback::call(self.inner.made_at, || number = (jitter.random)());
        let period = jittered(period, jitter.part, number);
        self.inner.jitter.set(Some(jitter));
        period
    }
}

/// The first time after `now` that is a number of periods after `due`.
fn next_due(due: Nanos, now: Nanos, period: Nanos) -> Nanos {
    let periods = now.saturating_sub(due) / period + 1;
    due.saturating_add(periods.saturating_mul(period))
}

/// The period, changed by at most half of `part` of it, as `number` says.
fn jittered(period: Nanos, part: f64, number: f64) -> Nanos {
    let number = match number.is_nan() {
        true => 0.5,
        false => number.clamp(0.0, 1.0),
    };
    let factor = 1.0 + part * (number - 0.5);
    // A number of nanoseconds that a float cannot tell from the next one is a matter of months; too large a one becomes the largest.
    ((period as f64 * factor) as Nanos).max(1)
}

/// A number from zero to one, from what the standard library seeds its tables with.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(()) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

/// As long as there is one, the function is not called again.
struct Busy(PeriodicCallback);

impl Busy {
    fn new(callback: &PeriodicCallback) -> Self {
        callback.inner.is_busy.set(true);
        Self(callback.clone())
    }

    fn end(self, error: Option<String>) {
        if let Some(error) = error {
            callback::log_failure(self.0.inner.made_at, &error);
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.schedule_next();
    }
}

impl fmt::Debug for PeriodicCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeriodicCallback")
            .field("period", &self.inner.period)
            .field("made_at", &format_args!("{}", self.inner.made_at))
            .field("is_running", &self.is_running())
            .finish_non_exhaustive()
    }
}
