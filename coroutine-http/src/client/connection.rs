//! One connection, and what hyper makes of it.

use std::future::{Future as StdFuture, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, Builder, SendRequest};

use super::io::Io;
use super::outgoing::Outgoing;
use super::wire::Wire;

pub(super) struct Connection {
    sender: SendRequest<Outgoing>,
    /// What reads and writes, whenever it is polled. Dropping it closes the connection.
    driver: Box<http1::Connection<Io, Outgoing>>,
    /// Whether the driver is done.
    over: bool,
    wire: Wire,
}

impl Connection {
    pub(super) async fn new(
        io: Io,
        wire: Wire,
        max_header_size: Option<usize>,
    ) -> hyper::Result<Self> {
        let mut builder = Builder::new();
        if let Some(bytes) = max_header_size {
            builder.max_header_size(bytes);
        }
        let (sender, driver) = builder.handshake(io).await?;
        Ok(Self {
            sender,
            driver: Box::new(driver),
            over: false,
            wire,
        })
    }

    pub(super) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Has a request sent. What is given waits for the head of the response, while the connection is [kept going](Self::after).
    pub(super) fn send(
        &mut self,
        message: Request<Outgoing>,
    ) -> impl StdFuture<Output = Result<Response<Incoming>, TrySendError<Request<Outgoing>>>> + use<>
    {
        self.wire.take_heard();
        self.sender.try_send_request(message)
    }

    /// What `poll` gives, which needs the connection to go on first.
    pub(super) fn after<T>(
        &mut self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> impl StdFuture<Output = T> {
        poll_fn(move |cx| {
            self.poll(cx);
            poll(cx)
        })
    }

    /// What `poll` gives, while the connection is kept going.
    pub(super) fn drive<T>(
        &mut self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> impl StdFuture<Output = T> {
        poll_fn(move |cx| {
            // What is there already costs the connection nothing. What is not may be there when the connection was polled.
            if let Poll::Ready(done) = poll(cx) {
                return Poll::Ready(done);
            }
            self.poll(cx);
            poll(cx)
        })
    }

    /// Has the connection notice that the response was read to its end.
    pub(super) async fn settle(&mut self) {
        if !self.sender.is_ready() {
            self.after(|_| Poll::Ready(())).await;
        }
    }

    /// Whether it can be used for another request, now that it is [settled](Self::settle).
    pub(super) fn is_reusable(&self) -> bool {
        !self.over && self.sender.is_ready()
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        // The connection's own result is of no interest: the exchange learns of it what it needs, and wakes the connection through its waker.
        self.over = self.over || Pin::new(&mut *self.driver).poll(cx).is_ready();
    }
}
