//! The client that blocks.

use std::cell::OnceCell;

use coroutine_core::IoLoop;

use super::async_http_client::AsyncHttpClient;
use super::builder::AsyncHttpClientBuilder;
use super::error::{HttpError, Kind};
use super::request::IntoHttpRequest;
use super::response::HttpResponse;

/// A client that blocks until it has the response. Tornado's `HTTPClient`.
///
/// It runs a loop of its own, so it works in a program that has none. Where a loop runs it would hold up everything else: there it gives an error, and a coroutine yields
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
    client: Own,
    /// Made by the first fetch.
    io_loop: OnceCell<IoLoop>,
}

/// A client that is no loop's, so that making it makes no loop.
#[derive(Debug)]
struct Own(AsyncHttpClient);

impl Default for Own {
    fn default() -> Self {
        Self(AsyncHttpClient::builder().build())
    }
}

impl HttpClient {
    /// A client.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A client with other settings.
    ///
    /// ```
    /// use coroutine_http::{AsyncHttpClient, HttpClient};
    ///
    /// let client = HttpClient::with(AsyncHttpClient::builder().max_body_size(1 << 20));
    /// # drop(client);
    /// ```
    #[must_use]
    pub fn with(builder: AsyncHttpClientBuilder) -> Self {
        Self {
            client: Own(builder.build()),
            io_loop: OnceCell::new(),
        }
    }

    /// Fetches a URL, or sends an [`HttpRequest`](crate::HttpRequest), and gives the whole response.
    ///
    /// # Errors
    ///
    /// As [`AsyncHttpClient::fetch`]; on a thread whose loop [is running](HttpError::is_running); and when the operating system gives no descriptors for the client's loop.
    pub fn fetch(&self, request: impl IntoHttpRequest) -> Result<HttpResponse, HttpError> {
        if IoLoop::try_current().is_some_and(|io_loop| io_loop.is_running()) {
            return Err(HttpError::new(Kind::Running));
        }
        let (client, request) = (self.client.0.clone(), request.into_http_request());
        match self.io_loop()?.run_sync(move || client.fetch(request)) {
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
