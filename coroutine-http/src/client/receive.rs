//! Taking in a response.

use bytes::{Bytes, BytesMut};
use http::response;
use http::{HeaderMap, Version};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;

use super::connect::Target;
use super::connection::Connection;
use super::error::{HttpError, Kind};
use super::exchange::broken;
use super::options::{ChunkCallback, LineCallback};
use super::outgoing::BodyWriter;
use crate::decompression::{DecodeError, Decoder};

/// Where a body goes.
pub(super) enum Sink {
    /// Together.
    Whole(Gathered),
    Callback(ChunkCallback),
    Stream(BodyWriter),
}

impl Sink {
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
    /// Reads a body to its end, while the connection is kept going.
    pub(super) async fn read(
        &mut self,
        mut body: Incoming,
        connection: &mut Connection,
        target: &Target,
    ) -> Result<(), HttpError> {
        let limit = self.limit;
        let too_large = || HttpError::new(Kind::TooLarge(limit));
        let length = usize::try_from(body.size_hint().lower());
        if length.is_ok_and(|length| length > self.limit) || length.is_err() {
            return Err(too_large());
        }
        // So many bytes may still come, and so many may still become of them.
        let (mut may_come, mut may_become) = (self.limit, self.limit);
        while let Some(frame) = connection.drive(body.frame()).await {
            let frame = frame.map_err(|error| broken(&target.to, error))?;
            let Ok(chunk) = frame.into_data() else {
                continue;
            };
            may_come = may_come.checked_sub(chunk.len()).ok_or_else(too_large)?;
            let chunk = self.decoded(chunk, may_become)?;
            may_become -= chunk.len();
            self.give(chunk, connection).await?;
        }
        // A response with the status 304 may say that it is compressed, and has no body.
        if let Some(mut decoder) = self.decoder.take()
            && may_come < self.limit
        {
            let end = decoder.finish(may_become);
            let end = end.map_err(|error| undecoded(&decoder, self.limit, error))?;
            self.give(end, connection).await?;
        }
        Ok(())
    }

    /// Gives a chunk on, while the connection is kept going.
    ///
    /// What waits is boxed, so that a fetch whose body is put together has no room for it.
    async fn give(&mut self, chunk: Bytes, connection: &mut Connection) -> Result<(), HttpError> {
        match &mut self.sink {
            _ if chunk.is_empty() => Ok(()),
            Sink::Whole(gathered) => {
                gathered.add(chunk);
                Ok(())
            }
            Sink::Callback(callback) => connection.drive(Box::pin(call(callback, chunk))).await,
            Sink::Stream(writer) => connection.drive(Box::pin(writer.write(chunk))).await,
        }
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
pub(super) async fn skip(mut body: Incoming, connection: &mut Connection) -> bool {
    let mut left = REDIRECT_BODY;
    if body.size_hint().lower() > left as u64 {
        return false;
    }
    while let Some(frame) = connection.drive(body.frame()).await {
        let Ok(frame) = frame else { return false };
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return false,
        }
    }
    true
}

/// Calls `callback` with the lines of a head.
pub(super) fn tell_head(callback: &LineCallback, head: &response::Parts) -> Result<(), HttpError> {
    let Ok(mut call) = callback.try_borrow_mut() else {
        let error = "it is called by itself";
        return Err(HttpError::caused(Kind::Callback("header callback"), error));
    };
    let version = match head.version {
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    };
    call(&format!(
        "{version} {} {}\r\n",
        head.status.as_u16(),
        reason(head)
    ));
    tell_headers(&mut *call, &head.headers);
    call("\r\n");
    Ok(())
}

fn tell_headers(call: &mut dyn FnMut(&str), headers: &HeaderMap) {
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        call(&format!("{name}: {value}\r\n"));
    }
}

fn reason(head: &response::Parts) -> String {
    match head.extensions.get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => head.status.canonical_reason().unwrap_or("").to_owned(),
    }
}
