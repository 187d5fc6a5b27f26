//! A generator that was started: it takes values.

use std::fmt;
use std::future::Future as StdFuture;
use std::iter::FusedIterator;
use std::pin::Pin;

use super::inline::Generator;
use super::state::{GeneratorState, SendError};
use crate::site::Suspension;

/// Where a generator lives: pinned on the stack, `Pin<&mut Generator<..>>`, or on the heap, [`BoxedGenerator`](super::BoxedGenerator).
pub trait Home: sealed::Sealed {
    /// What the generator yields.
    type Yield;
    /// What it takes when it is resumed.
    type Argument;
    /// What it returns.
    type Return;

    #[doc(hidden)]
    fn give(&mut self, argument: Self::Argument) -> Sent<Self>;

    #[doc(hidden)]
    fn shut(&mut self);

    #[doc(hidden)]
    fn suspension(&self) -> Suspension;
}

/// What [`Started::send`] gives.
pub(super) type Sent<H> = Result<
    GeneratorState<<H as Home>::Yield, <H as Home>::Return>,
    SendError<<H as Home>::Argument>,
>;

pub(super) mod sealed {
    /// Nobody else has homes.
    pub trait Sealed {}
}

impl<Y, R, F: StdFuture> sealed::Sealed for Pin<&mut Generator<Y, R, F>> {}

impl<Y, R, F: StdFuture> Home for Pin<&mut Generator<Y, R, F>> {
    type Yield = Y;
    type Argument = R;
    type Return = F::Output;

    #[inline]
    fn give(&mut self, argument: R) -> Sent<Self> {
        Generator::give(self.as_mut(), argument)
    }

    fn shut(&mut self) {
        self.as_mut().close();
    }

    fn suspension(&self) -> Suspension {
        Generator::suspension(self)
    }
}

/// A generator that was started, in its home `H`: the handle that [`Generator::start`] and [`BoxedGenerator::start`](super::BoxedGenerator::start) return.
///
/// Dropping the handle of a generator on the stack leaves that suspended, until its place is left.
pub struct Started<H> {
    home: H,
}

impl<H: Home> Started<H> {
    #[inline]
    pub(super) fn new(home: H) -> Self {
        Self { home }
    }

    /// Resumes the generator: the yield at which it is suspended evaluates to `value`, and the body runs to its next yield or its end.
    ///
    /// # Errors
    ///
    /// A generator that has ended, was closed or has panicked takes nothing: the error gives `value` back.
    ///
    /// # Panics
    ///
    /// Panics when the body does. The generator has ended then.
    #[inline]
    pub fn send(&mut self, value: H::Argument) -> Sent<H> {
        self.home.give(value)
    }

    /// Ends the generator: the locals of a suspended body are dropped. Closing one that has ended does nothing.
    pub fn close(&mut self) {
        self.home.shut();
    }

    /// Where the generator stands.
    #[must_use]
    pub fn suspension(&self) -> Suspension {
        self.home.suspension()
    }
}

impl<H: Home> Started<H> {
    /// Resumes the generator with an error: the yield at which it is suspended evaluates to `Err(error)`, which the body can handle or pass on with `?`.
    ///
    /// Python's `throw`, for generators whose `resume` type is a `Result`.
    ///
    /// ```
    /// use std::pin::pin;
    ///
    /// use coroutine_core::{self as co, GeneratorState};
    ///
    /// #[co::generator(yield = u32, resume = Result<u32, String>)]
    /// fn running_sum() -> Result<(), String> {
    ///     let mut sum = 0;
    ///     loop {
    ///         sum += yield_!(sum)?;
    ///     }
    /// }
    ///
    /// let sums = pin!(running_sum());
    /// let (mut sums, _) = sums.start();
    /// assert_eq!(sums.send(Ok(3)).unwrap(), GeneratorState::Yielded(3));
    /// let end = sums.throw("enough".to_owned()).unwrap();
    /// assert_eq!(end, GeneratorState::Returned(Err("enough".to_owned())));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Panics
    ///
    /// As [`send`](Self::send).
    pub fn throw<E>(
        &mut self,
        error: E,
    ) -> Result<GeneratorState<H::Yield, H::Return>, SendError<E>>
    where
        H::Argument: TakesErrors<E>,
    {
        let sent = self.home.give(H::Argument::of(error));
        sent.map_err(|SendError(argument)| SendError(argument.into_error()))
    }
}

impl<H: Home<Argument = ()>> Iterator for Started<H> {
    type Item = H::Yield;

    #[inline]
    fn next(&mut self) -> Option<H::Yield> {
        self.send(()).ok()?.yielded()
    }
}

impl<H: Home<Argument = ()>> FusedIterator for Started<H> {}

impl<H: Home> fmt::Debug for Started<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.suspension().debug("Started", f)
    }
}

/// Nothing implements it: it is there for the error that `send` gives on a generator that was not started.
#[diagnostic::on_unimplemented(
    message = "`send` on a generator that was not started",
    label = "none of its body has run, so no yield waits for a value",
    note = "call `start()` first, which returns a handle and the first value: `let (mut generator, first) = generator.start();`"
)]
pub trait TakesValues {}

/// What a generator takes that can be thrown an `E`: a `Result` with that error.
#[diagnostic::on_unimplemented(
    message = "`throw` into a generator that takes no errors",
    label = "it takes `{Self}` at its yields",
    note = "one that does takes `Result`s, `#[co::generator(yield = .., resume = Result<T, E>)]`, and is sent `Ok(..)`"
)]
pub trait TakesErrors<E> {
    /// The argument that is an error.
    fn of(error: E) -> Self;

    /// The error of the argument that comes back.
    fn into_error(self) -> E;
}

impl<T, E> TakesErrors<E> for Result<T, E> {
    fn of(error: E) -> Self {
        Err(error)
    }

    fn into_error(self) -> E {
        match self {
            Err(error) => error,
            Ok(_) => unreachable!("what comes back is what was sent"),
        }
    }
}
