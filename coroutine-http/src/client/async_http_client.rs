//! The client whose results are yielded.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::time::Instant;

use coroutine_core::locks::Semaphore;
use coroutine_core::{self as co, CallbackResult, IoLoop};

use super::builder::{AsyncHttpClientBuilder, Settings};
use super::connect::Target;
use super::connection::Connection;
use super::error::HttpError;
use super::fetch::fetch;
use super::pool::Pool;
use super::request::IntoHttpRequest;
use super::response::HttpResponse;
use super::response_stream::{ResponseStream, stream};
use super::tls::Configs;

/// A client whose results are yielded. Tornado's `AsyncHTTPClient`.
///
/// There is one on each loop, which [`new`](Self::new) gives, and which goes when the loop is closed. One of its own is made by a [`builder`](Self::builder). A clone is the same client.
///
/// Ten requests are under way at once, unless a builder says otherwise; the others wait for their turn, in the order of their coming. Connections are kept for later requests to the same host. The loop
/// does not go on for their sake.
///
/// ```no_run
/// use coroutine_core as co;
/// use coroutine_http::{AsyncHttpClient, HttpError};
///
/// #[co::coroutine]
/// fn length(url: String) -> Result<usize, HttpError> {
///     let response = yield_!(AsyncHttpClient::new().fetch(url))?;
///     Ok(response.body().len())
/// }
/// ```
#[derive(Clone)]
pub struct AsyncHttpClient {
    inner: Rc<Inner>,
}

pub(super) struct Inner {
    pub(super) settings: Settings,
    /// One for each request that may be under way.
    pub(super) slots: Semaphore,
    pub(super) pool: Pool,
    pub(super) tls: Configs,
    pub(super) closed: Cell<bool>,
}

/// The client that belongs to a loop.
struct Shared(RefCell<AsyncHttpClient>);

impl AsyncHttpClient {
    /// The client of the current loop, which is made when it is first asked for.
    #[must_use]
    pub fn new() -> Self {
        let make = || Shared(RefCell::new(Self::builder().build()));
        let shared = IoLoop::current().belonging(make);
        let client = shared.0.borrow().clone();
        match client.inner.closed.get() {
            false => client,
            true => {
                let fresh = Self::builder().build();
                let closed = shared.0.replace(fresh.clone());
                drop(closed);
                fresh
            }
        }
    }

    /// For making a client of one's own, with other settings. Tornado's `force_instance`.
    pub fn builder() -> AsyncHttpClientBuilder {
        AsyncHttpClientBuilder::new()
    }

    pub(super) fn with_settings(settings: Settings) -> Self {
        Self {
            inner: Rc::new(Inner {
                slots: Semaphore::new(settings.max_clients),
                settings,
                pool: Pool::default(),
                tls: Configs::new(),
                closed: Cell::new(false),
            }),
        }
    }

    /// Fetches a URL, or sends an [`HttpRequest`](crate::HttpRequest), and gives the whole response. The fetch begins now, not when its future is yielded.
    ///
    /// [Cancelling](co::Future::cancel) the future ends it: its connection is closed, and another request's turn has come.
    ///
    /// # Errors
    ///
    /// The error tells why there is no response; or it [has the response](HttpError::response), if its status is not a good one (2xx).
    pub fn fetch(
        &self,
        request: impl IntoHttpRequest,
    ) -> co::Future<Result<HttpResponse, HttpError>> {
        fetch(Rc::clone(&self.inner), request.into_http_request())
    }

    /// As [`fetch`](Self::fetch), but calls `callback` with the result, on a turn of the loop. An error that the callback gives, or that of a coroutine that it starts and
    /// gives back, is logged.
    ///
    /// ```
    /// use coroutine_core::IoLoop;
    /// use coroutine_http::AsyncHttpClient;
    ///
    /// AsyncHttpClient::new().fetch_with_callback("http://127.0.0.1:1/", |result| {
    ///     assert!(result.is_err_and(|error| error.is_connect()));
    ///     IoLoop::current().stop();
    /// });
    /// IoLoop::current().start()?;
    /// # Ok::<(), coroutine_core::LoopError>(())
    /// ```
    #[track_caller]
    pub fn fetch_with_callback<R: CallbackResult>(
        &self,
        request: impl IntoHttpRequest,
        callback: impl FnOnce(Result<HttpResponse, HttpError>) -> R + 'static,
    ) {
        let added_at = Location::caller();
        let fetched = self.fetch(request);
        IoLoop::current().add_future(fetched, move |outcome| match outcome {
            Ok(result) => callback(result).finish(move |error| {
                if let Some(error) = error {
                    tracing::error!("the callback of the fetch at {added_at} failed: {error}");
                }
            }),
            Err(outcome) if outcome.is_cancelled() => {}
            Err(outcome) => {
                tracing::error!("the fetch at {added_at} has nothing for its callback: {outcome}");
            }
        });
    }

    /// As [`fetch`](Self::fetch), but the response is there when its head is, and its body is read a chunk after the other: no more is read than is taken. The request's time limit is for all of it, and it is under way
    /// until it was taken to its end or is dropped.
    ///
    /// ```no_run
    /// use coroutine_core as co;
    /// use coroutine_http::{AsyncHttpClient, HttpError};
    ///
    /// #[co::coroutine]
    /// fn count(url: String) -> Result<usize, HttpError> {
    ///     let mut response = yield_!(AsyncHttpClient::new().fetch_stream(url))?;
    ///     let mut length = 0;
    ///     while let Some(chunk) = yield_!(response.chunk()) {
    ///         length += chunk?.len();
    ///     }
    ///     Ok(length)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch). The response of an error has its body.
    pub fn fetch_stream(
        &self,
        request: impl IntoHttpRequest,
    ) -> co::Future<Result<ResponseStream, HttpError>> {
        stream(Rc::clone(&self.inner), request.into_http_request())
    }

    /// Closes the connections that are kept, and fetches nothing more: a fetch is an [error](HttpError::is_closed). Requests that are under way are brought to their end.
    ///
    /// When the loop's own client was closed, [`new`](Self::new) makes another.
    pub fn close(&self) {
        self.inner.closed.set(true);
        self.inner.pool.clear();
    }

    /// How many connections are kept for later requests.
    #[must_use]
    pub fn idle_connections(&self) -> usize {
        self.inner.pool.len()
    }
}

impl Inner {
    /// Keeps a connection for the next request.
    pub(super) fn keep(&self, target: Rc<Target>, connection: Connection, now: Instant) {
        if !self.closed.get() {
            self.pool.put(target, connection, &self.settings, now);
        }
    }
}

/// The client of the current loop.
impl Default for AsyncHttpClient {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for AsyncHttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncHttpClient")
            .field("max_clients", &self.inner.settings.max_clients)
            .field("free", &self.inner.slots.available())
            .field("idle_connections", &self.idle_connections())
            .finish_non_exhaustive()
    }
}
