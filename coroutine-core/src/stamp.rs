//! The time at which coroutines are suspended, as far as it is known without a look at the clock.
//!
//! It is the clock's of the loop that runs on this thread, which looks every so often; see `LoopCore::tick`.

use crate::timers::Nanos;
use crate::trail;

/// Milliseconds since the loop was made. It wraps around.
pub(crate) type Stamp = u32;

/// The stamp of a time.
pub(crate) fn at(time: Nanos) -> Stamp {
    (time / 1_000_000) as Stamp
}

#[inline]
pub(crate) fn now() -> Stamp {
    trail::now()
}

/// From now on it is `stamp`. Gives what it was.
pub(crate) fn set(stamp: Stamp) -> Stamp {
    trail::set_now(stamp)
}
