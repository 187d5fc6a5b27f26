//! A condition that coroutines wait for.

use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::line::{Line, Wait};
use crate::origin::Awaited;
use crate::with_timeout::WithTimeout;

/// Lets coroutines wait until they are notified. Tornado's `Condition`: there is no lock that goes with it.
///
/// A notification is for those who wait when it is made; if nobody does, it is gone. A clone is the same condition.
///
/// ```
/// use coroutine_core::locks::Condition;
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn wait_for(condition: Condition) -> &'static str {
///     yield_!(condition.wait());
///     "notified"
/// }
///
/// let condition = Condition::new();
/// let waiting = wait_for(condition.clone());
/// condition.notify(1);
/// assert_eq!(IoLoop::current().run_sync(|| waiting)?, "notified");
/// # Ok::<(), co::LoopError>(())
/// ```
#[derive(Clone)]
pub struct Condition {
    line: Line<Notice>,
}

impl Condition {
    /// A condition that nobody waits for.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self {
            line: Line::new(Awaited::Condition),
        }
    }

    /// Waits for a notification.
    pub fn wait(&self) -> Notified {
        Notified(self.line.join(()))
    }

    /// Waits for a notification, for `timeout` at most. One who has waited in vain takes no notification from the others.
    ///
    /// # Errors
    ///
    /// What it yields is an error when the time [has passed](crate::TimeoutError::is_timeout).
    pub fn wait_timeout(&self, timeout: Duration) -> WithTimeout<Notified> {
        WithTimeout::new(self.wait(), timeout.into())
    }

    /// Notifies the first `count` of those who wait.
    pub fn notify(&self, count: usize) {
        let before = self.line.next_ticket();
        for _ in 0..count {
            if !pass_on(&self.line, before) {
                break;
            }
        }
    }

    /// Notifies all who wait.
    pub fn notify_all(&self) {
        self.notify(usize::MAX);
    }
}

impl Default for Condition {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition")
            .field("waiting", &self.line.len())
            .finish_non_exhaustive()
    }
}

/// Notifies the first in line, if it has come before the notification was made.
fn pass_on(line: &Line<Notice>, before: u64) -> bool {
    let make = || Notice {
        line: Some(line.clone()),
        before,
    };
    line.serve_before(before, make).is_some()
}

/// A notification. When the one who was notified goes without having noticed, it is for the next.
pub(super) struct Notice {
    /// None once it was noticed.
    line: Option<Line<Self>>,
    /// Those it may go to have earlier tickets than this one.
    before: u64,
}

impl Drop for Notice {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            pass_on(&line, self.before);
        }
    }
}

/// What [`Condition::wait`] gives.
#[derive(Debug)]
#[must_use = "nothing is waited for unless it is yielded"]
pub struct Notified(Wait<Notice>);

impl StdFuture for Notified {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|mut notice| drop(notice.line.take()))
    }
}
