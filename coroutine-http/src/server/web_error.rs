//! An error that says how a request is to be answered.

use std::error::Error;
use std::fmt;

use http::{HeaderName, HeaderValue, StatusCode};

/// What a handler gives to have its request answered with an error that is none of the program's. Tornado's `tornado.web.HTTPError`.
///
/// The page is that of the status, unless the handler's type or the application has another one; a status that leads elsewhere (300 to 399) has none. Nothing is logged but the [log message](Self::log_message).
///
/// ```
/// use coroutine_core as co;
/// use coroutine_http::{Application, RequestHandler, WebError};
///
/// #[co::coroutine]
/// fn entry(mut handler: RequestHandler) -> Result<(), WebError> {
///     yield_!(co::moment());
///     match handler.path_argument("id") {
///         Some("1") => handler.write("the first one"),
///         _ => return Err(WebError::new(404).reason("No Such Entry")),
///     }
///     Ok(())
/// }
/// # Application::new().get("/entry/{id}", entry);
/// ```
#[derive(Clone)]
pub struct WebError {
    pub(super) status: StatusCode,
    pub(super) reason: Option<String>,
    pub(super) log_message: Option<String>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl WebError {
    /// An answer with this status: a number, or a [`StatusCode`].
    ///
    /// # Panics
    ///
    /// Panics when it is none, or an informational one.
    #[must_use]
    #[track_caller]
    pub fn new(status: impl TryInto<StatusCode>) -> Self {
        let status = status.try_into().ok();
        let status = status.filter(|status| !status.is_informational());
        Self {
            status: status.expect("a response has a status from 200 to 999"),
            reason: None,
            log_message: None,
            headers: Vec::new(),
        }
    }

    /// What the client is told, in the place of the usual reason for the status. Line breaks become spaces.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// What is logged, as a warning. The client does not see it, unless the application is set to [`debug`](crate::Application::debug).
    #[must_use]
    pub fn log_message(mut self, message: impl Into<String>) -> Self {
        self.log_message = Some(message.into());
        self
    }

    /// Adds a header to the answer, such as `WWW-Authenticate` to a 401.
    ///
    /// # Panics
    ///
    /// Panics when the name or the value cannot be sent.
    #[must_use]
    #[track_caller]
    pub fn header(
        mut self,
        name: impl TryInto<HeaderName>,
        value: impl TryInto<HeaderValue>,
    ) -> Self {
        let (Ok(name), Ok(value)) = (name.try_into(), value.try_into()) else {
            panic!("this is not the name and the value of a header");
        };
        self.headers.push((name, value));
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standard = self.status.canonical_reason().unwrap_or("Unknown");
        let reason = self.reason.as_deref().unwrap_or(standard);
        write!(f, "HTTP {}: {reason}", self.status.as_u16())?;
        match &self.log_message {
            Some(message) => write!(f, " ({message})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebError({:?})", self.to_string())
    }
}

impl Error for WebError {}
