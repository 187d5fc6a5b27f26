//! What an `IoStream` reads from and writes to.

use std::any::Any;
use std::pin::Pin;

use futures_io::{AsyncRead, AsyncWrite};
use pin_project_lite::pin_project;

use crate::net::TcpStream;

/// Both directions of a byte stream.
pub(super) trait Duplex: AsyncRead + AsyncWrite {}

impl<S: AsyncRead + AsyncWrite + ?Sized> Duplex for S {}

/// Any byte stream.
pub(super) type AnyStream = dyn Duplex;

/// A byte stream, or layers of them.
pub(super) trait Transport {
    /// The topmost stream.
    fn stream(self: Pin<&mut Self>) -> Pin<&mut AnyStream>;

    /// The connection at the bottom, if it is one of TCP.
    fn tcp(&self) -> Option<&TcpStream>;

    /// Tells the peer that the stream ends here in good order, if the protocol wants that and it can be done at once.
    fn say_goodbye(self: Pin<&mut Self>) {}
}

/// A transport in its place, of whatever type.
pub(super) type BoxedTransport = Pin<Box<dyn Transport>>;

pin_project! {
    /// A stream that is a transport by itself.
    pub(super) struct Plain<S> {
        #[pin]
        stream: S,
    }
}

impl<S> Plain<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream }
    }
}

impl<S: AsyncRead + AsyncWrite + 'static> Transport for Plain<S> {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut AnyStream> {
        self.project().stream
    }

    fn tcp(&self) -> Option<&TcpStream> {
        (&self.stream as &dyn Any).downcast_ref()
    }
}
