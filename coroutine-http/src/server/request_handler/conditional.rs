//! Conditional requests: what a client has already is not sent again.

use std::time::SystemTime;

use http::header::{ETAG, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderMap, Method};

use super::RequestHandler;
use crate::server::conditional::{Verdict, Version, etag_of, http_date};

/// Conditional requests (RFC 9110, 13).
///
/// [`Application::etags`](crate::Application::etags) does this for all whole responses. A handler that knows beforehand what its response would be saves itself the work:
///
/// ```
/// use coroutine_http::RequestHandler;
///
/// fn report(mut handler: RequestHandler, version: u64) {
///     handler.set_header("ETag", format!("\"{version}\""));
///     if handler.is_not_modified() {
///         return handler.set_status(304);
///     }
///     handler.write("what takes long to make");
/// }
/// # coroutine_http::Application::new().get("/", |handler| report(handler, 7));
/// ```
impl RequestHandler {
    /// A tag for the body that was written so far. Tornado's `compute_etag`.
    #[must_use]
    pub fn compute_etag(&self) -> String {
        etag_of(self.exchange.reply.borrow().body())
    }

    /// Sets the header `ETag` to the tag of the body that was written so far. Tornado's `set_etag_header`.
    pub fn set_etag_header(&mut self) {
        self.set_header(ETAG, self.compute_etag());
    }

    /// Whether `If-None-Match` names the response's `ETag`, so that 304 is the answer. Tornado's `check_etag_header`.
    #[must_use]
    pub fn check_etag_header(&self) -> bool {
        let headers = self.request().headers();
        headers.contains_key(IF_NONE_MATCH) && self.is_not_modified()
    }

    /// Sets the header `Last-Modified`, or removes it for a time that no header can say: one before 1970, or after the year 9999.
    pub fn set_last_modified(&mut self, time: SystemTime) {
        match http_date(time) {
            Some(date) => self.set_header(LAST_MODIFIED, date),
            None => self.clear_header(LAST_MODIFIED),
        }
    }

    /// Whether the client has what the response's `ETag` and `Last-Modified` tell of, so that 304 is the answer to a GET or HEAD.
    #[must_use]
    pub fn is_not_modified(&self) -> bool {
        let mut reply = self.exchange.reply.borrow_mut();
        let request = self.request();
        is_not_modified(request.method(), request.headers(), reply.headers())
    }
}

/// Whether the client that asks with the headers `asked` has what the headers `given` tell of.
pub(in crate::server) fn is_not_modified(
    method: &Method,
    asked: &HeaderMap,
    given: &HeaderMap,
) -> bool {
    let text = |name| given.get(name)?.to_str().ok();
    let version = Version {
        etag: text(ETAG),
        modified: text(LAST_MODIFIED).and_then(|date| httpdate::parse_http_date(date).ok()),
    };
    version.judge(method, asked) == Verdict::NotModified
}
