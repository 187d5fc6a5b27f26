//! What can go wrong with locks.

use std::error::Error;
use std::fmt;

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
