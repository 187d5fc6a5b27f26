//! A request that is to become a WebSocket.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::{AUTHORIZATION, HeaderMap};
use url::Url;

use super::error::HttpError;
use super::request::{HttpRequest, unfit};
use super::tls::TlsOptions;

/// What a request says of a handshake.
pub(crate) struct Handshake {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    /// How long it may take, if that is said.
    pub(crate) timeout: Option<Duration>,
    pub(crate) tls: TlsOptions,
}

impl HttpRequest {
    /// What it says of a handshake.
    pub(crate) fn into_handshake(self) -> Result<Handshake, HttpError> {
        let parts = self.parts?;
        if parts.method != Method::GET {
            return Err(unfit("a WebSocket is asked for with GET"));
        }
        let mut headers = parts.headers;
        if let Some(authorization) = parts.authorization {
            headers.entry(AUTHORIZATION).or_insert(authorization);
        }
        let options = parts.options;
        let times = [options.connect_timeout, options.request_timeout];
        Ok(Handshake {
            url: Arc::unwrap_or_clone(parts.url),
            headers,
            timeout: times.into_iter().flatten().min(),
            tls: options.tls,
        })
    }
}
