//! Waiting, but not for ever.

use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::error::WaitError;
use crate::sleep::{Sleep, sleep};

/// Waits for `F`, but no longer than it was told: yields what `F` yields, or a [`WaitError`] when the time has passed.
///
/// The time counts since it was made. What is there when the time has passed is taken still.
#[must_use = "nothing is waited for unless it is yielded"]
pub struct Timed<F> {
    /// None once it is over, so that whoever waits in vain leaves the line at once.
    waiting: Option<F>,
    /// None where there was nothing to wait for.
    sleep: Option<Sleep>,
    timeout: Duration,
}

impl<F> Timed<F> {
    pub(crate) fn new(waiting: F, is_ready: bool, timeout: Duration) -> Self {
        Self {
            waiting: Some(waiting),
            sleep: (!is_ready).then(|| sleep(timeout)),
            timeout,
        }
    }
}

impl<F: StdFuture + Unpin> StdFuture for Timed<F> {
    type Output = Result<F::Output, WaitError>;

    /// # Panics
    ///
    /// Panics when it is polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { waiting, sleep, .. } = &mut *self;
        let Some(waiting) = waiting else {
            panic!("what waits with a timeout was yielded again after it had ended");
        };
        let Poll::Ready(result) = poll_in_time(waiting, sleep.as_mut(), cx) else {
            return Poll::Pending;
        };
        self.waiting = None;
        self.sleep = None;
        Poll::Ready(result.ok_or_else(|| WaitError::timed_out(self.timeout)))
    }
}

/// Polls `waiting`, and only then the time; none if that has passed.
pub(crate) fn poll_in_time<F: StdFuture + Unpin>(
    waiting: &mut F,
    sleep: Option<&mut Sleep>,
    cx: &mut Context<'_>,
) -> Poll<Option<F::Output>> {
    if let Poll::Ready(value) = Pin::new(waiting).poll(cx) {
        return Poll::Ready(Some(value));
    }
    match sleep.map(|sleep| Pin::new(sleep).poll(cx)) {
        Some(Poll::Ready(())) => Poll::Ready(None),
        Some(Poll::Pending) | None => Poll::Pending,
    }
}

impl<F> fmt::Debug for Timed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timed")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
