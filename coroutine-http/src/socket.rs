//! A connection's socket, at a server and at a client, and how hyper's buffers are filled.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use coroutine_core::net::{TcpStream, UnixStream};
use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::ReadBufCursor;

/// A socket. A reference reads and writes as well.
pub(crate) enum Plain {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Does the same with either socket.
macro_rules! with {
    ($plain:expr, $socket:ident => $result:expr) => {
        match $plain {
            Plain::Tcp($socket) => $result,
            Plain::Unix($socket) => $result,
        }
    };
}

pub(crate) use with;

/// How much is decrypted at once: a record of TLS is no longer.
const RECORD: usize = 16 * 1024;

impl Plain {
    /// Reads into hyper's buffer, and shows what was read.
    #[inline]
    pub(crate) fn poll_fill(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBufCursor<'_>,
        show: impl FnOnce(&[u8]),
    ) -> Poll<io::Result<()>> {
        // SAFETY: whoever has the slice must not make initialised bytes uninitialised; a read from a socket only writes bytes.
        let room = unsafe { buffer.as_mut() };
        let count = ready!(with!(self, socket => socket.poll_read_uninit(cx, room)))?;
        // SAFETY: the socket says that so many bytes at the beginning of the slice are initialised now.
        show(unsafe { room[..count].assume_init_ref() });
        // SAFETY: as above.
        unsafe { buffer.advance(count) };
        Poll::Ready(Ok(()))
    }

    /// Writes what the kernel takes at once.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        with!(self, socket => socket.try_write(bytes))
    }

    /// Ready when the peer has left, as far as what it sent was read.
    pub(crate) fn poll_hang_up(&self, cx: &mut Context<'_>) -> Poll<()> {
        with!(self, socket => socket.poll_hang_up(cx))
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        with!(self, socket => socket.shutdown(how))
    }
}

/// As [`Plain::poll_fill`], from what decrypts.
pub(crate) fn poll_fill_decrypted(
    stream: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    buffer: &mut ReadBufCursor<'_>,
    show: impl FnOnce(&[u8]),
) -> Poll<io::Result<()>> {
    let mut room = [0; RECORD];
    let most = buffer.remaining().min(RECORD);
    let count = ready!(Pin::new(stream).poll_read(cx, &mut room[..most]))?;
    show(&room[..count]);
    buffer.put_slice(&room[..count]);
    Poll::Ready(Ok(()))
}

impl AsyncRead for &Plain {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        with!(*self, socket => Pin::new(&mut &*socket).poll_read(cx, buffer))
    }
}

impl AsyncWrite for &Plain {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        with!(*self, socket => Pin::new(&mut &*socket).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        with!(*self, socket => Pin::new(&mut &*socket).poll_write_vectored(cx, bytes))
    }

    /// A socket keeps nothing back.
    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.shutdown(Shutdown::Write) {
            // The peer was first.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        })
    }
}

impl AsyncRead for Plain {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Plain {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write_vectored(cx, bytes)
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_close(cx)
    }
}
