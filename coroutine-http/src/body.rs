//! Taking in the body of a message.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use crate::decompression::{DecodeError, Decoder};

/// Why a body could not be taken in.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It is longer than it may be.
    TooLarge,
    /// The connection was lost, or what came is no body, or is not compressed as it is said to be.
    Broken,
}

impl From<DecodeError> for BodyError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooLarge => Self::TooLarge,
            DecodeError::Broken(_) => Self::Broken,
        }
    }
}

/// Reads a whole body of at most `limit` bytes, and decompresses it, after which there may be as many.
///
/// It is refused without being read when its head says that it is longer.
pub(crate) async fn read(
    mut body: Incoming,
    limit: usize,
    decoder: Option<Decoder>,
) -> Result<Bytes, BodyError> {
    if too_large(body.size_hint().lower(), limit) {
        return Err(BodyError::TooLarge);
    }
    if let Some(decoder) = decoder {
        return decompress(body, limit, decoder).await;
    }
    // Most bodies are one chunk, which is given on as it is.
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(chunk) = next_chunk(&mut body).await? {
        if chunk.len() > limit - first.len().max(all.len()) {
            return Err(BodyError::TooLarge);
        }
        if first.is_empty() && all.is_empty() {
            first = chunk;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

async fn decompress(
    mut body: Incoming,
    limit: usize,
    mut decoder: Decoder,
) -> Result<Bytes, BodyError> {
    let mut left = limit;
    let mut all = BytesMut::new();
    while let Some(chunk) = next_chunk(&mut body).await? {
        left = left.checked_sub(chunk.len()).ok_or(BodyError::TooLarge)?;
        all.extend_from_slice(&decoder.decode(&chunk, limit - all.len())?);
    }
    all.extend_from_slice(&decoder.finish(limit - all.len())?);
    Ok(all.freeze())
}

async fn next_chunk(body: &mut Incoming) -> Result<Option<Bytes>, BodyError> {
    while let Some(frame) = body.frame().await {
        // What is no data are trailers.
        if let Ok(chunk) = frame.map_err(|_| BodyError::Broken)?.into_data() {
            return Ok(Some(chunk));
        }
    }
    Ok(None)
}

fn too_large(length: u64, limit: usize) -> bool {
    usize::try_from(length).map_or(true, |length| length > limit)
}
