//! Without the feature `tls` there is no TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::stream::Stream;
use crate::socket::Plain;

/// There is none.
pub(crate) enum Encrypted {}

/// There are none.
#[derive(Clone)]
pub(super) enum TlsSettings {}

impl TlsSettings {
    pub(super) async fn secure(&self, _socket: Plain) -> io::Result<Stream> {
        match *self {}
    }
}

impl Encrypted {
    #[cfg_attr(not(feature = "http2"), expect(dead_code, reason = "nobody asks"))]
    pub(super) fn speaks_http2(&self) -> bool {
        match *self {}
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match *self {}
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match *self {}
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }
}
