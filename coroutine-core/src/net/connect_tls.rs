//! Connecting with TLS.

use std::future::Future as StdFuture;
use std::io;
use std::sync::Arc;

use super::tcp_client::TcpClient;
use crate::io_stream::{IoStream, StreamError};
use crate::tls::rustls::ClientConfig;

/// Encryption. Needs the feature `tls`.
impl TcpClient {
    /// As [`connect`](Self::connect), and starts TLS, within the same [timeout](Self::timeout). The server's certificate has to be for `host`.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and when no secure connection comes about, as for [`start_tls_client`](IoStream::start_tls_client).
    ///
    /// ```no_run
    /// use coroutine_core::{self as co, IoStream, net::TcpClient, tls};
    ///
    /// #[co::coroutine]
    /// fn connect() -> std::io::Result<IoStream> {
    ///     yield_!(TcpClient::new().connect_tls("example.org", 443, tls::client_config()))
    /// }
    /// ```
    pub fn connect_tls(
        &self,
        host: &str,
        port: u16,
        config: Arc<ClientConfig>,
    ) -> impl StdFuture<Output = io::Result<IoStream>> + use<> {
        let (client, name) = (self.clone(), host.to_owned());
        let connecting = async move {
            let connected = client.resolve_and_connect(name.clone(), port).await?;
            let stream = IoStream::new(connected);
            let secured = stream.start_tls_client(config, &name).await;
            secured.map_err(told).map(|()| stream)
        };
        self.limited(host, port, connecting)
    }
}

/// An error that tells by itself what happened, since the one around it has no other place for that.
fn told(error: StreamError) -> io::Error {
    match error.io_error() {
        Some(cause) => io::Error::new(cause.kind(), cause.to_string()),
        None => error.into(),
    }
}
