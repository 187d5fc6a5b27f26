//! A request that is to be sent.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use url::Url;

use super::authority::take_credentials;
use super::error::{HttpError, Kind};
use crate::secret::{self, without_userinfo};

/// A request. Tornado's `HTTPRequest`.
///
/// What is wrong with its parts is told by the fetch.
///
/// A name and a password in the URL are sent as `Authorization`, unless the request has such a header, and are shown nowhere. `Content-Length` is told
/// by the client; a request that says a different one or a `Transfer-Encoding` is not sent. `Connection` is the client's own, since each request has
/// a connection to itself: what a request says there is replaced by `close`.
///
/// ```
/// use std::time::Duration;
/// use coroutine_http::{HttpRequest, Method};
///
/// let request = HttpRequest::new("http://127.0.0.1:8889/users")
///     .method(Method::POST)
///     .header("Content-Type", "text/plain")
///     .body("Ada")
///     .request_timeout(Duration::from_secs(2));
/// # drop(request);
/// ```
pub struct HttpRequest {
    pub(super) parts: Result<Parts, HttpError>,
}

/// A request whose parts are good.
pub(super) struct Parts {
    /// Without a name and a password.
    pub(super) url: Url,
    /// The name and the password that the URL had.
    pub(super) authorization: Option<HeaderValue>,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) connect_timeout: Duration,
    pub(super) request_timeout: Duration,
    /// How many redirects are followed.
    pub(super) redirects: u32,
    pub(super) raise_error: bool,
    /// In bytes.
    pub(super) max_body_size: usize,
}

/// As in Tornado.
const TIMEOUT: Duration = Duration::from_secs(20);
const REDIRECTS: u32 = 5;
const MAX_BODY_SIZE: usize = 100 * 1024 * 1024;

impl HttpRequest {
    /// A GET request for `url`.
    #[must_use]
    pub fn new(url: impl AsRef<str>) -> Self {
        let url = url.as_ref();
        match Url::parse(url) {
            Ok(url) => Self::of(url),
            Err(error) => Self {
                parts: Err(HttpError::caused(Kind::Url(without_userinfo(url)), error)),
            },
        }
    }

    /// A POST request for `url` with a body, which is a form (`name=value&..`) unless a `Content-Type` header says otherwise.
    #[must_use]
    pub fn post(url: impl AsRef<str>, body: impl Into<Bytes>) -> Self {
        Self::new(url).method(Method::POST).body(body)
    }

    fn of(mut url: Url) -> Self {
        let authorization = take_credentials(&mut url);
        Self {
            parts: Ok(Parts {
                url,
                authorization,
                method: Method::GET,
                headers: HeaderMap::new(),
                body: Bytes::new(),
                connect_timeout: TIMEOUT,
                request_timeout: TIMEOUT,
                redirects: REDIRECTS,
                raise_error: true,
                max_body_size: MAX_BODY_SIZE,
            }),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Parts)) -> Self {
        if let Ok(parts) = &mut self.parts {
            change(parts);
        }
        self
    }

    /// Sets the method.
    #[must_use]
    pub fn method(self, method: Method) -> Self {
        self.with(|parts| parts.method = method)
    }

    /// Adds a header to those of its name.
    #[must_use]
    pub fn header(
        mut self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> Self {
        let Ok(parts) = &mut self.parts else {
            return self;
        };
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(value.is_sensitive() || secret::is_secret(&name));
                parts.headers.append(name, value);
            }
            (Err(_), _) => self.parts = Err(unfit("a header's name is none")),
            (_, Err(_)) => self.parts = Err(unfit("a header's value cannot be one")),
        }
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.with(|parts| parts.body = body.into())
    }

    /// How long it may take to connect, the look-up of the host's name included: 20 seconds unless set here.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.with(|parts| parts.connect_timeout = timeout)
    }

    /// How long all of it may take, redirects included: 20 seconds unless set here.
    #[must_use]
    pub fn request_timeout(self, timeout: Duration) -> Self {
        self.with(|parts| parts.request_timeout = timeout)
    }

    /// Whether redirects are followed, as they are unless set here. Where they are not, a redirect is an error with a response.
    #[must_use]
    pub fn follow_redirects(self, follow: bool) -> Self {
        self.max_redirects(if follow { REDIRECTS } else { 0 })
    }

    /// How many redirects are followed: five unless set here.
    #[must_use]
    pub fn max_redirects(self, redirects: u32) -> Self {
        self.with(|parts| parts.redirects = redirects)
    }

    /// Whether a response whose status is not a good one (2xx) is an error, as it is unless set here.
    #[must_use]
    pub fn raise_error(self, raise: bool) -> Self {
        self.with(|parts| parts.raise_error = raise)
    }

    /// The longest body of a response, in bytes: 100 MiB unless set here.
    #[must_use]
    pub fn max_body_size(self, bytes: usize) -> Self {
        self.with(|parts| parts.max_body_size = bytes)
    }
}

impl fmt::Debug for HttpRequest {
    /// Shows no credentials, and of the body only its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("HttpRequest");
        match &self.parts {
            Ok(parts) => debug
                .field("method", &parts.method)
                .field("url", &parts.url.as_str())
                .field("headers", &secret::shown(&parts.headers))
                .field("body", &format_args!("{} bytes", parts.body.len())),
            Err(error) => debug.field("error", error),
        };
        debug.finish_non_exhaustive()
    }
}

pub(super) fn unfit(what: &'static str) -> HttpError {
    HttpError::new(Kind::Request(what))
}

/// What can be fetched: a URL, as text or as a [`Url`], or an [`HttpRequest`].
pub trait IntoHttpRequest {
    /// Makes the request.
    fn into_http_request(self) -> HttpRequest;
}

impl IntoHttpRequest for &str {
    fn into_http_request(self) -> HttpRequest {
        HttpRequest::new(self)
    }
}

impl IntoHttpRequest for String {
    fn into_http_request(self) -> HttpRequest {
        HttpRequest::new(self)
    }
}

impl IntoHttpRequest for &String {
    fn into_http_request(self) -> HttpRequest {
        HttpRequest::new(self)
    }
}

impl IntoHttpRequest for Url {
    fn into_http_request(self) -> HttpRequest {
        HttpRequest::of(self)
    }
}

impl IntoHttpRequest for HttpRequest {
    fn into_http_request(self) -> HttpRequest {
        self
    }
}
