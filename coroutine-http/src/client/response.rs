//! A response that was fetched.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::AsHeaderName;
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use url::Url;

use crate::secret;

/// A whole response. Tornado's `HTTPResponse`.
#[derive(Clone)]
pub struct HttpResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    effective_url: Url,
    request_time: Duration,
}

impl HttpResponse {
    pub(super) fn new(
        mut head: Parts,
        body: Bytes,
        effective_url: Url,
        request_time: Duration,
    ) -> Self {
        secret::mark(&mut head.headers);
        Self {
            status: head.status,
            headers: head.headers,
            body,
            effective_url,
            request_time,
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The status as a number.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.status.as_u16()
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first header of this name, if it is there and is visible ASCII text.
    #[must_use]
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text, which is taken for UTF-8; what is not is replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Takes the body out.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// The URL that the response came from, which is another one than the request's after a redirect.
    #[must_use]
    pub fn effective_url(&self) -> &Url {
        &self.effective_url
    }

    /// How long it took, redirects included.
    #[must_use]
    pub fn request_time(&self) -> Duration {
        self.request_time
    }
}

impl fmt::Debug for HttpResponse {
    /// Shows no credentials, and of the body only its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("effective_url", &self.effective_url.as_str())
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("request_time", &self.request_time)
            .finish()
    }
}
