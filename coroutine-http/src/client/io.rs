//! A client's connection as hyper reads and writes it: plain, or encrypted.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};

use super::tls::Encrypted;
use super::wire::Wire;

pub(super) enum Io {
    Plain(Wire),
    Encrypted(Box<Encrypted>, Wire),
}

/// How much is decrypted at once: a record of TLS is no longer.
const RECORD: usize = 16 * 1024;

impl Read for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => {
                // SAFETY: whoever has the slice must not make initialised bytes uninitialised; a read from a socket only writes bytes.
                let room = unsafe { buffer.as_mut() };
                let count = ready!(wire.poll_read_uninit(cx, room))?;
                // SAFETY: the socket says that so many bytes at the beginning of the slice are initialised now.
                unsafe { buffer.advance(count) };
                if count > 0 {
                    wire.note_heard();
                }
            }
            Self::Encrypted(stream, wire) => {
                let mut room = [0; RECORD];
                let most = buffer.remaining().min(RECORD);
                let count = ready!(Pin::new(&mut **stream).poll_read(cx, &mut room[..most]))?;
                buffer.put_slice(&room[..count]);
                if count > 0 {
                    wire.note_heard();
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Io {
    fn writer(self: Pin<&mut Self>) -> Pin<&mut (dyn AsyncWrite + Unpin)> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire),
            Self::Encrypted(stream, _) => Pin::new(&mut **stream),
        }
    }
}

impl Write for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writer().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writer().poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_close(cx)
    }
}
