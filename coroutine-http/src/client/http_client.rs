//! The client that blocks.

use std::cell::OnceCell;

use coroutine_core::IoLoop;

use super::async_http_client::AsyncHttpClient;
use super::error::{HttpError, Kind};
use super::request::IntoHttpRequest;
use super::response::HttpResponse;

/// A client that blocks until it has the response. Tornado's `HTTPClient`.
///
/// It runs a loop of its own, so it works without one and inside of one; but there it holds up everything else, so a coroutine yields
/// an [`AsyncHttpClient`]'s fetch instead. Yielding what this client gives does not compile:
///
/// ```compile_fail,E0277
/// use coroutine_core as co;
/// use coroutine_http::HttpClient;
///
/// #[co::coroutine]
/// fn get_web() {
///     let _response = yield_!(HttpClient::new().fetch("http://127.0.0.1:8889/"));
/// }
/// ```
#[derive(Debug, Default)]
pub struct HttpClient {
    /// Made by the first fetch.
    io_loop: OnceCell<IoLoop>,
}

impl HttpClient {
    /// A client.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Fetches a URL, or sends an [`HttpRequest`](crate::HttpRequest), and gives the whole response.
    ///
    /// # Errors
    ///
    /// As [`AsyncHttpClient::fetch`]; and when the operating system gives no descriptors for the client's loop.
    pub fn fetch(&self, request: impl IntoHttpRequest) -> Result<HttpResponse, HttpError> {
        let request = request.into_http_request();
        let fetch = move || AsyncHttpClient::new().fetch(request);
        match self.io_loop()?.run_sync(fetch) {
            Ok(result) => result,
            Err(error) => Err(HttpError::caused(Kind::Loop, error)),
        }
    }

    fn io_loop(&self) -> Result<&IoLoop, HttpError> {
        if let Some(io_loop) = self.io_loop.get() {
            return Ok(io_loop);
        }
        let io_loop = IoLoop::new().map_err(|error| HttpError::caused(Kind::Loop, error))?;
        Ok(self.io_loop.get_or_init(|| io_loop))
    }
}
