//! HTTP/1.1 with coroutines: a client, a server, and handlers that wait without holding up one another.
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
#![warn(clippy::doc_markdown)]

mod body;
mod client;
mod rt;
mod secret;
mod server;

pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use url::Url;

pub use client::{
    AsyncHttpClient, HttpClient, HttpError, HttpRequest, HttpResponse, IntoHttpRequest,
};
pub use coroutine_core::net::ListenAddress;
pub use server::{
    Application, HandlerResult, HttpServer, HttpServerRequest, IntoChunk, RequestHandler,
};
