//! What somebody waits for.

use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::panic::Location;
use std::time::Duration;

use super::DumpId;
use crate::origin::Awaited;
use crate::signal::SignalKind;

/// Something that a coroutine waits for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WaitsFor {
    /// A timer, which is due after so long; zero if it is overdue.
    #[non_exhaustive]
    Timer {
        /// In how much time.
        due_in: Duration,
    },
    /// The end of a [`with_timeout`](crate::with_timeout), which comes after so long unless something else comes first.
    #[non_exhaustive]
    Limit {
        /// In how much time.
        due_in: Duration,
    },
    /// A socket or a pipe.
    #[non_exhaustive]
    Io {
        /// Its descriptor.
        fd: RawFd,
        /// Whether it is to be written to, and not read from, or accepted on.
        writable: bool,
        /// Its address, if it has one of the internet.
        local: Option<SocketAddr>,
        /// The peer's, likewise.
        peer: Option<SocketAddr>,
    },
    /// A signal.
    Signal(SignalKind),
    /// The end of a child process.
    Child,
    /// That somebody keeps a promise.
    #[non_exhaustive]
    Promise {
        /// Where the promise was made.
        made_at: Place,
        /// Whether it is waited for by way of a [`SharedFuture`](crate::SharedFuture).
        shared: bool,
    },
    /// The end of another coroutine.
    #[non_exhaustive]
    Coroutine {
        /// Which.
        id: DumpId,
        /// Whether it is waited for by way of a [`SharedFuture`](crate::SharedFuture).
        shared: bool,
    },
    /// A lock, an item of a queue, or the like.
    #[non_exhaustive]
    Line {
        /// What it is.
        what: Awaited,
        /// Where it was made.
        made_at: Place,
        /// The coroutine that has acquired the lock, if it is a lock and that is alive.
        holder: Option<DumpId>,
    },
    /// Work on another thread.
    Job,
    /// A future that is not of this library, and of which it knows no more than the type.
    #[non_exhaustive]
    Future {
        /// As the compiler names it.
        type_name: &'static str,
    },
}

/// A place in the source, where something was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place(&'static Location<'static>);

impl Place {
    /// The file.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.0.file()
    }

    /// The line, counted from one.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.0.line()
    }

    /// The column in characters, counted from one.
    #[must_use]
    pub fn column(&self) -> u32 {
        self.0.column()
    }
}

impl From<&'static Location<'static>> for Place {
    fn from(place: &'static Location<'static>) -> Self {
        Self(place)
    }
}
