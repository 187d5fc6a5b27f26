//! A flag that coroutines wait for.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::line::{Line, Wait};
use crate::origin::Awaited;
use crate::with_timeout::WithTimeout;

/// A flag, and coroutines that wait until it is set. Tornado's `Event`. A clone is the same event.
///
/// ```
/// use coroutine_core::locks::Event;
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn wait_for(event: Event) -> &'static str {
///     yield_!(event.wait());
///     "set"
/// }
///
/// let event = Event::new();
/// let waiting = wait_for(event.clone());
/// event.set();
/// assert_eq!(IoLoop::current().run_sync(|| waiting)?, "set");
/// # Ok::<(), co::LoopError>(())
/// ```
#[derive(Clone)]
pub struct Event {
    is_set: Rc<Cell<bool>>,
    line: Line<()>,
}

impl Event {
    /// An event that is not set.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self {
            is_set: Rc::new(Cell::new(false)),
            line: Line::new(Awaited::Event),
        }
    }

    /// An event that is set, and stands for something else in a dump.
    #[track_caller]
    pub(crate) fn set_for(what: Awaited) -> Self {
        Self {
            is_set: Rc::new(Cell::new(true)),
            line: Line::new(what),
        }
    }

    /// Whether the event is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.is_set.get()
    }

    /// Sets the event. All who wait now go on, also when it is cleared before they do.
    pub fn set(&self) {
        self.is_set.set(true);
        self.line.serve_all(|| ());
    }

    /// Clears the event, so that whoever waits from now on waits until it is set again.
    pub fn clear(&self) {
        self.is_set.set(false);
    }

    /// Waits until the event is set; not at all if it is.
    pub fn wait(&self) -> Wait<()> {
        match self.is_set() {
            true => Wait::ready(()),
            false => self.line.join(()),
        }
    }

    /// Waits until the event is set, for `timeout` at most.
    ///
    /// # Errors
    ///
    /// What it yields is an error when the time [has passed](crate::TimeoutError::is_timeout).
    pub fn wait_timeout(&self, timeout: Duration) -> WithTimeout<Wait<()>> {
        WithTimeout::new(self.wait(), timeout.into())
    }
}

impl Default for Event {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("is_set", &self.is_set())
            .field("waiting", &self.line.len())
            .finish()
    }
}
