//! What a response becomes on account of its request, before it is sent.

use std::rc::Rc;

use http::header::{ETAG, HeaderValue};
use http::{Method, StatusCode};

use super::conditional::etag_of;
use super::exchange::Exchange;
use super::request_failure::RequestFailure;
use super::request_handler::is_not_modified;
use super::signing::Secrets;

impl Exchange {
    /// What signs cookies.
    ///
    /// # Panics
    ///
    /// Panics when the application has no secret.
    pub(super) fn secrets(&self) -> &Secrets {
        let secrets = &self.site.settings.secrets;
        assert!(
            !secrets.is_empty(),
            "signed cookies need `Application::cookie_secret`"
        );
        secrets
    }

    /// Revises a whole response: it is an error when a form could not be read and nobody was told, and 304 when the client has it already.
    #[inline]
    pub(super) fn revise(self: &Rc<Self>) {
        if let Some(error) = self.request.hushed_error() {
            self.write_error(&RequestFailure::new(error.status()));
        } else if self.site.settings.etags {
            self.tag();
        }
    }

    fn tag(&self) {
        let request = &self.request;
        let mut reply = self.reply.borrow_mut();
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if !reads || reply.status() != StatusCode::OK {
            return;
        }
        if !reply.headers().contains_key(ETAG) {
            let tag = HeaderValue::try_from(etag_of(reply.body()));
            let tag = tag.expect("a tag is made of digits and quotes");
            reply.headers().insert(ETAG, tag);
        }
        if is_not_modified(request.method(), request.headers(), reply.headers()) {
            reply.set_status(StatusCode::NOT_MODIFIED);
        }
    }
}
