//! Handlers, whatever their type, and how they end.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future as StdFuture;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use coroutine_core as co;
use coroutine_core::{Outcome, OutcomeFuture};

use super::request_handler::RequestHandler;

/// What a handler may give: nothing, a `Result` without a value, or the [`Future`](coroutine_core::Future) of one of these, as a coroutine does.
#[diagnostic::on_unimplemented(
    message = "a handler cannot give `{Self}`",
    label = "`{Self}` is not what a handler may give",
    note = "a handler gives `()` or `Result<(), E>`, and a handler that is a coroutine the `Future` of one of these"
)]
pub trait HandlerResult {
    /// Whether the handler is called before the request's body is there.
    #[doc(hidden)]
    const STREAMS_REQUEST_BODY: bool = false;

    #[doc(hidden)]
    fn into_step(self) -> Step;
}

/// How far a handler got when it was called.
pub enum Step {
    Ended(Result<(), Failure>),
    /// A coroutine that is suspended.
    Later(Box<dyn Suspended>),
    /// What is no coroutine, and is dropped when the client leaves.
    Bound(Pin<Box<dyn StdFuture<Output = Result<(), Failure>>>>),
    /// Its callbacks are to finish the response.
    Callbacks,
}

/// How a handler ended.
pub(super) type Ended = Result<(), Failure>;

/// The end of a handler that is suspended.
pub trait Suspended: StdFuture<Output = Result<(), Failure>> + Unpin {
    /// Ends the handler, if dropping this does not.
    fn cancel(&self);
}

/// A handler that is no coroutine of its own.
impl<F: StdFuture<Output = Ended> + ?Sized> Suspended for Pin<Box<F>> {
    fn cancel(&self) {}
}

/// Why a handler did not do what it was there for.
pub enum Failure {
    /// It gave an error.
    Error(Box<dyn Error>),
    /// Its coroutine panicked or was cancelled.
    Outcome(Outcome),
    /// It panicked before it was a coroutine.
    Panic(String),
}

impl HandlerResult for () {
    fn into_step(self) -> Step {
        Step::Ended(Ok(()))
    }
}

impl<E: Into<Box<dyn Error>>> HandlerResult for Result<(), E> {
    fn into_step(self) -> Step {
        Step::Ended(failed(self))
    }
}

impl HandlerResult for co::Future<()> {
    fn into_step(self) -> Step {
        step(self, Ok)
    }
}

impl<E: Into<Box<dyn Error>> + 'static> HandlerResult for co::Future<Result<(), E>> {
    fn into_step(self) -> Step {
        step(self, failed)
    }
}

pub(super) fn failed<E: Into<Box<dyn Error>>>(result: Result<(), E>) -> Ended {
    result.map_err(|error| Failure::Error(error.into()))
}

/// A coroutine that has ended already costs neither an allocation nor a turn of the loop.
fn step<T: 'static>(mut future: co::Future<T>, ended: fn(T) -> Ended) -> Step {
    if future.done() {
        return Step::Ended(match future.result() {
            Ok(value) => ended(value),
            Err(error) => Err(match error.outcome().cloned() {
                Some(outcome) => Failure::Outcome(outcome),
                None => Failure::Error(error.into()),
            }),
        });
    }
    let outcome = future.outcome();
    Step::Later(Box::new(Coroutine { outcome, ended }))
}

/// A handler that is a coroutine. Dropping this detaches it.
struct Coroutine<T> {
    outcome: OutcomeFuture<T>,
    ended: fn(T) -> Ended,
}

impl<T> StdFuture for Coroutine<T> {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let outcome = ready!(Pin::new(&mut self.outcome).poll(cx));
        let value = outcome.map_err(Failure::Outcome)?;
        Poll::Ready(caught(|| (self.ended)(value)).and_then(|ended| ended))
    }
}

impl<T> Suspended for Coroutine<T> {
    fn cancel(&self) {
        self.outcome.cancel();
    }
}

/// A handler without its type.
pub(super) trait Endpoint {
    /// Calls the handler.
    fn start(&self, handler: RequestHandler) -> Step;

    /// Whether it is called before the request's body is there.
    fn streams_request_body(&self) -> bool;
}

impl<F, R> Endpoint for F
where
    F: Fn(RequestHandler) -> R,
    R: HandlerResult,
{
    fn start(&self, handler: RequestHandler) -> Step {
        // What it gives is foreign as well: making an error of it may panic.
        caught(|| self(handler).into_step()).unwrap_or_else(|failure| Step::Ended(Err(failure)))
    }

    fn streams_request_body(&self) -> bool {
        R::STREAMS_REQUEST_BODY
    }
}

/// What foreign code gives, or that it panicked.
pub(super) fn caught<T>(code: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(code)).map_err(Failure::panic)
}

impl Failure {
    fn panic(payload: Box<dyn Any + Send>) -> Self {
        let text = payload.downcast_ref::<&'static str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let failure = Self::Panic(text.unwrap_or("(a panic without a message)").to_owned());
        // What the panic carried may panic when it is dropped.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(payload);
        }
        failure
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => write_chain(f, &**error),
            Self::Outcome(outcome) => write!(f, "{outcome}"),
            Self::Panic(message) => write!(f, "it panicked: {message}"),
        }
    }
}

/// Writes an error and the errors behind it.
pub(super) fn write_chain(f: &mut fmt::Formatter<'_>, error: &dyn Error) -> fmt::Result {
    write!(f, "{error}")?;
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(f, ": {error}")?;
        cause = error.source();
    }
    Ok(())
}
