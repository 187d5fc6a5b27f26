//! One line a response, through `tracing`, for whoever listens to the target `coroutine_http::access`.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use coroutine_core as co;
use http::request::Parts;
use http::{Method, StatusCode};
use tracing::Level;

use super::application::Application;
use super::endpoint::caught;
use super::peer::Peer;
use super::request::{HttpServerRequest, target};
use super::request_failure::RequestFailure;
use super::request_handler::RequestHandler;

const TARGET: &str = "coroutine_http::access";

/// What is called with each response, in the place of the log.
pub(super) type LogFunction = Rc<dyn Fn(&AccessRecord<'_>)>;

/// Logging.
impl Application {
    /// Calls `log` with each response, when it is complete, in the place of writing a line to the log. Tornado's setting of this name.
    ///
    /// Without it a line is given to [`tracing`], with the target `coroutine_http::access`: an error for a status from 500 on, a warning from 400 on, and an
    /// information otherwise. Where nobody listens to it, that costs nothing.
    ///
    /// ```
    /// # let _ =
    /// coroutine_http::Application::new().log_function(|record| {
    ///     println!("{} in {:?}: {record}", record.status(), record.request_time());
    /// });
    /// ```
    #[must_use]
    pub fn log_function(mut self, log: impl Fn(&AccessRecord<'_>) + 'static) -> Self {
        self.settings.log_function = Some(Rc::new(log));
        self
    }
}

/// Time.
impl RequestHandler {
    /// How long ago the head of the request was there. None unless responses are logged, since nobody has looked at a clock then. Tornado's method of this name.
    #[must_use]
    pub fn request_time(&self) -> Option<Duration> {
        self.exchange.arrival.elapsed()
    }
}

/// A response, for [`Application::log_function`]. It shows itself as Tornado's lines of the access log do: `200 GET /path (127.0.0.1) 1.25ms`.
#[derive(Debug)]
pub struct AccessRecord<'a> {
    status: StatusCode,
    method: &'a Method,
    uri: &'a str,
    remote_ip: Option<IpAddr>,
    request_time: Duration,
}

impl AccessRecord<'_> {
    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The method of the request.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The path and the query of the request.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.uri
    }

    /// The client's address, as in [`HttpServerRequest::remote_ip`].
    #[must_use]
    pub fn remote_ip(&self) -> Option<IpAddr> {
        self.remote_ip
    }

    /// The time from the head of the request to the end of the handler.
    #[must_use]
    pub fn request_time(&self) -> Duration {
        self.request_time
    }
}

impl std::fmt::Display for AccessRecord<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (status, method, uri) = (self.status.as_u16(), self.method, self.uri);
        write!(f, "{status} {method} {uri} (")?;
        match self.remote_ip {
            Some(ip) => write!(f, "{ip}")?,
            None => f.write_str("unix")?,
        }
        write!(f, ") {:.2}ms", self.request_time.as_secs_f64() * 1000.0)
    }
}

/// When a request came, if anybody wants to know.
pub(super) struct Arrival(Option<Box<Wanted>>);

struct Wanted {
    since: Instant,
    log: Option<LogFunction>,
}

impl Arrival {
    #[inline]
    pub(super) fn now(log: Option<&LogFunction>) -> Self {
        if log.is_none() && !tracing::enabled!(target: TARGET, Level::ERROR) {
            return Self(None);
        }
        Self(Some(Box::new(Wanted {
            since: Instant::now(),
            log: log.map(Rc::clone),
        })))
    }

    /// How long ago it was.
    pub(super) fn elapsed(&self) -> Option<Duration> {
        self.0.as_ref().map(|wanted| wanted.since.elapsed())
    }

    /// Logs a response.
    #[inline]
    pub(super) fn answered(&self, status: StatusCode, request: &HttpServerRequest) {
        if let Some(wanted) = &self.0 {
            wanted.log(&AccessRecord {
                status,
                method: request.method(),
                uri: target(request.uri()),
                remote_ip: request.remote_ip(),
                request_time: wanted.since.elapsed(),
            });
        }
    }

    /// Logs a response to a request that has no handler.
    pub(super) fn refused(&self, status: StatusCode, head: &Parts, peer: &Peer) {
        if let Some(wanted) = &self.0 {
            wanted.log(&AccessRecord {
                status,
                method: &head.method,
                uri: target(&head.uri),
                remote_ip: peer.ip(&head.headers),
                request_time: wanted.since.elapsed(),
            });
        }
    }
}

impl Wanted {
    #[cold]
    fn log(&self, record: &AccessRecord<'_>) {
        let Some(log) = &self.log else {
            return write(record);
        };
        if let Err(failure) = caught(|| log(record)) {
            let text = RequestFailure::of(failure).text();
            co::__private::log_error(format_args!("the log function failed: {text}"));
        }
    }
}

fn write(record: &AccessRecord<'_>) {
    match record.status.as_u16() {
        500.. => tracing::error!(target: TARGET, "{record}"),
        400.. => tracing::warn!(target: TARGET, "{record}"),
        _ => tracing::info!(target: TARGET, "{record}"),
    }
}
