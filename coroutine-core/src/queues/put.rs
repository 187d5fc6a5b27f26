//! Putting an item in time.

use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::error::PutError;
use crate::locks::Wait;
use crate::with_timeout::Countdown;

/// What [`OrderedQueue::put_timeout`](super::OrderedQueue::put_timeout) gives: it waits for room, and gives the item back when there was none in time.
#[must_use = "nothing is waited for unless it is yielded"]
pub struct TimedPut<T> {
    put: Wait<(), T>,
    countdown: Countdown,
    timeout: Duration,
}

impl<T> TimedPut<T> {
    pub(super) fn new(put: Wait<(), T>, timeout: Duration) -> Self {
        Self {
            put,
            countdown: Countdown::new(timeout.into()),
            timeout,
        }
    }
}

impl<T> StdFuture for TimedPut<T> {
    type Output = Result<(), PutError<T>>;

    /// # Panics
    ///
    /// Panics when it is polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if Pin::new(&mut this.put).poll(cx).is_ready() {
            this.countdown.end();
            return Poll::Ready(Ok(()));
        }
        if this.countdown.poll(cx).is_pending() {
            return Poll::Pending;
        }
        this.countdown.end();
        Poll::Ready(match this.put.leave() {
            Some(item) => Err(PutError::timed_out(item, this.timeout)),
            // By the doing of a foreign waker that was cloned after the last look.
            None => Ok(()),
        })
    }
}

impl<T> fmt::Debug for TimedPut<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedPut")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
