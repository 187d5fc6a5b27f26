//! A request, as a handler sees it.

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;
use http::header::AsHeaderName;
use http::request::Parts;
use http::{HeaderMap, Method, Uri, Version};

use crate::secret;

/// A request that a server got. Tornado's `HTTPServerRequest`.
pub struct HttpServerRequest {
    head: Parts,
    body: Bytes,
    remote_addr: SocketAddr,
}

impl HttpServerRequest {
    #[inline]
    pub(super) fn new(head: Parts, body: Bytes, remote_addr: SocketAddr) -> Self {
        Self {
            head,
            body,
            remote_addr,
        }
    }

    /// The headers, or the map that had them, when nobody looks at them any more.
    pub(super) fn take_headers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.head.headers)
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The target of the request, as it was sent.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.head.uri
    }

    /// The path, as it was sent: not percent-decoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// What follows the question mark, as it was sent.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.head.uri.query()
    }

    /// The version of the protocol.
    #[must_use]
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The first header of this name, if it is there and is visible ASCII text.
    #[must_use]
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The address at the other end of the connection.
    #[must_use]
    pub fn remote_addr(&self) -> SocketAddr {
        self.remote_addr
    }
}

/// The target of a request for messages: without the host, in front of which there may be a name and a password.
pub(super) fn target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("-", |target| target.as_str())
}

impl fmt::Debug for HttpServerRequest {
    /// Shows no credentials, and of the body only its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpServerRequest")
            .field("method", self.method())
            .field("uri", &target(self.uri()))
            .field("version", &self.version())
            .field("headers", &secret::shown(self.headers()))
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("remote_addr", &self.remote_addr)
            .finish()
    }
}
