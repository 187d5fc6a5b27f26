//! One connection, and what hyper makes of it.

use std::future::{Future as StdFuture, poll_fn};
use std::pin::{Pin, pin};
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

    /// Sends a request, and waits for the head of the response.
    pub(super) fn send(
        &mut self,
        message: Request<Outgoing>,
    ) -> impl StdFuture<Output = Result<Response<Incoming>, Box<TrySendError<Request<Outgoing>>>>>
    {
        self.wire.take_heard();
        let response = self.sender.try_send_request(message);
        async move {
            let mut response = pin!(response);
            // The connection first, which has to send it.
            poll_fn(|cx| {
                self.poll(cx);
                response.as_mut().poll(cx).map_err(Box::new)
            })
            .await
        }
    }

    /// What `exchange` gives, while the connection is kept going.
    pub(super) async fn drive<T>(&mut self, exchange: impl StdFuture<Output = T>) -> T {
        let mut exchange = pin!(exchange);
        poll_fn(|cx| {
            // What is there already costs the connection nothing. What is not may be there when the connection was polled.
            if let Poll::Ready(done) = exchange.as_mut().poll(cx) {
                return Poll::Ready(done);
            }
            self.poll(cx);
            exchange.as_mut().poll(cx)
        })
        .await
    }

    /// Whether it can be used for another request, now that the response was read to its end.
    pub(super) async fn is_reusable(&mut self) -> bool {
        if !self.sender.is_ready() {
            poll_fn(|cx| {
                self.poll(cx);
                Poll::Ready(())
            })
            .await;
        }
        !self.over && self.sender.is_ready()
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        // The connection's own result is of no interest: the exchange learns of it what it needs, and wakes the connection through its waker.
        self.over = self.over || Pin::new(&mut *self.driver).poll(cx).is_ready();
    }
}
