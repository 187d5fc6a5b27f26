//! One request and its response, on a connection of their own.

use std::future::{Future as StdFuture, poll_fn};
use std::pin::pin;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, Entry, HOST, HeaderValue,
    TRANSFER_ENCODING, USER_AGENT,
};
use http::{HeaderMap, Method, Request, Uri, response};
use http_body_util::Full;
use hyper::client::conn::http1;

use super::authority::{Authority, host_header};
use super::connect::connect;
use super::error::{HttpError, Kind};
use super::request::{Parts, unfit};
use crate::body::{self, BodyError};
use crate::rt::Io;

/// What a POST request's body is taken for where the caller says nothing, as by Tornado's client.
const FORM: &str = "application/x-www-form-urlencoded";

const AGENT: &str = concat!("coroutine-http/", env!("CARGO_PKG_VERSION"));

/// Sends the request and takes in the response.
pub(super) async fn transfer(request: &Parts) -> Result<(response::Parts, Bytes), HttpError> {
    let to = Authority::of(&request.url)?;
    let message = message(request)?;
    let stream = connect(&to, request.connect_timeout).await?;
    let lost = |error| broken(&to, error);
    let (mut sender, connection) = http1::handshake(Io::new(stream, ())).await.map_err(lost)?;
    let exchange = async move {
        let response = sender.send_request(message).await.map_err(lost)?;
        let (head, body) = response.into_parts();
        match body::read(body, request.max_body_size).await {
            Ok(body) => Ok((head, body)),
            Err(BodyError::TooLarge) => Err(HttpError::new(Kind::TooLarge(request.max_body_size))),
            Err(BodyError::Broken(error)) => Err(lost(error)),
        }
    };
    driven_by(connection, exchange).await
}

/// What `exchange` gives, while `connection` is kept going.
async fn driven_by<T>(connection: impl StdFuture, exchange: impl StdFuture<Output = T>) -> T {
    let (mut connection, mut exchange) = (pin!(connection), pin!(exchange));
    let mut open = true;
    poll_fn(|cx| {
        // The connection's own result is of no interest: the exchange learns of it what it needs, and wakes the connection through its waker.
        open = open && connection.as_mut().poll(cx).is_pending();
        exchange.as_mut().poll(cx)
    })
    .await
}

fn broken(to: &Authority, error: hyper::Error) -> HttpError {
    let kind = match error.is_parse() {
        true => Kind::Protocol(to.to_string()),
        false => Kind::Lost(to.to_string()),
    };
    HttpError::caused(kind, error)
}

/// The request as hyper wants it.
fn message(request: &Parts) -> Result<Request<Full<Bytes>>, HttpError> {
    let target = &request.url[url::Position::BeforePath..url::Position::AfterQuery];
    let uri = Uri::try_from(target)
        .map_err(|error| HttpError::caused(Kind::Url(request.url.to_string()), error))?;
    let mut message = Request::new(Full::new(request.body.clone()));
    *message.method_mut() = request.method.clone();
    *message.uri_mut() = uri;
    *message.headers_mut() = headers(request)?;
    Ok(message)
}

/// The headers of the request, and those that every request has.
fn headers(request: &Parts) -> Result<HeaderMap, HttpError> {
    check_framing(request)?;
    let mut headers = request.headers.clone();
    let mut default = |name, value: Option<HeaderValue>| {
        if let (Entry::Vacant(entry), Some(value)) = (headers.entry(name), value) {
            entry.insert(value);
        }
    };
    default(HOST, host_header(&request.url));
    default(AUTHORIZATION, request.authorization.clone());
    default(USER_AGENT, Some(HeaderValue::from_static(AGENT)));
    if request.method == Method::POST {
        default(CONTENT_TYPE, Some(HeaderValue::from_static(FORM)));
    }
    if !request.body.is_empty() || expects_body(&request.method) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(request.body.len()));
    }
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(headers)
}

/// Refuses what contradicts the body: the server would take a part of it for another request.
fn check_framing(request: &Parts) -> Result<(), HttpError> {
    if request.headers.contains_key(TRANSFER_ENCODING) {
        return Err(unfit("its Transfer-Encoding is for the client to say"));
    }
    let length = HeaderValue::from(request.body.len());
    let mut lengths = request.headers.get_all(CONTENT_LENGTH).iter();
    match lengths.all(|said| *said == length) {
        true => Ok(()),
        false => Err(unfit("its Content-Length is not that of its body")),
    }
}

fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}
