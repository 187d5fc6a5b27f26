//! Why the body of a request cannot be read.

use std::error::Error;
use std::fmt;

use http::StatusCode;

/// The body of a request cannot be read. Tornado's `HTTPInputError`.
///
/// A handler that ends with it, as with `?`, is answered with the [status](Self::status) that it stands for, and not with 500.
#[derive(Debug)]
pub struct HttpInputError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    TooLarge { limit: usize },
    Timeout,
    Broken(Box<dyn Error + Send + Sync>),
    Closed,
    Lent,
    NotStreamed,
}

impl HttpInputError {
    pub(super) fn too_large(limit: usize) -> Self {
        Kind::TooLarge { limit }.into()
    }

    pub(super) fn timeout() -> Self {
        Kind::Timeout.into()
    }

    pub(super) fn broken(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Kind::Broken(error.into()).into()
    }

    pub(super) fn closed() -> Self {
        Kind::Closed.into()
    }

    pub(super) fn lent() -> Self {
        Kind::Lent.into()
    }

    pub(super) fn not_streamed() -> Self {
        Kind::NotStreamed.into()
    }

    /// Whether the body is longer than it may be.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.kind, Kind::TooLarge { .. })
    }

    /// Whether the body took longer than it may.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::Timeout)
    }

    /// The status that tells the client: 413 for a body that is too long, 408 for one that takes too long, 400 for one that is broken, and 500 where the
    /// handler is to blame, which reads after the response was complete, from two places, or without being registered with
    /// [`stream_request_body`](crate::stream_request_body).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.kind {
            Kind::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::Timeout => StatusCode::REQUEST_TIMEOUT,
            Kind::Broken(_) => StatusCode::BAD_REQUEST,
            Kind::Closed | Kind::Lent | Kind::NotStreamed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<Kind> for HttpInputError {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for HttpInputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::TooLarge { limit } => write!(f, "the body has more than {limit} bytes"),
            Kind::Timeout => f.write_str("the body did not arrive in time"),
            Kind::Broken(_) => f.write_str("the body is broken"),
            Kind::Closed => f.write_str("the body was given up"),
            Kind::Lent => f.write_str("the body is read as a stream already"),
            Kind::NotStreamed => f.write_str(
                "the body is in the request already: only handlers with `stream_request_body` read it by themselves",
            ),
        }
    }
}

impl Error for HttpInputError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Broken(error) => Some(&**error),
            _ => None,
        }
    }
}
