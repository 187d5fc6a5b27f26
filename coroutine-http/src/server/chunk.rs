//! What a handler may write.

use std::borrow::Cow;

use bytes::Bytes;

/// Text or bytes for [`RequestHandler::write`](crate::RequestHandler::write). What owns its memory is taken over; what borrows it is copied.
pub trait IntoChunk {
    /// Gives the bytes.
    fn into_chunk(self) -> Bytes;
}

impl IntoChunk for &str {
    fn into_chunk(self) -> Bytes {
        Bytes::copy_from_slice(self.as_bytes())
    }
}

impl IntoChunk for &[u8] {
    fn into_chunk(self) -> Bytes {
        Bytes::copy_from_slice(self)
    }
}

impl<const N: usize> IntoChunk for &[u8; N] {
    fn into_chunk(self) -> Bytes {
        Bytes::copy_from_slice(self)
    }
}

impl IntoChunk for String {
    fn into_chunk(self) -> Bytes {
        Bytes::from(self)
    }
}

impl IntoChunk for &String {
    fn into_chunk(self) -> Bytes {
        self.as_str().into_chunk()
    }
}

impl IntoChunk for Cow<'_, str> {
    fn into_chunk(self) -> Bytes {
        match self {
            Cow::Borrowed(text) => text.into_chunk(),
            Cow::Owned(text) => text.into_chunk(),
        }
    }
}

impl IntoChunk for Vec<u8> {
    fn into_chunk(self) -> Bytes {
        Bytes::from(self)
    }
}

impl IntoChunk for &Vec<u8> {
    fn into_chunk(self) -> Bytes {
        self.as_slice().into_chunk()
    }
}

impl IntoChunk for Bytes {
    fn into_chunk(self) -> Bytes {
        self
    }
}

impl IntoChunk for &Bytes {
    fn into_chunk(self) -> Bytes {
        self.clone()
    }
}
