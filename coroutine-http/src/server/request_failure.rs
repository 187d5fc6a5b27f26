//! Why a request is answered with an error.

use std::cell::Cell;
use std::error::Error;
use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};

use super::endpoint::{Failure, caught};
use super::input_error::HttpInputError;
use super::outlet::StreamClosedError;
use super::reply::page;
use super::request_error::RequestError;
use super::request_handler::RequestHandler;
use super::web_error::WebError;

/// Why a request is answered with an error: what a page that tells of it may tell. Tornado's arguments of `write_error`.
///
/// Its text is for whoever runs the program. It may hold what a client should not see.
pub struct RequestFailure {
    status: StatusCode,
    reason: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Failure>,
    /// Whether the application's own page is being written, which may want the usual one.
    is_asked: Cell<bool>,
}

impl RequestFailure {
    /// There is nothing to be told but the status.
    pub(super) fn new(status: StatusCode) -> Self {
        Self {
            status,
            reason: None,
            headers: Vec::new(),
            cause: None,
            is_asked: Cell::new(false),
        }
    }

    /// The handler has said what cannot be sent.
    pub(super) fn fault() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) fn of(cause: Failure) -> Self {
        let mut this = Self::new(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(error) = found::<WebError>(&cause) {
            this.status = error.status;
            this.reason.clone_from(&error.reason);
            this.headers.clone_from(&error.headers);
        } else if let Some(error) = found::<HttpInputError>(&cause) {
            this.status = error.status();
        } else if let Some(error) = found::<RequestError>(&cause) {
            this.status = error.status();
        }
        this.cause = Some(cause);
        this
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What the client is told: the usual reason for the status, or that of the [`WebError`]. It is not escaped for HTML.
    #[must_use]
    pub fn reason(&self) -> &str {
        let standard = self.status.canonical_reason().unwrap_or("Unknown");
        self.reason.as_deref().unwrap_or(standard)
    }

    /// The error that the handler gave, if it did not panic.
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Some(Failure::Error(error)) => Some(&**error),
            _ => None,
        }
    }

    /// Writes the page that the application has for this, or the usual one, if it has none or is writing its own just now.
    ///
    /// Where the application is set to [`debug`](crate::Application::debug), the usual page is plain text which tells what went wrong.
    pub fn write_page(&self, handler: &mut RequestHandler) {
        let exchange = handler.exchange.clone();
        match exchange.site.routes.error_page(exchange.goal) {
            Some(own) if !self.is_asked.replace(true) => own(handler, self),
            _ => self.write_usual_page(handler, exchange.site.settings.debug),
        }
    }

    fn write_usual_page(&self, handler: &mut RequestHandler, debug: bool) {
        if debug && self.cause.is_some() {
            handler.set_header(CONTENT_TYPE, "text/plain; charset=UTF-8");
            handler.write(self.to_string());
        } else {
            handler.write(page(self.status, self.reason()));
        }
    }
}

/// For the exchange.
impl RequestFailure {
    pub(super) fn own_reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    pub(super) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// Whether it is the program that failed, and neither the client nor a handler that has said how it is to be answered.
    pub(super) fn is_fault(&self) -> bool {
        let Some(cause) = &self.cause else {
            return false;
        };
        let meant = match cause {
            // As when its loop is closed.
            Failure::Outcome(outcome) => outcome.is_cancelled(),
            _ => found::<WebError>(cause).is_some() || found::<StreamClosedError>(cause).is_some(),
        };
        !meant && !self.status.is_client_error()
    }

    /// What is to be logged although the program did not fail.
    pub(super) fn log_message(&self) -> Option<&str> {
        let error = found::<WebError>(self.cause.as_ref()?)?;
        error.log_message.as_deref()
    }

    /// The text, even where the error that it carries panics.
    pub(super) fn text(&self) -> String {
        caught(|| self.to_string()).unwrap_or_else(|failure| match failure {
            Failure::Panic(message) => format!("its error panicked when it was shown: {message}"),
            _ => "its error cannot be shown".to_owned(),
        })
    }
}

/// The error of this type, if it is one, or has one behind it.
fn found<E: Error + 'static>(cause: &Failure) -> Option<&E> {
    let mut error: Option<&(dyn Error + 'static)> = match cause {
        Failure::Error(error) => Some(&**error),
        Failure::Outcome(_) | Failure::Panic(_) => None,
    };
    while let Some(this) = error {
        if let Some(found) = this.downcast_ref() {
            return Some(found);
        }
        error = this.source();
    }
    None
}

impl Drop for RequestFailure {
    fn drop(&mut self) {
        // The error is foreign: its destructor may panic.
        let cause = self.cause.take();
        let _ = caught(move || drop(cause));
    }
}

impl fmt::Display for RequestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => write!(f, "{cause}"),
            None => write!(f, "{}: {}", self.status.as_u16(), self.reason()),
        }
    }
}

impl fmt::Debug for RequestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestFailure")
            .field("status", &self.status)
            .field("reason", &self.reason())
            .field("cause", &format_args!("{self}"))
            .finish()
    }
}
