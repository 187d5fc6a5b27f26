//! The event loop, as its users hold it. Tornado's `IOLoop`.

use std::cell::Cell;
use std::fmt;
use std::future::Future as StdFuture;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::panic::{Location, resume_unwind};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::callback::Callback;
use crate::clock::{Clock, SystemClock};
use crate::coroutine::Descriptor;
use crate::current;
use crate::error::LoopError;
use crate::future::Future;
use crate::handle::Handle;
use crate::handler::{Handler, Interest, Ready};
use crate::log;
use crate::loop_core::{Interrupt, Limit, LoopCore, Phase, Turn, drop_handler};
use crate::node::Local;
use crate::outcome::Outcome;
use crate::site::Sites;
use crate::task;
use crate::timers::{Nanos, TimerKey};
use crate::yieldable::Yieldable;

/// An event loop on one thread: it calls callbacks, resumes coroutines, and waits for timers and I/O in between.
///
/// Clones are the same loop. When the last one is dropped, or the thread ends whose own loop it is, the loop is [closed](Self::close).
///
/// A turn of the loop calls the callbacks that were queued before the turn, then the timers that were due when it began, then looks for I/O, whose
/// handlers are called on the next turn. Callbacks run first in, first out.
///
/// ```
/// use coroutine_core::IoLoop;
///
/// let io_loop = IoLoop::current();
/// io_loop.add_callback(|| println!("hello"));
/// io_loop.start()?; // returns when there is nothing left to wait for
/// # Ok::<(), coroutine_core::LoopError>(())
/// ```
#[derive(Clone)]
pub struct IoLoop {
    owner: Rc<Owner>,
}

/// What the clones of an [`IoLoop`] share. Tasks hold the core alone.
struct Owner {
    core: Rc<LoopCore>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        if !self.core.is_closed() {
            close_as_current(&self.core);
        }
    }
}

/// Closes a loop that is not running. Meanwhile it is the current one, so that what its coroutines' destructors start is dropped with it.
fn close_as_current(core: &Rc<LoopCore>) {
    let owner = Rc::new(Owner {
        core: Rc::clone(core),
    });
    let outer = current::replace(Some(IoLoop { owner }));
    core.close();
    drop(current::replace(outer));
}

/// Making and finding loops.
impl IoLoop {
    /// A new loop. It is nobody's current one until it is started.
    ///
    /// # Errors
    ///
    /// Fails when the operating system gives no descriptors for the loop.
    pub fn new() -> io::Result<Self> {
        Self::with_clock(SystemClock)
    }

    /// A new loop that takes its time from `clock`, such as a [`VirtualClock`](crate::VirtualClock).
    ///
    /// # Errors
    ///
    /// Fails when the operating system gives no descriptors for the loop.
    pub fn with_clock(clock: impl Clock) -> io::Result<Self> {
        let core = Rc::new(LoopCore::new(Box::new(clock))?);
        Ok(Self {
            owner: Rc::new(Owner { core }),
        })
    }

    /// The loop that is running on this thread, or else the thread's [`instance`](Self::instance).
    ///
    /// # Panics
    ///
    /// Panics when a loop must be made and the operating system gives no descriptors for it.
    #[must_use]
    pub fn current() -> Self {
        current::io_loop()
    }

    /// This thread's own loop, which is made when it is first asked for, and closed when the thread ends.
    ///
    /// # Panics
    ///
    /// Panics when the loop must be made and the operating system gives no descriptors for it.
    #[must_use]
    pub fn instance() -> Self {
        current::instance()
    }

    pub(crate) fn core(&self) -> &Rc<LoopCore> {
        &self.owner.core
    }
}

/// Running.
impl IoLoop {
    /// Runs the loop until [`stop`](Self::stop), or until there is nothing left to wait for.
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
        while !core.take_stop() {
            if entered.turn(Limit::Never)? == Turn::NothingLeft {
                return match core.live().is_empty() {
                    true => Ok(()),
                    false => Err(LoopError::deadlock(core.live().suspensions())),
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

    /// As [`run_sync`](Self::run_sync), but gives up after `timeout`. The coroutine is left as it is, and goes on when the loop runs again.
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
        let mut main = task::start_hidden(Rc::clone(core), || Descriptor::plain(&MAIN), body);
        main.when_done(Local::new(Interrupt(Rc::clone(core))).erase());
        let end = entered.turn_until_done(&main, limit, timeout);
        if end.is_err() {
            main.cancel();
        }
        let outcome = match main.result() {
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
    /// Call it when [`as_fd`](AsFd::as_fd) is readable, when [`next_deadline`](Self::next_deadline) has come, and after adding callbacks. It returns
    /// at once when nothing can ever wake the loop, and when the loop was stopped.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), but nothing is said of a loop that can never wake.
    pub fn turn(&self, timeout: Option<Duration>) -> Result<(), LoopError> {
        let entered = Entered::new(self)?;
        let limit = timeout.map_or(Limit::Never, |timeout| Limit::after(self.time(), timeout));
        entered.turn(limit)?;
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

/// Callbacks and timers.
impl IoLoop {
    /// Calls `callback` on the next turn. Callbacks are called in the order of adding; one that panics is logged with the place where it was added.
    #[inline]
    #[track_caller]
    pub fn add_callback(&self, callback: impl FnOnce() + 'static) {
        let core = self.core();
        core.enqueue(Callback::node(
            Rc::clone(core),
            Location::caller(),
            callback,
        ));
    }

    /// Calls `callback` on the next turn, and logs its error if it gives one. A coroutine that it starts and gives back goes on by itself; its error
    /// or panic is logged as well. Tornado's `spawn_callback`.
    #[track_caller]
    pub fn spawn_callback<R: CallbackResult>(&self, callback: impl FnOnce() -> R + 'static) {
        let place = Location::caller();
        let core = self.core();
        let callback = move || {
            if let Some(error) = callback().into_error() {
                log::error(format_args!(
                    "the callback added at {place} failed: {error}"
                ));
            }
        };
        core.enqueue(Callback::node(Rc::clone(core), place, callback));
    }

    /// Runs a [`std::future::Future`] as a coroutine of this loop: up to its first suspension now, then on the loop's turns.
    ///
    /// ```
    /// use coroutine_core::IoLoop;
    ///
    /// let io_loop = IoLoop::current();
    /// let future = io_loop.spawn(async { 6 * 7 });
    /// assert!(future.done());
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Future<F::Output>
    where
        F: StdFuture + 'static,
        F::Output: 'static,
    {
        let place = Location::caller();
        let describe = move || Descriptor::spawned_at(place);
        task::start_on(Rc::clone(self.core()), describe, future, 0)
    }

    /// Calls `callback` with the future's result on a later turn, once it is there; also when it is there already.
    ///
    /// ```
    /// use coroutine_core::{IoLoop, promise};
    ///
    /// let io_loop = IoLoop::current();
    /// let (promise, future) = promise::<u8>();
    /// io_loop.add_future(future, |result| assert_eq!(result.unwrap(), 3));
    /// promise.set_result(3);
    /// io_loop.start()?;
    /// # Ok::<(), coroutine_core::LoopError>(())
    /// ```
    #[track_caller]
    pub fn add_future<T: 'static>(
        &self,
        future: Future<T>,
        callback: impl FnOnce(Result<T, Outcome>) + 'static,
    ) {
        // The callback has the future, and the future the callback, until it is done.
        let slot = Rc::new(Cell::new(None));
        let for_callback = Rc::clone(&slot);
        let call = move || {
            let future: Option<Future<T>> = for_callback.take();
            let result = future.map(|mut future| future.result());
            match result {
                Some(Ok(value)) => callback(Ok(value)),
                Some(Err(error)) => {
                    if let Some(outcome) = error.into_outcome() {
                        callback(Err(outcome));
                    }
                }
                None => {}
            }
        };
        let core = self.core();
        let node = Callback::node(Rc::clone(core), Location::caller(), call);
        future.when_done(node);
        slot.set(Some(future));
    }

    /// Calls `callback` when `delay` has passed. A delay of zero waits for the next turn.
    #[track_caller]
    pub fn call_later(&self, delay: Duration, callback: impl FnOnce() + 'static) -> Timeout {
        let deadline = self.core().deadline_in(delay);
        self.add_timer(deadline, Location::caller(), callback)
    }

    /// Calls `callback` at `deadline` on the loop's clock. One that has passed waits for the next turn.
    #[track_caller]
    pub fn call_at(&self, deadline: Instant, callback: impl FnOnce() + 'static) -> Timeout {
        let deadline = self.core().deadline_at(deadline);
        self.add_timer(deadline, Location::caller(), callback)
    }

    /// Calls `callback` at a deadline: an [`Instant`], or a [`Duration`] from now. Tornado's `add_timeout`.
    #[track_caller]
    pub fn add_timeout(
        &self,
        deadline: impl Into<Deadline>,
        callback: impl FnOnce() + 'static,
    ) -> Timeout {
        let deadline = match deadline.into() {
            Deadline::At(when) => self.core().deadline_at(when),
            Deadline::In(delay) => self.core().deadline_in(delay),
        };
        self.add_timer(deadline, Location::caller(), callback)
    }

    /// Removes a timer, so that its callback is dropped. Does nothing when it has fired, or belongs to another loop.
    pub fn remove_timeout(&self, timeout: &Timeout) {
        if Rc::ptr_eq(&timeout.io_loop, self.core()) {
            self.core().remove_timer(timeout.key);
        }
    }

    fn add_timer(
        &self,
        deadline: Nanos,
        added_at: &'static Location<'static>,
        callback: impl FnOnce() + 'static,
    ) -> Timeout {
        let core = self.core();
        let node = Callback::node(Rc::clone(core), added_at, callback);
        Timeout {
            key: core.add_timer(deadline, Some(node)),
            io_loop: Rc::clone(core),
        }
    }
}

/// Descriptors.
impl IoLoop {
    /// Calls `handler` whenever the descriptor is ready for what `interest` says, until [`remove_handler`](Self::remove_handler).
    ///
    /// Handlers are level-triggered: one that leaves something to be read is called again on a later turn. The descriptor must be
    /// non-blocking, and stay open until the handler is removed.
    ///
    /// # Errors
    ///
    /// Fails when the descriptor has a handler already, and when the operating system cannot watch it (a regular file, for example).
    #[track_caller]
    pub fn add_handler(
        &self,
        fd: RawFd,
        interest: Interest,
        handler: impl FnMut(RawFd, Ready) + 'static,
    ) -> io::Result<()> {
        let core = self.core();
        if core.is_closed() {
            return Err(io::Error::other(LoopError::closed()));
        }
        let (place, io_loop) = (Location::caller(), Rc::clone(core));
        let handler = Handler::new(io_loop, fd, interest, place, Box::new(handler));
        core.poller().add_handler(&Local::new(handler))
    }

    /// Changes what the descriptor's handler waits for.
    ///
    /// # Errors
    ///
    /// Fails when the descriptor has no handler.
    pub fn update_handler(&self, fd: RawFd, interest: Interest) -> io::Result<()> {
        self.core().poller().update_handler(fd, interest)
    }

    /// Removes the descriptor's handler, which is not called any more, also when its event has come already. Does nothing when there is none.
    pub fn remove_handler(&self, fd: RawFd) {
        let removed = self.core().poller().remove_handler(fd);
        if let Some(handler) = removed {
            drop_handler(&handler);
        }
    }
}

/// The descriptor that is readable when the loop has I/O to attend to, for embedding it in another loop.
impl AsFd for IoLoop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.core().poller().as_fd()
    }
}

impl fmt::Debug for IoLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IoLoop")
            .field("running", &(self.core().phase().get() == Phase::Running))
            .field("closed", &self.core().is_closed())
            .field("suspended", &self.core().live().len())
            .finish()
    }
}

/// What a function given to [`IoLoop::spawn_callback`] may give back: nothing, a `Result`, or a coroutine's [`Future`].
pub trait CallbackResult {
    /// The text of the error, if it is one that nobody else reports.
    fn into_error(self) -> Option<String>;
}

impl CallbackResult for () {
    fn into_error(self) -> Option<String> {
        None
    }
}

impl<T, E: fmt::Display> CallbackResult for Result<T, E> {
    fn into_error(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// The coroutine is detached, and reports its error by itself.
impl<T> CallbackResult for Future<T> {
    fn into_error(self) -> Option<String> {
        None
    }
}

/// What the coroutine around the argument of `run_sync` is called, where anybody sees it.
static MAIN: Sites = Sites::new("run_sync", file!(), line!(), 1, &[]);

/// A loop that is being run, and is the current one of its thread meanwhile.
struct Entered<'a> {
    io_loop: &'a IoLoop,
    /// The current loop before.
    outer: Option<IoLoop>,
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
        Ok(Self { io_loop, outer })
    }

    fn turn(&self, limit: Limit) -> Result<Turn, LoopError> {
        self.io_loop.core().turn(limit).map_err(LoopError::poll)
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
                return Err(LoopError::timed_out(timeout));
            }
            if self.turn(limit)? == Turn::NothingLeft {
                return Err(LoopError::deadlock(core.live().suspensions()));
            }
        }
        Ok(())
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        drop(current::replace(self.outer.take()));
        let core = self.io_loop.core();
        if core.phase().get() == Phase::Closing {
            close_as_current(core);
        } else {
            core.phase().set(Phase::Idle);
        }
    }
}

/// A timer that was added, for [`IoLoop::remove_timeout`]. Dropping it leaves the timer as it is.
#[derive(Clone)]
pub struct Timeout {
    io_loop: Rc<LoopCore>,
    key: TimerKey,
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").finish_non_exhaustive()
    }
}

/// When a timer is due: see [`IoLoop::add_timeout`].
#[derive(Clone, Copy, Debug)]
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
    result.unwrap_or_else(|error| panic!("{error}"))
}
