//! The server. How a request travels: `http_server` -> `connection` -> `service` -> `routes` -> `endpoint` -> the user's handler, which
//! writes into the `reply` of its `exchange`; the service sends that when the handler has ended.

mod access_log;
mod activity;
mod application;
mod asynchronous;
mod chunk;
mod compose;
mod compression;
mod conditional;
mod connection;
mod connections;
mod departure;
mod endpoint;
mod event_stream;
mod exchange;
mod form_data;
#[cfg(feature = "http2")]
mod frame_scan;
mod head_scan;
mod hosts;
#[cfg(feature = "http2")]
mod http2;
#[cfg(not(feature = "http2"))]
#[path = "no_http2.rs"]
mod http2;
mod http_server;
mod input_error;
mod lazy;
mod life;
mod listener;
mod login;
mod mounted;
mod multipart;
pub(crate) mod outbox;
mod outgoing;
mod outlet;
mod path;
mod pattern;
mod peer;
mod reply;
mod request;
mod request_error;
mod request_failure;
mod request_handler;
mod respond;
mod reverse;
mod revision;
mod routes;
pub(crate) mod running;
mod scope;
mod service;
mod settings;
mod signing;
mod static_files;
pub(crate) mod stream;
mod stream_request_body;
mod table;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod tls;
mod unix_socket;
mod upgrade;
mod upload;
mod web_error;
mod web_handler;
mod xsrf;

pub use access_log::AccessRecord;
pub use application::Application;
pub use asynchronous::{Asynchronous, asynchronous};
pub use chunk::IntoChunk;
pub use endpoint::HandlerResult;
pub use event_stream::{Event, EventStream};
pub use http_server::HttpServer;
pub use input_error::HttpInputError;
pub use mounted::ServiceBody;
pub use multipart::{FormPart, HttpFile, MultipartReader};
pub use outlet::StreamClosedError;
pub use pattern::Pattern;
pub use request::HttpServerRequest;
pub use request_error::RequestError;
pub use request_failure::RequestFailure;
pub use request_handler::RequestHandler;
pub use reverse::ReverseUrlError;
pub use static_files::StaticFiles;
pub use stream_request_body::stream_request_body;
pub use unix_socket::bind_unix_socket;
pub use upload::{BodyStream, ReadChunk};
pub use web_error::WebError;
pub use web_handler::WebHandler;

#[cfg(feature = "websocket")]
pub(crate) use upgrade::Protocol;
