//! Answering a request with a file.

use std::error::Error;
use std::sync::Arc;

use coroutine_core as co;
use coroutine_core::IoLoop;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue,
    RANGE,
};
use http::{Method, StatusCode};

use super::Root;
use super::lookup::{Found, Refusal};
use super::range::Span;
use super::section::Section;
use crate::server::conditional::{Verdict, Version};
use crate::server::request_handler::RequestHandler;
use crate::server::web_error::WebError;

/// What is asked for by its version never changes. Tornado's ten years.
const FOR_EVER: HeaderValue = HeaderValue::from_static("max-age=315360000, immutable");

#[co::coroutine]
pub(super) fn send(
    root: Arc<Root>,
    mut handler: RequestHandler,
    path: String,
) -> Result<(), Box<dyn Error>> {
    if !matches!(*handler.request().method(), Method::GET | Method::HEAD) {
        return Err(WebError::new(405).header("Allow", "GET, HEAD").into());
    }
    let found = yield_!(IoLoop::current().run_in_executor(move || root.find(&path)));
    let found = match found {
        Ok(found) => found,
        Err(refusal) => return refuse(handler, refusal),
    };
    let Some((start, count)) = describe(&mut handler, &found) else {
        return Ok(());
    };
    let mut rest = Some(Section::new(found.file, start, count));
    while let Some(section) = rest {
        let (piece, behind) = match section.read_from_memory() {
            Ok(read) => read,
            Err(section) => yield_!(IoLoop::current().run_in_executor(|| section.read()))?,
        };
        rest = behind;
        handler.write(piece);
        if rest.is_some() && yield_!(handler.flush()).is_err() {
            // The client has gone.
            return Ok(());
        }
    }
    Ok(())
}

fn refuse(handler: RequestHandler, refusal: Refusal) -> Result<(), Box<dyn Error>> {
    let status = match refusal {
        Refusal::Status(status) => status,
        Refusal::Broken(error) => return Err(error.into()),
        Refusal::Slash => match with_slash(&handler) {
            Some(location) => {
                handler.redirect_permanently(location);
                return Ok(());
            }
            None => StatusCode::FORBIDDEN,
        },
    };
    Err(WebError::new(status).into())
}

/// The path of the request with a slash at its end; not where a browser would take it for the name of a host.
fn with_slash(handler: &RequestHandler) -> Option<String> {
    let request = handler.request();
    let query = request
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    let path = request.path();
    // A backslash is a slash to a browser.
    (!path.starts_with("//") && !path.starts_with("/\\")).then(|| format!("{path}/{query}"))
}

/// Sets status and headers, and says which bytes are to be sent, if any are.
fn describe(handler: &mut RequestHandler, found: &Found) -> Option<(u64, u64)> {
    let etag = format!("\"{}\"", found.stamp);
    let version = Version {
        etag: Some(&etag),
        modified: found.modified,
    };
    let verdict = version.judge(handler.request().method(), handler.request().headers());
    if verdict == Verdict::Failed {
        handler.set_status(StatusCode::PRECONDITION_FAILED);
        return None;
    }
    let span = span(handler, version, found.length);
    set_headers(handler, found, &etag);
    if verdict == Verdict::NotModified {
        handler.set_status(StatusCode::NOT_MODIFIED);
        return None;
    }
    let (start, count) = match span {
        Span::Whole => (0, found.length),
        Span::Part(start, count) => {
            let range = format!("bytes {start}-{}/{}", start + count - 1, found.length);
            handler.set_status(StatusCode::PARTIAL_CONTENT);
            handler.set_header(CONTENT_RANGE, range);
            (start, count)
        }
        Span::Outside => {
            handler.set_status(StatusCode::RANGE_NOT_SATISFIABLE);
            handler.set_header(CONTENT_RANGE, format!("bytes */{}", found.length));
            handler.clear_header(CONTENT_TYPE);
            return None;
        }
    };
    handler.set_header(CONTENT_LENGTH, count);
    (count > 0 && handler.request().method() == Method::GET).then_some((start, count))
}

/// What the request asks for. Only GET asks for ranges (RFC 9110, 14.2).
fn span(handler: &RequestHandler, version: Version<'_>, length: u64) -> Span {
    let request = handler.request();
    match request.header(RANGE) {
        Some(range)
            if request.method() == Method::GET && version.is_in_range(request.headers()) =>
        {
            Span::parse(range, length)
        }
        _ => Span::Whole,
    }
}

fn set_headers(handler: &mut RequestHandler, found: &Found, etag: &str) {
    handler.set_header(ACCEPT_RANGES, "bytes");
    handler.set_header(ETAG, etag);
    if let Some(modified) = found.modified {
        handler.set_last_modified(modified);
    }
    let kind = mime_guess::from_path(&found.path).first_or_octet_stream();
    handler.set_header(CONTENT_TYPE, kind.as_ref());
    if handler
        .request()
        .query_arguments()
        .any(|(name, _)| name == "v")
    {
        handler.set_header(CACHE_CONTROL, FOR_EVER);
    }
}
