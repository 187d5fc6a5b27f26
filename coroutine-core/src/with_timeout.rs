//! Waiting no longer than so.

use std::error::Error;
use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::sleep::{Sleep, sleep, sleep_until};
use crate::timeout::Deadline;
use crate::yieldable::{OfKind, Yieldable};

/// Waits for `future` until a deadline: an [`Instant`](std::time::Instant) on the loop's clock, or a [`Duration`](std::time::Duration) from now, which begins
/// now and not when the result is yielded. Tornado's `gen.with_timeout`.
///
/// A future that is done beats a deadline that has passed.
///
/// When the time is over, the future is dropped and not cancelled: a coroutine whose [`Future`](crate::Future) is given goes on by itself, and its late error or panic is
/// logged, unless the future was made [`quiet`](crate::Future::quiet). Any other future ends where it was, since nobody polls it any more; give
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
    let deadline = deadline.into();
    let sleep = match deadline {
        Deadline::In(delay) => sleep(delay),
        Deadline::At(when) => sleep_until(when),
    };
    WithTimeout {
        future: future.into_yielded(),
        sleep,
        deadline,
    }
}

pin_project! {
    /// What [`with_timeout`] gives.
    #[must_use = "nobody waits unless it is yielded"]
    pub struct WithTimeout<F> {
        #[pin]
        future: F,
        sleep: Sleep,
        // As it was given, for the error.
        deadline: Deadline,
    }
}

impl<F: StdFuture> StdFuture for WithTimeout<F> {
    type Output = Result<F::Output, TimeoutError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let deadline = *this.deadline;
        Pin::new(this.sleep)
            .poll(cx)
            .map(|()| Err(TimeoutError { deadline }))
    }
}

impl<F> fmt::Debug for WithTimeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithTimeout")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// The time was over before the future was ready. Tornado's `TimeoutError`.
#[derive(Clone, Copy, Debug)]
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
            Deadline::In(delay) => write!(f, "it was not ready within {delay:?}"),
            Deadline::At(_) => write!(f, "it was not ready by its deadline"),
        }
    }
}

impl Error for TimeoutError {}
