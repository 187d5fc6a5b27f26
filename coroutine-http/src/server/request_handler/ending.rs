//! Ending a response.

use std::panic::Location;

use http::StatusCode;
use http::header::{HeaderValue, LOCATION};

use super::RequestHandler;
use crate::server::request_failure::RequestFailure;

/// Ending the response. A coroutine may go on afterwards, but the response is done. It cannot be finished twice, since that takes the handler:
///
/// ```compile_fail,E0382
/// # use coroutine_http::RequestHandler;
/// fn twice(handler: RequestHandler) {
///     handler.finish();
///     handler.finish();
/// }
/// ```
impl RequestHandler {
    /// Sends the response now, not when the handler has ended.
    pub fn finish(self) {
        self.exchange.finish();
    }

    /// Answers with an error and its page, in the place of what was written, and finishes.
    ///
    /// When the headers are sent already, it is too late for that: the connection is cut, so that the client sees that the response is not complete, and the
    /// place is logged.
    #[track_caller]
    pub fn send_error(mut self, status: impl TryInto<StatusCode>) {
        if self.headers_written() {
            let place = Location::caller();
            return self.exchange.cut(format_args!(
                "the error that it sent at {place} came after the headers were sent"
            ));
        }
        self.clear();
        self.set_status(status);
        let is_spoilt = self.exchange.reply.borrow().is_spoilt();
        if !is_spoilt {
            let failure = RequestFailure::new(self.status());
            self.exchange.write_error(&failure);
        }
        self.finish();
    }

    /// Sends the client elsewhere, for now (302), and finishes. Tornado's `redirect`.
    ///
    /// The location is a URL, or a reference that the client resolves against that of the request: `/login`, `../list?page=2`.
    #[track_caller]
    pub fn redirect(self, location: impl TryInto<HeaderValue>) {
        self.redirect_with(StatusCode::FOUND, location);
    }

    /// As [`redirect`](Self::redirect), for good (301): clients and caches remember it.
    #[track_caller]
    pub fn redirect_permanently(self, location: impl TryInto<HeaderValue>) {
        self.redirect_with(StatusCode::MOVED_PERMANENTLY, location);
    }

    /// As [`redirect`](Self::redirect), with one of the statuses 301, 302, 303, 307 and 308. With 303 the client asks for the location with GET; with 307 and 308
    /// it sends the same request there, with its method and its body.
    #[track_caller]
    pub fn redirect_with(
        mut self,
        status: impl TryInto<StatusCode>,
        location: impl TryInto<HeaderValue>,
    ) {
        match status.try_into() {
            Ok(status) if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) => {
                self.set_status(status);
            }
            _ => {
                let mut reply = self.exchange.reply.borrow_mut();
                reply.spoil("is not a status for a redirect", Location::caller());
            }
        }
        self.set_header(LOCATION, location);
        self.finish();
    }
}
