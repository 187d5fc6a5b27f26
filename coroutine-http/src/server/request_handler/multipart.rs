//! Forms that are read while they arrive.

use http::header::CONTENT_TYPE;

use super::RequestHandler;
use crate::server::multipart::{MultipartReader, boundary, is_multipart};
use crate::server::request_error::RequestError;

/// Large uploads.
impl RequestHandler {
    /// Reads a form in several parts (`multipart/form-data`) part by part, while it arrives if the handler is registered with
    /// [`stream_request_body`](crate::stream_request_body). A part's body comes in chunks, so it may be larger than the memory.
    ///
    /// ```
    /// use coroutine_core as co;
    /// use coroutine_http::{Application, RequestError, RequestHandler, stream_request_body};
    ///
    /// #[co::coroutine]
    /// fn count(mut handler: RequestHandler) -> Result<(), RequestError> {
    ///     handler.set_max_body_size(1 << 40);
    ///     let mut form = handler.multipart()?;
    ///     while let Some(mut part) = yield_!(form.next_part())? {
    ///         let mut length = 0;
    ///         while let Some(chunk) = yield_!(part.read_chunk())? {
    ///             length += chunk.len();
    ///         }
    ///         handler.write(format!("{}: {length} bytes\n", part.name()));
    ///     }
    ///     Ok(())
    /// }
    /// # Application::new().post("/count", stream_request_body(count));
    /// ```
    ///
    /// # Errors
    ///
    /// Fails when the body is no such form (415), or its type names no boundary.
    pub fn multipart(&mut self) -> Result<MultipartReader, RequestError> {
        let kind = self.request().header(CONTENT_TYPE).unwrap_or_default();
        if !is_multipart(kind) {
            return Err(RequestError::media_type("multipart/form-data"));
        }
        let boundary = boundary(kind)?;
        Ok(match self.exchange.upload {
            Some(_) => MultipartReader::streaming(&boundary, self.body_stream()),
            None => MultipartReader::whole(&boundary, self.request().body().clone()),
        })
    }
}
