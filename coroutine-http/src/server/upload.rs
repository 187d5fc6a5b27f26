//! The body of a request that its handler reads while it arrives.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future as StdFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use coroutine_core::{self as co, Stream};
use hyper::body::{Body, Incoming};

use super::activity::{Activity, Phase};
use super::exchange::Exchange;
use super::input_error::HttpInputError;
use crate::decompression::{DecodeError, Decoder};

/// Shared by the handler, which reads, and the connection, which ends it with the response.
pub(super) struct Upload {
    state: RefCell<State>,
    /// In bytes, as they come and as they are given.
    limit: Cell<usize>,
    received: Cell<usize>,
    /// Taken out while it is used.
    decoder: Cell<Option<Box<Decoder>>>,
    /// How many bytes have come out of it.
    decoded: Cell<usize>,
    /// When there must be all of it.
    deadline: RefCell<Option<co::Sleep>>,
    /// A stream has it, and nobody else reads.
    lent: Cell<bool>,
    activity: Rc<Activity>,
}

enum State {
    Open(Incoming),
    /// All of it was read.
    Ended,
    /// The response is complete, or an error was told.
    Closed,
}

impl Upload {
    pub(super) fn new(
        body: Incoming,
        decoder: Option<Decoder>,
        limit: usize,
        timeout: Option<Duration>,
        activity: Rc<Activity>,
    ) -> Self {
        Self {
            state: RefCell::new(State::Open(body)),
            limit: Cell::new(limit),
            received: Cell::new(0),
            decoder: Cell::new(decoder.map(Box::new)),
            decoded: Cell::new(0),
            deadline: RefCell::new(timeout.map(co::sleep)),
            lent: Cell::new(false),
            activity,
        }
    }

    /// Nobody reads any more. hyper drops what still comes, or closes the connection after the response.
    pub(super) fn close(&self) {
        let is_open = matches!(*self.state.borrow(), State::Open(_));
        if is_open {
            drop(self.state.replace(State::Closed));
            self.deadline.take();
        }
    }

    pub(super) fn set_limit(&self, bytes: usize) {
        self.limit.set(bytes);
    }

    pub(super) fn set_timeout(&self, timeout: Duration) {
        self.deadline.replace(Some(co::sleep(timeout)));
    }

    pub(super) fn poll_chunk(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, HttpInputError>> {
        let mut body = match self.state.replace(State::Closed) {
            State::Open(body) => body,
            State::Closed => return Poll::Ready(Err(HttpInputError::closed())),
            State::Ended => {
                self.state.replace(State::Ended);
                return Poll::Ready(Ok(None));
            }
        };
        // hyper runs the waker's code, and what that calls may look here.
        let polled = self.poll_body(&mut body, cx);
        let next = match &polled {
            Poll::Pending | Poll::Ready(Ok(Some(_))) => State::Open(body),
            Poll::Ready(Ok(None)) => State::Ended,
            Poll::Ready(Err(_)) => State::Closed,
        };
        self.state.replace(next);
        self.note(&polled);
        polled
    }

    fn poll_body(
        &self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, HttpInputError>> {
        let (limit, room) = (self.limit.get(), self.room());
        if usize::try_from(body.size_hint().lower()).map_or(true, |length| length > room) {
            return Poll::Ready(Err(HttpInputError::too_large(limit)));
        }
        loop {
            let frame = match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Err(HttpInputError::broken(error)));
                }
                Poll::Ready(None) => return Poll::Ready(self.rest()),
                Poll::Pending => return self.poll_deadline(cx).map(Err),
            };
            // What is no data are trailers.
            let Ok(chunk) = frame.into_data() else {
                continue;
            };
            let chunk = self.take(chunk)?;
            if !chunk.is_empty() {
                return Poll::Ready(Ok(Some(chunk)));
            }
        }
    }

    /// How many bytes may still come.
    fn room(&self) -> usize {
        self.limit.get().saturating_sub(self.received.get())
    }

    /// What a chunk becomes.
    fn take(&self, chunk: Bytes) -> Result<Bytes, HttpInputError> {
        if chunk.len() > self.room() {
            return Err(HttpInputError::too_large(self.limit.get()));
        }
        self.received.set(self.received.get() + chunk.len());
        let Some(mut decoder) = self.decoder.take() else {
            return Ok(chunk);
        };
        let decoded = decoder.decode(&chunk, self.room_behind());
        let decoded = decoded.map_err(|error| self.undecoded(error))?;
        self.decoder.set(Some(decoder));
        self.decoded.set(self.decoded.get() + decoded.len());
        Ok(decoded)
    }

    /// What comes out at the end.
    fn rest(&self) -> Result<Option<Bytes>, HttpInputError> {
        let Some(mut decoder) = self.decoder.take() else {
            return Ok(None);
        };
        let rest = decoder.finish(self.room_behind());
        let rest = rest.map_err(|error| self.undecoded(error))?;
        Ok(Some(rest).filter(|rest| !rest.is_empty()))
    }

    fn undecoded(&self, error: DecodeError) -> HttpInputError {
        match error {
            DecodeError::TooLarge => HttpInputError::too_large(self.limit.get()),
            DecodeError::Broken(error) => HttpInputError::broken(error),
        }
    }

    /// How many bytes may still come out.
    fn room_behind(&self) -> usize {
        self.limit.get().saturating_sub(self.decoded.get())
    }

    fn poll_deadline(&self, cx: &mut Context<'_>) -> Poll<HttpInputError> {
        let mut deadline = self.deadline.borrow_mut();
        match &mut *deadline {
            Some(deadline) => Pin::new(deadline)
                .poll(cx)
                .map(|()| HttpInputError::timeout()),
            None => Poll::Pending,
        }
    }

    /// Tells the connection for whom it waits.
    fn note(&self, polled: &Poll<Result<Option<Bytes>, HttpInputError>>) {
        self.activity.enter(match polled {
            Poll::Pending => Phase::Body,
            Poll::Ready(_) => Phase::Handler,
        });
        if matches!(polled, Poll::Ready(Ok(None))) {
            self.activity.set_hasty(false);
        }
    }

    /// Whoever waited for it does so no more.
    fn give_up(&self) {
        if matches!(*self.state.borrow(), State::Open(_)) {
            self.activity.enter(Phase::Handler);
        }
    }
}

/// Where a reader reads.
enum Source {
    Upload(Rc<Upload>),
    /// It cannot read, and has yet to say so.
    Refused(HttpInputError),
    Ended,
}

impl Source {
    fn of(exchange: &Exchange) -> Self {
        match &exchange.upload {
            Some(upload) if upload.lent.get() => Self::Refused(HttpInputError::lent()),
            Some(upload) => Self::Upload(Rc::clone(upload)),
            None if exchange.request.body().is_empty() => Self::Ended,
            None => Self::Refused(HttpInputError::not_streamed()),
        }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, HttpInputError>> {
        if let Self::Upload(upload) = self {
            return upload.poll_chunk(cx);
        }
        Poll::Ready(match std::mem::replace(self, Self::Ended) {
            Self::Refused(error) => Err(error),
            Self::Upload(_) | Self::Ended => Ok(None),
        })
    }
}

/// Reads the next chunk of a request's body: what [`RequestHandler::read_chunk`](crate::RequestHandler::read_chunk) gives.
#[must_use = "it reads nothing unless it is yielded"]
pub struct ReadChunk<'a> {
    source: Source,
    waits: bool,
    /// One reader at a time.
    handler: PhantomData<&'a mut ()>,
}

impl ReadChunk<'_> {
    pub(super) fn of(exchange: &Exchange) -> Self {
        Self {
            source: Source::of(exchange),
            waits: false,
            handler: PhantomData,
        }
    }
}

impl StdFuture for ReadChunk<'_> {
    type Output = Result<Option<Bytes>, HttpInputError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.source.poll_chunk(cx);
        self.waits = polled.is_pending();
        polled
    }
}

impl Drop for ReadChunk<'_> {
    fn drop(&mut self) {
        if self.waits
            && let Source::Upload(upload) = &self.source
        {
            upload.give_up();
        }
    }
}

/// A request's body as a stream: what [`RequestHandler::body_stream`](crate::RequestHandler::body_stream) gives. An error is its last item.
///
/// Dropping it before its end gives up the rest of the body.
#[must_use = "a stream reads nothing unless it is polled"]
pub struct BodyStream {
    source: Source,
}

impl BodyStream {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let source = Source::of(exchange);
        if let Some(upload) = &exchange.upload {
            upload.lent.set(true);
        }
        Self { source }
    }
}

impl BodyStream {
    /// As a future.
    pub(super) async fn next_chunk(&mut self) -> Option<Result<Bytes, HttpInputError>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for BodyStream {
    type Item = Result<Bytes, HttpInputError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.source.poll_chunk(cx).map(Result::transpose);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.source = Source::Ended;
        }
        polled
    }
}

impl Drop for BodyStream {
    fn drop(&mut self) {
        if let Source::Upload(upload) = &self.source {
            upload.give_up();
            upload.close();
        }
    }
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStream").finish_non_exhaustive()
    }
}

impl fmt::Debug for ReadChunk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadChunk").finish_non_exhaustive()
    }
}
