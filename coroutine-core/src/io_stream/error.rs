//! Why a read or a write of a stream fails.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Why a read or a write of an [`IoStream`](crate::IoStream) failed. Tornado's `StreamClosedError`, `StreamBufferFullError` and `UnsatisfiableReadError`.
///
/// The operating system's error, where there is one, is the [`source`](Error::source), and [`io_error`](Self::io_error). It turns into an [`io::Error`] with `?`.
#[derive(Clone)]
pub struct StreamError {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Over(Reason),
    Busy,
    BufferFull(usize),
    /// The stream has no such direction. Says what cannot be done with it.
    Unsupported(&'static str),
}

/// Why a direction of a stream is over.
#[derive(Clone)]
pub(super) enum Reason {
    /// By this side's own doing.
    Closed,
    /// The peer sends nothing more.
    Ended,
    /// A read did not find what it looked for within so many bytes.
    Unsatisfiable(usize),
    Failed(Arc<io::Error>),
}

impl Reason {
    pub(super) fn failed(error: io::Error) -> Self {
        Self::Failed(Arc::new(error))
    }

    /// Whether it is more than an end that one side wanted.
    pub(super) fn is_failure(&self) -> bool {
        !matches!(self, Self::Closed | Self::Ended)
    }
}

impl StreamError {
    pub(super) fn over(reason: Reason) -> Self {
        Self {
            kind: Kind::Over(reason),
        }
    }

    pub(super) fn busy() -> Self {
        Self { kind: Kind::Busy }
    }

    pub(super) fn unsupported(what: &'static str) -> Self {
        Self {
            kind: Kind::Unsupported(what),
        }
    }

    pub(super) fn buffer_full(limit: usize) -> Self {
        Self {
            kind: Kind::BufferFull(limit),
        }
    }

    /// Whether the stream is closed, or at its end, for whatever reason.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.kind, Kind::Over(_))
    }

    /// Whether the peer has ended the stream, in good order.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(self.kind, Kind::Over(Reason::Ended))
    }

    /// Whether a read met its limit before it found what it looked for. The stream is closed then.
    #[must_use]
    pub fn is_unsatisfiable(&self) -> bool {
        matches!(self.kind, Kind::Over(Reason::Unsatisfiable(_)))
    }

    /// Whether there was no room for what was to be written. The stream is as it was.
    #[must_use]
    pub fn is_buffer_full(&self) -> bool {
        matches!(self.kind, Kind::BufferFull(_))
    }

    /// Whether another read is under way. The stream, and the other read, are as they were.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self.kind, Kind::Busy)
    }

    /// Whether the stream has no such direction: a [reader](crate::IoStream::reader) was written to, or a [writer](crate::IoStream::writer) read from. The stream is
    /// as it was.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self.kind, Kind::Unsupported(_))
    }

    /// The error of the connection, if that is why.
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        match &self.kind {
            Kind::Over(Reason::Failed(error)) => Some(error),
            _ => None,
        }
    }

    /// What kind of [`io::Error`] comes closest.
    fn io_kind(&self) -> io::ErrorKind {
        match &self.kind {
            Kind::Over(Reason::Failed(error)) => error.kind(),
            Kind::Over(Reason::Ended) => io::ErrorKind::UnexpectedEof,
            Kind::Over(Reason::Unsatisfiable(_)) => io::ErrorKind::InvalidData,
            Kind::Over(Reason::Closed) => io::ErrorKind::NotConnected,
            Kind::Busy => io::ErrorKind::ResourceBusy,
            Kind::BufferFull(_) => io::ErrorKind::QuotaExceeded,
            Kind::Unsupported(_) => io::ErrorKind::Unsupported,
        }
    }
}

impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        Self::new(error.io_kind(), error)
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Over(Reason::Closed) => write!(f, "the stream is closed"),
            Kind::Over(Reason::Ended) => write!(f, "the peer has ended the stream"),
            Kind::Over(Reason::Unsatisfiable(limit)) => {
                write!(f, "a read did not find its end within {limit} bytes")
            }
            Kind::Over(Reason::Failed(_)) => write!(f, "the stream has failed"),
            Kind::Busy => write!(
                f,
                "the stream is being read already; one read at a time, wait for that one or drop it"
            ),
            Kind::Unsupported(what) => {
                write!(f, "the stream has one direction, and cannot be {what}")
            }
            Kind::BufferFull(limit) => {
                write!(
                    f,
                    "more than {limit} bytes would wait to be sent; wait for earlier writes first"
                )
            }
        }
    }
}

impl fmt::Debug for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        match self.io_error() {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

impl Error for StreamError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.io_error().map(|error| error as &(dyn Error + 'static))
    }
}
