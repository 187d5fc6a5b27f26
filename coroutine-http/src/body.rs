//! Taking in the body of a message.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

/// Why a body could not be taken in.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It is longer than it may be.
    TooLarge,
    /// The connection was lost, or what came is no body.
    Broken(hyper::Error),
}

/// Reads a whole body of at most `limit` bytes.
///
/// It is refused without being read when its head says that it is longer.
pub(crate) async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, BodyError> {
    if too_large(body.size_hint().lower(), limit) {
        return Err(BodyError::TooLarge);
    }
    // Most bodies are one chunk, which is given on as it is.
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame.map_err(BodyError::Broken)?.into_data() else {
            continue;
        };
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

fn too_large(length: u64, limit: usize) -> bool {
    usize::try_from(length).map_or(true, |length| length > limit)
}
