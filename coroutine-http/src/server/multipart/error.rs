//! What is wrong with a form.

use std::error::Error;
use std::fmt;

/// Why a form in several parts cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MultipartError {
    /// The type of the body names no boundary, or one that is none.
    NoBoundary,
    /// The body does not begin with the boundary, or something stands behind one.
    BadBoundary,
    /// The headers of a part are none.
    BadHeader,
    /// A part has no name.
    NoName,
    /// The body ends before the form does.
    Truncated,
    /// A part's headers are too long.
    LongHeader,
    /// There are too many parts.
    ManyParts,
}

impl MultipartError {
    pub(crate) fn is_too_large(self) -> bool {
        matches!(self, Self::LongHeader | Self::ManyParts)
    }
}

impl fmt::Display for MultipartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoBoundary => "its type names no boundary",
            Self::BadBoundary => "a boundary is malformed",
            Self::BadHeader => "the headers of a part are malformed",
            Self::NoName => "a part has no name",
            Self::Truncated => "it is cut off",
            Self::LongHeader => "the headers of a part are too long",
            Self::ManyParts => "it has too many parts",
        })
    }
}

impl Error for MultipartError {}
