//! What a server's connection reads from and writes to.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::ReadBufCursor;

use super::tls::Encrypted;
use crate::socket::{Plain, poll_fill_decrypted};

/// A socket, or TLS on one.
pub(crate) enum Stream {
    Plain(Rc<Plain>),
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "there is no TLS"))]
    Encrypted(Box<Encrypted>),
}

impl Stream {
    /// Reads into hyper's buffer, and shows what was read.
    #[inline]
    pub(crate) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBufCursor<'_>,
        show: impl FnOnce(&[u8]),
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(plain) => plain.poll_fill(cx, buffer, show),
            Self::Encrypted(stream) => poll_fill_decrypted(&mut **stream, cx, buffer, show),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(&mut &**socket).poll_read(cx, buffer),
            Self::Encrypted(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(&mut &**socket).poll_write(cx, bytes),
            Self::Encrypted(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(&mut &**socket).poll_write_vectored(cx, bytes),
            Self::Encrypted(stream) => Pin::new(&mut **stream).poll_write_vectored(cx, bytes),
        }
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(&mut &**socket).poll_flush(cx),
            Self::Encrypted(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(&mut &**socket).poll_close(cx),
            Self::Encrypted(stream) => Pin::new(&mut **stream).poll_close(cx),
        }
    }
}
