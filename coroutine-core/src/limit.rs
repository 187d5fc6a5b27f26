//! How long a loop is run.

use std::time::{Duration, Instant};

/// When somebody who runs the loop wants it back.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    Never,
    /// At a time on the loop's clock.
    Clock(Instant),
    /// At a real time, for a loop whose clock is a virtual one.
    Real(Instant),
}

impl Limit {
    /// The limit that is `time` after `now` on the loop's clock. A time beyond all times is no limit.
    pub(crate) fn after(now: Instant, time: Duration) -> Self {
        now.checked_add(time).map_or(Self::Never, Self::Clock)
    }

    /// How much is left of real time, if that is what is limited.
    pub(crate) fn real_time_left(self) -> Option<Duration> {
        match self {
            Self::Real(end) => Some(end.saturating_duration_since(Instant::now())),
            Self::Never | Self::Clock(_) => None,
        }
    }
}
