//! What a timer is to its users.

use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::loop_core::LoopCore;
use crate::timers::TimerKey;

/// A timer that was added, for [`IoLoop::remove_timeout`](crate::IoLoop::remove_timeout). Dropping it leaves the timer as it is.
#[derive(Clone)]
pub struct Timeout {
    pub(crate) io_loop: Rc<LoopCore>,
    pub(crate) key: TimerKey,
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").finish_non_exhaustive()
    }
}

/// When a timer is due: see [`IoLoop::add_timeout`](crate::IoLoop::add_timeout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deadline {
    /// At a time on the loop's clock.
    At(Instant),
    /// When so much time has passed from now.
    In(Duration),
}

impl From<Instant> for Deadline {
    fn from(when: Instant) -> Self {
        Self::At(when)
    }
}

impl From<Duration> for Deadline {
    fn from(delay: Duration) -> Self {
        Self::In(delay)
    }
}
