//! Where a redirect leads, and what goes there (RFC 9110, 15.4).

use std::sync::Arc;

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap,
    HeaderValue, LOCATION, PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use http::{Method, StatusCode};
use url::{ParseError, Url};

use super::authority::take_credentials;
use super::outgoing::Content;
use super::request::Parts;
use crate::secret::without_userinfo;

/// Where a response sends the client, if it does.
pub(super) fn location(headers: &HeaderMap, status: StatusCode) -> Option<&HeaderValue> {
    match status.as_u16() {
        301 | 302 | 303 | 307 | 308 => headers.get(LOCATION),
        _ => None,
    }
}

/// The URL that a redirect leads to; or what it leads to and why that is none.
pub(super) fn target(from: &Url, location: &HeaderValue) -> Result<Url, (String, ParseError)> {
    let location = String::from_utf8_lossy(location.as_bytes());
    let mut url = from
        .join(&location)
        .map_err(|error| (without_userinfo(&location), error))?;
    if url.fragment().is_none() {
        url.set_fragment(from.fragment());
    }
    Ok(url)
}

/// Makes `request` the one that goes to `url`.
pub(super) fn follow(request: &mut Parts, mut url: Url, status: StatusCode) {
    if turns_into_get(&request.method, status) {
        request.method = Method::GET;
        request.body = Content::None;
        remove_body_headers(&mut request.headers);
    }
    request.headers.remove(HOST);
    if url.origin() != request.url.origin() {
        remove_credentials(&mut request.headers);
        request.authorization = None;
        request.options.tls.remove_identity();
    }
    if let Some(authorization) = take_credentials(&mut url) {
        request.authorization = Some(authorization);
    }
    request.url = Arc::new(url);
}

fn turns_into_get(method: &Method, status: StatusCode) -> bool {
    match status {
        StatusCode::SEE_OTHER => *method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method == Method::POST,
        _ => false,
    }
}

fn remove_body_headers(headers: &mut HeaderMap) {
    for name in [
        CONTENT_ENCODING,
        CONTENT_LENGTH,
        CONTENT_TYPE,
        TRANSFER_ENCODING,
    ] {
        headers.remove(name);
    }
}

fn remove_credentials(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
        headers.remove(name);
    }
}
