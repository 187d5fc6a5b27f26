//! Futures whose failures concern nobody.

use crate::future::Future;
use crate::task;

/// Failures that concern nobody.
impl<T> Future<T> {
    /// Keeps an error or a panic of the coroutine from being logged where nobody looks at it: when the future is dropped, or [`with_timeout`](crate::with_timeout) gives
    /// up. Tornado's `quiet_exceptions`.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop};
    ///
    /// #[co::coroutine]
    /// fn prefetch() -> Result<(), String> {
    ///     yield_!(co::moment());
    ///     Err("not needed after all".to_owned())
    /// }
    ///
    /// drop(prefetch().quiet());
    /// IoLoop::current().start()?;
    /// # Ok::<(), co::LoopError>(())
    /// ```
    #[must_use = "the future goes on where it is dropped, and can be yielded or cancelled as before"]
    pub fn quiet(self) -> Self {
        task::hush(self.node());
        self
    }
}
