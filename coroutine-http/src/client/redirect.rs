//! Where a redirect leads, and what goes there (RFC 9110, 15.4).

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap,
    LOCATION, PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use http::{Method, StatusCode, response};
use url::Url;

use super::error::{HttpError, Kind};
use super::request::Parts;

/// Where `response` sends the client, if it does.
pub(super) fn target(from: &Url, response: &response::Parts) -> Result<Option<Url>, HttpError> {
    if !matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers.get(LOCATION) else {
        return Ok(None);
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    match from.join(&location) {
        Ok(mut url) => {
            if url.fragment().is_none() {
                url.set_fragment(from.fragment());
            }
            Ok(Some(url))
        }
        Err(error) => Err(HttpError::caused(Kind::Url(location.into_owned()), error)),
    }
}

/// Makes `request` the one that goes to `url`.
pub(super) fn follow(request: &mut Parts, url: Url, status: StatusCode) {
    if turns_into_get(&request.method, status) {
        request.method = Method::GET;
        request.body = Bytes::new();
        remove_body_headers(&mut request.headers);
    }
    request.headers.remove(HOST);
    if url.origin() != request.url.origin() {
        remove_credentials(&mut request.headers);
    }
    request.url = url;
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
