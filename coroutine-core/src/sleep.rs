//! Waiting for time, and for a turn.

use std::cell::Cell;
use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::current;
use crate::loop_core::LoopCore;
use crate::note::{self, Note};
use crate::scope;
use crate::timers::{Nanos, TimerKey};
use crate::waker;

/// Waits for `duration`, which begins now and not when the result is yielded. Tornado's `gen.sleep`.
///
/// A duration of zero waits for the loop's next turn.
///
/// ```
/// use std::time::Duration;
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn nap() -> &'static str {
///     yield_!(co::sleep(Duration::from_millis(1)));
///     "awake"
/// }
///
/// assert_eq!(IoLoop::current().run_sync(nap).unwrap(), "awake");
/// ```
#[must_use = "a sleep waits for nobody unless it is yielded"]
pub fn sleep(duration: Duration) -> Sleep {
    let io_loop = current::core();
    let deadline = io_loop.deadline_in(duration);
    Sleep::new(io_loop, deadline)
}

/// Waits until `deadline`; one that has passed waits for the loop's next turn.
#[must_use = "a sleep waits for nobody unless it is yielded"]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let io_loop = current::core();
    let deadline = io_loop.deadline_at(deadline);
    Sleep::new(io_loop, deadline)
}

/// What [`sleep`] and [`sleep_until`] give.
pub struct Sleep {
    io_loop: Rc<LoopCore>,
    key: TimerKey,
}

impl Sleep {
    pub(crate) fn new(io_loop: Rc<LoopCore>, deadline: Nanos) -> Self {
        let key = io_loop.add_timer(deadline, None);
        Self { io_loop, key }
    }

    /// Ends a wait for something else.
    pub(crate) fn limit(io_loop: Rc<LoopCore>, deadline: Nanos) -> Self {
        let sleep = Self::new(io_loop, deadline);
        let mut timers = sleep.io_loop.timers().borrow_mut();
        timers.mark_limit(sleep.key, scope::innermost());
        drop(timers);
        sleep
    }

    /// Whether the time has come, and the loop has taken notice of it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use coroutine_core::{self as co, IoLoop};
    ///
    /// #[co::coroutine]
    /// fn nap() -> (bool, bool) {
    ///     let alarm = co::sleep(Duration::from_millis(1));
    ///     let before = alarm.done();
    ///     yield_!(co::sleep(Duration::from_millis(10)));
    ///     (before, alarm.done())
    /// }
    ///
    /// assert_eq!(IoLoop::current().run_sync(nap).unwrap(), (false, true));
    /// ```
    #[inline]
    #[must_use]
    pub fn done(&self) -> bool {
        self.io_loop
            .timers()
            .borrow_mut()
            .target(self.key)
            .is_none()
    }

    /// Has whoever polls with `cx` woken when the time has come. That this is what is waited for, the caller says, or says otherwise.
    pub(crate) fn poll_silently(&self, cx: &Context<'_>) -> Poll<()> {
        let slot = Cell::new(None);
        match self.io_loop.timers().borrow_mut().target(self.key) {
            // Who polls has done so before, as a rule.
            Some(Some(target)) if waker::waits_for(target, cx) => return Poll::Pending,
            Some(target) => slot.set(target.take()),
            None => return Poll::Ready(()),
        }
        // Outside of the borrow, since a foreign waker is cloned and the old one dropped.
        waker::wait_in(&slot, cx);
        match self.io_loop.timers().borrow_mut().target(self.key) {
            Some(target) => *target = slot.take(),
            // By the doing of that waker.
            None => return Poll::Ready(()),
        }
        Poll::Pending
    }
}

impl StdFuture for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        note::leave(Note::timer(self.key.slot()));
        self.poll_silently(cx)
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.io_loop.remove_timer(self.key);
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").finish_non_exhaustive()
    }
}

/// Waits for one turn of the loop, so that others get theirs. Tornado's `gen.moment`.
///
/// ```
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn count(to: u32) -> u32 {
///     for _ in 0..to {
///         yield_!(co::moment());
///     }
///     to
/// }
///
/// assert_eq!(IoLoop::current().run_sync(|| count(3)).unwrap(), 3);
/// ```
#[must_use = "a moment lets nobody run unless it is yielded"]
pub fn moment() -> Moment {
    Moment { waited: false }
}

/// What [`moment`] gives.
#[derive(Debug)]
pub struct Moment {
    waited: bool,
}

impl StdFuture for Moment {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.waited {
            return Poll::Ready(());
        }
        self.waited = true;
        waker::wake(cx);
        Poll::Pending
    }
}
