//! Handlers in the callback style, which return before their response is complete.

use std::error::Error;
use std::fmt;
use std::time::Instant;

use coroutine_core as co;

use super::endpoint::{Ended, Failure, HandlerResult, Step, Suspended, failed};
use super::exchange::Exchange;

/// What a handler under [`#[asynchronous]`](macro@crate::asynchronous) gives: only [`finish`](crate::RequestHandler::finish) completes its response.
#[must_use = "only a route of an application can wait for the response"]
pub struct Asynchronous(Ended);

/// What a function under `#[asynchronous]` may give.
#[diagnostic::on_unimplemented(
    message = "a handler under `#[asynchronous]` cannot give `{Self}`",
    label = "neither `()` nor `Result<(), E>`",
    note = "what such a handler has to say is written later: leave the return type out, or write `Result<(), E>` for an error before it returns"
)]
pub trait PlainResult {
    #[doc(hidden)]
    fn into_ended(self) -> Ended;
}

impl PlainResult for () {
    fn into_ended(self) -> Ended {
        Ok(())
    }
}

impl<E: Into<Box<dyn Error>>> PlainResult for Result<(), E> {
    fn into_ended(self) -> Ended {
        failed(self)
    }
}

/// What the attribute makes of a function's body.
pub fn asynchronous<R: PlainResult>(body: impl FnOnce() -> R) -> Asynchronous {
    Asynchronous(body().into_ended())
}

impl HandlerResult for Asynchronous {
    fn into_step(self) -> Step {
        match self.0 {
            Ok(()) => Step::Callbacks,
            ended @ Err(_) => Step::Ended(ended),
        }
    }
}

impl fmt::Debug for Asynchronous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asynchronous").finish_non_exhaustive()
    }
}

/// Whether callbacks are to finish a response.
#[derive(Default)]
pub(super) enum Callbacks {
    /// Nobody has said so.
    #[default]
    None,
    /// The `RequestHandler` has gone, so that nobody can.
    Impossible,
    Awaited(Box<Awaited>),
}

pub(super) struct Awaited {
    /// Kept when the `RequestHandler` goes.
    gone: co::Promise<()>,
    since: Instant,
}

impl Exchange {
    /// Waits for a `RequestHandler` that is dropped without `finish`, which is an error.
    pub(super) fn forsaken(&self) -> Box<dyn Suspended> {
        let (gone, future) = co::promise();
        match self.callbacks.take() {
            Callbacks::Impossible => gone.set_result(()),
            Callbacks::None | Callbacks::Awaited(_) => {
                let since = Instant::now();
                let awaited = Box::new(Awaited { gone, since });
                self.callbacks.set(Callbacks::Awaited(awaited));
            }
        }
        Box::new(Box::pin(async move {
            future.await;
            let text = "its `RequestHandler` was dropped without `finish`, so the response can never be complete";
            Err(Failure::Error(text.into()))
        }))
    }

    /// The `RequestHandler` is dropped.
    #[inline]
    pub(super) fn let_go(&self) {
        if self.is_finished() {
            return;
        }
        match self.callbacks.replace(Callbacks::Impossible) {
            Callbacks::Awaited(awaited) => awaited.gone.set_result(()),
            Callbacks::None | Callbacks::Impossible => {}
        }
    }

    /// The connection is gone: tells of callbacks that have not finished the response, and perhaps never will.
    pub(super) fn report_unfinished(&self) {
        let callbacks = self.callbacks.take();
        if let Callbacks::Awaited(awaited) = &callbacks {
            let (method, path, pattern) = (
                self.request.method(),
                self.request.path(),
                self.site.routes.pattern(self.goal),
            );
            let age = awaited.since.elapsed();
            co::__private::log_warn(format_args!(
                "the callbacks of the handler of {pattern} had not finished {method} {path} when its connection was closed, after {age:.1?}"
            ));
        }
        self.callbacks.set(callbacks);
    }
}
