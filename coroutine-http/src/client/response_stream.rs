//! A response that is taken in a chunk after the other.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use coroutine_core::{self as co, Next, Stream, promise};

use super::async_http_client::Inner;
use super::error::HttpError;
use super::fetch::fetch;
use super::options;
use super::outgoing::Pipe;
use super::request::HttpRequest;
use super::response::HttpResponse;
use super::step::CancelOnDrop;

/// A response whose body is taken a chunk after the other, as [`fetch_stream`](crate::AsyncHttpClient::fetch_stream) gives it. It is a [`Stream`] of the chunks.
///
/// Dropping it before its end closes the connection.
pub struct ResponseStream {
    head: HttpResponse,
    chunks: Pipe,
    /// None once it has ended.
    fetching: Option<Fetching>,
}

type Fetching = CancelOnDrop<Result<HttpResponse, HttpError>>;

impl ResponseStream {
    /// The response but for its body, which is empty here.
    #[must_use]
    pub fn head(&self) -> &HttpResponse {
        &self.head
    }

    /// Waits for the next chunk of the body. None is its end. What was not decompressed is as the server has sent it.
    ///
    /// # Errors
    ///
    /// The chunk is an error, and the last one, when the body does not come to its end.
    pub fn chunk(&mut self) -> Next<'_, Self> {
        co::next(self)
    }
}

impl Stream for ResponseStream {
    type Item = Result<Bytes, HttpError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        // What has come goes before the end.
        if let Poll::Ready(chunk) = this.chunks.poll_next(cx) {
            return Poll::Ready(Some(Ok(chunk)));
        }
        let Some(fetching) = &mut this.fetching else {
            return Poll::Ready(None);
        };
        let ended = ready!(Pin::new(&mut fetching.0).poll(cx));
        this.fetching = None;
        Poll::Ready(ended.err().map(Err))
    }
}

impl fmt::Debug for ResponseStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseStream")
            .field("head", &self.head)
            .field("ended", &self.fetching.is_none())
            .finish_non_exhaustive()
    }
}

#[co::coroutine]
pub(super) fn stream(
    client: Rc<Inner>,
    mut request: HttpRequest,
) -> Result<ResponseStream, HttpError> {
    let (head, head_came) = promise();
    let chunks = Pipe::new();
    let writer = chunks.writer();
    request = request.with(|parts| {
        parts.stream = Some(options::Stream {
            head: Some(head),
            chunks: writer,
        });
    });
    let mut fetching = CancelOnDrop(fetch(client, request));
    match yield_!(head_came.outcome()) {
        Ok(head) => Ok(ResponseStream {
            head,
            chunks,
            fetching: Some(fetching),
        }),
        // There is none, and why, the fetch knows.
        Err(_) => match yield_!(&mut fetching.0) {
            Err(error) => Err(error),
            Ok(head) => Ok(ResponseStream {
                head,
                chunks,
                fetching: None,
            }),
        },
    }
}
