//! Events that a server sends (the HTML standard, 9.2).

use std::fmt;
use std::time::Duration;

use coroutine_core as co;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};

use super::outlet::StreamClosedError;
use super::request::HttpServerRequest;
use super::request_handler::RequestHandler;

const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// Has proxies pass on each event as it comes.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Server-sent events.
impl RequestHandler {
    /// Makes the response a stream of events, and sends its headers.
    ///
    /// ```
    /// use std::time::Duration;
    /// use coroutine_core as co;
    /// use coroutine_http::{Application, Event, RequestHandler, StreamClosedError};
    ///
    /// #[co::coroutine]
    /// fn clock(handler: RequestHandler) -> Result<(), StreamClosedError> {
    ///     let mut events = yield_!(handler.event_stream())?;
    ///     let last = events.last_event_id().and_then(|id| id.parse().ok());
    ///     for tick in last.unwrap_or(0_u64).. {
    ///         let event = Event::new(format!("tick {tick}")).id(tick.to_string());
    ///         yield_!(events.send(event))?; // the client has gone when this fails
    ///         yield_!(co::sleep(Duration::from_secs(1)));
    ///     }
    ///     Ok(())
    /// }
    /// # Application::new().get("/clock", clock);
    /// ```
    ///
    /// # Errors
    ///
    /// Fails when the client has gone.
    pub fn event_stream(self) -> co::Future<Result<EventStream, StreamClosedError>> {
        begin(self)
    }
}

#[co::coroutine]
fn begin(mut handler: RequestHandler) -> Result<EventStream, StreamClosedError> {
    handler.set_header(CONTENT_TYPE, EVENTS);
    handler.set_header(CACHE_CONTROL, NO_CACHE);
    handler.set_header(X_ACCEL_BUFFERING, "no");
    yield_!(handler.flush())?;
    Ok(EventStream { handler })
}

/// A response that goes on and on. It ends when it is dropped: the client then asks again, as browsers do.
pub struct EventStream {
    handler: RequestHandler,
}

impl EventStream {
    /// Sends an event. It is done when the connection has taken it, so that a client that does not read holds up whoever yields it.
    ///
    /// # Errors
    ///
    /// Fails when the client has gone.
    pub fn send(&mut self, event: impl Into<Event>) -> co::Future<Result<(), StreamClosedError>> {
        self.handler.write(event.into().to_string());
        self.handler.flush()
    }

    /// Sends a comment, which clients pass over. One every half a minute keeps proxies from closing a connection on which nothing happens, and shows that the client
    /// is there.
    ///
    /// # Errors
    ///
    /// Fails when the client has gone.
    pub fn comment(&mut self, text: &str) -> co::Future<Result<(), StreamClosedError>> {
        self.handler.write(format!(": {}\n\n", one_line(text)));
        self.handler.flush()
    }

    /// The id of the last event that the client got before it lost the connection, if it did.
    #[must_use]
    pub fn last_event_id(&self) -> Option<&str> {
        self.request().header("Last-Event-ID")
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &HttpServerRequest {
        self.handler.request()
    }

    /// Calls `callback` when the client leaves: [`RequestHandler::on_connection_close`].
    pub fn on_connection_close(&self, callback: impl FnOnce() + 'static) {
        self.handler.on_connection_close(callback);
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventStream").field(&self.handler).finish()
    }
}

/// An event. Text alone makes one too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    id: Option<String>,
    kind: Option<String>,
    data: String,
    retry: Option<Duration>,
}

impl Event {
    /// An event with this data, of any number of lines.
    #[must_use]
    pub fn new(data: impl Into<String>) -> Self {
        Self {
            data: data.into(),
            ..Self::default()
        }
    }

    /// Names the event, for a client that has lost the connection to say where it was. Line ends in it become blanks.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Says of which type it is: `message` unless set here. Line ends in it become blanks.
    #[must_use]
    pub fn event(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Says how long the client is to wait before it connects again, in whole milliseconds.
    #[must_use]
    pub fn retry(mut self, after: Duration) -> Self {
        self.retry = Some(after);
        self
    }
}

impl<T: Into<String>> From<T> for Event {
    fn from(data: T) -> Self {
        Self::new(data)
    }
}

/// As it is sent.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = &self.id {
            writeln!(f, "id: {}", one_line(id))?;
        }
        if let Some(kind) = &self.kind {
            writeln!(f, "event: {}", one_line(kind))?;
        }
        if let Some(after) = self.retry {
            writeln!(f, "retry: {}", after.as_millis())?;
        }
        for line in self.data.replace("\r\n", "\n").split(['\n', '\r']) {
            writeln!(f, "data: {line}")?;
        }
        writeln!(f)
    }
}

/// A line end would begin another field, and a client drops an id with a zero in it.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], " ")
}
