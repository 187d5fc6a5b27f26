//! Futures and promises: a result that will be there, and the duty to provide it.

use std::fmt;
use std::future::Future as StdFuture;
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use crate::callback::Callback;
use crate::completion::{Completion, Taken};
use crate::current;
use crate::group::Group;
use crate::log;
use crate::node::{self, AnyNode, Local, Node};
use crate::note::{self, Note};
use crate::outcome::{Broken, Outcome};
use crate::shared::SharedFuture;

/// A result that will be there: a coroutine's, or a [`Promise`]'s.
///
/// Calling a coroutine gives one, and so does [`promise`]. Yield it to wait for the result. It is a [`std::future::Future`] as well.
///
/// Dropping it detaches the coroutine, which goes on; its [`cancel`](Self::cancel) ends it. When a coroutine panics, or its function declares a `Result` and it
/// ends with an error that can be shown, and its future was dropped, that is logged. Of blocks, spawned futures and generic results it is not known whether
/// they are errors.
///
/// A future is not `Send`: a loop, its coroutines and their results stay on one thread.
///
/// ```compile_fail,E0277
/// fn is_send<T: Send>() {}
/// is_send::<coroutine_core::Future<u8>>();
/// ```
pub struct Future<T> {
    /// The task or promise whose result this is.
    node: AnyNode,
    /// Where in the node the result will be. The node does not move, and lives as long as `node`.
    completion: NonNull<Completion<T>>,
}

/// A [`Future`] moves as it likes: what it waits for lies elsewhere.
impl<T> Unpin for Future<T> {}

impl<T> Future<T> {
    pub(crate) fn new<N: Node>(node: Local<N>, completion: fn(&N) -> &Completion<T>) -> Self {
        let completion = NonNull::from(completion(&node));
        Self {
            node: node.erase(),
            completion,
        }
    }

    pub(crate) fn node(&self) -> &AnyNode {
        &self.node
    }

    #[inline]
    pub(crate) fn completion(&self) -> &Completion<T> {
        // SAFETY: the completion lies in the node, which `self.node` keeps alive and where it is never borrowed mutably.
        unsafe { self.completion.as_ref() }
    }

    /// Whether the result is there, or has been taken.
    #[must_use]
    pub fn done(&self) -> bool {
        self.completion().is_done()
    }

    /// Takes the result, if it is there. It never waits.
    ///
    /// # Errors
    ///
    /// An error says why there is no result: it is not ready yet, it was taken before, or there will be none.
    ///
    /// ```
    /// use coroutine_core::promise;
    ///
    /// let (promise, mut future) = promise();
    /// assert!(future.result().unwrap_err().is_not_ready());
    /// promise.set_result(5);
    /// assert_eq!(future.result().unwrap(), 5);
    /// ```
    pub fn result(&mut self) -> Result<T, ResultError> {
        match self.completion().take() {
            Taken::Now(result) => result.map_err(|outcome| ResultError(Kind::Failed(outcome))),
            Taken::NotReady => Err(ResultError(Kind::NotReady)),
            Taken::Before => Err(ResultError(Kind::Taken)),
        }
    }

    /// Calls `callback` on a later turn of the current loop, once the result is there; also when it is there already.
    ///
    /// The callback is called whether or not the future still exists then. To get the result in a callback, use
    /// [`IoLoop::add_future`](crate::IoLoop::add_future).
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce() + 'static) {
        let callback = Callback::node(current::core(), Location::caller(), callback);
        self.when_done(callback);
    }

    /// Schedules `callback` once the result is there.
    pub(crate) fn when_done(&self, callback: AnyNode) {
        if self.done() {
            callback.schedule();
        } else {
            Group::add_callback(self.completion().waiter(), callback);
        }
    }

    /// Turns the future into one that can be cloned and waited for by many, who are resumed in the order in which they began to wait.
    #[must_use]
    pub fn shared(self) -> SharedFuture<T>
    where
        T: Clone + 'static,
    {
        SharedFuture::new(self)
    }

    /// Ends the coroutine at its yield point: its locals are dropped before this returns.
    ///
    /// Only this coroutine ends. One that it waits for is detached by that, as by any drop of its future, and goes on by itself; a
    /// `#[co::coroutine(lazy)]` is a part of whoever yields it, and ends with that.
    ///
    /// A coroutine that is running right now ends at its next yield that is not ready. Whoever waits for the coroutine gets
    /// [`Outcome::Cancelled`]. Cancelling the future of a promise makes its `set_result` do nothing. Says whether there was anything to cancel.
    pub fn cancel(&self) -> bool {
        let pending = !self.done();
        if pending {
            self.node.cancel();
        }
        pending
    }

    /// The same result, or the reason why there is none, as a value: where a plain yield would panic.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop};
    ///
    /// #[co::coroutine]
    /// fn fails() -> u8 {
    ///     panic!("no way")
    /// }
    ///
    /// #[co::coroutine]
    /// fn asks() -> bool {
    ///     yield_!(fails().outcome()).is_err_and(|outcome| outcome.is_panicked())
    /// }
    ///
    /// assert!(IoLoop::current().run_sync(asks).unwrap());
    /// ```
    pub fn outcome(self) -> OutcomeFuture<T> {
        OutcomeFuture { future: self }
    }

    /// The result or its absence, for whoever polls.
    #[inline]
    pub(crate) fn poll_outcome(&self, cx: &mut Context<'_>) -> Poll<Result<T, Outcome>> {
        match self.completion().take() {
            Taken::Now(result) => Poll::Ready(result),
            Taken::NotReady => self.wait(cx),
            Taken::Before => panic!("a future was yielded again after its result had been taken"),
        }
    }

    /// A function of its own, so that a yield point stays small enough to be inlined.
    #[inline(never)]
    fn wait(&self, cx: &mut Context<'_>) -> Poll<Result<T, Outcome>> {
        let completion = self.completion();
        Group::wait_in(completion.waiter(), cx);
        leave_note(&self.node, false);
        // A waker that was cloned or dropped there is foreign code, and may have set the result.
        match completion.take() {
            Taken::Now(result) => Poll::Ready(result),
            Taken::NotReady | Taken::Before => Poll::Pending,
        }
    }
}

impl<T> StdFuture for Future<T> {
    type Output = T;

    /// # Panics
    ///
    /// Panics where there is no result: with the panic of the coroutine, or because it was cancelled or its promise dropped.
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match self.poll_outcome(cx) {
            Poll::Ready(Ok(value)) => Poll::Ready(value),
            Poll::Ready(Err(outcome)) => outcome.raise(),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> Drop for Future<T> {
    #[inline]
    fn drop(&mut self) {
        if self.completion().is_taken() {
            return;
        }
        Group::leave(self.completion().waiter());
        self.node.abandon();
    }
}

impl<T> fmt::Debug for Future<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Future");
        debug.field("done", &self.done());
        if let Some(suspension) = self.node.suspension() {
            debug.field("coroutine", &format_args!("{suspension}"));
        }
        debug.finish()
    }
}

/// What [`Future::outcome`] gives: it yields a `Result<T, Outcome>`.
#[derive(Debug)]
#[must_use = "the outcome is not looked at unless it is yielded"]
pub struct OutcomeFuture<T> {
    future: Future<T>,
}

impl<T> OutcomeFuture<T> {
    /// As [`Future::cancel`].
    pub fn cancel(&self) -> bool {
        self.future.cancel()
    }
}

impl<T> StdFuture for OutcomeFuture<T> {
    type Output = Result<T, Outcome>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.future.poll_outcome(cx)
    }
}

/// Makes a promise and the future of its result. Tornado's bare `Future()`, split in two.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, promise};
///
/// #[co::coroutine]
/// fn doubled() -> i32 {
///     let (promise, future) = promise();
///     IoLoop::current().add_callback(move || promise.set_result(21));
///     yield_!(future) * 2
/// }
///
/// assert_eq!(IoLoop::current().run_sync(doubled).unwrap(), 42);
/// ```
#[inline]
#[track_caller]
pub fn promise<T: 'static>() -> (Promise<T>, Future<T>) {
    let cell = Local::new(PromiseCell {
        made_at: Location::caller(),
        completion: Completion::new(),
    });
    let promise = Promise { cell: cell.clone() };
    (promise, Future::new(cell, |cell| &cell.completion))
}

/// The duty to provide a result. Dropping it unfulfilled is an [`Outcome::Broken`] for whoever waits.
///
/// Setting a result takes the promise, so setting a second one does not compile:
///
/// ```compile_fail,E0382
/// let (promise, _future) = coroutine_core::promise();
/// promise.set_result(1);
/// promise.set_result(2);
/// ```
#[must_use = "a promise that is dropped is broken"]
pub struct Promise<T: 'static> {
    cell: Local<PromiseCell<T>>,
}

#[repr(C)]
struct PromiseCell<T> {
    /// First, so that it is found without knowing the type.
    made_at: &'static Location<'static>,
    completion: Completion<T>,
}

/// Tells whoever suspends what it waits for: a future of this node, or a shared one.
#[inline]
pub(crate) fn leave_note(node: &AnyNode, shared: bool) {
    if node.kind() != node::Kind::Promise {
        return note::leave(Note::task(node));
    }
    // SAFETY: of this kind are cells of promises alone, which begin with the place.
    let made_at = unsafe { *node.node::<&'static Location<'static>>() };
    note::leave(match shared {
        true => Note::shared_promise(made_at),
        false => Note::promise(made_at),
    });
}

/// The future of the promise was dropped.
const ABANDONED: u32 = 1;

impl<T: 'static> Promise<T> {
    /// Provides the result. Whoever waits is resumed on a later turn; if nobody can any more, the value is dropped.
    #[inline]
    pub fn set_result(self, value: T) {
        self.set(Ok(value));
    }

    fn set(&self, result: Result<T, Outcome>) {
        if !self.is_cancelled() {
            self.cell.completion.complete(result);
        }
    }

    /// Whether nobody will ever see a result: the future was cancelled or dropped.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cell.completion.is_done() || self.cell.flags().get() & ABANDONED != 0
    }
}

impl<T: 'static, E: 'static> Promise<Result<T, E>> {
    /// Provides an error as the result. Tornado's `set_exception`.
    ///
    /// If nobody can look at it any more, it is dropped as any result is; only a coroutine's error is logged then.
    pub fn set_exception(self, error: E) {
        self.set_result(Err(error));
    }
}

impl<T: 'static> Drop for Promise<T> {
    #[inline]
    fn drop(&mut self) {
        if !self.cell.completion.is_done() {
            let broken = Broken::new(self.cell.made_at);
            self.cell.completion.complete(Err(Outcome::Broken(broken)));
        }
    }
}

impl<T: 'static> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise")
            .field("made_at", &format_args!("{}", self.cell.made_at))
            .field("is_cancelled", &self.is_cancelled())
            .finish()
    }
}

// SAFETY: `PromiseCell` is `repr(C)` and begins with the place where it was made.
unsafe impl<T: 'static> Node for PromiseCell<T> {
    const KIND: node::Kind = node::Kind::Promise;

    // A promise waits for nothing, so nobody ever wakes it.
    fn schedule(_this: &Local<Self>) {}

    fn run(_this: &Local<Self>) {}

    fn cancel(this: &Local<Self>) {
        this.completion.complete(Err(Outcome::Cancelled));
    }

    fn abandon(this: &Local<Self>) {
        this.flags().set(this.flags().get() | ABANDONED);
        log::catching("a result's destructor", || drop(this.completion.take()));
    }
}

/// Why [`Future::result`] gives no result.
#[derive(Debug)]
pub struct ResultError(Kind);

#[derive(Debug)]
enum Kind {
    NotReady,
    Taken,
    Failed(Outcome),
}

impl ResultError {
    /// Whether the result is not there yet.
    #[must_use]
    pub fn is_not_ready(&self) -> bool {
        matches!(self.0, Kind::NotReady)
    }

    /// Whether the result was taken before.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        matches!(self.0, Kind::Taken)
    }

    /// Why there will be no result, if that is so.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.0 {
            Kind::Failed(outcome) => Some(outcome),
            Kind::NotReady | Kind::Taken => None,
        }
    }

    pub(crate) fn into_outcome(self) -> Option<Outcome> {
        match self.0 {
            Kind::Failed(outcome) => Some(outcome),
            Kind::NotReady | Kind::Taken => None,
        }
    }
}

impl fmt::Display for ResultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::NotReady => write!(
                f,
                "the result is not ready; yield the future to wait for it"
            ),
            Kind::Taken => write!(f, "the result was taken before"),
            Kind::Failed(_) => write!(f, "there is no result"),
        }
    }
}

impl std::error::Error for ResultError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Failed(outcome) => Some(outcome),
            Kind::NotReady | Kind::Taken => None,
        }
    }
}
