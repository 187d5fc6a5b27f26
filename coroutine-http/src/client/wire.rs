//! A connection's socket, which hyper, TLS and the pool share.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use coroutine_core::net::{TcpStream, UnixStream};
use futures_io::{AsyncRead, AsyncWrite};

/// A clone is the same socket.
#[derive(Clone)]
pub(super) struct Wire(Rc<Inner>);

struct Inner {
    socket: Socket,
    /// Whether something of a response has come since this was asked last.
    heard: Cell<bool>,
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Does the same with either socket.
macro_rules! with {
    ($wire:expr, $socket:ident => $result:expr) => {
        match &$wire.0.socket {
            Socket::Tcp($socket) => $result,
            Socket::Unix($socket) => $result,
        }
    };
}

impl From<TcpStream> for Wire {
    fn from(stream: TcpStream) -> Self {
        Self::new(Socket::Tcp(stream))
    }
}

impl From<UnixStream> for Wire {
    fn from(stream: UnixStream) -> Self {
        Self::new(Socket::Unix(stream))
    }
}

impl Wire {
    fn new(socket: Socket) -> Self {
        let heard = Cell::new(false);
        Self(Rc::new(Inner { socket, heard }))
    }

    /// Something of a response has come: after decryption, since TLS says things of its own.
    pub(super) fn note_heard(&self) {
        self.0.heard.set(true);
    }

    /// Whether something of a response has come since this was asked last.
    pub(super) fn take_heard(&self) -> bool {
        self.0.heard.take()
    }

    /// As [`TcpStream::when_touched`].
    pub(super) fn when_touched(&self, callback: impl FnOnce() + 'static) {
        with!(self, socket => socket.when_touched(callback));
    }

    /// As [`TcpStream::forget_when_touched`].
    pub(super) fn forget_when_touched(&self) {
        with!(self, socket => socket.forget_when_touched());
    }

    /// As [`TcpStream::is_touched`].
    pub(super) fn is_touched(&self) -> bool {
        with!(self, socket => socket.is_touched())
    }

    /// As [`TcpStream::poll_read_uninit`].
    pub(super) fn poll_read_uninit(
        &self,
        cx: &mut Context<'_>,
        room: &mut [MaybeUninit<u8>],
    ) -> Poll<io::Result<usize>> {
        with!(self, socket => socket.poll_read_uninit(cx, room))
    }

    /// Ends the writing direction.
    pub(super) fn end(&self) -> io::Result<()> {
        match with!(self, socket => socket.shutdown(Shutdown::Write)) {
            // The peer was first.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        with!(self, socket => Pin::new(&mut &*socket).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        with!(self, socket => Pin::new(&mut &*socket).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        with!(self, socket => Pin::new(&mut &*socket).poll_write_vectored(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.end())
    }
}
