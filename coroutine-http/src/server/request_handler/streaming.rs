//! Bodies that are read and written piece by piece.

use std::time::Duration;

use coroutine_core as co;

use super::RequestHandler;
use crate::server::chunk::IntoChunk;
use crate::server::outlet::StreamClosedError;
use crate::server::upload::{BodyStream, ReadChunk};

/// A response that is sent while it is made.
impl RequestHandler {
    /// Sends what was written so far; the first time, the status and the headers go first. Tornado's method of this name.
    ///
    /// It is done when the connection has taken the bytes, of which it keeps a bounded amount while the client does not read: a handler that yields it after
    /// each chunk is as fast as its client, and no faster. Who does not wait for it has what was written in memory.
    ///
    /// The status and the headers cannot be changed afterwards; trying to is logged. A handler that fails then has its connection cut, so that the client
    /// sees that the response is not complete. With a `Content-Length` that was set before the first flush the body must have just that length; a body that has
    /// another is logged and cut. Without one it is sent in chunks. The response to HEAD, and one whose status allows no body, is complete with the first flush.
    ///
    /// # Errors
    ///
    /// Fails when the client has gone.
    ///
    /// ```
    /// use coroutine_core as co;
    /// use coroutine_http::{Application, RequestHandler, StreamClosedError};
    ///
    /// #[co::coroutine]
    /// fn count(mut handler: RequestHandler) -> Result<(), StreamClosedError> {
    ///     handler.set_header("Content-Type", "text/plain");
    ///     for number in 0..1000 {
    ///         handler.write(format!("{number}\n"));
    ///         yield_!(handler.flush())?;
    ///     }
    ///     Ok(())
    /// }
    /// # Application::new().get("/count", count);
    /// ```
    pub fn flush(&mut self) -> co::Future<Result<(), StreamClosedError>> {
        self.exchange.flush()
    }

    /// Whether the status and the headers were sent, with the first [`flush`](Self::flush).
    #[must_use]
    pub fn headers_written(&self) -> bool {
        self.exchange.headers_written()
    }

    /// Writes a last chunk and [finishes](Self::finish).
    pub fn finish_with(mut self, chunk: impl IntoChunk) {
        self.write(chunk);
        self.finish();
    }
}

/// A request's body that is read while it arrives, by handlers that are registered with [`stream_request_body`](crate::stream_request_body). For others
/// it is [there](crate::HttpServerRequest::body) when they are called, and reading is an error.
impl RequestHandler {
    /// Reads the next chunk of the body, or none at its end.
    ///
    /// While nobody reads, the connection takes nothing more from the client than its buffer holds. Dropping what this gives loses nothing. A client that waits
    /// to be asked (`Expect: 100-continue`) is asked when this is yielded for the first time.
    ///
    /// # Errors
    ///
    /// Fails when the body is too long, takes too long, or is broken off. A handler that ends with this error is answered with its status.
    ///
    /// ```
    /// use coroutine_core as co;
    /// use coroutine_http::{Application, HttpInputError, RequestHandler, stream_request_body};
    ///
    /// #[co::coroutine]
    /// fn count(mut handler: RequestHandler) -> Result<(), HttpInputError> {
    ///     handler.set_max_body_size(1 << 30);
    ///     let mut count = 0;
    ///     while let Some(chunk) = yield_!(handler.read_chunk())? {
    ///         count += chunk.len();
    ///     }
    ///     handler.write(format!("{count} bytes"));
    ///     Ok(())
    /// }
    /// # Application::new().post("/count", stream_request_body(count));
    /// ```
    pub fn read_chunk(&mut self) -> ReadChunk<'_> {
        ReadChunk::of(&self.exchange)
    }

    /// The body as a stream, for those that want to own what they read from. It is the only reader from then on.
    ///
    /// The response is not held up by it, but the connection is not used for another request before the stream is at its end or dropped; when the
    /// response is complete the rest of the body is given up.
    pub fn body_stream(&mut self) -> BodyStream {
        BodyStream::of(&self.exchange)
    }

    /// Sets the longest body of this request, in bytes, in the place of the application's. Tornado's method of this name.
    ///
    /// It counts from the next chunk that is read. It does nothing where the body is there already.
    pub fn set_max_body_size(&mut self, bytes: usize) {
        if let Some(upload) = &self.exchange.upload {
            upload.set_limit(bytes);
        }
    }

    /// Sets how long the body of this request may take from now on, in the place of the application's. Tornado's method of this name.
    pub fn set_body_timeout(&mut self, timeout: Duration) {
        if let Some(upload) = &self.exchange.upload {
            upload.set_timeout(timeout);
        }
    }
}
