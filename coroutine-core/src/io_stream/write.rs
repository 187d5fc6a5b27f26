//! The future of a write.

use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::error::StreamError;
use crate::future::Future;

/// What [`IoStream::write`](crate::IoStream::write) gives: it yields when the bytes, and those before them, were handed to the operating system.
///
/// Dropping it leaves the write as it is.
pub struct Write(State);

enum State {
    /// The result, until it is taken.
    Ready(Option<Result<(), StreamError>>),
    Waiting(Future<Result<(), StreamError>>),
}

impl Write {
    pub(super) fn ready(result: Result<(), StreamError>) -> Self {
        Self(State::Ready(Some(result)))
    }

    pub(super) fn waiting(future: Future<Result<(), StreamError>>) -> Self {
        Self(State::Waiting(future))
    }

    /// Whether the bytes are sent, or never will be.
    #[must_use]
    pub fn done(&self) -> bool {
        match &self.0 {
            State::Ready(_) => true,
            State::Waiting(future) => future.done(),
        }
    }

    /// The error, where it is known already.
    pub(super) fn into_error(self) -> Option<StreamError> {
        match self.0 {
            State::Ready(Some(result)) => result.err(),
            State::Ready(None) | State::Waiting(_) => None,
        }
    }
}

impl StdFuture for Write {
    type Output = Result<(), StreamError>;

    /// # Panics
    ///
    /// Panics when it has given its result before.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match &mut self.0 {
            State::Ready(result) => result
                .take()
                .expect("a write was yielded again after its result had been taken"),
            State::Waiting(future) => ready!(Pin::new(future).poll(cx)),
        })
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write").field("done", &self.done()).finish()
    }
}
