//! Services of others, below a path.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use coroutine_core as co;
use coroutine_core::Stream;
use http::header::CONTENT_LENGTH;
use http::{Request, Response, Uri, response, uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use send_wrapper::SendWrapper;
use tower_service::Service;

use super::endpoint::{Endpoint, Failure, Step, caught};
use super::input_error::HttpInputError;
use super::request_handler::RequestHandler;
use super::upload::BodyStream;

/// The body of a request that a service of others gets, read while it arrives.
///
/// It is `Send`, since most services want that, but it is read and dropped on the thread of its loop. Read on another one it is an error, and dropped there
/// it is leaked.
pub struct ServiceBody(Option<SendWrapper<BodyStream>>);

impl ServiceBody {
    fn stream(&mut self) -> io::Result<&mut BodyStream> {
        let stream = self.0.as_mut().filter(|stream| stream.valid());
        stream.map(|stream| &mut **stream).ok_or_else(|| {
            io::Error::other("the body of a request is read on the thread of its server")
        })
    }
}

impl Body for ServiceBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let stream = match self.stream() {
            Ok(stream) => stream,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        let next = Pin::new(stream).poll_next(cx);
        next.map(|next| next.map(|chunk| chunk.map(Frame::data).map_err(io_error)))
    }
}

/// The error of a body that others read. What it says of the body is behind it, but does not leave the thread as it is.
fn io_error(error: HttpInputError) -> io::Error {
    let kind = match () {
        () if error.is_timeout() => io::ErrorKind::TimedOut,
        () if error.is_too_large() => io::ErrorKind::InvalidData,
        () => io::ErrorKind::ConnectionAborted,
    };
    io::Error::new(kind, error)
}

impl Drop for ServiceBody {
    fn drop(&mut self) {
        if let Some(stream) = self.0.take_if(|stream| !stream.valid()) {
            std::mem::forget(stream);
        }
    }
}

impl fmt::Debug for ServiceBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceBody").finish_non_exhaustive()
    }
}

/// What tower's services may fail with.
type BoxError = Box<dyn Error + Send + Sync>;

/// A service that answers below a path. Each request has a clone of it.
pub(super) struct Mounted<S>(pub(super) S);

impl<S, B> Endpoint for Mounted<S>
where
    S: Service<Request<ServiceBody>, Response = Response<B>> + Clone + 'static,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    fn start(&self, mut handler: RequestHandler) -> Step {
        let begun = caught(|| (self.0.clone(), request(&mut handler)));
        let (service, request) = match begun {
            Ok(begun) => begun,
            Err(failure) => return Step::Ended(Err(failure)),
        };
        // Not a coroutine of its own: services expect to be dropped when the client leaves.
        Step::Bound(Box::pin(async move {
            let mut work = pin!(serve(service, request, handler));
            let ended = poll_fn(|cx| match caught(|| work.as_mut().poll(cx)) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(ended)) => Poll::Ready(Ok(ended)),
                Err(failure) => Poll::Ready(Err(failure)),
            });
            ended.await?.map_err(|error| Failure::Error(error))
        }))
    }

    fn streams_request_body(&self) -> bool {
        true
    }
}

#[co::coroutine(lazy, name = "tower service")]
fn serve<S, B>(
    mut service: S,
    request: Request<ServiceBody>,
    handler: RequestHandler,
) -> Result<(), BoxError>
where
    S: Service<Request<ServiceBody>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    yield_!(poll_fn(|cx| service.poll_ready(cx))).map_err(Into::into)?;
    let response = yield_!(service.call(request)).map_err(Into::into)?;
    let (head, body) = response.into_parts();
    if head.status.is_informational() {
        return Err("a service cannot take the connection over".into());
    }
    begin(&handler, head, &body.size_hint());
    yield_!(send(body, &handler))
}

/// Says how the response begins.
fn begin(handler: &RequestHandler, head: response::Parts, length: &SizeHint) {
    let mut reply = handler.exchange.reply.borrow_mut();
    reply.set_status(head.status);
    *reply.headers() = head.headers;
    reply.set_untyped();
    if let Some(length) = length.exact().filter(|length| *length > 0) {
        reply.headers().insert(CONTENT_LENGTH, length.into());
    }
}

/// Sends the body: as a whole, if it is one chunk, else each chunk when the one before has been taken.
async fn send<B>(body: B, handler: &RequestHandler) -> Result<(), BoxError>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let mut body = pin!(body);
    while let Some(frame) = body.as_mut().frame().await {
        let Ok(mut data) = frame.map_err(Into::into)?.into_data() else {
            continue;
        };
        let chunk = data.copy_to_bytes(data.remaining());
        handler.exchange.reply.borrow_mut().write(chunk);
        let is_whole = !handler.headers_written() && body.is_end_stream();
        if !is_whole && handler.exchange.flush().await.is_err() {
            // The client has gone.
            return Ok(());
        }
    }
    Ok(())
}

/// The request as the service sees it: its path begins where the service's prefix ends.
fn request(handler: &mut RequestHandler) -> Request<ServiceBody> {
    let stream = handler.body_stream();
    let (ours, exchange) = (handler.request(), &handler.exchange);
    let pattern = exchange.site.routes.pattern(exchange.goal);
    let mut request = Request::new(ServiceBody(Some(SendWrapper::new(stream))));
    *request.method_mut() = ours.method().clone();
    *request.uri_mut() = below(ours.uri(), pattern);
    *request.version_mut() = ours.version();
    *request.headers_mut() = ours.headers().clone();
    if let Some(client) = ours.remote_addr() {
        request.extensions_mut().insert(client);
    }
    request
}

/// The part of `uri` that is below `pattern`, in which nothing but the last part stands for more than one segment.
fn below(uri: &Uri, pattern: &str) -> Uri {
    let depth = pattern.matches('/').count();
    let slash = uri.path().match_indices('/').nth(depth - 1);
    let rest = match slash {
        Some((at, _)) if pattern.ends_with("{*rest}") || pattern.ends_with('/') => {
            &uri.path()[at..]
        }
        _ => "/",
    };
    let target = match uri.query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = uri::PathAndQuery::try_from(target).ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}
