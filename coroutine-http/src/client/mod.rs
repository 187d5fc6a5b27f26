//! The client. How a request travels: `fetch` -> `connect` -> `transfer`, and again where `redirect` says so.

mod async_http_client;
mod authority;
mod connect;
mod error;
mod http_client;
mod redirect;
mod request;
mod response;
mod transfer;

pub use async_http_client::AsyncHttpClient;
pub use error::HttpError;
pub use http_client::HttpClient;
pub use request::{HttpRequest, IntoHttpRequest};
pub use response::HttpResponse;
