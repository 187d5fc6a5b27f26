//! A request that is to be sent.

use std::cell::RefCell;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, IF_MODIFIED_SINCE, USER_AGENT};
use http::{HeaderMap, Method};
use url::Url;

use super::authority::{basic, take_credentials};
use super::error::{HttpError, Kind};
use super::options::{Options, REDIRECTS, Stream};
use super::outgoing::{BodyWriter, Content};
use super::step::StreamingResult;
use crate::secret::{self, without_userinfo};

/// A request. Tornado's `HTTPRequest`.
///
/// What is wrong with its parts is told by the fetch. What it does not say, the [client's defaults](crate::AsyncHttpClientBuilder::defaults) do.
///
/// A name and a password in the URL are sent as `Authorization`, unless the request has such a header, and are shown nowhere. `Content-Length` is told
/// by the client where it knows it; a request that says a different one, or a `Transfer-Encoding`, is not sent. What a request says of `Connection` is left out but for `close`.
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
    /// Boxed, since requests are passed on from hand to hand.
    pub(super) parts: Result<Box<Parts>, HttpError>,
}

/// A request whose parts are good.
pub(super) struct Parts {
    /// Without a name and a password. Shared with the response.
    pub(super) url: Arc<Url>,
    /// The name and the password that the URL had, or others.
    pub(super) authorization: Option<HeaderValue>,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Content,
    pub(super) options: Options,
    /// Where the response goes, if it is streamed.
    pub(super) stream: Option<Stream>,
}

impl HttpRequest {
    /// A GET request for `url`.
    #[must_use]
    pub fn new(url: impl AsRef<str>) -> Self {
        let url = url.as_ref();
        match parse(url) {
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

    fn of(mut url: Arc<Url>) -> Self {
        let authorization = match has_secrets(&url) {
            true => take_credentials(Arc::make_mut(&mut url)),
            false => None,
        };
        Self {
            parts: Ok(Box::new(Parts {
                url,
                authorization,
                method: Method::GET,
                headers: HeaderMap::new(),
                body: Content::None,
                options: Options::default(),
                stream: None,
            })),
        }
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Parts)) -> Self {
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

    /// Sets the body, which may be an empty one. POST, PUT and PATCH have a body and others have none, unless [`allow_nonstandard_methods`](Self::allow_nonstandard_methods)
    /// says otherwise.
    #[must_use]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.with(|parts| parts.body = Content::Whole(body.into()))
    }

    /// Has the body made while it is sent: `producer` gets what it writes with, and gives nothing, a `Result`, or a coroutine's future, which ends the body when it ends. It is called
    /// anew where the body must be sent once more, after a redirect.
    ///
    /// The body is sent in chunks, unless there is a `Content-Length` header, which must be right then. A writer waits while the connection does not take more.
    ///
    /// ```
    /// use coroutine_core as co;
    /// use coroutine_http::{BodyWriter, HttpError, HttpRequest};
    ///
    /// #[co::coroutine]
    /// fn numbers(body: BodyWriter) -> Result<(), HttpError> {
    ///     for number in 0..1_000_000 {
    ///         yield_!(body.write(format!("{number}\n")))?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let request = HttpRequest::post("http://127.0.0.1:8889/", "").body_producer(numbers);
    /// # drop(request);
    /// ```
    #[must_use]
    pub fn body_producer<R: StreamingResult>(
        self,
        mut producer: impl FnMut(BodyWriter) -> R + 'static,
    ) -> Self {
        let producer = move |writer| producer(writer).into_step();
        self.with(|parts| parts.body = Content::Producer(Rc::new(RefCell::new(producer))))
    }

    /// A name and a password, which are sent as `Authorization` (RFC 7617). Those in the URL and a header of that name go before it.
    #[must_use]
    pub fn auth(self, name: &str, password: &str) -> Self {
        self.with(|parts| {
            if parts.authorization.is_none() {
                parts.authorization = basic(name.as_bytes(), password.as_bytes());
            }
        })
    }

    /// Who the server is told is asking. The client's name and version unless set here or by a header.
    #[must_use]
    pub fn user_agent(self, agent: &str) -> Self {
        self.replace_header(USER_AGENT, agent)
    }

    /// Asks for a response with a body only if it has changed since: the status is 304 if it has not, which is an error where those are [raised](Self::raise_error).
    #[must_use]
    pub fn if_modified_since(self, time: SystemTime) -> Self {
        // The format has no earlier times.
        let time = time.max(SystemTime::UNIX_EPOCH);
        self.replace_header(IF_MODIFIED_SINCE, &httpdate::fmt_http_date(time))
    }

    fn replace_header(self, name: HeaderName, value: &str) -> Self {
        let without = self.with(|parts| {
            parts.headers.remove(&name);
        });
        without.header(name, value)
    }

    /// Whether the body waits until the server says that it wants it (RFC 9110, 10.1.1), for a second at most. Not unless set here.
    #[must_use]
    pub fn expect_100_continue(self, expect: bool) -> Self {
        self.with(|parts| parts.options.expect_continue = Some(expect))
    }

    /// Whether any method may be used, with a body or without. Not unless set here: a mistake is told as an error.
    #[must_use]
    pub fn allow_nonstandard_methods(self, allow: bool) -> Self {
        self.with(|parts| parts.options.nonstandard_methods = Some(allow))
    }

    /// Calls `callback` with each chunk of the body as it comes; the response's body is empty then. It may give nothing, a `Result`, or a coroutine's future; no more is
    /// read before that has ended. Those of redirects that are followed are left out.
    #[must_use]
    pub fn streaming_callback<R: StreamingResult>(
        self,
        mut callback: impl FnMut(Bytes) -> R + 'static,
    ) -> Self {
        let callback = move |chunk| callback(chunk).into_step();
        self.with(|parts| parts.options.on_chunk = Some(Rc::new(RefCell::new(callback))))
    }

    /// Calls `callback` with each line of the response's head, before the body: the status line, the headers, and the empty line, each with its `\r\n`.
    #[must_use]
    pub fn header_callback(self, callback: impl FnMut(&str) + 'static) -> Self {
        self.with(|parts| parts.options.on_line = Some(Rc::new(RefCell::new(callback))))
    }

    /// Whether the body may come compressed (gzip or deflate), and is given decompressed. It may unless set here. `Content-Encoding` is called `X-Consumed-Content-Encoding` then, as by Tornado.
    #[must_use]
    pub fn decompress_response(self, decompress: bool) -> Self {
        self.with(|parts| parts.options.decompress = Some(decompress))
    }

    /// Connects from this address of the machine's.
    #[must_use]
    pub fn network_interface(self, address: IpAddr) -> Self {
        self.with(|parts| parts.options.interface = Some(address))
    }

    /// Connects to the Unix socket at `path`, whatever the URL's host is.
    #[must_use]
    pub fn unix_socket(self, path: impl AsRef<Path>) -> Self {
        self.with(|parts| parts.options.unix_socket = Some(path.as_ref().into()))
    }

    /// How long it may take to connect, looking up the host's name and starting TLS included: 20 seconds unless set here. It is also how long the request waits for its turn where there are
    /// too many, if [`request_timeout`](Self::request_timeout) is not less.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.with(|parts| parts.options.connect_timeout = Some(timeout))
    }

    /// How long all of it may take, with the wait for its turn and with redirects: 20 seconds unless set here.
    #[must_use]
    pub fn request_timeout(self, timeout: Duration) -> Self {
        self.with(|parts| parts.options.request_timeout = Some(timeout))
    }

    /// Whether redirects are followed, as they are unless set here. Where they are not, a redirect is an error with a response.
    #[must_use]
    pub fn follow_redirects(self, follow: bool) -> Self {
        self.max_redirects(if follow { REDIRECTS } else { 0 })
    }

    /// How many redirects are followed: five unless set here.
    #[must_use]
    pub fn max_redirects(self, redirects: u32) -> Self {
        self.with(|parts| parts.options.redirects = Some(redirects))
    }

    /// Whether a response whose status is not a good one (2xx) is an error, as it is unless set here.
    #[must_use]
    pub fn raise_error(self, raise: bool) -> Self {
        self.with(|parts| parts.options.raise_error = Some(raise))
    }

    /// The longest body of a response, in bytes, after decompression: 100 MiB unless set here or [for the client](crate::AsyncHttpClientBuilder::max_body_size).
    #[must_use]
    pub fn max_body_size(self, bytes: usize) -> Self {
        self.with(|parts| parts.options.max_body_size = Some(bytes))
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
                .field("body", &parts.body),
            Err(error) => debug.field("error", error),
        };
        debug.finish_non_exhaustive()
    }
}

/// Shows only the length.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "none"),
            Self::Whole(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Producer(_) => write!(f, "a producer's"),
        }
    }
}

thread_local! {
    /// The URL that was parsed last.
    static LAST: RefCell<Option<Arc<Url>>> = const { RefCell::new(None) };
}

/// A longer URL is not kept.
const KEPT: usize = 1024;

/// Parses a URL. One that is fetched again and again, as the endpoint of a service is, is parsed once: that is a fifth of what a fetch costs. Secrets are not kept.
fn parse(text: &str) -> Result<Arc<Url>, url::ParseError> {
    LAST.with_borrow_mut(|last| match last {
        // Only what is the same text when it was parsed is found again.
        Some(url) if url.as_str() == text => Ok(Arc::clone(url)),
        _ => {
            let url = Arc::new(Url::parse(text)?);
            if text.len() <= KEPT && url.as_str() == text && !has_secrets(&url) {
                *last = Some(Arc::clone(&url));
            }
            Ok(url)
        }
    })
}

fn has_secrets(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

pub(super) fn unfit(what: &'static str) -> HttpError {
    HttpError::new(Kind::Request(what.into()))
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
        HttpRequest::of(Arc::new(self))
    }
}

impl IntoHttpRequest for HttpRequest {
    fn into_http_request(self) -> HttpRequest {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, LAST, parse};

    fn kept() -> Option<String> {
        LAST.with_borrow(|last| last.as_ref().map(ToString::to_string))
    }

    #[test]
    fn a_url_that_was_parsed_before_is_the_same_again() {
        for text in [
            "http://a/b?c",
            "http://a/b?c",
            "HTTP://A/../b?c",
            "http://a/b",
        ] {
            assert_eq!(parse(text).as_deref(), url::Url::parse(text).as_ref());
        }
        assert!(parse("http://[").is_err());
        assert_eq!(kept().as_deref(), Some("http://a/b"));
    }

    #[test]
    fn neither_a_secret_nor_a_long_url_is_kept() {
        let long = format!("http://a/{}", "b".repeat(KEPT));
        for text in ["http://user:password@a/", "http://user@a/", &long] {
            let parsed = parse(text).expect("a URL");
            assert_eq!(parsed.as_str(), text);
            assert_eq!(kept(), None);
        }
    }
}
