//! What a handler answers.

use std::panic::Location;

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::RequestHandler;
use crate::server::chunk::IntoChunk;

/// The response.
///
/// A status, header name or header value that cannot be sent makes the response a 500, and is logged with the place. `Content-Length` and
/// `Transfer-Encoding` are the server's, which knows the body; only a response to HEAD without a body, and one that is [flushed](Self::flush), may tell a length.
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
        if reply.refuse(Location::caller()) {
            return;
        }
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
        if reply.refuse(Location::caller()) {
            return;
        }
        match name {
            Ok(name) => drop(reply.headers().remove(name)),
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
        if reply.refuse(said_at) {
            return;
        }
        match (name, value) {
            (Ok(name), Ok(value)) => change(reply.headers(), name, value),
            (Err(_), _) => reply.spoil("is not the name of a header", said_at),
            (_, Err(_)) => reply.spoil("cannot be the value of a header", said_at),
        }
    }

    /// Takes back the status, headers and body that were set so far, and not sent.
    pub fn clear(&mut self) {
        self.exchange.reply.borrow_mut().clear();
    }
}
