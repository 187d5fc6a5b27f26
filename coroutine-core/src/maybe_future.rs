//! Values where a future is wanted.

use crate::future::{Future, promise};

/// Turns a value into a future that is done, and leaves a [`Future`] as it is. Tornado's `gen.maybe_future`.
///
/// It is for code that calls what a user has written, which may give its result at once or be a coroutine. Which of both a type is, is known from
/// the type that is wanted.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, MaybeFuture, maybe_future};
///
/// #[co::coroutine]
/// fn twice<R: Into<MaybeFuture<u32>> + 'static>(number: impl Fn() -> R + 'static) -> u32 {
///     let first = yield_!(maybe_future(number()));
///     first + yield_!(maybe_future(number()))
/// }
///
/// #[co::coroutine]
/// fn later() -> u32 {
///     yield_!(co::moment());
///     4
/// }
///
/// let io_loop = IoLoop::current();
/// assert_eq!(io_loop.run_sync(|| twice(|| 3))?, 6);
/// assert_eq!(io_loop.run_sync(|| twice(later))?, 8);
/// # Ok::<(), co::LoopError>(())
/// ```
pub fn maybe_future<T: 'static>(value: impl Into<MaybeFuture<T>>) -> Future<T> {
    value.into().0
}

/// A value that is there or will be: what [`maybe_future`] takes.
#[derive(Debug)]
#[must_use = "it holds a future, whose result is not looked at unless it is yielded"]
pub struct MaybeFuture<T>(Future<T>);

impl<T: 'static> From<T> for MaybeFuture<T> {
    fn from(value: T) -> Self {
        let (promise, future) = promise();
        promise.set_result(value);
        Self(future)
    }
}

impl<T> From<Future<T>> for MaybeFuture<T> {
    fn from(future: Future<T>) -> Self {
        Self(future)
    }
}
