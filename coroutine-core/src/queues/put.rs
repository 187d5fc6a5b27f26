//! Putting an item in time.

use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::error::PutError;
use crate::locks::{Wait, poll_in_time};
use crate::sleep::{Sleep, sleep};

/// What [`OrderedQueue::put_timeout`](super::OrderedQueue::put_timeout) gives: it waits for room, and gives the item back when there was none in time.
#[must_use = "nothing is waited for unless it is yielded"]
pub struct TimedPut<T> {
    put: Wait<(), T>,
    /// None where there was room at once.
    sleep: Option<Sleep>,
    timeout: Duration,
}

impl<T> TimedPut<T> {
    pub(super) fn new(put: Wait<(), T>, timeout: Duration) -> Self {
        let sleep = (!put.is_ready()).then(|| sleep(timeout));
        Self {
            put,
            sleep,
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
        let Self { put, sleep, .. } = &mut *self;
        let Poll::Ready(in_time) = poll_in_time(put, sleep.as_mut(), cx) else {
            return Poll::Pending;
        };
        self.sleep = None;
        if in_time.is_some() {
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(match self.put.leave() {
            Some(item) => Err(PutError::timed_out(item, self.timeout)),
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
