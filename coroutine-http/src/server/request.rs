//! A request, as a handler sees it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use bytes::Bytes;
use http::header::{AsHeaderName, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Method, Uri, Version};

use super::lazy::Lazy;
use super::peer::Peer;
use crate::secret;

/// A request that a server got. Tornado's `HTTPServerRequest`.
pub struct HttpServerRequest {
    head: Parts,
    body: Bytes,
    peer: Rc<Peer>,
    /// What was read out of the rest.
    pub(super) lazy: Lazy,
}

impl HttpServerRequest {
    #[inline]
    pub(super) fn new(head: Parts, body: Bytes, peer: Rc<Peer>) -> Self {
        Self {
            head,
            body,
            peer,
            lazy: Lazy::default(),
        }
    }

    /// Who sent it, for messages.
    pub(super) fn peer_name(&self) -> impl fmt::Display {
        self.peer.name()
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

    /// The address at the other end of the connection, which is none at a Unix socket. It is a proxy's, where there is one.
    #[must_use]
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.peer.addr
    }

    /// The client's IP address: the connection's, or what a proxy says where [`xheaders`](crate::Application::xheaders) are believed. Tornado's attribute of this name.
    #[must_use]
    pub fn remote_ip(&self) -> Option<IpAddr> {
        self.peer.ip(self.headers())
    }

    /// `http` or `https`: the connection's, or what a proxy says where [`xheaders`](crate::Application::xheaders) are believed. Tornado's attribute of this name.
    #[must_use]
    pub fn protocol(&self) -> &'static str {
        self.peer.protocol(self.headers())
    }

    /// The name of this server, and maybe its port, as the client knows it. It is what the client says, and not to be trusted.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.uri().authority().map(Authority::as_str);
        let named = authority.or_else(|| self.header(HOST));
        named.filter(|host| !host.is_empty()).unwrap_or("127.0.0.1")
    }

    /// The URL that was asked for, as the client knows it. Tornado's method of this name.
    #[must_use]
    pub fn full_url(&self) -> String {
        let (protocol, host, target) = (self.protocol(), self.host(), target(self.uri()));
        format!("{protocol}://{host}{target}")
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
            .field("remote_addr", &self.remote_addr())
            .finish()
    }
}
