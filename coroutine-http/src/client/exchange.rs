//! A request is sent, on a connection that is there or on a new one, and answered.

use std::rc::Rc;

use coroutine_core::IoLoop;
use http::{Method, Request, Response};
use hyper::body::Incoming;

use super::async_http_client::Inner;
use super::authority::Authority;
use super::connect::{Target, connect};
use super::connection::Connection;
use super::error::{HttpError, Kind};
use super::message::message;
use super::outgoing::{Content, Outgoing};
use super::request::Parts;
use super::timing::{Phase, Progress};

/// The head of a response, and the connection that its body is read from. Boxed where it is passed on.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    pub(super) connection: Connection,
    pub(super) target: Rc<Target>,
}

/// Sends the request, and waits for the head of the response.
///
/// A server may close a connection that is kept at the moment when a request is sent on it. Then the request is sent again, on a new connection, if it has not got to the server or may get there twice.
pub(super) async fn exchange(
    request: &Parts,
    client: &Inner,
    progress: &mut Progress,
) -> Result<Box<Answer>, HttpError> {
    let target = Rc::new(Target::of(request, client)?);
    let mut next = message(request, client.settings.keep_alive)?;
    if let Some(connection) = client.pool.take(&target, &client.settings) {
        match send(next, connection, &target, progress).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => next = failure.again(request, client)?,
        }
    }
    let time = request.options.connect_timeout();
    // Boxed, since it is large, and rare where connections are kept: every fetch would be moved about with room for it.
    let connection = Box::pin(connect(&target, time, client, progress)).await?;
    send(next, connection, &target, progress)
        .await
        .map_err(|failure| failure.error)
}

async fn send(
    message: Request<Outgoing>,
    mut connection: Connection,
    target: &Rc<Target>,
    progress: &mut Progress,
) -> Result<Box<Answer>, Failure> {
    progress.phase = Phase::Response;
    match connection.send(message).await {
        Ok(response) => {
            progress.phase = Phase::Body;
            progress.times.starttransfer = progress.since(IoLoop::current().time());
            let target = Rc::clone(target);
            Ok(Box::new(Answer {
                response,
                connection,
                target,
            }))
        }
        Err(mut failure) => Err(Failure {
            message: failure.take_message().map(Box::new),
            is_silent: !connection.wire().take_heard(),
            error: broken(&target.to, failure.into_error()),
        }),
    }
}

/// Why there is no response.
struct Failure {
    /// The request, if nothing of it was sent.
    message: Option<Box<Request<Outgoing>>>,
    /// Whether the server has not begun to answer.
    is_silent: bool,
    error: HttpError,
}

impl Failure {
    /// The request, if it can be sent again.
    fn again(self, request: &Parts, client: &Inner) -> Result<Request<Outgoing>, HttpError> {
        match self.message {
            Some(message) => Ok(*message),
            None if self.is_silent && self.error.is_lost() && may_repeat(request) => {
                message(request, client.settings.keep_alive)
            }
            None => Err(self.error),
        }
    }
}

/// Whether the request may get to the server twice (RFC 9110, 9.2.2), and can be sent once more.
fn may_repeat(request: &Parts) -> bool {
    let idempotent = matches!(
        request.method,
        Method::GET | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS | Method::TRACE
    );
    idempotent && !matches!(request.body, Content::Producer(_))
}

/// What an error of hyper's is to whoever fetches.
pub(super) fn broken(to: &Authority, error: hyper::Error) -> HttpError {
    let kind = if error.is_parse_too_large() {
        Kind::HeadTooLarge(to.to_string())
    } else if error.is_parse() {
        Kind::Protocol(to.to_string())
    } else if error.is_user() {
        Kind::Callback("body producer")
    } else {
        Kind::Lost(to.to_string())
    };
    HttpError::caused(kind, error)
}
