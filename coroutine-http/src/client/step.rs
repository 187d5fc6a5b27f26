//! What the functions of a request give back: nothing, a result, or a coroutine.

use std::error::Error;
use std::future::Future as StdFuture;
use std::pin::Pin;

use coroutine_core as co;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// What a [`streaming_callback`](crate::HttpRequest::streaming_callback) or a [`body_producer`](crate::HttpRequest::body_producer) may give back: nothing, a `Result`,
/// or a coroutine's [`Future`](co::Future) of either, which is waited for. An error ends the fetch.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a function of a request gives back",
    label = "give `()`, `Result<(), E>`, or a coroutine's `Future` of either"
)]
pub trait StreamingResult {
    /// What is left to be done.
    fn into_step(self) -> Step;
}

/// What a function of a request has left to be done.
pub struct Step(pub(super) State);

pub(super) enum State {
    Done(Result<(), BoxError>),
    Later(Pin<Box<dyn StdFuture<Output = Result<(), BoxError>>>>),
}

impl Step {
    pub(super) async fn finish(self) -> Result<(), BoxError> {
        match self.0 {
            State::Done(result) => result,
            State::Later(future) => future.await,
        }
    }
}

impl StreamingResult for () {
    fn into_step(self) -> Step {
        Step(State::Done(Ok(())))
    }
}

impl<E: Into<BoxError>> StreamingResult for Result<(), E> {
    fn into_step(self) -> Step {
        Step(State::Done(self.map_err(Into::into)))
    }
}

impl StreamingResult for co::Future<()> {
    fn into_step(self) -> Step {
        let mut coroutine = CancelOnDrop(self);
        Step(State::Later(Box::pin(async move {
            (&mut coroutine.0).await;
            Ok(())
        })))
    }
}

impl<E: Into<BoxError> + 'static> StreamingResult for co::Future<Result<(), E>> {
    fn into_step(self) -> Step {
        let mut coroutine = CancelOnDrop(self);
        Step(State::Later(Box::pin(async move {
            (&mut coroutine.0).await.map_err(Into::into)
        })))
    }
}

/// A coroutine that is of no use to anybody once whoever waits for it has gone.
pub(super) struct CancelOnDrop<T>(pub(super) co::Future<T>);

impl<T> Drop for CancelOnDrop<T> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
