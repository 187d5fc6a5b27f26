//! How long the parts of a fetch took.

use std::time::{Duration, Instant, SystemTime};

use coroutine_core::IoLoop;

/// How long it took to get how far, counted from the beginning of the fetch. Tornado's `time_info`, whose names are curl's.
///
/// Where redirects were followed, the times but for [`total`](Self::total) and [`redirect`](Self::redirect) are those of the last request, counted from the end of the one before; a connection that was there already needed no time for
/// looking up, connecting and TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeInfo {
    pub(super) queue: Duration,
    pub(super) namelookup: Duration,
    pub(super) connect: Duration,
    pub(super) appconnect: Duration,
    pub(super) starttransfer: Duration,
    pub(super) redirect: Duration,
    pub(super) total: Duration,
}

impl TimeInfo {
    /// How long it waited for one of [`max_clients`](crate::AsyncHttpClientBuilder::max_clients).
    #[must_use]
    pub fn queue(&self) -> Duration {
        self.queue
    }

    /// Until the host's addresses were known.
    #[must_use]
    pub fn namelookup(&self) -> Duration {
        self.namelookup
    }

    /// Until there was a connection.
    #[must_use]
    pub fn connect(&self) -> Duration {
        self.connect
    }

    /// Until the connection was a secure one. Zero where it is not.
    #[must_use]
    pub fn appconnect(&self) -> Duration {
        self.appconnect
    }

    /// Until the response's head was there.
    #[must_use]
    pub fn starttransfer(&self) -> Duration {
        self.starttransfer
    }

    /// How long the requests before the last one took, which were answered with redirects.
    #[must_use]
    pub fn redirect(&self) -> Duration {
        self.redirect
    }

    /// How long all of it took.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }
}

/// What a fetch is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Queue,
    LookUp,
    Connect,
    Handshake,
    Response,
    Body,
}

/// How far a fetch is.
pub(super) struct Progress {
    pub(super) phase: Phase,
    /// When the fetch began.
    begin: Instant,
    /// When its present request began.
    last: Instant,
    /// When the clock was looked at last.
    pub(super) now: Instant,
    /// When it began, for whoever has a calendar.
    pub(super) start_time: SystemTime,
    pub(super) times: TimeInfo,
}

impl Progress {
    pub(super) fn new() -> Self {
        let now = IoLoop::current().time();
        Self {
            phase: Phase::Queue,
            begin: now,
            last: now,
            now,
            start_time: SystemTime::now(),
            times: TimeInfo::default(),
        }
    }

    /// Looks at the clock, and gives the time since the present request began.
    pub(super) fn look(&mut self) -> Duration {
        self.now = IoLoop::current().time();
        self.now.saturating_duration_since(self.last)
    }

    /// Another request begins.
    pub(super) fn begin_redirect(&mut self) {
        self.look();
        self.times = TimeInfo {
            queue: self.times.queue,
            redirect: self.now.saturating_duration_since(self.begin),
            ..TimeInfo::default()
        };
        self.last = self.now;
    }

    /// Looks at the clock, and gives how long it took so far.
    pub(super) fn end(&mut self) -> TimeInfo {
        self.look();
        self.times.total = self.now.saturating_duration_since(self.begin);
        self.times
    }
}
