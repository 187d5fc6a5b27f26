//! Taking the compression off a body (RFC 9110, 8.4.1).

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName};

/// What `Accept-Encoding` says.
pub(crate) const ACCEPTED: &str = "gzip, deflate";

/// What `Content-Encoding` is called when it holds no longer, as by Tornado.
const CONSUMED: HeaderName = HeaderName::from_static("x-consumed-content-encoding");

/// So many bytes are decompressed at once, before it is looked at how many they have become: some thousand times as many at the most.
const STEP: usize = 1024;

pub(crate) enum Decoder {
    Gzip(MultiGzDecoder<Vec<u8>>),
    Zlib(ZlibDecoder<Vec<u8>>),
    Deflate(DeflateDecoder<Vec<u8>>),
    /// Some servers leave out the header of zlib. The first two bytes tell; here is what came of them.
    Unknown(Vec<u8>),
}

/// Why a body could not be decompressed.
pub(crate) enum DecodeError {
    /// It has become longer than it may be.
    TooLarge,
    Broken(io::Error),
}

impl From<io::Error> for DecodeError {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl Decoder {
    /// What takes the compression off that `headers` tell of, if there is one that it knows. They tell of none then.
    pub(crate) fn take(headers: &mut HeaderMap) -> Option<Self> {
        let coding = headers.get(CONTENT_ENCODING)?.to_str().ok()?;
        let decoder = match coding.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Self::Gzip(MultiGzDecoder::new(Vec::new())),
            "deflate" => Self::Unknown(Vec::new()),
            _ => return None,
        };
        let coding = headers.remove(CONTENT_ENCODING)?;
        headers.insert(CONSUMED, coding);
        headers.remove(CONTENT_LENGTH);
        Some(decoder)
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Gzip(_) => "gzip",
            _ => "deflate",
        }
    }

    /// What `bytes` become, which is no longer than `limit`.
    pub(crate) fn decode(&mut self, bytes: &[u8], limit: usize) -> Result<Bytes, DecodeError> {
        for step in bytes.chunks(STEP) {
            self.writer().write_all(step)?;
            self.settle()?;
            if self.output().len() > limit {
                return Err(DecodeError::TooLarge);
            }
        }
        Ok(match self {
            Self::Unknown(_) => Bytes::new(),
            _ => std::mem::take(self.output()).into(),
        })
    }

    /// What is left at the end, which must be the end of what is compressed, too.
    pub(crate) fn finish(&mut self, limit: usize) -> Result<Bytes, DecodeError> {
        match self {
            Self::Gzip(decoder) => decoder.try_finish()?,
            Self::Zlib(decoder) => decoder.try_finish()?,
            Self::Deflate(decoder) => decoder.try_finish()?,
            Self::Unknown(_) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
        match self.output().len() > limit {
            true => Err(DecodeError::TooLarge),
            false => Ok(std::mem::take(self.output()).into()),
        }
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Gzip(decoder) => decoder,
            Self::Zlib(decoder) => decoder,
            Self::Deflate(decoder) => decoder,
            Self::Unknown(beginning) => beginning,
        }
    }

    fn output(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::Unknown(beginning) => beginning,
        }
    }

    /// Finds out which of the two it is that is called deflate (RFC 1950, 2.2).
    fn settle(&mut self) -> io::Result<()> {
        let Self::Unknown(beginning) = self else {
            return Ok(());
        };
        let [method, flags, ..] = **beginning else {
            return Ok(());
        };
        let is_zlib = method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31);
        let beginning = std::mem::take(beginning);
        *self = match is_zlib {
            true => Self::Zlib(ZlibDecoder::new(Vec::new())),
            false => Self::Deflate(DeflateDecoder::new(Vec::new())),
        };
        self.writer().write_all(&beginning)
    }
}
