//! Where a loop takes the time from.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A loop's clock. It never goes back.
pub trait Clock: 'static {
    /// The time now.
    fn now(&self) -> Instant;

    /// Whether its time passes only when it is told so. A loop with such a clock does not block for its timers.
    fn is_virtual(&self) -> bool {
        false
    }

    /// Lets `by` pass, if the clock is a virtual one: the loop has nothing to do before.
    fn advance(&self, by: Duration) {
        let _ = by;
    }
}

/// The system's monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A clock for tests: its time passes only when the loop has nothing else to do, and then it jumps towards the next deadline.
///
/// A test that sleeps for an hour takes no time, and runs in the same order each time. I/O is looked at before each jump, and the work of
/// [`run_in_executor`](crate::IoLoop::run_in_executor) is waited for, but what is still on its way from a thread of yours or from another process is not.
///
/// ```
/// use std::time::{Duration, Instant};
/// use coroutine_core::{self as co, IoLoop, VirtualClock};
///
/// #[co::coroutine]
/// fn nap() -> Duration {
///     let before = IoLoop::current().time();
///     yield_!(co::sleep(Duration::from_secs(3600)));
///     IoLoop::current().time() - before
/// }
///
/// let real = Instant::now();
/// let io_loop = IoLoop::with_clock(VirtualClock::new())?;
/// assert_eq!(io_loop.run_sync(nap)?, Duration::from_secs(3600));
/// assert!(real.elapsed() < Duration::from_secs(60));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct VirtualClock {
    /// Shared by the clones, one of which the loop has.
    now: Rc<Cell<Instant>>,
}

impl VirtualClock {
    /// A clock that stands at the present time.
    #[must_use]
    pub fn new() -> Self {
        Self {
            now: Rc::new(Cell::new(Instant::now())),
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.now.get()
    }

    fn is_virtual(&self) -> bool {
        true
    }

    fn advance(&self, by: Duration) {
        let now = self.now.get();
        self.now.set(now.checked_add(by).unwrap_or(now));
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VirtualClock")
            .field(&self.now.get())
            .finish()
    }
}
