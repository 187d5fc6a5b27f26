//! A connection's socket, which hyper, TLS and the pool share.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use crate::socket::{Plain, with};

/// A clone is the same socket.
#[derive(Clone)]
pub(super) struct Wire(Rc<Inner>);

struct Inner {
    socket: Plain,
    /// Whether something of a response has come since this was asked last.
    heard: Cell<bool>,
}

impl Wire {
    pub(super) fn new(socket: Plain) -> Self {
        let heard = Cell::new(false);
        Self(Rc::new(Inner { socket, heard }))
    }

    pub(super) fn socket(&self) -> &Plain {
        &self.0.socket
    }

    /// These bytes of a response have come, if they are any.
    pub(super) fn hear(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.0.heard.set(true);
        }
    }

    /// Whether something of a response has come since this was asked last.
    pub(super) fn take_heard(&self) -> bool {
        self.0.heard.take()
    }

    /// As [`TcpStream::when_touched`](coroutine_core::net::TcpStream::when_touched).
    pub(super) fn when_touched(&self, callback: impl FnOnce() + 'static) {
        with!(self.socket(), socket => socket.when_touched(callback));
    }

    /// As [`TcpStream::forget_when_touched`](coroutine_core::net::TcpStream::forget_when_touched).
    pub(super) fn forget_when_touched(&self) {
        with!(self.socket(), socket => socket.forget_when_touched());
    }

    /// As [`TcpStream::is_touched`](coroutine_core::net::TcpStream::is_touched).
    pub(super) fn is_touched(&self) -> bool {
        with!(self.socket(), socket => socket.is_touched())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket()).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket()).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket()).poll_write_vectored(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket()).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket()).poll_close(cx)
    }
}
