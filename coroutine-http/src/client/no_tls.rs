//! What stands for TLS where the feature `tls` is off: nothing that can be had.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use url::Url;

use super::authority::Authority;
use super::error::{HttpError, Kind};
use super::wire::Wire;
use crate::secret::Short;

/// Why there is no TLS.
pub(super) enum TlsFault {
    /// The URL asks for it, and the feature is off.
    Missing(String),
}

impl TlsFault {
    pub(super) fn is_handshake(&self) -> bool {
        false
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Missing(url) = self;
        let url = Short(url);
        write!(
            f,
            "cannot fetch `{url}`: `https:` needs the feature `tls` of coroutine-http"
        )
    }
}

#[derive(Clone, Default)]
pub(crate) struct TlsOptions;

impl TlsOptions {
    pub(super) fn complete(&mut self, _others: &Self) {}

    pub(super) fn remove_identity(&mut self) {}
}

pub(super) struct Configs;

impl Configs {
    pub(super) fn new() -> Self {
        Self
    }

    pub(super) fn security(&self, _options: &TlsOptions, url: &Url) -> Result<Security, HttpError> {
        let fault = TlsFault::Missing(url.to_string());
        Err(HttpError::new(Kind::Tls(fault)))
    }
}

/// There is none.
#[derive(Clone, PartialEq)]
pub(super) enum Security {}

pub(super) async fn secure(
    security: &Security,
    _to: &Authority,
    _wire: Wire,
) -> Result<Encrypted, HttpError> {
    match *security {}
}

/// There is none.
pub(super) enum Encrypted {}

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

#[cfg(test)]
mod tests {
    use coroutine_core::IoLoop;

    use crate::AsyncHttpClient;

    #[test]
    fn an_https_url_is_an_error_that_names_the_feature() {
        let fetch = || AsyncHttpClient::new().fetch("https://me:secret@127.0.0.1:1/");
        let result = IoLoop::current().run_sync(fetch).expect("an end");
        let error = result.expect_err("no TLS");
        assert!(error.is_request());
        let text = error.to_string();
        assert!(
            text.contains("feature `tls`") && text.contains("127.0.0.1"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }
}
