//! A limit on the time that something may take, where there is one.

use std::future::{Future as StdFuture, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::with_timeout::Limit;

/// What `future` gives, or none when `time` has passed before, which counts from the call; the future is dropped then. Without a time there is no limit.
pub(crate) fn within<F: StdFuture>(
    time: Option<Duration>,
    future: F,
) -> impl StdFuture<Output = Option<F::Output>> {
    let mut limit = time.map(|time| Limit::new(time.into()));
    async move {
        let mut future = pin!(future);
        poll_fn(|cx| match (future.as_mut().poll(cx), &mut limit) {
            (Poll::Ready(output), _) => Poll::Ready(Some(output)),
            (Poll::Pending, Some(limit)) => limit.poll(cx).map(|()| None),
            (Poll::Pending, None) => Poll::Pending,
        })
        .await
    }
}
