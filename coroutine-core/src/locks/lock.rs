//! A lock around data.

use std::cell::Cell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::time::Duration;

use super::line::{Line, Served, Wait};
use crate::origin::Awaited;
use crate::waker;
use crate::with_timeout::WithTimeout;

/// A lock that one coroutine holds at a time, and the data that only the holder gets at. A clone is the same lock.
///
/// `Lock::new(())` is Tornado's `Lock`, which guards a stretch of code. The guard has the data in it and moves it to the next holder, so box what is large.
///
/// A holder that panics releases the lock as any other does; there is no poisoning.
///
/// ```
/// use coroutine_core::locks::Lock;
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn write(log: Lock<Vec<u32>>, number: u32) {
///     let mut log = yield_!(log.acquire());
///     log.push(number);
///     yield_!(co::moment());
///     log.push(number);
/// }
///
/// let log = Lock::new(Vec::new());
/// let writers = vec![write(log.clone(), 1), write(log.clone(), 2)];
/// IoLoop::current().run_sync(|| writers)?;
/// assert_eq!(*log.try_acquire().unwrap(), [1, 1, 2, 2]);
/// # Ok::<(), co::LoopError>(())
/// ```
pub struct Lock<T = ()> {
    state: Rc<State<T>>,
}

struct State<T> {
    /// The data, while nobody holds the lock. Nobody waits then.
    free: Cell<Option<T>>,
    line: Line<LockGuard<T>>,
}

impl<T> Lock<T> {
    /// A lock that nobody holds, around `value`.
    #[must_use]
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self {
            state: Rc::new(State {
                free: Cell::new(Some(value)),
                line: Line::new(Awaited::Lock),
            }),
        }
    }

    /// Waits for the lock. It is released when the guard is dropped.
    pub fn acquire(&self) -> Wait<LockGuard<T>> {
        match self.try_acquire() {
            Some(guard) => Wait::ready(guard),
            None => self.state.line.join(()),
        }
    }

    /// Waits for the lock, for `timeout` at most.
    ///
    /// # Errors
    ///
    /// What it yields is an error when the time [has passed](crate::TimeoutError::is_timeout).
    pub fn acquire_timeout(&self, timeout: Duration) -> WithTimeout<Wait<LockGuard<T>>> {
        WithTimeout::new(self.acquire(), timeout.into())
    }

    /// Takes the lock, if nobody holds it.
    #[must_use = "the lock is released at once unless the guard is kept"]
    pub fn try_acquire(&self) -> Option<LockGuard<T>> {
        let value = self.state.free.take();
        value.is_some().then(|| {
            self.state.line.set_holder(waker::running_task());
            self.guard(value)
        })
    }

    /// Whether somebody holds the lock.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let value = self.state.free.take();
        let is_locked = value.is_none();
        self.state.free.set(value);
        is_locked
    }

    fn guard(&self, value: Option<T>) -> LockGuard<T> {
        LockGuard {
            value,
            lock: self.clone(),
        }
    }

    /// Gives the data to the first in line, or keeps it for whoever comes.
    fn release(&self, mut value: Option<T>) {
        let served = self.state.line.serve(|| self.guard(value.take()));
        let holder = served.as_ref().and_then(Served::owner);
        self.state.line.set_holder(holder);
        if served.is_none() {
            self.state.free.set(value);
        }
    }
}

impl<T> Clone for Lock<T> {
    fn clone(&self) -> Self {
        Self {
            state: Rc::clone(&self.state),
        }
    }
}

impl<T: Default> Default for Lock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock")
            .field("is_locked", &self.is_locked())
            .field("waiting", &self.state.line.len())
            .finish_non_exhaustive()
    }
}

/// The right to what a [`Lock`] guards. Dropping it releases the lock, to the first in line.
#[must_use = "the lock is released at once unless the guard is kept"]
pub struct LockGuard<T = ()> {
    /// Only a destructor finds none.
    value: Option<T>,
    lock: Lock<T>,
}

/// Why a guard's data can be expected to be there.
const HELD: &str = "a guard has the data until it is dropped";

impl<T> Deref for LockGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect(HELD)
    }
}

impl<T> DerefMut for LockGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect(HELD)
    }
}

impl<T> Drop for LockGuard<T> {
    fn drop(&mut self) {
        self.lock.release(self.value.take());
    }
}

impl<T: fmt::Debug> fmt::Debug for LockGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LockGuard").field(&**self).finish()
    }
}
