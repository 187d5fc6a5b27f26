//! What can go wrong with locks.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why a coroutine did not get what it waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitError(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    TimedOut(Duration),
}

impl WaitError {
    pub(crate) fn timed_out(after: Duration) -> Self {
        Self(Kind::TimedOut(after))
    }

    /// Whether the time has passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.0, Kind::TimedOut(_))
    }
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::TimedOut(after) => write!(f, "waited in vain for {after:?}"),
        }
    }
}

impl Error for WaitError {}

/// Why [`BoundedSemaphore::release`](super::BoundedSemaphore::release) released nothing: no permit is out that has no guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseError(());

impl ReleaseError {
    pub(crate) fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a semaphore was released more often than acquired")
    }
}

impl Error for ReleaseError {}
