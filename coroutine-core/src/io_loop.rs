//! The event loop, as its users hold it. Tornado's `IOLoop`.

use std::fmt;
use std::future::Future as StdFuture;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::panic::Location;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::callback::{self, Callback, CallbackResult};
use crate::clock::{Clock, SystemClock};
use crate::coroutine::Descriptor;
use crate::current;
use crate::error::LoopError;
use crate::future::Future;
use crate::handler::{Handler, Interest, Ready};
use crate::loop_core::{LoopCore, Phase, drop_handler};
use crate::node::Local;
use crate::outcome::Outcome;
use crate::running::close_as_current;
use crate::task;
use crate::timeout::{Deadline, Timeout};
use crate::timers::Nanos;

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
    pub(crate) owner: Rc<Owner>,
}

/// What the clones of an [`IoLoop`] share. Tasks hold the core alone.
pub(crate) struct Owner {
    pub(crate) core: Rc<LoopCore>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        if !self.core.is_closed() {
            close_as_current(&self.core);
        }
    }
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

    /// The [current](Self::current) loop of this thread, if there is one by now. Tornado's `IOLoop.current(instance=False)`.
    #[must_use]
    pub fn try_current() -> Option<Self> {
        current::existing()
    }

    /// Whether somebody is running the loop: the caller is called by it, as a rule.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.core().phase().get(), Phase::Running | Phase::Closing)
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
        let core = self.core();
        core.enqueue(callback::reporting(
            Rc::clone(core),
            Location::caller(),
            callback,
        ));
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
        let describe = move || Descriptor::made_at("spawned future", place);
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
        let call = |mut future: Future<T>| match future.result() {
            Ok(value) => callback(Ok(value)),
            Err(error) => {
                if let Some(outcome) = error.into_outcome() {
                    callback(Err(outcome));
                }
            }
        };
        let core = Rc::clone(self.core());
        callback::call_when_done(future, core, Location::caller(), call);
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
            .field("running", &self.is_running())
            .field("closed", &self.core().is_closed())
            .field("suspended", &self.core().live().len())
            .finish()
    }
}
