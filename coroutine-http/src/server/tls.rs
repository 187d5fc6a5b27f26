//! TLS on a server's connections.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::tls::rustls::ServerConfig;
use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::TlsAcceptor;
use futures_rustls::server::TlsStream;

use super::application::Application;
use super::stream::Stream;
use crate::socket::Plain;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// TLS. Needs the feature `tls`.
impl Application {
    /// Encrypts all connections. Tornado's setting of this name; see [`tls::server_config`](coroutine_core::tls::server_config) for a configuration.
    ///
    /// A handshake that fails, or takes longer than 10 seconds, ends that connection, and is logged for debugging only, since anybody can make one fail.
    /// The client is told that HTTP/1.1 is spoken here, unless the configuration says what (ALPN).
    #[must_use]
    pub fn ssl_options(mut self, mut config: Arc<ServerConfig>) -> Self {
        if config.alpn_protocols.is_empty() {
            let protocols = super::http2::protocols();
            Arc::make_mut(&mut config).alpn_protocols = protocols;
        }
        self.settings.tls = Some(TlsSettings { config });
        self
    }
}

#[derive(Clone)]
pub(super) struct TlsSettings {
    config: Arc<ServerConfig>,
}

impl TlsSettings {
    /// The stream, encrypted.
    pub(super) async fn secure(&self, socket: Plain) -> io::Result<Stream> {
        let handshake = TlsAcceptor::from(Arc::clone(&self.config)).accept(socket);
        match co::with_timeout(HANDSHAKE, handshake).await {
            Ok(stream) => Ok(Stream::Encrypted(Box::new(Encrypted { stream: stream? }))),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// TLS on a socket.
pub(crate) struct Encrypted {
    stream: TlsStream<Plain>,
}

impl Encrypted {
    #[cfg_attr(not(feature = "http2"), expect(dead_code, reason = "nobody asks"))]
    pub(super) fn speaks_http2(&self) -> bool {
        let (_, session) = self.stream.get_ref();
        session.alpn_protocol() == Some(b"h2")
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
