//! What is wrong with what a request brings.

use std::error::Error;
use std::fmt;

use http::StatusCode;

use super::input_error::HttpInputError;
use super::multipart::MultipartError;
use crate::secret::Short;

/// Why a request does not bring what a handler asked for: an argument, a form, a document.
///
/// It is the client's fault. A handler that ends with one is answered with its [`status`](Self::status), 400 as a rule, and nobody is alarmed.
///
/// ```
/// use coroutine_http::{RequestError, RequestHandler};
///
/// fn double(mut handler: RequestHandler) -> Result<(), RequestError> {
///     let n: i64 = handler.argument_as("n")?; // 400 when it is missing, or is no number
///     handler.write((2 * n).to_string());
///     Ok(())
/// }
/// # coroutine_http::Application::new().get("/double", double);
/// ```
#[derive(Debug)]
pub struct RequestError {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// There is no argument of this name.
    Missing(String),
    /// The argument of this name is not what was asked for.
    Invalid(String, Box<dyn Error>),
    /// The arguments are together not what was asked for.
    #[cfg_attr(
        not(feature = "forms"),
        expect(dead_code, reason = "only serde finds it")
    )]
    Arguments(Box<dyn Error>),
    Multipart(MultipartError),
    /// The body cannot be read.
    Input(HttpInputError),
    #[cfg_attr(
        not(feature = "json"),
        expect(dead_code, reason = "only serde_json finds it")
    )]
    Json(Box<dyn Error>),
    /// The body is of another type than this.
    MediaType(&'static str),
}

impl RequestError {
    pub(super) fn missing(name: &str) -> Self {
        Self::from(Kind::Missing(name.to_owned()))
    }

    pub(super) fn invalid(name: &str, error: impl Into<Box<dyn Error>>) -> Self {
        Self::from(Kind::Invalid(name.to_owned(), error.into()))
    }

    pub(super) fn media_type(expected: &'static str) -> Self {
        Self::from(Kind::MediaType(expected))
    }

    /// The status of the response: 415 for a body of another type, 413 for a form that is too large, else 400.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match &self.kind {
            Kind::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::Input(error) => error.status(),
            Kind::Multipart(error) if error.is_too_large() => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Whether an argument is missing. Tornado's `MissingArgumentError`.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self.kind, Kind::Missing(_))
    }

    /// The name of the argument that is missing or invalid, if it is about one.
    #[must_use]
    pub fn argument(&self) -> Option<&str> {
        match &self.kind {
            Kind::Missing(name) | Kind::Invalid(name, _) => Some(name),
            _ => None,
        }
    }
}

#[cfg(feature = "forms")]
impl RequestError {
    pub(super) fn arguments(error: impl Into<Box<dyn Error>>) -> Self {
        Self::from(Kind::Arguments(error.into()))
    }
}

#[cfg(feature = "json")]
impl RequestError {
    pub(super) fn json(error: serde_json::Error) -> Self {
        Self::from(Kind::Json(error.into()))
    }
}

impl From<Kind> for RequestError {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl From<MultipartError> for RequestError {
    fn from(error: MultipartError) -> Self {
        Self::from(Kind::Multipart(error))
    }
}

impl From<HttpInputError> for RequestError {
    fn from(error: HttpInputError) -> Self {
        Self::from(Kind::Input(error))
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Missing(name) => write!(f, "the argument `{}` is missing", Short(name)),
            Kind::Invalid(name, _) => write!(f, "the argument `{}` is invalid", Short(name)),
            Kind::Arguments(_) => write!(f, "the arguments are not what was asked for"),
            Kind::Input(_) => write!(f, "the body cannot be read"),
            Kind::Multipart(_) => write!(f, "the form cannot be read"),
            Kind::Json(_) => write!(f, "the body is not the JSON that was asked for"),
            Kind::MediaType(expected) => write!(f, "the body is not of the type {expected}"),
        }
    }
}

impl Error for RequestError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Invalid(_, error) | Kind::Arguments(error) | Kind::Json(error) => Some(&**error),
            Kind::Multipart(error) => Some(error),
            Kind::Input(error) => Some(error),
            Kind::Missing(_) | Kind::MediaType(_) => None,
        }
    }
}
