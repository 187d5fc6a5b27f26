//! How members of a list fail, and what becomes of their failures: the first one counts, the others are logged.

use std::any::Any;
use std::convert::Infallible;
use std::fmt::Display;
use std::future::Future as StdFuture;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::log;
use crate::outcome::panic_message;

/// Polls a member, and catches its panic.
pub(crate) fn poll_caught<F: StdFuture>(
    future: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<Result<F::Output, Panic>> {
    match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
        Ok(ready) => ready.map(Ok),
        Err(payload) => Poll::Ready(Err(Panic(Some(payload)))),
    }
}

/// A panic of a member. Dropped, it is logged.
pub(crate) struct Panic(Option<Box<dyn Any + Send>>);

impl Panic {
    /// Goes on with the panic in whoever waits.
    pub(crate) fn raise(mut self) -> ! {
        match self.0.take() {
            Some(payload) => resume_unwind(payload),
            None => unreachable!("what a panic carries goes with the panic"),
        }
    }

    fn silence(mut self) {
        if let Some(payload) = self.0.take() {
            log::forget_payload(payload);
        }
    }
}

impl Drop for Panic {
    fn drop(&mut self) {
        if let Some(payload) = self.0.take() {
            log::error(format_args!(
                "nobody looked at the panic of a member of a list: {}",
                panic_message(&*payload)
            ));
            log::forget_payload(payload);
        }
    }
}

/// What is a failure among the results `O` of members.
#[diagnostic::on_unimplemented(
    message = "`multi` waits for members whose results are `Result`s, and this one's is `{O}`",
    label = "a member gives `{O}`, which cannot tell a failure",
    note = "yield the list itself to get the results as they are: `yield_!(list)`"
)]
pub trait Judge<O> {
    /// What is left of a result that is no failure.
    type Value;
    /// What a failure is.
    type Error: Display;

    /// Tells failures from values.
    fn judge(output: O) -> Result<Self::Value, Self::Error>;
}

/// No result is a failure: a list that is yielded directly gives them as they are.
pub struct Plain;

impl<O> Judge<O> for Plain {
    type Value = O;
    type Error = Infallible;

    fn judge(output: O) -> Result<O, Infallible> {
        Ok(output)
    }
}

/// An `Err` is a failure.
pub struct Checked;

impl<T, E: Display> Judge<Result<T, E>> for Checked {
    type Value = T;
    type Error = E;

    fn judge(output: Result<T, E>) -> Result<T, E> {
        output
    }
}

pub(crate) enum Failure<E> {
    Panic(Panic),
    Error(E),
}

/// The failures of a list's members, in the order of the list.
pub struct Failures<E: Display> {
    first: Option<Failure<E>>,
    quiet: bool,
}

impl<E: Display> Failures<E> {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { first: None, quiet }
    }

    /// The value of a member's result, if that is no failure.
    pub(crate) fn sift<J, O>(&mut self, result: Result<O, Panic>) -> Option<J::Value>
    where
        J: Judge<O, Error = E>,
    {
        let failure = match result.map(J::judge) {
            Ok(Ok(value)) => return Some(value),
            Ok(Err(error)) => Failure::Error(error),
            Err(panic) => Failure::Panic(panic),
        };
        match self.first {
            None => self.first = Some(failure),
            Some(_) => self.tell(failure),
        }
        None
    }

    /// The first one.
    pub(crate) fn take_first(&mut self) -> Option<Failure<E>> {
        self.first.take()
    }

    fn tell(&self, failure: Failure<E>) {
        match failure {
            Failure::Panic(panic) if self.quiet => panic.silence(),
            Failure::Panic(panic) => drop(panic),
            Failure::Error(_) if self.quiet => {}
            Failure::Error(error) => log::error(format_args!(
                "nobody looked at the error of a member of a list: {error}"
            )),
        }
    }
}

/// A first failure that nobody has taken is one that nobody looks at.
impl<E: Display> Drop for Failures<E> {
    fn drop(&mut self) {
        if let Some(first) = self.first.take() {
            self.tell(first);
        }
    }
}
