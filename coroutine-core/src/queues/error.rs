//! What can go wrong with queues.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why an item was not put into a queue. It gives the item back.
pub struct PutError<T> {
    item: T,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Full,
    TimedOut(Duration),
}

impl<T> PutError<T> {
    pub(super) fn full(item: T) -> Self {
        let kind = Kind::Full;
        Self { item, kind }
    }

    pub(super) fn timed_out(item: T, after: Duration) -> Self {
        let kind = Kind::TimedOut(after);
        Self { item, kind }
    }

    /// Whether there is no room now. Tornado's `QueueFull`.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.kind, Kind::Full)
    }

    /// Whether there was no room until the time had passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::TimedOut(_))
    }

    /// The item, which is in no queue.
    pub fn into_item(self) -> T {
        self.item
    }
}

/// Without the item, which need not be `Debug`.
impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PutError")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Display for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Full => write!(f, "the queue is full"),
            Kind::TimedOut(after) => write!(f, "the queue was full for {after:?}"),
        }
    }
}

impl<T> Error for PutError<T> {}

/// Why [`task_done`](super::OrderedQueue::task_done) failed: it was called more often than items were put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDoneError(());

impl TaskDoneError {
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for TaskDoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task_done was called more often than items were put")
    }
}

impl Error for TaskDoneError {}
