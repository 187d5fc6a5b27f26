//! Handlers that read the body of their request by themselves.

use super::endpoint::{HandlerResult, Step};
use super::request_handler::RequestHandler;

/// Has `handler` called as soon as the head of a request is there, to read the body while it arrives. Tornado's decorator of this name.
///
/// It reads with [`read_chunk`](RequestHandler::read_chunk) or [`body_stream`](RequestHandler::body_stream); the request's own
/// [`body`](crate::HttpServerRequest::body) is empty. What it does not read is dropped, where it is there already, or ends the connection after the response.
///
/// ```
/// use coroutine_core as co;
/// use coroutine_http::{Application, HttpInputError, RequestHandler, stream_request_body};
///
/// #[co::coroutine]
/// fn upload(mut handler: RequestHandler) -> Result<(), HttpInputError> {
///     if handler.request().header("Authorization").is_none() {
///         handler.send_error(401); // without having asked for the body
///         return Ok(());
///     }
///     while let Some(chunk) = yield_!(handler.read_chunk())? {
///         println!("{} bytes", chunk.len());
///     }
///     Ok(())
/// }
///
/// # let _ =
/// Application::new().post("/upload", stream_request_body(upload));
/// ```
pub fn stream_request_body<R: HandlerResult>(
    handler: impl Fn(RequestHandler) -> R + 'static,
) -> impl Fn(RequestHandler) -> StreamRequestBody<R> + 'static {
    move |request| StreamRequestBody(handler(request))
}

/// What a handler gives that reads the body by itself.
#[doc(hidden)]
pub struct StreamRequestBody<R>(R);

impl<R: HandlerResult> HandlerResult for StreamRequestBody<R> {
    const STREAMS_REQUEST_BODY: bool = true;

    fn into_step(self) -> Step {
        self.0.into_step()
    }
}
