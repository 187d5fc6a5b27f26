//! Waiting no longer than so.

use std::error::Error;
use std::fmt;
use std::future::Future as StdFuture;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::current;
use crate::loop_core::LoopCore;
use crate::note;
use crate::sleep::Sleep;
use crate::timeout::Deadline;
use crate::timers::Nanos;
use crate::yieldable::{OfKind, Yieldable};

/// Waits for `future` until a deadline: an [`Instant`](std::time::Instant) on the loop's clock, or a [`Duration`](std::time::Duration) from now, which begins
/// now and not when the result is yielded. Tornado's `gen.with_timeout`.
///
/// A future that is done beats a deadline that has passed.
///
/// When the time is over, the future is dropped and not cancelled: a coroutine whose [`Future`](crate::Future) is given goes on by itself, and its late error or panic is
/// logged, unless the future was made [`quiet`](crate::Future::quiet). [`cancel`](crate::Future::cancel) it where it is not to go on, or give a
/// `#[co::coroutine(lazy)]`, which ends with the wait. Any other future, too, ends where it was, since nobody polls it any more; give
/// `&mut future` to keep it and wait again, or [`spawn`](crate::IoLoop::spawn) it.
///
/// ```
/// use std::time::Duration;
///
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn work() -> u8 {
///     yield_!(co::sleep(Duration::from_millis(20)));
///     5
/// }
///
/// #[co::coroutine]
/// fn impatient() -> u8 {
///     let mut work = work();
///     let late = yield_!(co::with_timeout(Duration::from_millis(1), &mut work));
///     assert!(late.is_err_and(|error| error.is_timeout()));
///     yield_!(work)
/// }
///
/// assert_eq!(IoLoop::current().run_sync(impatient)?, 5);
/// # Ok::<(), co::LoopError>(())
/// ```
pub fn with_timeout<Y, K, F>(deadline: impl Into<Deadline>, future: Y) -> WithTimeout<F>
where
    Y: OfKind<K>,
    Y: Yieldable<K, Future = F>,
    F: StdFuture,
{
    WithTimeout::new(future.into_yielded(), deadline.into())
}

pin_project! {
    /// What [`with_timeout`] gives, and what waits for a lock or a queue with a limit.
    #[must_use = "nobody waits unless it is yielded"]
    pub struct WithTimeout<F> {
        // None once it is over, so that one who has waited in vain leaves at once where it waited.
        #[pin]
        future: Option<F>,
        countdown: Countdown,
    }
}

impl<F> WithTimeout<F> {
    pub(crate) fn new(future: F, deadline: Deadline) -> Self {
        Self {
            future: Some(future),
            countdown: Countdown::new(deadline),
        }
    }
}

impl<F: StdFuture> StdFuture for WithTimeout<F> {
    type Output = Result<F::Output, TimeoutError>;

    /// # Panics
    ///
    /// Panics when it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let future = this.future.as_mut().as_pin_mut();
        let future = future.expect("what has a time limit is not yielded again after it has ended");
        note::leave_type::<F>();
        let ended = match future.poll(cx) {
            Poll::Ready(output) => Ok(output),
            Poll::Pending if this.countdown.poll(cx).is_ready() => Err(this.countdown.error()),
            Poll::Pending => return Poll::Pending,
        };
        this.countdown.end();
        this.future.set(None);
        Poll::Ready(ended)
    }
}

impl<F> fmt::Debug for WithTimeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithTimeout")
            .field("deadline", &self.countdown.deadline)
            .finish_non_exhaustive()
    }
}

/// How long somebody waits. It begins when it is made; its timer is set when it is asked for the first time, since what is ready needs none.
pub(crate) struct Countdown {
    /// As it was given, for the error.
    deadline: Deadline,
    io_loop: Rc<LoopCore>,
    /// The deadline on the loop's clock.
    at: Nanos,
    sleep: Option<Sleep>,
}

impl Countdown {
    pub(crate) fn new(deadline: Deadline) -> Self {
        let io_loop = current::core();
        let at = match deadline {
            Deadline::In(delay) => io_loop.deadline_in(delay),
            Deadline::At(when) => io_loop.deadline_at(when),
        };
        Self {
            deadline,
            io_loop,
            at,
            sleep: None,
        }
    }

    /// Whoever polls it waits for something else, above all.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        let set = || Sleep::limit(Rc::clone(&self.io_loop), self.at);
        self.sleep.get_or_insert_with(set).poll_silently(cx)
    }

    /// Takes the timer back.
    pub(crate) fn end(&mut self) {
        self.sleep = None;
    }

    pub(crate) fn error(&self) -> TimeoutError {
        TimeoutError {
            deadline: self.deadline,
        }
    }
}

/// The time was over before the future was ready. Tornado's `TimeoutError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutError {
    deadline: Deadline,
}

impl TimeoutError {
    /// Whether the time was over, which is all that can have happened; other errors have the same question.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        true
    }
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.deadline {
            Deadline::In(delay) => write!(f, "timed out after {delay:?}"),
            Deadline::At(_) => write!(f, "timed out at its deadline"),
        }
    }
}

impl Error for TimeoutError {}

/// So that `?` works where everything else is input and output.
impl From<TimeoutError> for io::Error {
    fn from(error: TimeoutError) -> Self {
        Self::new(io::ErrorKind::TimedOut, error)
    }
}
