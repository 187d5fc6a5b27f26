//! Running a loop: until it is stopped, until a coroutine is done, or for a turn.

use std::panic::resume_unwind;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::context_var::Context;
use crate::coroutine::Descriptor;
use crate::current;
use crate::error::{LoopError, Stuck};
use crate::future::Future;
use crate::handle::Handle;
use crate::io_loop::{IoLoop, Owner};
use crate::limit::Limit;
use crate::log;
use crate::loop_core::{Interrupt, LoopCore, Phase, Turn};
use crate::node::Local;
use crate::outcome::Outcome;
use crate::shutdown::ShutdownReport;
use crate::site::Sites;
use crate::stamp::{self, Stamp};
use crate::task;
use crate::watch::Held;
use crate::yieldable::Yieldable;

/// Running.
impl IoLoop {
    /// Runs the loop until [`stop`](Self::stop) or [`request_shutdown`](Self::request_shutdown), or until there is nothing left to wait for.
    ///
    /// While it runs it is the [current](Self::current) loop of its thread. It can be started again afterwards.
    ///
    /// # Errors
    ///
    /// - The loop [can never wake](LoopError::is_deadlock): coroutines are suspended, and there is no callback, timer, watched descriptor,
    ///   handle or waker left. The error lists them.
    /// - The loop is [running already](LoopError::is_running), or [closed](LoopError::is_closed).
    /// - The operating system cannot wait for events.
    pub fn start(&self) -> Result<(), LoopError> {
        let entered = Entered::new(self)?;
        let core = self.core();
        while !core.take_stop() && !core.shutdown().is_requested() {
            if entered.turn(Limit::Never)? == Turn::NothingLeft {
                return match core.live().is_empty() {
                    true => Ok(()),
                    false => Err(LoopError::deadlock(Stuck::new(core))),
                };
            }
        }
        Ok(())
    }

    /// Makes [`start`](Self::start) return when the current turn is done. What is queued by then stays for the next start.
    ///
    /// If the loop is not running, the next `start` returns at once.
    pub fn stop(&self) {
        self.core().stop();
    }

    /// Closes the loop: suspended coroutines are dropped at their yield points, callbacks and timers are dropped in silence, and
    /// descriptors are let go. A loop that is running stops first.
    ///
    /// Whatever is added to a closed loop is dropped. A coroutine that is started there runs to its first yield that is not ready.
    ///
    /// Nothing is cleaned up but by destructors; [`close_within`](Self::close_within) gives coroutines time for more.
    pub fn close(&self) {
        let core = self.core();
        match core.phase().get() {
            Phase::Idle => close_as_current(core),
            Phase::Running => {
                core.stop();
                core.phase().set(Phase::Closing);
            }
            Phase::Closing | Phase::Closed => {}
        }
    }

    /// Ends the loop gracefully: coroutines have `grace` to end, then the loop is [closed](Self::close), which drops those that are left.
    ///
    /// [Requests a shutdown](Self::request_shutdown) if nobody has, starts what was registered with [`on_shutdown`](Self::on_shutdown), and runs the
    /// loop until every coroutine has ended, or can never wake, or the time is over. Timers that are due by then or later never fire. Timers and handlers are
    /// not waited for where no coroutine waits for them. [`stop`](Self::stop) ends the time early.
    ///
    /// The report tells which coroutines were dropped, and where they stood.
    ///
    /// ```
    /// use std::time::Duration;
    /// use coroutine_core::{self as co, IoLoop};
    ///
    /// #[co::coroutine]
    /// fn works(time: Duration) {
    ///     yield_!(co::sleep(time))
    /// }
    ///
    /// let io_loop = IoLoop::current();
    /// let works = (works(Duration::from_millis(1)), works(Duration::from_secs(3600)));
    /// let report = io_loop.close_within(Duration::from_millis(20))?;
    /// assert_eq!(report.dropped().len(), 1);
    /// assert_eq!(report.dropped()[0].operand(), Some("co::sleep(time)"));
    /// # Ok::<(), co::LoopError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - The loop is [running](LoopError::is_running), or [closed](LoopError::is_closed) already.
    /// - The operating system cannot wait for events. The loop is closed then, too.
    pub fn close_within(&self, grace: Duration) -> Result<ShutdownReport, LoopError> {
        let entered = Entered::new(self)?;
        let core = self.core();
        core.request_shutdown();
        core.shutdown().clean_up();
        let ended = entered.turn_until_quiet(Limit::after(self.time(), grace));
        let report = ShutdownReport::new(core.live().suspensions());
        self.close();
        drop(entered);
        ended.map(|()| report)
    }

    /// Calls `function`, runs the loop until what it gives is ready, and returns the result. Tornado's `run_sync`.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop};
    ///
    /// #[co::coroutine]
    /// fn answer() -> i32 {
    ///     yield_!(co::moment());
    ///     42
    /// }
    ///
    /// assert_eq!(IoLoop::current().run_sync(answer)?, 42);
    /// # Ok::<(), coroutine_core::LoopError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start); and when the loop was [stopped](LoopError::is_stopped) before the result was there. Other coroutines stay as they are.
    ///
    /// # Panics
    ///
    /// Panics when the coroutine does, with its panic, and when there is no result because it was cancelled.
    pub fn run_sync<Y, K>(
        &self,
        function: impl FnOnce() -> Y + 'static,
    ) -> Result<Y::Output, LoopError>
    where
        Y: Yieldable<K>,
        Y::Output: 'static,
        Y::Future: 'static,
    {
        self.run_until(function, Limit::Never, Duration::MAX)
    }

    /// As [`run_sync`](Self::run_sync), but gives up after `timeout`. A coroutine that was started is left as it is, and goes on when the loop runs
    /// again; a lazy one, and any other future, is dropped.
    ///
    /// # Errors
    ///
    /// As `run_sync`; and when the time [has passed](LoopError::is_timeout).
    ///
    /// # Panics
    ///
    /// As `run_sync`.
    pub fn run_sync_timeout<Y, K>(
        &self,
        timeout: Duration,
        function: impl FnOnce() -> Y + 'static,
    ) -> Result<Y::Output, LoopError>
    where
        Y: Yieldable<K>,
        Y::Output: 'static,
        Y::Future: 'static,
    {
        self.run_until(function, Limit::after(self.time(), timeout), timeout)
    }

    /// Runs until the result is there, or `limit`, which comes after `timeout`.
    fn run_until<Y, K>(
        &self,
        function: impl FnOnce() -> Y + 'static,
        limit: Limit,
        timeout: Duration,
    ) -> Result<Y::Output, LoopError>
    where
        Y: Yieldable<K>,
        Y::Output: 'static,
        Y::Future: 'static,
    {
        let entered = Entered::new(self)?;
        let core = self.core();
        let body = async move { function().into_yielded().await };
        let main = core.watch().time(
            || Held::Start,
            || {
                let _context = entered.context.enter();
                task::start_hidden(Rc::clone(core), || Descriptor::plain(&MAIN), body)
            },
        );
        main.when_done(Local::new(Interrupt(Rc::clone(core))).erase());
        let mut main = CancelOnDrop(main);
        let end = entered.turn_until_done(&main.0, limit, timeout);
        if end.is_err() {
            main.0.cancel();
        }
        let outcome = match main.0.result() {
            Ok(value) => return Ok(value),
            Err(error) => error.into_outcome(),
        };
        if let Some(Outcome::Panicked(panicked)) = outcome {
            match panicked.take_payload() {
                Some(payload) => resume_unwind(payload),
                None => panic!("{}", panicked.message()),
            }
        }
        Err(end.err().unwrap_or_else(LoopError::closed))
    }

    /// One turn, for a loop that is embedded in another one: waits for at most `timeout`, or for as long as it takes.
    ///
    /// Call it when [`as_fd`](std::os::fd::AsFd::as_fd) is readable, when [`next_deadline`](Self::next_deadline) has come, and after adding callbacks. It returns
    /// at once when nothing can ever wake the loop. A stop is for one turn, which does not wait then.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), but nothing is said of a loop that can never wake.
    pub fn turn(&self, timeout: Option<Duration>) -> Result<(), LoopError> {
        let entered = Entered::new(self)?;
        let limit = timeout.map_or(Limit::Never, |timeout| Limit::after(self.time(), timeout));
        entered.turn(limit)?;
        self.core().take_stop();
        Ok(())
    }

    /// When the next timer is due, on the loop's clock. None where there is no timer.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.core().next_deadline()
    }

    /// The time on the loop's clock.
    #[must_use]
    pub fn time(&self) -> Instant {
        self.core().now()
    }

    /// A way to reach the loop from any thread.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(self.core().shared())
    }
}

/// What the coroutine around the argument of `run_sync` is called, where anybody sees it.
static MAIN: Sites = Sites::new("run_sync", file!(), line!(), 1, &[]);

/// Closes a loop that is not running. Meanwhile it is the current one, so that what its coroutines' destructors start is dropped with it.
pub(crate) fn close_as_current(core: &Rc<LoopCore>) {
    let owner = Rc::new(Owner {
        core: Rc::clone(core),
    });
    let outer = current::replace(Some(IoLoop { owner }));
    core.close();
    drop(current::replace(outer));
}

/// The coroutine around the argument of `run_sync`. The loop does not keep it, so it must not be left suspended, also where something unwinds.
struct CancelOnDrop<T>(Future<T>);

impl<T> Drop for CancelOnDrop<T> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A loop that is being run, and is the current one of its thread meanwhile.
struct Entered<'a> {
    io_loop: &'a IoLoop,
    /// The current loop before.
    outer: Option<IoLoop>,
    /// The variables of whoever runs the loop, which are not those of its coroutines.
    context: Context,
    /// The time of whoever runs the loop, which may be another loop's.
    stamp: Stamp,
}

impl<'a> Entered<'a> {
    fn new(io_loop: &'a IoLoop) -> Result<Self, LoopError> {
        let phase = io_loop.core().phase();
        match phase.get() {
            Phase::Idle => phase.set(Phase::Running),
            Phase::Running | Phase::Closing => return Err(LoopError::running()),
            Phase::Closed => return Err(LoopError::closed()),
        }
        let outer = current::replace(Some(io_loop.clone()));
        let context = Context::default();
        context.exchange();
        let stamp = stamp::now();
        io_loop.core().tick();
        Ok(Self {
            io_loop,
            outer,
            context,
            stamp,
        })
    }

    fn turn(&self, limit: Limit) -> Result<Turn, LoopError> {
        self.io_loop.core().turn(limit).map_err(LoopError::poll)
    }

    fn turn_until_quiet(&self, limit: Limit) -> Result<(), LoopError> {
        let core = self.io_loop.core();
        while !core.is_quiet() && !core.is_over(limit) && !core.take_stop() {
            if self.turn(limit)? == Turn::NothingLeft {
                break;
            }
        }
        Ok(())
    }

    fn turn_until_done<T>(
        &self,
        main: &Future<T>,
        limit: Limit,
        timeout: Duration,
    ) -> Result<(), LoopError> {
        let core = self.io_loop.core();
        while !main.done() {
            if core.take_stop() {
                return Err(match core.phase().get() {
                    Phase::Closing => LoopError::closed(),
                    _ => LoopError::stopped(),
                });
            }
            if core.is_over(limit) {
                return Err(LoopError::timed_out(timeout, Stuck::new(core)));
            }
            if self.turn(limit)? == Turn::NothingLeft {
                return Err(LoopError::deadlock(Stuck::new(core)));
            }
        }
        Ok(())
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.context.exchange();
        stamp::set(self.stamp);
        drop(current::replace(self.outer.take()));
        let core = self.io_loop.core();
        if core.phase().get() == Phase::Closing {
            close_as_current(core);
        } else {
            core.phase().set(Phase::Idle);
        }
    }
}

/// The main function of `#[coroutine_core::main]`.
pub fn run_main<Y, K>(function: impl FnOnce() -> Y + 'static) -> Y::Output
where
    Y: Yieldable<K>,
    Y::Output: 'static,
    Y::Future: 'static,
{
    let io_loop = IoLoop::instance();
    let result = io_loop.run_sync(function);
    io_loop.close();
    result.unwrap_or_else(|error| {
        log::error(format_args!("{error}"));
        std::process::exit(1)
    })
}

/// The body of a test under `#[coroutine_core::test]`.
#[track_caller]
pub fn run_test<Y, K>(
    timeout: Duration,
    virtual_clock: bool,
    function: impl FnOnce() -> Y + 'static,
) -> Y::Output
where
    Y: Yieldable<K>,
    Y::Output: 'static,
    Y::Future: 'static,
{
    let io_loop = match virtual_clock {
        true => IoLoop::with_clock(crate::VirtualClock::new()),
        false => IoLoop::new(),
    };
    let io_loop =
        io_loop.unwrap_or_else(|error| panic!("cannot make a loop for the test: {error}"));
    // A test whose time is virtual has as much of that as it likes.
    let limit = match virtual_clock {
        true => Limit::Real(Instant::now() + timeout),
        false => Limit::after(io_loop.time(), timeout),
    };
    let result = io_loop.run_until(function, limit, timeout);
    io_loop.close();
    match result {
        Ok(output) => output,
        Err(error) => panic!("{error}"),
    }
}
