//! A limit on the time that something may take.

use std::future::{Future as StdFuture, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use coroutine_core as co;

/// What `future` gives, or none when `time` has passed before. The time counts from the call.
pub(crate) fn within<F: StdFuture>(
    time: Duration,
    future: F,
) -> impl StdFuture<Output = Option<F::Output>> {
    let alarm = co::sleep(time);
    async move {
        let (mut alarm, mut future) = (pin!(alarm), pin!(future));
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => alarm.as_mut().poll(cx).map(|()| None),
        })
        .await
    }
}
