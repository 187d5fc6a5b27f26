//! Taking in a response.

use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use hyper::body::{Body, Incoming};

use super::connection::Connection;
use super::error::{HttpError, Kind};
use super::exchange::{Answer, broken};
use super::options::{ChunkCallback, LineCallback};
use super::outgoing::BodyWriter;
use super::response::HttpResponse;
use crate::decompression::{DecodeError, Decoder};

/// Waits until a chunk is taken.
type Taken<'a> = Pin<Box<dyn StdFuture<Output = Result<(), HttpError>> + 'a>>;

/// Where a body goes.
pub(super) enum Sink {
    /// Together.
    Whole(Gathered),
    Callback(ChunkCallback),
    Stream(BodyWriter),
}

impl Sink {
    /// Gives a chunk on. What waits until it is taken is boxed, so that a fetch whose body is put together has no room for it.
    fn give(&mut self, chunk: Bytes) -> Option<Taken<'_>> {
        match self {
            _ if chunk.is_empty() => None,
            Self::Whole(gathered) => {
                gathered.add(chunk);
                None
            }
            Self::Callback(callback) => Some(Box::pin(call(callback, chunk))),
            Self::Stream(writer) => Some(Box::pin(writer.write(chunk))),
        }
    }

    /// The body, if it was put together.
    pub(super) fn into_body(self) -> Bytes {
        match self {
            Self::Whole(gathered) => gathered.into_bytes(),
            Self::Callback(_) | Self::Stream(_) => Bytes::new(),
        }
    }
}

/// Chunks that are put together. Most bodies are one chunk, which is given on as it is.
#[derive(Default)]
pub(super) struct Gathered {
    first: Bytes,
    all: BytesMut,
}

impl Gathered {
    fn add(&mut self, chunk: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = chunk;
            return;
        }
        let first = std::mem::take(&mut self.first);
        self.all.extend_from_slice(&first);
        self.all.extend_from_slice(&chunk);
    }

    fn into_bytes(self) -> Bytes {
        match self.all.is_empty() {
            true => self.first,
            false => self.all.freeze(),
        }
    }
}

/// How a body is read.
pub(super) struct Reading {
    /// The longest that it may be, compressed and decompressed.
    pub(super) limit: usize,
    pub(super) decoder: Option<Box<Decoder>>,
    pub(super) sink: Sink,
}

impl Reading {
    /// Reads the body to its end, while the connection is kept going.
    pub(super) async fn read(&mut self, answer: &mut Answer) -> Result<(), HttpError> {
        let (body, connection) = (&mut answer.body, &mut answer.connection);
        let limit = self.limit;
        let too_large = || HttpError::new(Kind::TooLarge(limit));
        let length = usize::try_from(body.size_hint().lower());
        if length.is_ok_and(|length| length > self.limit) || length.is_err() {
            return Err(too_large());
        }
        // So many bytes may still come, and so many may still become of them.
        let (mut may_come, mut may_become) = (self.limit, self.limit);
        while let Some(chunk) = connection.drive(|cx| poll_chunk(body, cx)).await {
            let chunk = chunk.map_err(|error| broken(&answer.target.to, error))?;
            may_come = may_come.checked_sub(chunk.len()).ok_or_else(too_large)?;
            let chunk = self.decoded(chunk, may_become)?;
            may_become -= chunk.len();
            if let Some(mut taken) = self.sink.give(chunk) {
                connection.drive(|cx| taken.as_mut().poll(cx)).await?;
            }
        }
        // A response with the status 304 may say that it is compressed, and has no body.
        if let Some(mut decoder) = self.decoder.take()
            && may_come < self.limit
        {
            let end = decoder.finish(may_become);
            let end = end.map_err(|error| undecoded(&decoder, self.limit, error))?;
            if let Some(mut taken) = self.sink.give(end) {
                connection.drive(|cx| taken.as_mut().poll(cx)).await?;
            }
        }
        Ok(())
    }

    fn decoded(&mut self, chunk: Bytes, limit: usize) -> Result<Bytes, HttpError> {
        let Some(decoder) = &mut self.decoder else {
            return Ok(chunk);
        };
        let decoded = decoder.decode(&chunk, limit);
        decoded.map_err(|error| undecoded(decoder, self.limit, error))
    }
}

async fn call(callback: &ChunkCallback, chunk: Bytes) -> Result<(), HttpError> {
    let called = callback.try_borrow_mut().map(|mut call| call(chunk));
    let result = match called {
        Ok(step) => step.finish().await,
        Err(_) => Err("it is called by itself".into()),
    };
    result.map_err(|error| HttpError::caused(Kind::Callback("streaming callback"), error))
}

fn undecoded(decoder: &Decoder, limit: usize, error: DecodeError) -> HttpError {
    match error {
        DecodeError::TooLarge => HttpError::new(Kind::TooLarge(limit)),
        DecodeError::Broken(error) => HttpError::caused(Kind::Encoding(decoder.name()), error),
    }
}

/// Of a redirect that is followed so much is read, so that its connection can be used again; one that is longer is closed.
const REDIRECT_BODY: usize = 64 * 1024;

/// Reads a body that nobody wants, and says whether it has come to its end.
pub(super) async fn skip(body: &mut Incoming, connection: &mut Connection) -> bool {
    let mut left = REDIRECT_BODY;
    if body.size_hint().lower() > left as u64 {
        return false;
    }
    while let Some(chunk) = connection.drive(|cx| poll_chunk(body, cx)).await {
        let Ok(chunk) = chunk else { return false };
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return false,
        }
    }
    true
}

/// The next chunk of a body. Its trailers are left out.
fn poll_chunk(body: &mut Incoming, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Bytes>>> {
    loop {
        match ready!(Pin::new(&mut *body).poll_frame(cx)) {
            Some(Ok(frame)) => {
                if let Ok(chunk) = frame.into_data() {
                    return Poll::Ready(Some(Ok(chunk)));
                }
            }
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        }
    }
}

/// Calls `callback` with the lines of a head.
pub(super) fn tell_head(callback: &LineCallback, head: &HttpResponse) -> Result<(), HttpError> {
    let Ok(mut call) = callback.try_borrow_mut() else {
        let error = "it is called by itself";
        return Err(HttpError::caused(Kind::Callback("header callback"), error));
    };
    call(&head.status_line());
    tell_headers(&mut *call, head.headers());
    call("\r\n");
    Ok(())
}

fn tell_headers(call: &mut dyn FnMut(&str), headers: &HeaderMap) {
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        call(&format!("{name}: {value}\r\n"));
    }
}
