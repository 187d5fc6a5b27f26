//! A generator on the heap.

use std::fmt;
use std::future::Future as StdFuture;
use std::iter::FusedIterator;
use std::pin::Pin;

use super::inline::Generator;
use super::started::sealed::Sealed;
use super::started::{Home, Sent, Started, TakesValues};
use super::state::{GeneratorState, SendError};
use crate::site::Suspension;

/// A generator on the heap, none of whose body has run: what [`Generator::boxed`] returns.
///
/// It can be moved, stored, and named: `BoxedGenerator<'a, Y, R, T>` yields `Y`, takes `R`, returns `T`, and borrows for `'a`. Recursive generators go through it.
///
/// ```
/// use coroutine_core as co;
///
/// #[co::generator(yield = u32)]
/// fn ruler(n: u32) {
///     if n > 0 {
///         for mark in ruler(n - 1).boxed() {
///             yield_!(mark);
///         }
///         yield_!(n);
///         for mark in ruler(n - 1).boxed() {
///             yield_!(mark);
///         }
///     }
/// }
///
/// assert_eq!(ruler(3).boxed().collect::<Vec<_>>(), [1, 2, 1, 3, 1, 2, 1]);
/// ```
#[must_use = "a generator does nothing until it is started or iterated"]
pub struct BoxedGenerator<'a, Y, R = (), T = ()> {
    body: Pin<Box<dyn Body<Y, R, T> + 'a>>,
}

/// A generator behind a pointer.
trait Body<Y, R, T> {
    fn begin(self: Pin<&mut Self>) -> GeneratorState<Y, T>;
    fn give(self: Pin<&mut Self>, argument: R) -> Result<GeneratorState<Y, T>, SendError<R>>;
    /// Starts the generator, which then has no use for the argument, or resumes it.
    fn go_on(self: Pin<&mut Self>, argument: R) -> Option<Y>;
    fn close(self: Pin<&mut Self>);
    fn suspension(&self) -> Suspension;
}

impl<Y, R, F: StdFuture> Body<Y, R, F::Output> for Generator<Y, R, F> {
    fn begin(self: Pin<&mut Self>) -> GeneratorState<Y, F::Output> {
        Generator::begin(self)
    }

    fn give(
        self: Pin<&mut Self>,
        argument: R,
    ) -> Result<GeneratorState<Y, F::Output>, SendError<R>> {
        Generator::give(self, argument)
    }

    fn go_on(self: Pin<&mut Self>, argument: R) -> Option<Y> {
        Generator::go_on(self, argument)
    }

    fn close(self: Pin<&mut Self>) {
        Generator::close(self);
    }

    fn suspension(&self) -> Suspension {
        Generator::suspension(self)
    }
}

impl<'a, Y, R, T> BoxedGenerator<'a, Y, R, T> {
    pub(super) fn new<F>(generator: Generator<Y, R, F>) -> Self
    where
        F: StdFuture<Output = T>,
        Generator<Y, R, F>: 'a,
    {
        Self {
            body: Box::pin(generator),
        }
    }

    /// Runs the body to its first yield, or to its end. See [`Generator::start`].
    ///
    /// # Panics
    ///
    /// Panics when the generator was iterated before, and when the body panics.
    pub fn start(mut self) -> (Started<Self>, GeneratorState<Y, T>) {
        let state = self.body.as_mut().begin();
        (Started::new(self), state)
    }

    /// Ends the generator. See [`Generator::close`].
    pub fn close(&mut self) {
        self.body.as_mut().close();
    }

    /// Where the generator stands.
    #[must_use]
    pub fn suspension(&self) -> Suspension {
        self.body.suspension()
    }

    #[doc(hidden)]
    pub fn send(&mut self, argument: R) -> Result<GeneratorState<Y, T>, SendError<R>>
    where
        Self: TakesValues,
    {
        self.give(argument)
    }
}

impl<Y, R, T> Sealed for BoxedGenerator<'_, Y, R, T> {}

impl<Y, R, T> Home for BoxedGenerator<'_, Y, R, T> {
    type Yield = Y;
    type Argument = R;
    type Return = T;

    #[inline]
    fn give(&mut self, argument: R) -> Sent<Self> {
        self.body.as_mut().give(argument)
    }

    fn shut(&mut self) {
        self.close();
    }

    fn suspension(&self) -> Suspension {
        BoxedGenerator::suspension(self)
    }
}

impl<Y, T> Iterator for BoxedGenerator<'_, Y, (), T> {
    type Item = Y;

    #[inline]
    fn next(&mut self) -> Option<Y> {
        self.body.as_mut().go_on(())
    }
}

impl<Y, T> FusedIterator for BoxedGenerator<'_, Y, (), T> {}

impl<Y, R, T> fmt::Debug for BoxedGenerator<'_, Y, R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.suspension().debug("BoxedGenerator", f)
    }
}
