//! A value that is watched.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::locks::{Line, Wait};
use crate::origin::Awaited;

/// A value, and coroutines that wait until it is set anew: settings, for example, or how far something has come.
///
/// A clone watches the same value, and remembers by itself what it has seen. One that looks late sees the latest value only.
///
/// ```
/// use coroutine_core::channel::Watch;
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn wait_for(mut level: Watch<u32>, least: u32) -> u32 {
///     let mut now = level.get();
///     while *now < least {
///         now = yield_!(level.changed());
///     }
///     *now
/// }
///
/// let level = Watch::new(0);
/// let waiting = wait_for(level.clone(), 2);
/// level.set(1);
/// level.set(3);
/// assert_eq!(IoLoop::current().run_sync(|| waiting)?, 3);
/// # Ok::<(), co::LoopError>(())
/// ```
pub struct Watch<T> {
    state: Rc<State<T>>,
    /// The version that this one has seen last.
    seen: Cell<u64>,
}

struct State<T> {
    value: RefCell<Rc<T>>,
    /// How often it was set.
    version: Cell<u64>,
    line: Line<()>,
}

impl<T> Watch<T> {
    /// Watches `value`, and has seen it.
    #[must_use]
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self {
            state: Rc::new(State {
                value: RefCell::new(Rc::new(value)),
                version: Cell::new(0),
                line: Line::new(Awaited::Watch),
            }),
            seen: Cell::new(0),
        }
    }

    /// The value as it is now, which is seen by that.
    #[must_use]
    pub fn get(&self) -> Rc<T> {
        self.seen.set(self.state.version.get());
        Rc::clone(&self.state.value.borrow())
    }

    /// Sets the value. All who wait for a change go on.
    pub fn set(&self, value: T) {
        let before = self.state.value.replace(Rc::new(value));
        self.state.version.set(self.state.version.get() + 1);
        self.state.line.serve_all(|| ());
        drop(before);
    }

    /// Waits until the value is another than this one has seen; not at all if it is. Yields what it is then.
    pub fn changed(&mut self) -> Changed<'_, T> {
        let wait = match self.seen.get() == self.state.version.get() {
            true => self.state.line.join(()),
            false => Wait::ready(()),
        };
        Changed { watch: self, wait }
    }
}

impl<T> Clone for Watch<T> {
    fn clone(&self) -> Self {
        Self {
            state: Rc::clone(&self.state),
            seen: self.seen.clone(),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Watch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = Rc::clone(&self.state.value.borrow());
        f.debug_struct("Watch")
            .field("value", &value)
            .field("waiting", &self.state.line.len())
            .finish_non_exhaustive()
    }
}

/// What [`Watch::changed`] gives. A change that it was not yielded for stays unseen.
#[must_use = "nothing is waited for unless it is yielded"]
pub struct Changed<'a, T> {
    watch: &'a Watch<T>,
    wait: Wait<()>,
}

impl<T> StdFuture for Changed<'_, T> {
    type Output = Rc<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Rc<T>> {
        let changed = Pin::new(&mut self.wait).poll(cx);
        changed.map(|()| self.watch.get())
    }
}

impl<T> fmt::Debug for Changed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed")
            .field("is_ready", &self.wait.is_ready())
            .finish_non_exhaustive()
    }
}
