//! A loop in numbers.

use std::rc::Rc;
use std::time::Duration;

use crate::io_loop::IoLoop;
use crate::log;
use crate::periodic::PeriodicCallback;

/// What a loop has done, and what it has to do, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// How many turns it has taken.
    pub turns: u64,
    /// How often it has run something: a callback, a handler, or a coroutine up to its next suspension.
    pub callbacks: u64,
    /// How many coroutines are alive that were suspended once.
    pub coroutines: usize,
    /// How many timers are set.
    pub timers: usize,
    /// How many sockets and other descriptors are watched.
    pub descriptors: usize,
    /// How many pieces of work on other threads the loop waits for.
    pub jobs: usize,
    /// The longest time for which one callback or coroutine has held the loop since the last [reset](IoLoop::reset_metrics). None unless it is
    /// [measured](IoLoop::measure_callbacks).
    pub longest_callback: Option<Duration>,
    /// By how much a timer was late, of those that were due in the last turn that had any: the one that was the most.
    pub lag: Duration,
    /// The same, of all turns since the last [reset](IoLoop::reset_metrics).
    pub longest_lag: Duration,
}

/// Numbers.
impl IoLoop {
    /// What the loop has done, and what it has to do.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop};
    ///
    /// let io_loop = IoLoop::current();
    /// io_loop.run_sync(co::moment)?;
    /// assert!(io_loop.metrics().turns >= 1);
    /// # Ok::<(), co::LoopError>(())
    /// ```
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let core = self.core();
        let counts = core.counts();
        Metrics {
            turns: counts.turns.get(),
            callbacks: counts.callbacks.get(),
            coroutines: core.live().len(),
            timers: core.timers().borrow().count(),
            descriptors: core.poller().count(),
            jobs: core.jobs().get(),
            longest_callback: core.watch().longest(),
            lag: Duration::from_nanos(counts.lag.get()),
            longest_lag: Duration::from_nanos(counts.longest_lag.get()),
        }
    }

    /// Takes the time of whatever the loop runs from now on, for [`Metrics::longest_callback`]. It costs two looks at the clock each.
    pub fn measure_callbacks(&self) {
        self.core().watch().measure();
    }

    /// Begins anew to look for what takes the longest.
    pub fn reset_metrics(&self) {
        self.core().watch().forget_longest();
        self.core().counts().longest_lag.set(0);
    }

    /// Logs the metrics every so often, as an event with a field for each, and resets them, so that each event tells of its own time. It goes on, and keeps the
    /// loop going, until what it gives is stopped.
    ///
    /// # Panics
    ///
    /// Panics when the period is zero.
    #[must_use = "the loop does not end by itself before this is stopped"]
    pub fn log_metrics(&self, every: Duration) -> PeriodicCallback {
        self.measure_callbacks();
        let log = |_: &PeriodicCallback| {
            let io_loop = Self::current();
            log::metrics(&io_loop.metrics());
            io_loop.reset_metrics();
        };
        let periodic = PeriodicCallback::new(every, log);
        periodic.start_on(Rc::clone(self.core()));
        periodic
    }
}
