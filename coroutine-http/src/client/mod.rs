//! The client. How a request travels: `AsyncHttpClient::fetch` -> `fetch` (queue, redirects) -> `exchange` (a connection from the `pool`, or a new one through `connect`) -> `receive`.

mod async_http_client;
mod authority;
mod builder;
mod connect;
mod connection;
mod error;
mod exchange;
mod fetch;
#[cfg(feature = "websocket")]
mod handshake;
mod http_client;
mod io;
#[cfg(feature = "json")]
mod json;
mod message;
mod options;
mod outgoing;
mod pool;
mod receive;
mod redirect;
mod request;
mod response;
mod response_stream;
mod step;
mod timing;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod tls;
#[cfg(feature = "tls")]
mod tls;
mod wire;

pub use async_http_client::AsyncHttpClient;
pub use builder::AsyncHttpClientBuilder;
pub use error::HttpError;
pub use http_client::HttpClient;
pub use outgoing::BodyWriter;
pub use request::{HttpRequest, IntoHttpRequest};
pub use response::HttpResponse;
pub use response_stream::ResponseStream;
pub use step::StreamingResult;
pub use timing::TimeInfo;

#[cfg(feature = "websocket")]
pub(crate) use self::{handshake::Handshake, tls::TlsOptions};
