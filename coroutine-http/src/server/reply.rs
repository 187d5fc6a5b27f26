//! A response in the making.

use std::fmt;
use std::panic::Location;

use bytes::{Bytes, BytesMut};
use http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{Method, Response, StatusCode};
use hyper::ext::ReasonPhrase;

use super::compression::Encoder;
use super::outgoing::Outgoing;
use crate::escape::xhtml_escape;

/// What is sent.
pub(super) type Message = Response<Outgoing>;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=UTF-8");

/// What a handler has said so far.
pub(super) struct Reply {
    status: StatusCode,
    /// In the place of the usual one.
    reason: Option<Box<ReasonPhrase>>,
    /// None where there was no need of it: a map is large also when it is empty, and most handlers set no header.
    headers: Option<HeaderMap>,
    /// The headers that each response of the handler has.
    defaults: Option<Box<HeaderMap>>,
    body: Written,
    /// Whether the body is no HTML where no header says what it is.
    untyped: bool,
    /// The first thing that the handler said and that cannot be sent.
    fault: Option<Fault>,
    /// The status and the headers were sent, and cannot be changed any more.
    sealed: bool,
    /// Encodes a body that is sent in parts.
    encoder: Option<Box<Encoder>>,
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
            reason: None,
            headers: None,
            defaults: None,
            body: Written::Nothing,
            untyped: false,
            fault: None,
            sealed: false,
            encoder: None,
        }
    }

    /// A page that tells of an error.
    pub(super) fn error(status: StatusCode) -> Self {
        let mut reply = Self::new();
        reply.set_status(status);
        reply.write(page(status, usual_reason(status)));
        reply
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn set_status(&mut self, status: StatusCode) {
        self.status = status;
        self.reason = None;
    }

    /// Sets the reason of the status.
    pub(super) fn set_reason(&mut self, reason: &str) {
        // What cannot stand in one line does not.
        let printable = reason.replace(|c: char| c.is_control() && c != '\t', " ");
        self.reason = ReasonPhrase::try_from(printable).ok().map(Box::new);
    }

    /// Has the headers that are there be in each response, also after [`clear`](Self::clear).
    pub(super) fn keep_headers(&mut self) {
        let any = self.headers.as_ref().filter(|headers| !headers.is_empty());
        self.defaults = any.map(|headers| Box::new(headers.clone()));
    }

    pub(super) fn headers(&mut self) -> &mut HeaderMap {
        self.headers.get_or_insert_default()
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

    /// What was written so far.
    pub(super) fn body(&self) -> &[u8] {
        match &self.body {
            Written::Nothing => &[],
            Written::Once(chunk) => chunk,
            Written::Often(all) => all,
        }
    }

    /// The body is no HTML where no header says what it is.
    pub(super) fn set_untyped(&mut self) {
        self.untyped = true;
    }

    /// Whether a body without a type is HTML.
    pub(super) fn is_html(&self) -> bool {
        !self.untyped
    }

    /// Takes back what was said, but for a fault, and for what was sent.
    pub(super) fn clear(&mut self) {
        self.body = Written::Nothing;
        if self.sealed {
            return;
        }
        self.set_status(StatusCode::OK);
        self.headers = self.defaults.as_deref().cloned();
        self.untyped = false;
    }

    /// Says that something cannot be sent. The first time counts.
    pub(super) fn spoil(&mut self, what: &'static str, said_at: &'static Location<'static>) {
        self.fault.get_or_insert(Fault { what, said_at });
    }

    /// Whether the status and the headers were sent. If so, what is said about them at this place is a fault.
    pub(super) fn refuse(&mut self, said_at: &'static Location<'static>) -> bool {
        if self.sealed {
            self.spoil("came after the headers were sent", said_at);
        }
        self.sealed
    }

    pub(super) fn is_spoilt(&self) -> bool {
        self.fault.is_some()
    }

    pub(super) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// Takes the response to a request of this method out. Text without a type is HTML, as in Tornado.
    ///
    /// `spare` is a map whose memory may be used.
    #[inline(always)]
    pub(super) fn take_message(&mut self, method: &Method, mut spare: HeaderMap) -> Message {
        let bodiless = self.is_bodiless();
        if bodiless {
            self.remove_body();
        }
        let body = self.take_body();
        let typed = body.is_empty() || self.untyped;
        let headers = match self.headers.take() {
            None => {
                spare.clear();
                if !typed {
                    spare.insert(CONTENT_TYPE, HTML);
                }
                spare
            }
            Some(mut headers) => {
                let keep_length = *method == Method::HEAD && body.is_empty() && !bodiless;
                remove_framing(&mut headers, keep_length);
                if !typed {
                    headers.entry(CONTENT_TYPE).or_insert(HTML);
                }
                headers
            }
        };
        self.message_with(headers, Outgoing::from(body))
    }

    /// Makes the status and the headers ready to be sent before the body is complete. Gives the length that was announced, and whether there may be a body.
    pub(super) fn seal(&mut self, method: &Method) -> (Option<u64>, bool) {
        self.sealed = true;
        let has_body = !self.is_bodiless() && *method != Method::HEAD;
        let bodiless = self.is_bodiless();
        let headers = self.headers.get_or_insert_default();
        let length = headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        remove_framing(headers, *method == Method::HEAD && !bodiless);
        if bodiless {
            self.remove_body();
        } else if !self.untyped {
            headers.entry(CONTENT_TYPE).or_insert(HTML);
        }
        (length, has_body)
    }

    /// Takes out what of the body was not sent yet.
    #[inline]
    pub(super) fn take_body(&mut self) -> Bytes {
        match std::mem::replace(&mut self.body, Written::Nothing) {
            Written::Nothing => Bytes::new(),
            Written::Once(chunk) => chunk,
            Written::Often(all) => all.freeze(),
        }
    }

    /// As [`take_body`](Self::take_body), for a body that is sent in parts: encoded, if it is to be.
    pub(super) fn take_chunk(&mut self, last: bool) -> Bytes {
        let chunk = self.take_body();
        match self.encoder.take() {
            Some(mut encoder) if !last => {
                let encoded = encoder.encode(&chunk);
                self.encoder = Some(encoder);
                encoded
            }
            Some(encoder) => encoder.finish(&chunk),
            None => chunk,
        }
    }

    /// Has what is sent from now on be encoded.
    pub(super) fn encode(&mut self, encoder: Encoder) {
        self.encoder = Some(Box::new(encoder));
    }

    /// The response with this body.
    pub(super) fn message(&mut self, body: Outgoing) -> Message {
        let headers = self.headers.take().unwrap_or_default();
        self.message_with(headers, body)
    }

    #[inline(always)]
    fn message_with(&mut self, headers: HeaderMap, body: Outgoing) -> Message {
        let mut message = Response::new(body);
        *message.status_mut() = self.status;
        if let Some(reason) = self.reason.take() {
            message.extensions_mut().insert(*reason);
        }
        *message.headers_mut() = headers;
        message
    }

    /// The length of the body, as far as it was written.
    pub(super) fn length(&self) -> usize {
        match &self.body {
            Written::Nothing => 0,
            Written::Once(chunk) => chunk.len(),
            Written::Often(all) => all.len(),
        }
    }

    /// Whether the status tells that there is no body (RFC 9110, 15.3.5, 15.3.6 and 15.4.5).
    pub(super) fn is_bodiless(&self) -> bool {
        matches!(self.status.as_u16(), 204 | 205 | 304)
    }

    #[cold]
    fn remove_body(&mut self) {
        self.body = Written::Nothing;
        if let Some(headers) = &mut self.headers {
            headers.remove(CONTENT_TYPE);
        }
    }
}

/// Removes what says where the body ends: the protocol knows, and a client that believed something else would take a part of this response for
/// the next one. A response to HEAD has no body that a length could contradict.
fn remove_framing(headers: &mut HeaderMap, keep_length: bool) {
    headers.remove(TRANSFER_ENCODING);
    if !keep_length {
        headers.remove(CONTENT_LENGTH);
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, said_at } = self;
        write!(f, "what it said at {said_at} {what}, and cannot be sent")
    }
}

/// A page that tells of an error.
pub(super) fn page(status: StatusCode, reason: &str) -> Bytes {
    let code = status.as_u16();
    let reason = xhtml_escape(reason);
    Bytes::from(format!(
        "<html><title>{code}: {reason}</title><body>{code}: {reason}</body></html>"
    ))
}

fn usual_reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Unknown")
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

/// A whole response without a body, and with one header.
pub(super) fn bare_with(status: StatusCode, name: HeaderName, value: HeaderValue) -> Message {
    let mut reply = Reply::new();
    reply.set_status(status);
    reply.headers().insert(name, value);
    reply.take_message(&Method::GET, HeaderMap::new())
}
