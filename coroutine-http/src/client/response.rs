//! A response that was fetched.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::AsHeaderName;
use http::response::Parts;
use http::{HeaderMap, StatusCode, Version};
use hyper::ext::ReasonPhrase;
use url::Url;

use super::error::{HttpError, Kind};
use super::timing::TimeInfo;
use crate::secret;

/// A whole response. Tornado's `HTTPResponse`.
#[derive(Clone)]
pub struct HttpResponse {
    /// Boxed, since responses are passed on from hand to hand.
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    head: Parts,
    /// None where it is the usual one of the status.
    reason: Option<Box<str>>,
    body: Bytes,
    effective_url: Arc<Url>,
    start_time: SystemTime,
    time_info: TimeInfo,
}

impl HttpResponse {
    /// One whose body and times are not known yet.
    pub(super) fn new(mut head: Parts, url: &Arc<Url>, start_time: SystemTime) -> Self {
        secret::mark(&mut head.headers);
        let reason = head.extensions.remove::<ReasonPhrase>();
        let reason = reason.map(|reason| String::from_utf8_lossy(reason.as_bytes()).into());
        Self {
            inner: Box::new(Inner {
                head,
                reason,
                body: Bytes::new(),
                effective_url: Arc::clone(url),
                start_time,
                time_info: TimeInfo::default(),
            }),
        }
    }

    pub(super) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.inner.head.headers
    }

    pub(super) fn set_body(&mut self, body: Bytes) {
        self.inner.body = body;
    }

    pub(super) fn set_times(&mut self, time_info: TimeInfo) {
        self.inner.time_info = time_info;
    }

    /// The first line of the head, with its end.
    pub(super) fn status_line(&self) -> String {
        let version = match self.inner.head.version {
            Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        };
        let usual = || self.status().canonical_reason().unwrap_or("");
        let reason = self.inner.reason.as_deref().unwrap_or_else(usual);
        format!("{version} {} {reason}\r\n", self.code())
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.inner.head.status
    }

    /// The status as a number.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.inner.head.status.as_u16()
    }

    /// The text behind the status.
    #[must_use]
    pub fn reason(&self) -> &str {
        let usual = || {
            self.inner
                .head
                .status
                .canonical_reason()
                .unwrap_or("Unknown")
        };
        self.inner.reason.as_deref().unwrap_or_else(usual)
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.inner.head.headers
    }

    /// The first header of this name, if it is there and is visible ASCII text.
    #[must_use]
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.inner.head.headers.get(name)?.to_str().ok()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.inner.body
    }

    /// The body as text, which is taken for UTF-8; what is not is replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.inner.body)
    }

    /// Takes the body out.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.inner.body
    }

    /// The URL that the response came from, which is another one than the request's after a redirect.
    #[must_use]
    pub fn effective_url(&self) -> &Url {
        &self.inner.effective_url
    }

    /// How long it took, redirects included.
    #[must_use]
    pub fn request_time(&self) -> Duration {
        self.inner.time_info.total
    }

    /// How long its parts took.
    #[must_use]
    pub fn time_info(&self) -> &TimeInfo {
        &self.inner.time_info
    }

    /// When the fetch began.
    #[must_use]
    pub fn start_time(&self) -> SystemTime {
        self.inner.start_time
    }

    /// The response, if its status is a good one (2xx). For requests that do not [raise](crate::HttpRequest::raise_error) errors by themselves.
    ///
    /// # Errors
    ///
    /// Gives an error that [has the response](HttpError::response) otherwise.
    pub fn rethrow(self) -> Result<Self, HttpError> {
        match self.inner.head.status.is_success() {
            true => Ok(self),
            false => Err(HttpError::new(Kind::Status(self))),
        }
    }
}

impl fmt::Debug for HttpResponse {
    /// Shows no credentials, and of the body only its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.inner.head.status)
            .field("effective_url", &self.inner.effective_url.as_str())
            .field("headers", &self.inner.head.headers)
            .field("body", &format_args!("{} bytes", self.inner.body.len()))
            .field("request_time", &self.request_time())
            .finish()
    }
}
