//! `wss:`.

use std::sync::Arc;

use coroutine_core::net::TcpStream;
use coroutine_core::tls::rustls::ClientConfig;
use coroutine_core::{IoStream, tls};

use super::error::{Kind, WebSocketError};
use super::pipe::Duplex;
use super::request::WebSocketRequest;
use crate::client::TlsOptions;

/// Whom a client trusts; the authorities that browsers trust, unless told otherwise.
pub(super) type Trust = Option<Arc<ClientConfig>>;

/// TLS.
impl WebSocketRequest {
    /// Whom this side trusts, and how it speaks TLS: as [`client_config`](coroutine_core::tls::client_config) unless set here.
    pub fn tls_config(mut self, config: Arc<ClientConfig>) -> Self {
        self.trust = Some(config);
        self
    }
}

/// Whom a request trusts. Files that it names are read.
pub(super) fn trust(tls: &TlsOptions) -> Result<Trust, WebSocketError> {
    if tls.config.is_some() || tls.is_same(&TlsOptions::default()) {
        return Ok(tls.config.clone());
    }
    let made = tls.configure().map(Some);
    made.map_err(|error| WebSocketError::new(Kind::Request(error.to_string())))
}

/// Encrypts a connection to a server, whose certificate is to be good for `host`.
pub(super) async fn start(
    stream: TcpStream,
    host: &str,
    trust: Trust,
) -> Result<Box<dyn Duplex>, WebSocketError> {
    let stream = IoStream::new(stream);
    let config = trust.unwrap_or_else(tls::client_config);
    let started = stream.start_tls_client(config, host).await;
    started.map_err(|error| {
        // The handshake's own error can be sent to other threads, and this one cannot.
        WebSocketError::caused(Kind::Connect(host.to_owned()), format!("{error:?}"))
    })?;
    Ok(Box::new(stream))
}
