//! A number of permits, which coroutines acquire and release.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::error::ReleaseError;
use super::line::{Line, Wait};
use crate::origin::Awaited;
use crate::with_timeout::WithTimeout;

/// A number of permits: as many coroutines as there are permits go on, the others wait. Tornado's `Semaphore`. A clone is the same semaphore.
///
/// ```
/// use coroutine_core::locks::Semaphore;
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn fetch(limit: Semaphore) {
///     let _permit = yield_!(limit.acquire());
///     yield_!(co::moment()); // two at most are here
/// }
///
/// let limit = Semaphore::new(2);
/// let all = (0..5).map(|_| fetch(limit.clone())).collect::<Vec<_>>();
/// assert_eq!(limit.available(), 0);
/// IoLoop::current().run_sync(|| all)?;
/// assert_eq!(limit.available(), 2);
/// # Ok::<(), co::LoopError>(())
/// ```
#[derive(Clone)]
pub struct Semaphore {
    state: Rc<State>,
}

struct State {
    /// Permits that nobody has. There are none while somebody waits.
    free: Cell<usize>,
    /// Permits that are out without a guard.
    forgotten: Cell<usize>,
    line: Line<Permit>,
}

impl Semaphore {
    /// A semaphore with so many permits.
    #[must_use]
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        Self {
            state: Rc::new(State {
                free: Cell::new(permits),
                forgotten: Cell::new(0),
                line: Line::new(Awaited::Semaphore),
            }),
        }
    }

    /// Waits for a permit, which goes back when it is dropped.
    pub fn acquire(&self) -> Wait<Permit> {
        match self.try_acquire() {
            Some(permit) => Wait::ready(permit),
            None => self.state.line.join(()),
        }
    }

    /// Waits for a permit, for `timeout` at most.
    ///
    /// # Errors
    ///
    /// What it yields is an error when the time [has passed](crate::TimeoutError::is_timeout).
    pub fn acquire_timeout(&self, timeout: Duration) -> WithTimeout<Wait<Permit>> {
        WithTimeout::new(self.acquire(), timeout.into())
    }

    /// Takes a permit, if there is one that nobody has.
    #[must_use = "the permit goes back at once unless it is kept"]
    pub fn try_acquire(&self) -> Option<Permit> {
        let left = self.state.free.get().checked_sub(1)?;
        self.state.free.set(left);
        Some(self.permit())
    }

    /// Adds a permit: the one of a [`Permit::forget`], or one more than there were. The first in line gets it.
    pub fn release(&self) {
        if self.state.line.serve(|| self.permit()).is_none() {
            let free = self.state.free.get();
            self.state.free.set(free.saturating_add(1));
        }
    }

    /// How many permits nobody has.
    #[must_use]
    pub fn available(&self) -> usize {
        self.state.free.get()
    }

    fn permit(&self) -> Permit {
        Permit {
            semaphore: Some(self.clone()),
        }
    }

    fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("available", &self.available())
            .field("waiting", &self.state.line.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as("Semaphore", f)
    }
}

/// A semaphore's permit, which goes back when this is dropped, to the first in line.
#[must_use = "the permit goes back at once unless it is kept"]
pub struct Permit {
    /// None once it was forgotten.
    semaphore: Option<Semaphore>,
}

impl Permit {
    /// Keeps the permit out without a guard, until somebody calls the semaphore's `release`, in another coroutine or callback perhaps.
    pub fn forget(mut self) {
        if let Some(semaphore) = self.semaphore.take() {
            let forgotten = &semaphore.state.forgotten;
            forgotten.set(forgotten.get().saturating_add(1));
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(semaphore) = self.semaphore.take() {
            semaphore.release();
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// A [`Semaphore`] that never has more permits than at the beginning: to release one too many is an error. Tornado's `BoundedSemaphore`.
///
/// ```
/// use coroutine_core::locks::BoundedSemaphore;
///
/// let semaphore = BoundedSemaphore::new(1);
/// semaphore.try_acquire().unwrap().forget();
/// assert!(semaphore.release().is_ok());
/// assert!(semaphore.release().is_err());
/// ```
#[derive(Clone)]
pub struct BoundedSemaphore {
    inner: Semaphore,
}

impl BoundedSemaphore {
    /// A semaphore with so many permits.
    #[must_use]
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        Self {
            inner: Semaphore::new(permits),
        }
    }

    /// Waits for a permit, which goes back when it is dropped.
    pub fn acquire(&self) -> Wait<Permit> {
        self.inner.acquire()
    }

    /// Waits for a permit, for `timeout` at most.
    ///
    /// # Errors
    ///
    /// What it yields is an error when the time [has passed](crate::TimeoutError::is_timeout).
    pub fn acquire_timeout(&self, timeout: Duration) -> WithTimeout<Wait<Permit>> {
        self.inner.acquire_timeout(timeout)
    }

    /// Takes a permit, if there is one that nobody has.
    #[must_use = "the permit goes back at once unless it is kept"]
    pub fn try_acquire(&self) -> Option<Permit> {
        self.inner.try_acquire()
    }

    /// Gives back the permit of a [`Permit::forget`]. A permit that is a guard still goes back by itself.
    ///
    /// # Errors
    ///
    /// Fails when no permit is out that was forgotten.
    pub fn release(&self) -> Result<(), ReleaseError> {
        let forgotten = &self.inner.state.forgotten;
        let left = forgotten
            .get()
            .checked_sub(1)
            .ok_or_else(ReleaseError::new)?;
        forgotten.set(left);
        self.inner.release();
        Ok(())
    }

    /// How many permits nobody has.
    #[must_use]
    pub fn available(&self) -> usize {
        self.inner.available()
    }
}

impl fmt::Debug for BoundedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_as("BoundedSemaphore", f)
    }
}
