//! A client's connection as hyper reads and writes it: plain, or encrypted.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::AsyncWrite;
use hyper::rt::{Read, ReadBufCursor, Write};

use super::tls::Encrypted;
use super::wire::Wire;
use crate::socket::poll_fill_decrypted;

pub(super) enum Io {
    Plain(Wire),
    Encrypted(Box<Encrypted>, Wire),
}

impl Read for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => {
                let hear = |bytes: &[u8]| wire.hear(bytes);
                wire.socket().poll_fill(cx, &mut buffer, hear)
            }
            // Heard after decryption, since TLS says things of its own.
            Self::Encrypted(stream, wire) => {
                let hear = |bytes: &[u8]| wire.hear(bytes);
                poll_fill_decrypted(&mut **stream, cx, &mut buffer, hear)
            }
        }
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
