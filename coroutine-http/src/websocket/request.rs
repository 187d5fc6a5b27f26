//! What a client asks for.

use std::fmt;
use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use url::Url;

use super::error::{Kind, WebSocketError};
use super::options::Options;
use super::secure::{self, Trust};
use crate::client::{Handshake, HttpError, HttpRequest, IntoHttpRequest};
use crate::secret;

/// Tornado's time for a connection.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A WebSocket that is to be opened: where, and how. A URL will do, or an [`HttpRequest`].
///
/// What is wrong with its parts is told by [`websocket_connect`](crate::websocket_connect).
///
/// ```
/// use std::time::Duration;
/// use coroutine_http::WebSocketRequest;
///
/// let request = WebSocketRequest::new("wss://example.org/chat")
///     .header("Cookie", "session=1")
///     .subprotocols(["chat.v2", "chat.v1"])
///     .connect_timeout(Duration::from_secs(2))
///     .ping_interval(Duration::from_secs(30));
/// # drop(request);
/// ```
///
/// Tornado's way, with what requests say:
///
/// ```no_run
/// use coroutine_core as co;
/// use coroutine_http::{HttpRequest, WebSocketError, websocket_connect};
///
/// #[co::coroutine]
/// fn join() -> Result<(), WebSocketError> {
///     let request = HttpRequest::new("ws://example.org/chat").auth("ada", "sesame");
///     let socket = yield_!(websocket_connect(request))?;
///     yield_!(socket.write_message("hello"))
/// }
/// ```
#[must_use = "nothing is opened unless it is given to `websocket_connect`"]
pub struct WebSocketRequest {
    pub(super) url: Result<Url, WebSocketError>,
    pub(super) headers: HeaderMap,
    pub(super) connect_timeout: Duration,
    pub(super) options: Options,
    pub(super) trust: Trust,
}

impl WebSocketRequest {
    /// A WebSocket at a URL whose scheme is `ws`, or `wss` where the feature `tls` is on. A name and a password in it are sent as [`auth`](HttpRequest::auth) sends them.
    pub fn new(url: impl AsRef<str>) -> Self {
        Self::of(HttpRequest::new(url))
    }

    fn of(request: HttpRequest) -> Self {
        let mut this = Self {
            url: Err(WebSocketError::new(Kind::Closed)),
            headers: HeaderMap::new(),
            connect_timeout: TIMEOUT,
            options: Options::default(),
            trust: Default::default(),
        };
        this.url = request
            .into_handshake()
            .map_err(|error| refused(&error))
            .and_then(|handshake| this.take(handshake));
        this
    }

    fn take(&mut self, handshake: Handshake) -> Result<Url, WebSocketError> {
        self.headers = handshake.headers;
        self.connect_timeout = handshake.timeout.unwrap_or(TIMEOUT);
        self.trust = secure::trust(&handshake.tls)?;
        Ok(handshake.url)
    }

    /// Adds a header to those of its name. `Host` and what belongs to the handshake is said anyway.
    pub fn header(
        mut self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> Self {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
            }
            (Err(_), _) => self.spoil("a header's name is none"),
            (_, Err(_)) => self.spoil("a header's value cannot be one"),
        }
        self
    }

    fn spoil(&mut self, what: &str) {
        if self.url.is_ok() {
            self.url = Err(WebSocketError::new(Kind::Request(what.to_owned())));
        }
    }

    /// The subprotocols that this side speaks, the best one first. The server [chooses](crate::WebSocket::subprotocol) one of them, or none.
    pub fn subprotocols<S: AsRef<str>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<S> = names.into_iter().collect();
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        match HeaderValue::try_from(names.join(", ")) {
            Ok(_) if names.is_empty() => drop(self.headers.remove(SEC_WEBSOCKET_PROTOCOL)),
            Ok(names) => drop(self.headers.insert(SEC_WEBSOCKET_PROTOCOL, names)),
            Err(_) => self.spoil("the name of a subprotocol is none"),
        }
        self
    }

    /// How long it may take to connect, the look-up of the host's name and the handshake included: 20 seconds unless set here.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sends a ping so often, and closes the connection when the server does not answer. There are none unless set here.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.options.ping_interval = Some(interval);
        self
    }

    /// How long the server may take to answer a ping: as long as the interval unless set here.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.options.ping_timeout = Some(timeout);
        self
    }

    /// The longest message that the server may send, in bytes: 10 MiB unless set here.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.options.max_message_size = bytes;
        self
    }
}

/// A URL, or a request: of that its URL, headers, [`auth`](HttpRequest::auth), timeouts and what it says of TLS count.
impl<T: IntoHttpRequest> From<T> for WebSocketRequest {
    fn from(request: T) -> Self {
        Self::of(request.into_http_request())
    }
}

impl fmt::Debug for WebSocketRequest {
    /// Shows no credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("WebSocketRequest");
        match &self.url {
            Ok(url) => debug.field("url", &secret::without_userinfo(url.as_str())),
            Err(error) => debug.field("error", error),
        };
        debug
            .field("headers", &secret::shown(&self.headers))
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn refused(error: &HttpError) -> WebSocketError {
    WebSocketError::new(Kind::Request(error.to_string()))
}
