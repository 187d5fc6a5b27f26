//! What a handler works with. Tornado's `RequestHandler`.

mod arguments;
mod authorization;
mod conditional;
mod cookies;
mod ending;
#[cfg(feature = "json")]
mod json;
mod multipart;
mod response;
mod static_url;
mod streaming;
#[cfg(feature = "websocket")]
mod switching;
#[cfg(feature = "forms")]
mod typed;
mod user;
mod xsrf;

pub(super) use conditional::is_not_modified;

use std::fmt;
use std::rc::Rc;

use super::exchange::Exchange;
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
    pub(super) exchange: Rc<Exchange>,
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
}

/// A client that leaves.
impl RequestHandler {
    /// Calls `callback` on a later turn if the connection is closed before the response is complete, by the client or by a shutdown of the server; if it
    /// has been closed already, on the next turn. When the request is answered, it is dropped without being called. Tornado's method of this name.
    ///
    /// The handler's coroutine goes on, unless it [asks to be cancelled](Self::cancel_on_connection_close). One of which a part is worth nothing without the
    /// client may leave that to a coroutine of its own, and cancel it:
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

    /// Whether the handler's coroutine is [cancelled](coroutine_core::Future::cancel) where [`on_connection_close`](Self::on_connection_close) has its callbacks called. It is not unless
    /// set here, since it may have begun something that wants an end; one that says so before it waits for the first time leaves nothing to chance.
    ///
    /// Its locals are dropped at its yield point. A coroutine that it waits for goes on by itself, unless it is lazy. It does nothing for a handler that has left its response to callbacks.
    ///
    /// ```
    /// use std::time::Duration;
    /// use coroutine_core as co;
    /// use coroutine_http::{Application, RequestHandler};
    ///
    /// #[co::coroutine]
    /// fn long(mut handler: RequestHandler) {
    ///     handler.cancel_on_connection_close(true);
    ///     yield_!(co::sleep(Duration::from_secs(3600)));
    ///     handler.write("done");
    /// }
    /// # Application::new().get("/", long);
    /// ```
    pub fn cancel_on_connection_close(&self, cancel: bool) {
        self.exchange.cancels.set(cancel);
    }
}

impl Drop for RequestHandler {
    fn drop(&mut self) {
        self.exchange.let_go();
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
