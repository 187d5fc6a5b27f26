//! A request is sent, on a connection that is there or on a new one, and answered.

use std::future::Future as StdFuture;
use std::pin::pin;
use std::rc::Rc;
use std::task::Context;

use http::{Method, Request};
use hyper::body::Incoming;

use super::async_http_client::Inner;
use super::authority::Authority;
use super::connect::{Target, connect};
use super::connection::Connection;
use super::error::{HttpError, Kind};
use super::message::{check, message};
use super::outgoing::{Content, Outgoing};
use super::request::Parts;
use super::response::HttpResponse;
use super::timing::{Phase, Progress};

/// A response without its body, and the connection that this is read from.
pub(super) struct Answer {
    pub(super) response: HttpResponse,
    pub(super) body: Incoming,
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
) -> Result<Answer, HttpError> {
    check(request)?;
    let security = client.security(request)?;
    let now = progress.now;
    let fits = |target: &Target| target.fits(request, security.as_ref());
    if let Some((target, connection)) = client.pool.take(fits, &client.settings, now) {
        let message = message(request, &target, client.settings.keep_alive)?;
        match send(request, message, connection, target, progress).await {
            Ok(answer) => return Ok(answer),
            Err(failure) if failure.may_go_again(request) => {}
            Err(failure) => return Err(failure.error),
        }
    }
    let target = Rc::new(Target::of(request, security)?);
    let message = message(request, &target, client.settings.keep_alive)?;
    let time = request.options.connect_timeout();
    // Boxed, since it is large, and rare where connections are kept: every fetch would be moved about with room for it.
    let connection = Box::pin(connect(&target, time, client, progress)).await?;
    send(request, message, connection, target, progress)
        .await
        .map_err(|failure| failure.error)
}

/// The message is boxed, since it would be a part of whoever waits for this.
async fn send(
    request: &Parts,
    message: Box<Request<Outgoing>>,
    mut connection: Connection,
    target: Rc<Target>,
    progress: &mut Progress,
) -> Result<Answer, Failure> {
    progress.phase = Phase::Response;
    let sent = {
        let mut sent = pin!(connection.send(*message));
        // Put where it belongs at once, since it is large as well.
        let received = |response: http::Response<Incoming>| {
            let (head, body) = response.into_parts();
            (
                HttpResponse::new(head, &request.url, progress.start_time),
                body,
            )
        };
        let poll = |cx: &mut Context<'_>| sent.as_mut().poll(cx).map_ok(received).map_err(Box::new);
        connection.after(poll).await
    };
    match sent {
        Ok((response, body)) => {
            progress.phase = Phase::Body;
            progress.times.starttransfer = progress.look();
            Ok(Answer {
                response,
                body,
                connection,
                target,
            })
        }
        Err(mut failure) => Err(Failure {
            is_unsent: failure.take_message().is_some(),
            is_silent: !connection.wire().take_heard(),
            error: broken(&target.to, failure.into_error()),
        }),
    }
}

/// Why there is no response.
struct Failure {
    /// Whether nothing of the request was sent.
    is_unsent: bool,
    /// Whether the server has not begun to answer.
    is_silent: bool,
    error: HttpError,
}

impl Failure {
    /// Whether the request can be sent again.
    fn may_go_again(&self, request: &Parts) -> bool {
        self.is_unsent || (self.is_silent && self.error.is_lost() && may_repeat(request))
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
