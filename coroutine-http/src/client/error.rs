//! Why a fetch gave no response, or one that tells of an error.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::response::HttpResponse;
use super::timing::Phase;
use super::tls::TlsFault;
use crate::secret::Short;

/// Why a fetch gave no response, or that the response tells of an error. Tornado's `HTTPError`.
///
/// Its text tells what went wrong; [`source`](Error::source) tells why.
pub struct HttpError {
    /// Boxed, since results that carry it are mostly good ones.
    inner: Box<Inner>,
}

struct Inner {
    kind: Kind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

pub(super) enum Kind {
    /// The URL does not parse.
    Url(String),
    /// The URL's scheme is another one than http or https.
    Scheme(String),
    /// TLS cannot be had.
    Tls(TlsFault),
    /// Something else in the request cannot be sent.
    Request(Cow<'static, str>),
    /// The host has no address.
    LookUp(String),
    /// There is no connection.
    Connect(String),
    /// There was no connection in time.
    ConnectTimeout(String, Duration),
    /// It was not the request's turn in time.
    QueueTimeout(String, Duration),
    /// There was no response in time.
    RequestTimeout(String, Duration),
    /// The connection was lost.
    Lost(String),
    /// What came is not HTTP.
    Protocol(String),
    /// The head is longer than it may be.
    HeadTooLarge(String),
    /// The body is longer than it may be, in bytes.
    TooLarge(usize),
    /// The body is not what it is taken for.
    Encoding(&'static str),
    /// A function of the request has failed.
    Callback(&'static str),
    /// Nobody takes what is written to the body.
    NotTaken,
    /// The response's status is not a good one.
    Status(HttpResponse),
    /// A redirect leads to what is no URL.
    Location(String, HttpResponse),
    /// The last redirect that was followed led to another one.
    Redirects(HttpResponse),
    /// A blocking client has no loop to work with.
    Loop,
    /// A blocking client would hold up the loop that runs.
    Running,
    /// The client was closed.
    Closed,
}

impl HttpError {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            inner: Box::new(Inner { kind, source: None }),
        }
    }

    pub(super) fn caused(kind: Kind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = Some(source.into());
        Self {
            inner: Box::new(Inner { kind, source }),
        }
    }

    /// Whether the request could not be sent as it is: its URL does not parse or has a scheme that is not supported, or a header is none.
    #[must_use]
    pub fn is_request(&self) -> bool {
        match &self.inner.kind {
            Kind::Url(_) | Kind::Scheme(_) | Kind::Request(_) => true,
            Kind::Tls(fault) => !fault.is_handshake(),
            _ => false,
        }
    }

    /// Whether there was no connection: the host has no address, refused it, did not answer in time, or did not come to a secure connection.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        match &self.inner.kind {
            Kind::LookUp(_) | Kind::Connect(_) | Kind::ConnectTimeout(..) => true,
            Kind::Tls(fault) => fault.is_handshake(),
            _ => false,
        }
    }

    /// Whether there was a connection that could not be made a secure one: the certificate is not valid, for example.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(&self.inner.kind, Kind::Tls(fault) if fault.is_handshake())
    }

    /// Whether it took too long to wait for its turn, to connect, or to get the response. The [`source`](Error::source) tells what was being done.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::QueueTimeout(..) | Kind::ConnectTimeout(..) | Kind::RequestTimeout(..)
        )
    }

    /// Whether the time was over before it was the request's turn, since too many others were under way. It was not sent.
    #[must_use]
    pub fn is_queue_timeout(&self) -> bool {
        matches!(self.inner.kind, Kind::QueueTimeout(..))
    }

    /// Whether the connection was lost before the response was complete.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(self.inner.kind, Kind::Lost(_))
    }

    /// Whether what came is not HTTP, has too long a head, or a body that is not compressed as it is said to be, or no JSON where that is wanted.
    #[must_use]
    pub fn is_protocol(&self) -> bool {
        matches!(
            self.inner.kind,
            Kind::Protocol(_) | Kind::HeadTooLarge(_) | Kind::Encoding(_)
        )
    }

    /// Whether a function of the request, such as its `streaming_callback`, has failed. The [`source`](Error::source) is its error.
    #[must_use]
    pub fn is_callback(&self) -> bool {
        matches!(self.inner.kind, Kind::Callback(_))
    }

    /// Whether the client was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.inner.kind, Kind::Closed)
    }

    /// Whether a blocking client was used where a loop runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.inner.kind, Kind::Running)
    }

    /// Whether the response's body is longer than the request allows.
    #[must_use]
    pub fn is_body_too_large(&self) -> bool {
        matches!(self.inner.kind, Kind::TooLarge(_))
    }

    /// Whether there is a response, and its status tells of an error.
    #[must_use]
    pub fn is_status(&self) -> bool {
        matches!(self.inner.kind, Kind::Status(_))
    }

    /// Whether a redirect could not be followed: there were too many, or it leads to what is no URL. There is a response.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        matches!(self.inner.kind, Kind::Redirects(_) | Kind::Location(..))
    }

    /// The status of the response, if there is one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.response().map(HttpResponse::status)
    }

    /// The response, if there is one.
    #[must_use]
    pub fn response(&self) -> Option<&HttpResponse> {
        match &self.inner.kind {
            Kind::Status(response) | Kind::Redirects(response) | Kind::Location(_, response) => {
                Some(response)
            }
            _ => None,
        }
    }

    /// Takes the response out, if there is one.
    #[must_use]
    pub fn into_response(self) -> Option<HttpResponse> {
        match self.inner.kind {
            Kind::Status(response) | Kind::Redirects(response) | Kind::Location(_, response) => {
                Some(response)
            }
            _ => None,
        }
    }
}

/// What had not come to its end when the time was over.
#[derive(Debug)]
pub(super) struct Unfinished(pub(super) Phase);

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Phase::Queue => "it waited for its turn",
            Phase::LookUp => "the host's name was being looked up",
            Phase::Connect => "it was being connected",
            Phase::Handshake => "TLS was being started",
            Phase::Response => "the response had not begun",
            Phase::Body => "the response's body was not complete",
        })
    }
}

impl Error for Unfinished {}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner.kind {
            Kind::Url(url) => write!(f, "`{}` is not a URL", Short(url)),
            Kind::Scheme(scheme) => {
                let scheme = Short(scheme);
                write!(
                    f,
                    "cannot fetch `{scheme}:` URLs; `http:` and `https:` are supported"
                )
            }
            Kind::Tls(fault) => fault.fmt(f),
            Kind::Request(what) => write!(f, "cannot send the request: {what}"),
            Kind::LookUp(host) => write!(f, "cannot find the host `{}`", Short(host)),
            Kind::Connect(host) => write!(f, "cannot connect to {host}"),
            Kind::QueueTimeout(host, after) => write!(
                f,
                "the request to {host} waited for its turn for {after:?}, and gave up"
            ),
            Kind::ConnectTimeout(host, after) => {
                write!(f, "no connection to {host} within {after:?}")
            }
            Kind::RequestTimeout(host, after) => {
                write!(f, "no response from {host} within {after:?}")
            }
            Kind::Lost(host) => write!(
                f,
                "the connection to {host} was lost before the response was complete"
            ),
            Kind::Protocol(host) => write!(f, "what {host} answered is not HTTP"),
            Kind::HeadTooLarge(host) => write!(f, "the head of what {host} answered is too long"),
            Kind::Encoding(what) => write!(f, "the response's body is not {what}"),
            Kind::Callback(what) => write!(f, "the request's {what} failed"),
            Kind::NotTaken => write!(f, "nobody takes the body that is written"),
            Kind::TooLarge(limit) => write!(f, "the response's body is over {limit} bytes"),
            Kind::Status(response) => write!(
                f,
                "HTTP {} from {}",
                response.status(),
                Short(response.effective_url().as_str())
            ),
            Kind::Redirects(response) => write!(
                f,
                "too many redirects, the last one from {}",
                Short(response.effective_url().as_str())
            ),
            Kind::Location(location, response) => write!(
                f,
                "the redirect from {} leads to `{}`, which is not a URL",
                Short(response.effective_url().as_str()),
                Short(location)
            ),
            Kind::Loop => write!(f, "the blocking client has no loop to work with"),
            Kind::Running => write!(
                f,
                "an HttpClient blocks, and would hold up the loop that runs on this thread: yield the fetch of an AsyncHttpClient there"
            ),
            Kind::Closed => write!(f, "the client is closed"),
        }
    }
}

impl fmt::Debug for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("HttpError");
        debug.field("message", &format_args!("{self}"));
        if let Some(source) = &self.inner.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl Error for HttpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.inner.source.as_deref()?;
        Some(source)
    }
}
