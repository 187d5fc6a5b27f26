//! What a handler works with. Tornado's `RequestHandler`.

use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use url::form_urlencoded;

use super::chunk::IntoChunk;
use super::exchange::Exchange;
use super::reply::page;
use super::request::{HttpServerRequest, target};

/// A request and the response to it, in the hands of a handler.
///
/// The response is sent when the handler has ended, or with [`finish`](Self::finish) before that. Its status is 200 and its type HTML
/// unless the handler says otherwise. A handler that ends with an error, or panics, is answered with 500, and what it wrote is dropped.
///
/// ```
/// use coroutine_http::RequestHandler;
///
/// fn add(mut handler: RequestHandler) {
///     let number = |name| handler.argument(name)?.parse::<i64>().ok();
///     let (Some(a), Some(b)) = (number("a"), number("b")) else {
///         return handler.send_error(400);
///     };
///     handler.set_header("Content-Type", "text/plain");
///     handler.write(format!("{}\n", a + b));
/// }
/// # coroutine_http::Application::new().get("/add", add);
/// ```
pub struct RequestHandler {
    exchange: Rc<Exchange>,
}

/// The request.
impl RequestHandler {
    pub(super) fn new(exchange: Rc<Exchange>) -> Self {
        Self { exchange }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &HttpServerRequest {
        &self.exchange.request
    }

    /// A parameter of the route's path, percent-decoded: `id` in `/users/{id}`.
    #[must_use]
    pub fn path_argument(&self, name: &str) -> Option<&str> {
        let mut arguments = self.exchange.path_arguments.iter();
        let found = arguments.find(|(key, _)| **key == *name);
        found.map(|(_, value)| value.as_str())
    }

    /// The last argument of this name in the query or in a form that was posted, decoded. Tornado's `get_argument`.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<String> {
        self.arguments(name).pop()
    }

    /// All arguments of this name: those in the query, then those in a form that was posted (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn arguments(&self, name: &str) -> Vec<String> {
        let query = self.request().query().unwrap_or_default();
        let form = self.form().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .chain(form_urlencoded::parse(form))
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    /// The body, if it is a form.
    fn form(&self) -> Option<&[u8]> {
        let kind = self.request().header(CONTENT_TYPE)?;
        let kind = kind.split(';').next()?.trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
            .then_some(self.request().body())
    }
}

/// The response.
///
/// A status, header name or header value that cannot be sent makes the response a 500, and is logged with the place. `Content-Length` and
/// `Transfer-Encoding` are the server's, which knows the body; only a response to HEAD without a body may tell a length.
impl RequestHandler {
    /// Adds text or bytes to the body.
    pub fn write(&mut self, chunk: impl IntoChunk) {
        let chunk = chunk.into_chunk();
        self.exchange.reply.borrow_mut().write(chunk);
    }

    /// Sets the status: a number, or a [`StatusCode`].
    #[track_caller]
    pub fn set_status(&mut self, status: impl TryInto<StatusCode>) {
        let status = status.try_into();
        let mut reply = self.exchange.reply.borrow_mut();
        match status {
            // An informational response goes before the one that is meant here.
            Ok(status) if !status.is_informational() => reply.set_status(status),
            _ => reply.spoil("is not a status", Location::caller()),
        }
    }

    /// The status as it stands.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.exchange.reply.borrow().status()
    }

    /// Sets a header, in the place of those of its name.
    #[track_caller]
    pub fn set_header(&mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) {
        self.change_headers(Location::caller(), name, value, |headers, name, value| {
            headers.insert(name, value);
        });
    }

    /// Adds a header to those of its name.
    #[track_caller]
    pub fn add_header(&mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) {
        self.change_headers(Location::caller(), name, value, |headers, name, value| {
            headers.append(name, value);
        });
    }

    /// Removes the headers of this name.
    #[track_caller]
    pub fn clear_header(&mut self, name: impl TryInto<HeaderName>) {
        let name = name.try_into();
        let mut reply = self.exchange.reply.borrow_mut();
        match name {
            Ok(name) => drop(reply.headers_mut().remove(name)),
            Err(_) => reply.spoil("is not the name of a header", Location::caller()),
        }
    }

    fn change_headers(
        &self,
        said_at: &'static Location<'static>,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
        change: impl FnOnce(&mut HeaderMap, HeaderName, HeaderValue),
    ) {
        let (name, value) = (name.try_into(), value.try_into());
        let mut reply = self.exchange.reply.borrow_mut();
        match (name, value) {
            (Ok(name), Ok(value)) => change(reply.headers_mut(), name, value),
            (Err(_), _) => reply.spoil("is not the name of a header", said_at),
            (_, Err(_)) => reply.spoil("cannot be the value of a header", said_at),
        }
    }

    /// Takes back the status, headers and body that were set so far.
    pub fn clear(&mut self) {
        self.exchange.reply.borrow_mut().clear();
    }
}

/// Ending the response. A coroutine may go on afterwards, but the response is done: it cannot be finished twice.
impl RequestHandler {
    /// Sends the response now, not when the handler has ended.
    pub fn finish(self) {
        self.exchange.finish();
    }

    /// Answers with an error and its page, in the place of what was written, and finishes.
    #[track_caller]
    pub fn send_error(mut self, status: impl TryInto<StatusCode>) {
        self.clear();
        self.set_status(status);
        let page = page(self.status());
        self.write(page);
        self.finish();
    }

    /// Sends the client elsewhere, for now (302), and finishes.
    #[track_caller]
    pub fn redirect(mut self, location: impl TryInto<HeaderValue>) {
        self.set_status(StatusCode::FOUND);
        self.set_header(LOCATION, location);
        self.finish();
    }
}

/// A client that leaves.
impl RequestHandler {
    /// Calls `callback` on a later turn if the connection is closed before the response is complete, by the client or by a shutdown of the server; if it
    /// has been closed already, on the next turn. When the request is answered, it is dropped without being called. Tornado's method of this name.
    ///
    /// The handler's coroutine is not cancelled, since it may have begun something that wants an end. One whose work is worth nothing without the
    /// client leaves the work to a coroutine of its own, and cancels that:
    ///
    /// ```
    /// use std::time::Duration;
    /// use coroutine_core as co;
    /// use coroutine_http::{Application, RequestHandler};
    ///
    /// #[co::coroutine]
    /// fn work() -> String {
    ///     yield_!(co::sleep(Duration::from_secs(3600)));
    ///     "done".to_owned()
    /// }
    ///
    /// #[co::coroutine]
    /// fn long(mut handler: RequestHandler) {
    ///     let work = work().shared();
    ///     let to_cancel = work.clone();
    ///     handler.on_connection_close(move || drop(to_cancel.cancel()));
    ///     if let Ok(text) = yield_!(work.outcome()) {
    ///         handler.write(text);
    ///     }
    /// }
    /// # Application::new().get("/", long);
    /// ```
    ///
    /// As in Tornado, a client that closes only its own direction of the connection counts as one that has left.
    pub fn on_connection_close(&self, callback: impl FnOnce() + 'static) {
        self.exchange.departure.on(Box::new(callback));
    }
}

impl fmt::Debug for RequestHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHandler")
            .field("method", self.request().method())
            .field("uri", &target(self.request().uri()))
            .field("status", &self.status())
            .finish()
    }
}
