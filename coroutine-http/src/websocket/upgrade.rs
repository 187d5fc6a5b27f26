//! The handshake at a server.

use std::future::{Future as StdFuture, IntoFuture};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use coroutine_core as co;
use http::header::{
    CONNECTION, HOST, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, StatusCode, Version};
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::coding::CloseCode;
use url::Url;

use super::connection::{WebSocket, close_frame};
use super::driver::Driver;
use super::end::Shared;
use super::error::{Kind, WebSocketError};
use super::options::Options;
use crate::server::stream::Stream;
use crate::server::{HttpServerRequest, Protocol, RequestHandler, WebError};

impl RequestHandler {
    /// Makes a WebSocket of the connection: set what is to be set, then yield it.
    ///
    /// What was set in the response's headers so far, a cookie for example, is sent with the handshake.
    ///
    /// ```
    /// use std::time::Duration;
    /// use coroutine_core as co;
    /// use coroutine_http::{Application, RequestHandler, WebSocketError};
    ///
    /// #[co::coroutine]
    /// fn clock(handler: RequestHandler) -> Result<(), WebSocketError> {
    ///     let socket = yield_!(handler.websocket().ping_interval(Duration::from_secs(30)))?;
    ///     for tick in 0.. {
    ///         yield_!(socket.write_message(format!("tick {tick}")))?;
    ///         yield_!(co::sleep(Duration::from_secs(1)));
    ///     }
    ///     Ok(())
    /// }
    /// # Application::new().get("/clock", clock);
    /// ```
    pub fn websocket(self) -> WebSocketUpgrade {
        WebSocketUpgrade {
            handler: self,
            options: Options::default(),
            subprotocols: Vec::new(),
            check_origin: Box::new(is_same_origin),
        }
    }
}

type CheckOrigin = dyn FnOnce(&str, &HttpServerRequest) -> bool;

/// A WebSocket that is to be, made by [`RequestHandler::websocket`]. Yield it.
///
/// # Errors
///
/// The yield gives an error when the request is no handshake. It has been answered then, with 400; with 403 when it comes from a page of another origin; with
/// 426 when its version of the protocol is another than 13. The handler may end with the error, which is not logged.
#[must_use = "there is no WebSocket unless it is yielded"]
pub struct WebSocketUpgrade {
    handler: RequestHandler,
    pub(super) options: Options,
    subprotocols: Vec<String>,
    check_origin: Box<CheckOrigin>,
}

impl WebSocketUpgrade {
    /// Sends a ping so often, and closes the connection when the peer does not answer. There are none unless set here. Tornado's `websocket_ping_interval`.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.options.ping_interval = Some(interval);
        self
    }

    /// How long the peer may take to answer a ping: as long as the interval unless set here. Tornado's `websocket_ping_timeout`.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.options.ping_timeout = Some(timeout);
        self
    }

    /// The longest message that the peer may send, in bytes: 10 MiB unless set here. Tornado's `websocket_max_message_size`.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.options.max_message_size = bytes;
        self
    }

    /// The subprotocols that this side speaks, the best one first. The first one that the client speaks as well is [chosen](WebSocket::subprotocol), if any.
    pub fn subprotocols<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.subprotocols = names.into_iter().map(Into::into).collect();
        self
    }

    /// Which origins a page may have that opens a WebSocket here, such as `https://example.org`: that of this server alone unless set here, so that no other
    /// page can use the cookies that the browser sends along. Clients that are no browsers say no origin, and are not asked. Tornado's `check_origin`.
    pub fn check_origin(
        mut self,
        is_allowed: impl FnOnce(&str, &HttpServerRequest) -> bool + 'static,
    ) -> Self {
        self.check_origin = Box::new(is_allowed);
        self
    }
}

impl IntoFuture for WebSocketUpgrade {
    type Output = Result<WebSocket, WebSocketError>;
    type IntoFuture = Pin<Box<dyn StdFuture<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl WebSocketUpgrade {
    async fn run(self) -> Result<WebSocket, WebSocketError> {
        let request = self.handler.request();
        let checked = accept_key(request).and_then(|key| {
            check_origin(request, self.check_origin)?;
            Ok(key)
        });
        let key = match checked {
            Ok(key) => key,
            Err(refusal) => return Err(refusal.answer(self.handler)),
        };
        let subprotocol = choose(request, self.subprotocols);
        let shared = Rc::new(Shared::new());
        let (opened, opening) = co::promise();
        let mut headers = vec![
            (UPGRADE, HeaderValue::from_static("websocket")),
            (CONNECTION, HeaderValue::from_static("Upgrade")),
            (SEC_WEBSOCKET_ACCEPT, key),
        ];
        if let Some(name) = &subprotocol
            && let Ok(name) = HeaderValue::try_from(name)
        {
            headers.push((SEC_WEBSOCKET_PROTOCOL, name));
        }
        let (options, to_drive) = (self.options, Rc::clone(&shared));
        let take_over = move |stream: Stream, arrived: Bytes| -> Box<dyn Protocol> {
            opened.set_result(());
            let io = Box::new(stream);
            Box::new(Driver::new(to_drive, io, &arrived, Role::Server, &options))
        };
        self.handler.switch_protocols(headers, Box::new(take_over));
        match opening.outcome().await {
            Ok(()) => Ok(WebSocket::new(shared, subprotocol)),
            // The client has gone.
            Err(_) => Err(WebSocketError::new(Kind::Closed)),
        }
    }
}

impl Protocol for Driver {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll(cx)
    }

    fn go_away(&mut self) {
        self.close(Some(close_frame(CloseCode::Away, "")));
    }
}

/// Why a request is no handshake.
struct Refusal {
    status: StatusCode,
    why: &'static str,
}

fn refuse<T>(status: StatusCode, why: &'static str) -> Result<T, Refusal> {
    Err(Refusal { status, why })
}

impl Refusal {
    fn answer(self, mut handler: RequestHandler) -> WebSocketError {
        let Self { status, why } = self;
        handler.clear();
        handler.set_status(status);
        handler.set_header("Content-Type", "text/plain; charset=UTF-8");
        if status == StatusCode::UPGRADE_REQUIRED {
            handler.set_header(SEC_WEBSOCKET_VERSION, "13");
            // RFC 9110, 7.8 and 15.5.22.
            handler.set_header(UPGRADE, "websocket");
            handler.set_header(CONNECTION, "Upgrade");
        }
        handler.write(format!("{why}\n"));
        handler.finish();
        // This tells the server that the program has not failed.
        WebSocketError::caused(Kind::Refused(status), WebError::new(status).reason(why))
    }
}

/// The answer to the key of a request that is a handshake (RFC 6455, 4.2.1).
fn accept_key(request: &HttpServerRequest) -> Result<HeaderValue, Refusal> {
    let is_get = *request.method() == Method::GET && request.version() == Version::HTTP_11;
    if !is_get {
        return refuse(
            StatusCode::BAD_REQUEST,
            "A WebSocket is opened by GET in HTTP/1.1.",
        );
    }
    if !has_token(request, UPGRADE, "websocket") {
        let why = "This is a WebSocket: say `Upgrade: websocket`.";
        return refuse(StatusCode::BAD_REQUEST, why);
    }
    if !has_token(request, CONNECTION, "upgrade") {
        let why = "To open a WebSocket, say `Connection: Upgrade`.";
        return refuse(StatusCode::BAD_REQUEST, why);
    }
    if request.header(SEC_WEBSOCKET_VERSION).map(str::trim) != Some("13") {
        let why = "The version of WebSockets that is spoken here is 13.";
        return refuse(StatusCode::UPGRADE_REQUIRED, why);
    }
    match request.header(SEC_WEBSOCKET_KEY).map(str::trim) {
        Some(key) if is_key(key) => {
            let key = HeaderValue::try_from(derive_accept_key(key.as_bytes()));
            Ok(key.expect("Base64 can be the value of a header"))
        }
        _ => refuse(
            StatusCode::BAD_REQUEST,
            "`Sec-WebSocket-Key` is missing, or is none.",
        ),
    }
}

/// Whether it is 16 bytes in Base64.
fn is_key(key: &str) -> bool {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(key);
    bytes.is_ok_and(|bytes| bytes.len() == 16)
}

/// Whether a header that is a list has the token, in any case.
fn has_token(request: &HttpServerRequest, name: HeaderName, token: &str) -> bool {
    tokens(request, name).any(|found| found.eq_ignore_ascii_case(token))
}

fn tokens(request: &HttpServerRequest, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = request.headers().get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn check_origin(
    request: &HttpServerRequest,
    is_allowed: impl FnOnce(&str, &HttpServerRequest) -> bool,
) -> Result<(), Refusal> {
    let Some(origin) = request.headers().get(ORIGIN) else {
        return Ok(());
    };
    match origin.to_str() {
        Ok(origin) if is_allowed(origin, request) => Ok(()),
        _ => refuse(
            StatusCode::FORBIDDEN,
            "Pages of another origin may not open WebSockets here.",
        ),
    }
}

/// Whether the page comes from the host that the request is for. Like Tornado, this does not look at the scheme, which is not known behind a proxy that speaks TLS.
pub(super) fn is_same_origin(origin: &str, request: &HttpServerRequest) -> bool {
    let (Ok(origin), Some(host)) = (Url::parse(origin), request.header(HOST)) else {
        return false;
    };
    // With the origin's scheme, so that its usual port may be said on one side alone.
    let Ok(here) = Url::parse(&format!("{}://{host}", origin.scheme())) else {
        return false;
    };
    origin.host().is_some()
        && origin.host() == here.host()
        && origin.port_or_known_default() == here.port_or_known_default()
}

/// The subprotocols that the client speaks.
pub(super) fn offered(request: &HttpServerRequest) -> impl Iterator<Item = &str> {
    tokens(request, SEC_WEBSOCKET_PROTOCOL)
}

/// The first of our subprotocols that the client speaks.
fn choose(request: &HttpServerRequest, ours: Vec<String>) -> Option<String> {
    let is_theirs = |name: &String| offered(request).any(|theirs| theirs == name);
    ours.into_iter().find(is_theirs)
}
