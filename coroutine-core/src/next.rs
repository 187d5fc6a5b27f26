//! The next item of a stream.

use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

/// Waits for the next item of a [`Stream`]; `None` is its end.
///
/// The stream may be anybody's; one that is not `Unpin` is pinned first, `pin!(stream)`. What this gives may be dropped before it is ready, and no item is lost.
///
/// ```
/// use coroutine_core::{self as co, IoLoop};
/// use futures_util::stream;
///
/// #[co::coroutine]
/// fn total() -> u32 {
///     let mut numbers = stream::iter([1, 2, 3]);
///     let mut total = 0;
///     while let Some(number) = yield_!(co::next(&mut numbers)) {
///         total += number;
///     }
///     total
/// }
///
/// assert_eq!(IoLoop::current().run_sync(total)?, 6);
/// # Ok::<(), co::LoopError>(())
/// ```
pub fn next<S: Stream + Movable + ?Sized>(stream: &mut S) -> Next<'_, S> {
    Next {
        stream: Pin::new(stream),
    }
}

/// A stream that may be moved between its items.
#[diagnostic::on_unimplemented(
    message = "this stream must be pinned before its items are asked for",
    label = "it may not be moved once it has been asked for the first",
    note = "pin it: `let mut stream = pin!(stream);` with `std::pin::pin`, then `co::next(&mut stream)`; or `Box::pin(stream)` where it is kept"
)]
pub trait Movable: Unpin {}

#[diagnostic::do_not_recommend]
impl<S: Unpin + ?Sized> Movable for S {}

/// What [`next`] and [`WaitIterator::next`](crate::WaitIterator::next) give.
#[must_use = "the next item is not waited for unless it is yielded"]
pub struct Next<'a, S: ?Sized> {
    stream: Pin<&'a mut S>,
}

impl<S: Stream + ?Sized> StdFuture for Next<'_, S> {
    type Output = Option<S::Item>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.stream.as_mut().poll_next(cx)
    }
}

impl<S: ?Sized> fmt::Debug for Next<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}
