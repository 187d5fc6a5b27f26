//! Responses that are compressed. Tornado's `GZipContentEncoding`.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderValue, VARY,
};

use super::reply::Reply;
use super::request::HttpServerRequest;

/// Shorter bodies are sent as they are, in bytes. Tornado's number.
const MIN_LENGTH: usize = 1024;

/// Compresses a whole response if that is worth it and the client takes it.
pub(super) fn compress(request: &HttpServerRequest, reply: &mut Reply) {
    if reply.length() == 0 || !is_compressible(reply) {
        return;
    }
    vary(reply.headers());
    if reply.length() < MIN_LENGTH || !takes_gzip(request.headers()) {
        return;
    }
    let body = reply.take_body();
    let small = Encoder::new().finish(&body);
    if small.len() < body.len() {
        mark(reply.headers());
        reply.write(small);
    } else {
        reply.write(body);
    }
}

/// Has a response whose body is sent in parts be compressed, if the client takes that.
pub(super) fn begin(request: &HttpServerRequest, reply: &mut Reply) {
    if reply.is_bodiless() || !is_compressible(reply) {
        return;
    }
    vary(reply.headers());
    if takes_gzip(request.headers()) {
        mark(reply.headers());
        reply.encode(Encoder::new());
    }
}

/// Compresses what is given to it in parts.
pub(super) struct Encoder(GzEncoder<Vec<u8>>);

impl Encoder {
    fn new() -> Self {
        Self(GzEncoder::new(Vec::new(), Compression::new(6)))
    }

    /// All of `chunk` can be read by whoever has what was given so far.
    pub(super) fn encode(&mut self, chunk: &[u8]) -> Bytes {
        if chunk.is_empty() {
            return Bytes::new();
        }
        let written = self.0.write_all(chunk).and_then(|()| self.0.flush());
        written.expect(IN_MEMORY);
        std::mem::take(self.0.get_mut()).into()
    }

    pub(super) fn finish(mut self, chunk: &[u8]) -> Bytes {
        self.0.write_all(chunk).expect(IN_MEMORY);
        self.0.finish().expect(IN_MEMORY).into()
    }
}

const IN_MEMORY: &str = "writing into memory does not fail";

fn vary(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
}

/// Says that the body is compressed.
fn mark(headers: &mut HeaderMap) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.remove(CONTENT_LENGTH);
    weaken(headers);
}

/// Whether it is text, all of it, and in no other encoding.
fn is_compressible(reply: &mut Reply) -> bool {
    let is_html = reply.is_html();
    let headers = reply.headers();
    let untouched = !headers.contains_key(CONTENT_ENCODING) && !headers.contains_key(CONTENT_RANGE);
    untouched
        && match headers.get(CONTENT_TYPE) {
            Some(kind) => is_text(kind),
            None => is_html,
        }
}

fn is_text(value: &HeaderValue) -> bool {
    let text = value.to_str().unwrap_or_default();
    let kind = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    // Events are sent one by one, and each is short.
    let is_stream = kind == "text/event-stream";
    let whole = [
        "application/javascript",
        "application/x-javascript",
        "application/json",
        "application/xml",
        "image/svg+xml",
    ];
    !is_stream
        && (kind.starts_with("text/")
            || whole.contains(&kind.as_str())
            || kind.ends_with("+xml")
            || kind.ends_with("+json"))
}

/// Whether the client takes gzip (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let all = headers.get_all(ACCEPT_ENCODING).iter();
    let mut any = false;
    for coding in all
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
    {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").map(str::trim);
        let wanted =
            weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0));
        match name.trim() {
            name if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                return wanted;
            }
            "*" => any = wanted,
            _ => {}
        }
    }
    any
}

/// The tag of an entity promises its bytes, which are other ones now (RFC 9110, 8.8.1).
fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers
        .get(ETAG)
        .filter(|tag| tag.as_bytes().starts_with(b"\""))
    else {
        return;
    };
    let weak = [b"W/", tag.as_bytes()].concat();
    if let Ok(weak) = HeaderValue::from_maybe_shared(Bytes::from(weak)) {
        headers.insert(ETAG, weak);
    }
}
