//! What can go wrong with a WebSocket.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::secret::Short;

/// Why there is no WebSocket, or why it does not go on. Tornado's `WebSocketError` and `WebSocketClosedError`.
pub struct WebSocketError {
    kind: Kind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// The request is none that can be sent.
    Request(String),
    /// There is no connection to the host.
    Connect(String),
    /// There was no connection and handshake in time.
    Timeout(String, Duration),
    /// The server answered with another status.
    Status(StatusCode),
    /// The server's answer is no handshake.
    Handshake(&'static str),
    /// The client's request is no handshake, and was answered with this status.
    Refused(StatusCode),
    /// Nothing can be sent any more.
    Closed,
    /// The peer broke the protocol.
    Protocol,
    /// What the peer sent as text is none.
    Text,
    /// A message is longer than it may be, in bytes.
    TooLarge(usize),
}

impl WebSocketError {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, source: None }
    }

    pub(super) fn caused(kind: Kind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = Some(source.into());
        Self { kind, source }
    }

    /// Whether the connection is closed, or about to be, so that nothing can be sent.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.kind, Kind::Closed)
    }

    /// Whether there is no WebSocket, since the other side did not agree: at a client the server's answer was another one, at a server the request was
    /// not the right one, and has been answered.
    #[must_use]
    pub fn is_handshake(&self) -> bool {
        matches!(
            self.kind,
            Kind::Status(_) | Kind::Handshake(_) | Kind::Refused(_)
        )
    }

    /// The status of an answer that is no handshake.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.kind {
            Kind::Status(status) | Kind::Refused(status) => Some(status),
            _ => None,
        }
    }

    /// Whether the request could not be sent as it is: its URL or a header is none.
    #[must_use]
    pub fn is_request(&self) -> bool {
        matches!(self.kind, Kind::Request(_))
    }

    /// Whether there was no connection: the host has no address, refused it, or did not answer in time.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self.kind, Kind::Connect(_) | Kind::Timeout(..))
    }

    /// Whether it took too long to connect.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::Timeout(..))
    }

    /// Whether the peer broke the protocol, or sent as text what is none.
    #[must_use]
    pub fn is_protocol(&self) -> bool {
        matches!(self.kind, Kind::Protocol | Kind::Text)
    }

    /// Whether the peer sent a message that is longer than it may be.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.kind, Kind::TooLarge(_))
    }
}

impl fmt::Display for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Request(what) => write!(f, "cannot ask for a WebSocket: {}", Short(what)),
            Kind::Connect(host) => write!(f, "cannot connect to {}", Short(host)),
            Kind::Timeout(host, after) => {
                write!(f, "no WebSocket at {} within {after:?}", Short(host))
            }
            Kind::Status(status) => write!(f, "the server answered with {status}"),
            Kind::Handshake(what) => write!(f, "the server's answer is no handshake: {what}"),
            Kind::Refused(status) => write!(f, "the request was answered with {status}"),
            Kind::Closed => write!(f, "the WebSocket is closed"),
            Kind::Protocol => write!(f, "the peer broke the WebSocket protocol"),
            Kind::Text => write!(f, "the peer sent a text that is not UTF-8"),
            Kind::TooLarge(limit) => write!(f, "the peer sent a message of over {limit} bytes"),
        }
    }
}

impl fmt::Debug for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("WebSocketError");
        debug.field("message", &format_args!("{self}"));
        if let Some(source) = &self.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl Error for WebSocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}
