//! A response in the making.

use std::fmt;
use std::panic::Location;

use bytes::{Bytes, BytesMut};
use http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{Method, Response, StatusCode};
use http_body_util::Full;

/// What is sent: a body that is all there, so that its length is known.
pub(super) type Message = Response<Full<Bytes>>;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=UTF-8");

/// What a handler has said so far.
pub(super) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Written,
    /// The first thing that the handler said and that cannot be sent.
    fault: Option<Fault>,
}

/// The body so far. One chunk is sent as it is.
enum Written {
    Nothing,
    Once(Bytes),
    Often(BytesMut),
}

/// Something that cannot be sent.
pub(super) struct Fault {
    what: &'static str,
    said_at: &'static Location<'static>,
}

impl Reply {
    pub(super) fn new() -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Written::Nothing,
            fault: None,
        }
    }

    /// A page that tells of an error.
    pub(super) fn error(status: StatusCode) -> Self {
        let mut reply = Self::new();
        reply.set_status(status);
        reply.write(page(status));
        reply
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn set_status(&mut self, status: StatusCode) {
        self.status = status;
    }

    pub(super) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    pub(super) fn write(&mut self, chunk: Bytes) {
        if chunk.is_empty() {
            return;
        }
        self.body = match std::mem::replace(&mut self.body, Written::Nothing) {
            Written::Nothing => Written::Once(chunk),
            Written::Once(first) => {
                let mut all = BytesMut::from(first);
                all.extend_from_slice(&chunk);
                Written::Often(all)
            }
            Written::Often(mut all) => {
                all.extend_from_slice(&chunk);
                Written::Often(all)
            }
        };
    }

    /// Takes back what was said, but for a fault.
    pub(super) fn clear(&mut self) {
        self.status = StatusCode::OK;
        self.headers.clear();
        self.body = Written::Nothing;
    }

    /// Says that something cannot be sent. The first time counts.
    pub(super) fn spoil(&mut self, what: &'static str, said_at: &'static Location<'static>) {
        self.fault.get_or_insert(Fault { what, said_at });
    }

    pub(super) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// Takes the response to a request of this method out. Text without a type is HTML, as in Tornado.
    ///
    /// `spare` is a map whose memory may be used.
    #[inline]
    pub(super) fn take_message(&mut self, method: &Method, mut spare: HeaderMap) -> Message {
        let bodiless = self.is_bodiless();
        if bodiless {
            self.remove_body();
        }
        let body = match std::mem::replace(&mut self.body, Written::Nothing) {
            Written::Nothing => Bytes::new(),
            Written::Once(chunk) => chunk,
            Written::Often(all) => all.freeze(),
        };
        if self.headers.is_empty() {
            spare.clear();
            std::mem::swap(&mut self.headers, &mut spare);
        } else {
            self.remove_framing(*method == Method::HEAD && body.is_empty() && !bodiless);
        }
        if !body.is_empty() && !self.headers.contains_key(CONTENT_TYPE) {
            self.headers.insert(CONTENT_TYPE, HTML);
        }
        let mut message = Response::new(Full::new(body));
        *message.status_mut() = self.status;
        std::mem::swap(message.headers_mut(), &mut self.headers);
        message
    }

    /// Whether the status tells that there is no body (RFC 9110, 15.3.5, 15.3.6 and 15.4.5).
    fn is_bodiless(&self) -> bool {
        matches!(self.status.as_u16(), 204 | 205 | 304)
    }

    #[cold]
    fn remove_body(&mut self) {
        self.body = Written::Nothing;
        self.headers.remove(CONTENT_TYPE);
    }

    /// Removes what says where the body ends: the protocol knows, and a client that believed something else would take a part of this response for
    /// the next one. A response to HEAD has no body that a length could contradict.
    fn remove_framing(&mut self, keep_length: bool) {
        self.headers.remove(TRANSFER_ENCODING);
        if !keep_length {
            self.headers.remove(CONTENT_LENGTH);
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, said_at } = self;
        write!(f, "what it said at {said_at} {what}, and cannot be sent")
    }
}

/// A page that tells of an error.
pub(super) fn page(status: StatusCode) -> Bytes {
    let code = status.as_u16();
    let reason = status.canonical_reason().unwrap_or("Unknown");
    Bytes::from(format!(
        "<html><title>{code}: {reason}</title><body>{code}: {reason}</body></html>"
    ))
}

/// A whole response that tells of an error.
pub(super) fn error(status: StatusCode) -> Message {
    Reply::error(status).take_message(&Method::GET, HeaderMap::new())
}

/// As [`error`], with one header more.
pub(super) fn error_with(status: StatusCode, name: HeaderName, value: HeaderValue) -> Message {
    let mut message = error(status);
    message.headers_mut().insert(name, value);
    message
}
