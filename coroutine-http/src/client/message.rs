//! A request as hyper wants it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST,
    HeaderValue, TRANSFER_ENCODING, USER_AGENT,
};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use hyper::ext::on_informational;
use url::Url;

use super::authority::host_header;
use super::connect::Target;
use super::error::{HttpError, Kind};
use super::outgoing::{Content, Gate, Outgoing};
use super::request::{Parts, unfit};
use crate::decompression;

/// What a POST request's body is taken for where the caller says nothing, as by Tornado's client.
const FORM: &str = "application/x-www-form-urlencoded";

const AGENT: &str = concat!("coroutine-http/", env!("CARGO_PKG_VERSION"));

/// Refuses a request that contradicts itself.
pub(super) fn check(request: &Parts) -> Result<(), HttpError> {
    check_method(request)?;
    check_framing(request)
}

pub(super) fn message(
    request: &Parts,
    to: &Target,
    keep_alive: bool,
) -> Result<Box<Request<Outgoing>>, HttpError> {
    let target = &request.url[url::Position::BeforePath..url::Position::AfterQuery];
    let uri = Uri::try_from(target)
        .map_err(|error| HttpError::caused(Kind::Url(request.url.to_string()), error))?;
    let open = request
        .options
        .expect_continue()
        .then(|| Arc::new(AtomicBool::new(false)));
    let gate = open.clone().map(|open| Box::new(Gate::new(open)));
    let headers = headers(request, to, keep_alive);
    let body = Outgoing::new(&request.body, stated_length(&headers), gate);
    let mut message = Box::new(Request::new(body));
    *message.method_mut() = request.method.clone();
    *message.uri_mut() = uri;
    *message.headers_mut() = headers;
    if let Some(open) = open {
        on_informational(&mut message, move |response| {
            if response.status() == StatusCode::CONTINUE {
                open.store(true, Ordering::Relaxed);
            }
        });
    }
    Ok(message)
}

/// What every request says that goes where `url` leads.
pub(super) fn default_headers(url: &Url) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(host) = host_header(url) {
        headers.insert(HOST, host);
    }
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let accepted = HeaderValue::from_static(decompression::ACCEPTED);
    headers.insert(ACCEPT_ENCODING, accepted);
    headers
}

/// The headers of the request, and those that every request has.
fn headers(request: &Parts, to: &Target, keep_alive: bool) -> HeaderMap {
    let mut headers = to.headers.clone();
    if !request.options.decompress() {
        headers.remove(ACCEPT_ENCODING);
    }
    if let Some(authorization) = &request.authorization {
        headers.insert(AUTHORIZATION, authorization.clone());
    }
    if request.method == Method::POST {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
    }
    let closes = !keep_alive || says_close(&request.headers);
    if !request.headers.is_empty() {
        // These go before the others of their names.
        headers.extend(request.headers.clone());
        headers.remove(CONNECTION);
    }
    match &request.body {
        Content::None if !expects_body(&request.method) => {}
        Content::None => drop(headers.insert(CONTENT_LENGTH, HeaderValue::from(0))),
        Content::Whole(body) => {
            drop(headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len())));
        }
        Content::Producer(_) if headers.contains_key(CONTENT_LENGTH) => {}
        Content::Producer(_) => {
            let chunked = HeaderValue::from_static("chunked");
            headers.insert(TRANSFER_ENCODING, chunked);
        }
    }
    if request.options.expect_continue() {
        headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
    }
    if closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    headers
}

fn says_close(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONNECTION).iter();
    values.any(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

/// Refuses methods that nobody knows, and a body where there should be none, or none where there should be one: mistakes, as a rule. Tornado's client does the same.
fn check_method(request: &Parts) -> Result<(), HttpError> {
    let method = &request.method;
    if *method == Method::CONNECT {
        return Err(unfit(
            "CONNECT makes a tunnel, which this client has no use for",
        ));
    }
    if request.options.nonstandard_methods() {
        return Ok(());
    }
    let has_body = !matches!(request.body, Content::None);
    let wrong = match expects_body(method) {
        _ if !is_known(method) => "is not a standard method",
        true if !has_body => "has a body, which may be an empty one",
        false if has_body => "has no body",
        _ => return Ok(()),
    };
    let what = format!("{method} {wrong}, unless `allow_nonstandard_methods` is set");
    Err(HttpError::new(Kind::Request(what.into())))
}

fn is_known(method: &Method) -> bool {
    expects_body(method)
        || matches!(
            *method,
            Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS
        )
}

fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Refuses what contradicts the body: the server would take a part of it for another request.
fn check_framing(request: &Parts) -> Result<(), HttpError> {
    if request.headers.contains_key(TRANSFER_ENCODING) {
        return Err(unfit("its Transfer-Encoding is for the client to say"));
    }
    if !request.headers.contains_key(CONTENT_LENGTH) {
        return Ok(());
    }
    let length = match &request.body {
        Content::None => 0,
        Content::Whole(body) => body.len() as u64,
        Content::Producer(_) => stated_length(&request.headers)
            .ok_or_else(|| unfit("its Content-Length is no number"))?,
    };
    let value = HeaderValue::from(length);
    let mut said = request.headers.get_all(CONTENT_LENGTH).iter();
    match said.all(|said| *said == value) {
        true => Ok(()),
        false => Err(unfit("its Content-Length is not that of its body")),
    }
}

fn stated_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
