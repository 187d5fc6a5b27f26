//! The handshake at a client.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use coroutine_core as co;
use coroutine_core::net::{TcpStream, lookup_host};
use http::header::{
    CONNECTION, HOST, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, Request, StatusCode};
use tungstenite::handshake::client::{self, Response};
use tungstenite::handshake::derive_accept_key;
use tungstenite::handshake::machine::TryParse;
use tungstenite::protocol::Role;
use url::{Host, Url};

use super::connection::WebSocket;
use super::driver::Driver;
use super::end::Shared;
use super::error::{Kind, WebSocketError};
use super::options::Options;
use super::pipe::Duplex;
use super::request::WebSocketRequest;
use super::secure::{self, Trust};

/// The longest head of an answer, in bytes.
const MAX_HEAD: usize = 64 * 1024;

type Result<T> = std::result::Result<T, WebSocketError>;

/// Opens a WebSocket at a URL, or as a [`WebSocketRequest`] says. Tornado's `websocket_connect`. It begins now, not when the future is yielded.
///
/// Redirects are not followed.
///
/// # Errors
///
/// Fails when the URL is none or its scheme another than `ws` (`wss` with the feature `tls`), when there is no connection in time, and when the server does not
/// agree; the error has the [status](WebSocketError::status) of its answer.
///
/// ```no_run
/// use coroutine_core as co;
/// use coroutine_http::{WebSocketError, websocket_connect};
///
/// #[co::coroutine]
/// fn listen() -> Result<(), WebSocketError> {
///     let socket = yield_!(websocket_connect("ws://127.0.0.1:8889/news"))?;
///     while let Some(message) = yield_!(socket.read_message())? {
///         println!("{message:?}");
///     }
///     Ok(())
/// }
/// ```
pub fn websocket_connect(request: impl Into<WebSocketRequest>) -> co::Future<Result<WebSocket>> {
    connect(request.into())
}

#[co::coroutine(name = "websocket_connect")]
fn connect(request: WebSocketRequest) -> Result<WebSocket> {
    let url = request.url?;
    let time = request.connect_timeout;
    let shown = url.host_str().unwrap_or_default().to_owned();
    let open = open(url, request.headers, request.options, request.trust);
    match yield_!(co::with_timeout(time, open)) {
        Ok(result) => result,
        Err(_) => Err(WebSocketError::new(Kind::Timeout(shown, time))),
    }
}

async fn open(url: Url, headers: HeaderMap, options: Options, trust: Trust) -> Result<WebSocket> {
    let offered = headers.get(SEC_WEBSOCKET_PROTOCOL).cloned();
    let (message, key) = message(&url, headers)?;
    let mut io = dial(&url, trust).await?;
    let lost = |error| {
        WebSocketError::caused(
            Kind::Connect(url.host_str().unwrap_or_default().to_owned()),
            error,
        )
    };
    write_all(&mut *io, &message).await.map_err(lost)?;
    let (response, arrived) = read_head(&mut *io).await?;
    check(&response, &key)?;
    let subprotocol = chosen(&response, offered.as_ref())?;
    let shared = Rc::new(Shared::new());
    drive(Driver::new(
        Rc::clone(&shared),
        io,
        &arrived,
        Role::Client,
        &options,
    ));
    Ok(WebSocket::new(shared, subprotocol))
}

#[co::coroutine(name = "websocket")]
fn drive(mut driver: Driver) {
    yield_!(poll_fn(|cx| driver.poll(cx)));
}

/// The bytes of the request, and the key in it.
fn message(url: &Url, headers: HeaderMap) -> Result<(Vec<u8>, String)> {
    let unfit = |text: &str| WebSocketError::new(Kind::Request(text.to_owned()));
    if !matches!(url.scheme(), "ws" | "wss") {
        let text = format!(
            "its scheme is `{}:`; a WebSocket's is `ws:` or `wss:`",
            url.scheme()
        );
        return Err(unfit(&text));
    }
    let mut request = Request::new(());
    *request.uri_mut() = url[url::Position::BeforePath..url::Position::AfterQuery]
        .parse()
        .map_err(|error| {
            WebSocketError::caused(Kind::Request("its URL cannot be sent".to_owned()), error)
        })?;
    *request.headers_mut() = headers;
    let key = client::generate_key();
    for (name, value) in [
        (
            HOST,
            &url[url::Position::BeforeHost..url::Position::AfterPort],
        ),
        (UPGRADE, "websocket"),
        (CONNECTION, "Upgrade"),
        (SEC_WEBSOCKET_VERSION, "13"),
        (SEC_WEBSOCKET_KEY, &key),
    ] {
        let value = HeaderValue::try_from(value).map_err(|_| unfit("its host cannot be sent"))?;
        request.headers_mut().insert(name, value);
    }
    let made = client::generate_request(request);
    made.map_err(|error| {
        WebSocketError::caused(Kind::Request("a header cannot be sent".to_owned()), error)
    })
}

/// Connects to the host of a URL.
async fn dial(url: &Url, trust: Trust) -> Result<Box<dyn Duplex>> {
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => {
            return Err(WebSocketError::new(Kind::Request(
                "its URL has no host".to_owned(),
            )));
        }
    };
    let port = url.port_or_known_default().unwrap_or(80);
    let lost = |error| WebSocketError::caused(Kind::Connect(format!("{host}:{port}")), error);
    let addresses = lookup_host(&host, port).await.map_err(lost)?;
    let stream = TcpStream::connect_any(addresses).await.map_err(lost)?;
    // Where it fails, the connection is gone, which the handshake finds out.
    let _ = stream.set_nodelay(true);
    match url.scheme() {
        "wss" => secure::start(stream, &host, trust).await,
        _ => Ok(Box::new(stream)),
    }
}

async fn write_all(io: &mut dyn Duplex, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let count = poll_fn(|cx| Pin::new(&mut *io).poll_write(cx, bytes)).await?;
        bytes = &bytes[count..];
    }
    poll_fn(|cx| Pin::new(&mut *io).poll_flush(cx)).await
}

/// Reads the head of the answer, and gives what came behind it as well.
async fn read_head(io: &mut dyn Duplex) -> Result<(Response, Bytes)> {
    let failed = |what| WebSocketError::new(Kind::Handshake(what));
    let mut all = BytesMut::new();
    let mut room = [0; 4096];
    loop {
        let read = poll_fn(|cx| Pin::new(&mut *io).poll_read(cx, &mut room)).await;
        let count = read.map_err(|error| {
            WebSocketError::caused(Kind::Handshake("the connection was lost"), error)
        })?;
        if count == 0 {
            return Err(failed("the connection was closed"));
        }
        all.extend_from_slice(&room[..count]);
        let parsed = Response::try_parse(&all);
        let parsed = parsed
            .map_err(|error| WebSocketError::caused(Kind::Handshake("it is no HTTP"), error))?;
        match parsed {
            Some((length, response)) => return Ok((response, all.split_off(length).freeze())),
            None if all.len() > MAX_HEAD => return Err(failed("it is too long")),
            None => {}
        }
    }
}

/// Whether the server agrees (RFC 6455, 4.1).
fn check(response: &Response, key: &str) -> Result<()> {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(WebSocketError::new(Kind::Status(response.status())));
    }
    let headers = response.headers();
    let says = |name, token: &str| {
        let tokens = text(headers, name).unwrap_or_default().split(',');
        tokens
            .map(str::trim)
            .any(|found| found.eq_ignore_ascii_case(token))
    };
    let is_answer = text(headers, SEC_WEBSOCKET_ACCEPT) == Some(&derive_accept_key(key.as_bytes()));
    let what = match () {
        () if !says(UPGRADE, "websocket") => "it does not say `Upgrade: websocket`",
        () if !says(CONNECTION, "upgrade") => "it does not say `Connection: Upgrade`",
        () if !is_answer => "its `Sec-WebSocket-Accept` does not answer the key",
        () if headers.contains_key(http::header::SEC_WEBSOCKET_EXTENSIONS) => {
            "it has an extension that nobody has asked for"
        }
        () => return Ok(()),
    };
    Err(WebSocketError::new(Kind::Handshake(what)))
}

/// The subprotocol that the server has chosen, which is to be one of those that it was offered (RFC 6455, 4.1).
fn chosen(response: &Response, offered: Option<&HeaderValue>) -> Result<Option<String>> {
    let Some(chosen) = response.headers().get(SEC_WEBSOCKET_PROTOCOL) else {
        return Ok(None);
    };
    let offered = offered.and_then(|names| names.to_str().ok());
    let mut offered = offered.unwrap_or_default().split(',').map(str::trim);
    match chosen.to_str() {
        Ok(chosen) if offered.any(|name| name == chosen) => Ok(Some(chosen.to_owned())),
        _ => Err(WebSocketError::new(Kind::Handshake(
            "it has a subprotocol that was not offered",
        ))),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
