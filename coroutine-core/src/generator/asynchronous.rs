//! A generator that may also wait: a stream.

use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::stream::{FusedStream, Stream};
use pin_project_lite::pin_project;

use super::inline::{Generator, Step};
use super::phase::Phase;
use super::slot::Yielder;
use crate::coroutine::Descriptor;
use crate::scope::{Part, Scope};
use crate::site::{self, Suspension};

pin_project! {
    /// A generator that may wait between its yields: what an `async fn` under [`#[co::generator]`](macro@crate::generator) returns.
    ///
    /// It is a [`Stream`] of what it yields. One that returns a `Result<(), E>` is a stream of `Result<Y, E>`: each item is `Ok`, and the error, if it
    /// ends with one, comes last. Nothing of it runs until it is polled, and it stays on its thread.
    ///
    /// ```
    /// use std::pin::pin;
    /// use std::time::Duration;
    ///
    /// use coroutine_core::{self as co, IoLoop};
    ///
    /// #[co::generator(yield = u32)]
    /// async fn ticks(count: u32) {
    ///     for tick in 1..=count {
    ///         co::sleep(Duration::from_millis(1)).await;
    ///         yield_!(tick);
    ///     }
    /// }
    ///
    /// #[co::coroutine]
    /// fn total() -> u32 {
    ///     let mut ticks = pin!(ticks(3));
    ///     let mut total = 0;
    ///     while let Some(tick) = yield_!(co::next(&mut ticks)) {
    ///         total += tick;
    ///     }
    ///     total
    /// }
    ///
    /// assert_eq!(IoLoop::current().run_sync(total)?, 6);
    /// # Ok::<(), co::LoopError>(())
    /// ```
    #[must_use = "a generator does nothing until it is polled"]
    pub struct AsyncGenerator<Y, F: StdFuture> {
        scope: Scope,
        #[pin]
        generator: Generator<Y, (), F>,
    }
}

impl<Y, F: StdFuture> AsyncGenerator<Y, F> {
    #[inline]
    pub(crate) fn new(
        describe: fn() -> Descriptor<F::Output>,
        body: impl FnOnce(Yielder<Y, ()>) -> F,
    ) -> Self {
        Self {
            scope: Scope::new(),
            generator: Generator::new(describe, body),
        }
    }

    /// Moves the generator to the heap, where it can be kept, moved and handed on, and hides what it is made of.
    ///
    /// ```
    /// use std::pin::Pin;
    ///
    /// use coroutine_core as co;
    /// use futures_core::Stream;
    ///
    /// #[co::generator(yield = u32)]
    /// async fn ruler(n: u32) {
    ///     if n > 0 {
    ///         let mut before: Pin<Box<dyn Stream<Item = u32>>> = ruler(n - 1).boxed();
    ///         while let Some(mark) = co::next(&mut before).await {
    ///             yield_!(mark);
    ///         }
    ///         yield_!(n);
    ///     }
    /// }
    /// # let _ = ruler(1);
    /// ```
    pub fn boxed<'a>(self) -> Pin<Box<dyn Stream<Item = <Self as Stream>::Item> + 'a>>
    where
        Self: Stream + 'a,
    {
        Box::pin(self)
    }

    /// Ends the generator: the locals of a suspended body are dropped. Closing one that has ended does nothing.
    ///
    /// Dropping the generator does the same.
    pub fn close(self: Pin<&mut Self>) {
        self.project().generator.close();
    }

    /// Where the generator stands.
    #[must_use]
    pub fn suspension(&self) -> Suspension {
        self.generator.suspension()
    }
}

impl<Y, F> Stream for AsyncGenerator<Y, F>
where
    F: StdFuture<Output: Ending<Y>>,
{
    type Item = <F::Output as Ending<Y>>::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let mut generator = this.generator;
        let phase = generator.phase();
        if phase.has_ended() {
            return Poll::Ready(None);
        }
        site::clear_reached();
        let argument = phase.is_suspended().then_some(());
        let entered = this.scope.enter();
        match generator.as_mut().step(argument, cx.waker()) {
            Step::Yielded(value) => {
                // It waits for nothing but to be asked for more.
                entered.end();
                Poll::Ready(Some(F::Output::item(value)))
            }
            Step::Returned(result) => {
                entered.end();
                Poll::Ready(result.last())
            }
            Step::Waiting => {
                let code = site::reached();
                generator.as_mut().set_phase(Phase::awaiting(code));
                entered.suspend(code, || Part::AsyncGenerator {
                    place: generator.suspension(),
                    bytes: size_of::<F>(),
                });
                Poll::Pending
            }
        }
    }
}

impl<Y, F> FusedStream for AsyncGenerator<Y, F>
where
    F: StdFuture<Output: Ending<Y>>,
{
    fn is_terminated(&self) -> bool {
        self.generator.phase().has_ended()
    }
}

impl<Y, F: StdFuture> fmt::Debug for AsyncGenerator<Y, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.suspension().debug("AsyncGenerator", f)
    }
}

/// What an async generator that yields `Y` may return: `()`, or `Result<(), E>`, with which it can use `?`.
#[diagnostic::on_unimplemented(
    message = "an async generator cannot return `{Self}`",
    label = "a stream has no place for what its generator returns",
    note = "return nothing, or `Result<(), E>`: the stream's items are `Result<_, E>` then"
)]
pub trait Ending<Y> {
    /// The stream's items.
    type Item;

    /// Makes an item of what is yielded.
    fn item(value: Y) -> Self::Item;

    /// The item that comes last, for what is returned.
    fn last(self) -> Option<Self::Item>;
}

impl<Y> Ending<Y> for () {
    type Item = Y;

    #[inline]
    fn item(value: Y) -> Y {
        value
    }

    #[inline]
    fn last(self) -> Option<Y> {
        None
    }
}

impl<Y, E> Ending<Y> for Result<(), E> {
    type Item = Result<Y, E>;

    #[inline]
    fn item(value: Y) -> Self::Item {
        Ok(value)
    }

    #[inline]
    fn last(self) -> Option<Self::Item> {
        self.err().map(Err)
    }
}
