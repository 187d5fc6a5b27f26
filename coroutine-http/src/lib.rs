//! HTTP with coroutines: a client, a server, and handlers that wait without holding up one another.
//!
//! The faces are Tornado's, and hyper speaks the protocol. A server is an [`Application`], whose handlers get a [`RequestHandler`]; a handler that is
//! a coroutine may yield, and while it is suspended the loop answers other requests. [`AsyncHttpClient`] fetches, and its results are yielded;
//! [`HttpClient`] is its blocking twin.
//!
//! ```
//! use std::time::Duration;
//! use coroutine_core::{self as co, IoLoop};
//! use coroutine_http::{Application, AsyncHttpClient, HttpError, RequestHandler};
//!
//! #[co::coroutine]
//! fn slow(mut handler: RequestHandler) -> Result<(), HttpError> {
//!     yield_!(co::sleep(Duration::from_millis(5))); // this request waits; no other does
//!     let name = handler.path_argument("name").unwrap_or("world").to_owned();
//!     handler.write(format!("Hello, {name}"));
//!     Ok(())
//! }
//!
//! #[co::coroutine]
//! fn ask(url: String) -> Result<String, HttpError> {
//!     let response = yield_!(AsyncHttpClient::new().fetch(url))?;
//!     Ok(response.text().into_owned())
//! }
//!
//! let server = Application::new()
//!     .get("/", |mut handler: RequestHandler| handler.write("Hello, world"))
//!     .get("/slow/{name}", slow)
//!     .listen("127.0.0.1:0")?;
//! let url = format!("http://{}/slow/you", server.local_addr());
//! assert_eq!(IoLoop::current().run_sync(|| ask(url))??, "Hello, you");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A server speaks HTTP/1.1, and HTTP/2 and TLS if it is asked to. What is not needed is not built, and behind a feature:
//!
//! | feature | what it gives |
//! | --- | --- |
//! | `tls` | `https:` and `wss:`: `ssl_options` at both sides, through rustls |
//! | `http2` | HTTP/2 in the server: where TLS agrees on it, and where a client begins with it |
//! | `websocket` | web sockets at both sides, as coroutines or as types |
//! | `json` | bodies in JSON: `handler.json()`, `write_json` |
//! | `forms` | queries, forms and paths as types of one's own |
//! | `inspect` | a page that shows the live coroutines |
//!
//! # The end
//!
//! A service that is told to end (SIGTERM) lets the requests that it is answering come to their end, for as long as it may take:
//!
//! ```
//! use std::time::Duration;
//! use coroutine_core::signal::{self, SignalKind};
//! use coroutine_core::IoLoop;
//! use coroutine_http::{Application, RequestHandler};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let io_loop = IoLoop::current();
//! let asked = io_loop.clone();
//! let _handler = io_loop.add_signal_handler(SignalKind::TERMINATE, move || asked.request_shutdown())?;
//! let application = Application::new().get("/", |mut handler: RequestHandler| handler.write("hello"));
//! application.listen("127.0.0.1:0")?;
//! # io_loop.add_callback(|| signal::raise(SignalKind::TERMINATE).expect("a signal"));
//! io_loop.start()?; // until the signal: nothing more is accepted then
//! io_loop.close_within(Duration::from_secs(10))?; // the requests that are under way
//! # Ok(())
//! # }
//! ```
//!
//! What else is to be done then, such as to close a database, is given to [`IoLoop::on_shutdown`](coroutine_core::IoLoop::on_shutdown).
//!
//! Who comes from Tornado finds each of its words beside its word here in [the guide](guide::tornado).
#![warn(clippy::doc_markdown)]

pub mod autoreload;
mod body;
mod client;
mod decompression;
pub mod escape;
pub mod guide;
#[cfg(feature = "inspect")]
pub mod inspect;
mod rt;
mod secret;
mod server;
mod socket;
#[cfg(feature = "websocket")]
mod websocket;

pub use bytes::Bytes;
pub use cookie::{Cookie, SameSite};
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use url::Url;

/// Makes a handler of a function in the callback style: it returns while the response is still open, and its callbacks write it and
/// [`finish`](RequestHandler::finish) it. Tornado's old `@asynchronous`.
///
/// ```
/// use std::time::Duration;
/// use coroutine_core::IoLoop;
/// use coroutine_http::{Application, RequestHandler, asynchronous};
///
/// #[asynchronous]
/// fn get(mut handler: RequestHandler) {
///     IoLoop::current().call_later(Duration::from_secs(5), move || {
///         handler.write("five seconds later\n"); // no other request has waited
///         handler.finish();
///     });
/// }
/// # Application::new().get("/", get);
/// ```
///
/// Without the attribute the response is complete when the function has ended. With it,
///
/// - a [`RequestHandler`] that is dropped before it is finished, by a callback that panics for example, is answered with 500 at once, and logged;
/// - an error that the function gives, as `Result<(), E>`, is answered with 500, as is a panic;
/// - a request that was not finished when its connection is closed is logged, with its age.
///
/// A coroutine needs no such attribute: its response is complete when it has ended.
pub use coroutine_macros::asynchronous;

#[doc(hidden)]
pub mod __private {
    pub use crate::server::asynchronous;
}

pub use client::{
    AsyncHttpClient, AsyncHttpClientBuilder, BodyWriter, HttpClient, HttpError, HttpRequest,
    HttpResponse, IntoHttpRequest, ResponseStream, StreamingResult, TimeInfo,
};
pub use coroutine_core::net::ListenAddress;
pub use server::{
    AccessRecord, Application, Asynchronous, BodyStream, Event, EventStream, FormPart,
    HandlerResult, HttpFile, HttpInputError, HttpServer, HttpServerRequest, IntoChunk,
    MultipartReader, Pattern, ReadChunk, RequestError, RequestFailure, RequestHandler,
    ReverseUrlError, ServiceBody, StaticFiles, StreamClosedError, WebError, WebHandler,
    bind_unix_socket, stream_request_body,
};
#[cfg(feature = "websocket")]
pub use websocket::{
    Message, WebSocket, WebSocketError, WebSocketHandler, WebSocketRequest, WebSocketUpgrade,
    websocket_connect,
};
