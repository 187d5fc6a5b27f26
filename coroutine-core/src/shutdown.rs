//! The graceful end of a loop: everybody is told, cleans up, and has some time for it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future as StdFuture;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::callback::{self, CallbackResult};
use crate::current;
use crate::future::{Promise, promise};
use crate::io_loop::IoLoop;
use crate::node::AnyNode;
use crate::shared::SharedFuture;
use crate::site::Suspension;

/// What a loop knows of its end.
pub(crate) struct Shutdown {
    /// Whether it was requested.
    requested: Cell<bool>,
    /// Who waits for the request, once somebody does.
    waited_for: RefCell<Option<(Promise<()>, SharedFuture<()>)>>,
    /// What was registered with [`on_shutdown`](IoLoop::on_shutdown), in the order of registering. Away once it was called or dropped.
    cleanups: RefCell<Option<Vec<AnyNode>>>,
}

impl Shutdown {
    pub(crate) fn new() -> Self {
        Self {
            requested: Cell::new(false),
            waited_for: RefCell::new(None),
            cleanups: RefCell::new(Some(Vec::new())),
        }
    }

    pub(crate) fn is_requested(&self) -> bool {
        self.requested.get()
    }

    /// Tells whoever waits for it.
    pub(crate) fn request(&self) {
        self.requested.set(true);
        let waited_for = self.waited_for.take();
        if let Some((promise, _)) = waited_for {
            promise.set_result(());
        }
    }

    pub(crate) fn wait(&self) -> ShutdownRequested {
        if self.is_requested() {
            return ShutdownRequested { request: None };
        }
        let mut waited_for = self.waited_for.borrow_mut();
        let (_, future) = waited_for.get_or_insert_with(|| {
            let (promise, future) = promise();
            (promise, future.shared())
        });
        ShutdownRequested {
            request: Some(future.clone()),
        }
    }

    /// Has `cleanup` called when the others are, or on the next turn where that has been.
    fn add_cleanup(&self, cleanup: AnyNode) {
        if let Some(cleanups) = &mut *self.cleanups.borrow_mut() {
            cleanups.push(cleanup);
            return;
        }
        cleanup.schedule();
    }

    /// Has everything called that was registered, the latest first.
    pub(crate) fn clean_up(&self) {
        let cleanups = self.cleanups.take();
        for cleanup in cleanups.into_iter().flatten().rev() {
            cleanup.schedule();
        }
    }

    /// The loop is closed: whoever waits elsewhere is told, and nothing is cleaned up any more.
    pub(crate) fn close(&self) {
        self.request();
        drop(self.cleanups.take());
    }
}

/// Shutting down.
impl IoLoop {
    /// Asks for the loop's end: [`start`](Self::start) returns when the current turn is done, at once if the loop is not running, and whoever
    /// waits for [`shutdown_requested`] goes on.
    ///
    /// Nothing is dropped by this, and [`run_sync`](Self::run_sync) goes on until its coroutine ends, which may wait for the request itself. What comes
    /// after is [`close_within`](Self::close_within). There is no way back. Other threads have [`Handle::request_shutdown`](crate::Handle::request_shutdown).
    pub fn request_shutdown(&self) {
        self.core().request_shutdown();
    }

    /// Whether the loop was asked to shut down, or is closed.
    #[must_use]
    pub fn is_shutting_down(&self) -> bool {
        self.core().shutdown().is_requested()
    }

    /// Calls `cleanup` when the loop is [closed within a time](Self::close_within); a coroutine that it starts and gives back has that time to end, and
    /// its error or panic is logged. What was registered last is called first; they do not wait for each other. In the grace period it is called on the next turn.
    ///
    /// A loop that is [closed](Self::close) at once, as at the end of [`#[co::main]`](macro@crate::main), or whose thread ends, drops it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use coroutine_core::{self as co, IoLoop};
    ///
    /// #[co::coroutine]
    /// fn say_goodbye() {
    ///     yield_!(co::sleep(Duration::from_millis(1)));
    ///     println!("goodbye");
    /// }
    ///
    /// let io_loop = IoLoop::current();
    /// io_loop.on_shutdown(say_goodbye);
    /// assert!(io_loop.close_within(Duration::from_secs(5))?.is_clean());
    /// # Ok::<(), co::LoopError>(())
    /// ```
    #[track_caller]
    pub fn on_shutdown<R: CallbackResult>(&self, cleanup: impl FnOnce() -> R + 'static) {
        let core = self.core();
        let cleanup = callback::reporting(Rc::clone(core), Location::caller(), cleanup);
        core.shutdown().add_cleanup(cleanup);
    }
}

/// Waits until the current loop is asked to shut down; see [`IoLoop::request_shutdown`].
///
/// For what would go on for ever: a server stops accepting then, a consumer does not take another piece of work.
///
/// ```
/// use std::time::Duration;
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn serve() {
///     yield_!(co::shutdown_requested());
///     yield_!(co::sleep(Duration::from_millis(1))); // what is open is brought to its end
/// }
///
/// let io_loop = IoLoop::current();
/// let serving = serve();
/// io_loop.add_callback(|| IoLoop::current().request_shutdown());
/// io_loop.start()?;
/// let report = io_loop.close_within(Duration::from_secs(5))?;
/// assert!(serving.done() && report.is_clean());
/// # Ok::<(), co::LoopError>(())
/// ```
pub fn shutdown_requested() -> ShutdownRequested {
    current::core().shutdown().wait()
}

/// What [`shutdown_requested`] gives. Clones wait for the same.
#[derive(Clone, Debug)]
#[must_use = "it waits for nothing unless it is yielded"]
pub struct ShutdownRequested {
    /// None where it has been requested by now.
    request: Option<SharedFuture<()>>,
}

impl StdFuture for ShutdownRequested {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.request {
            Some(request) => Pin::new(request).poll(cx),
            None => Poll::Ready(()),
        }
    }
}

/// How a loop has ended that was [closed within a time](IoLoop::close_within).
#[derive(Clone, Debug)]
#[must_use = "it tells which coroutines were dropped"]
pub struct ShutdownReport {
    dropped: Vec<Suspension>,
}

impl ShutdownReport {
    pub(crate) fn new(dropped: Vec<Suspension>) -> Self {
        Self { dropped }
    }

    /// Whether every coroutine had ended.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.dropped.is_empty()
    }

    /// The coroutines that had not ended and were dropped, and where each one stood.
    #[must_use]
    pub fn dropped(&self) -> &[Suspension] {
        &self.dropped
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dropped.len() {
            0 => return write!(f, "every coroutine had ended"),
            1 => write!(f, "a coroutine had not ended and was dropped:"),
            count => write!(f, "{count} coroutines had not ended and were dropped:"),
        }?;
        for suspension in &self.dropped {
            write!(f, "\n  {suspension}")?;
        }
        Ok(())
    }
}
