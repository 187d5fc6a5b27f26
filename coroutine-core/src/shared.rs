//! A future that many wait for.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::future::{Future, leave_note};
use crate::group::Group;
use crate::node::{self, AnyNode, Local, Node};
use crate::outcome::Outcome;
use crate::waker;

/// A [`Future`] whose result every clone gets a copy of. Made by [`Future::shared`].
///
/// Whoever yields a clone is resumed in the order in which the yields began. Each clone gives the result once; clone it again to yield it again.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, SharedFuture, promise};
///
/// #[co::coroutine]
/// fn both(number: SharedFuture<u32>) -> u32 {
///     yield_!(number.clone()) + yield_!(number)
/// }
///
/// let (promise, future) = promise();
/// let number = future.shared();
/// promise.set_result(4);
/// assert_eq!(IoLoop::current().run_sync(|| both(number)).unwrap(), 8);
/// ```
pub struct SharedFuture<T: 'static> {
    state: Local<State<T>>,
    /// Which of the waiters this clone is, once it waits.
    ticket: Cell<Option<u64>>,
}

struct State<T> {
    /// The future. Its result is only looked at, never taken, until the state itself is dropped.
    source: Future<T>,
    /// Whether anybody has looked at the result.
    looked_at: Cell<bool>,
    /// How many clones there are.
    handles: Cell<usize>,
    /// Who waits, in the order of their coming.
    waiters: RefCell<VecDeque<Waiter>>,
    next_ticket: Cell<u64>,
}

struct Waiter {
    ticket: u64,
    slot: Cell<Option<AnyNode>>,
}

impl<T: Clone + 'static> SharedFuture<T> {
    pub(crate) fn new(source: Future<T>) -> Self {
        let state = Local::new(State {
            source,
            looked_at: Cell::new(false),
            handles: Cell::new(1),
            waiters: RefCell::new(VecDeque::new()),
            next_ticket: Cell::new(0),
        });
        if !state.source.done() {
            Group::wait_as(state.source.completion().waiter(), state.clone().erase());
        }
        Self {
            state,
            ticket: Cell::new(None),
        }
    }

    /// Whether the result is there.
    #[must_use]
    pub fn done(&self) -> bool {
        self.state.source.done()
    }

    /// A copy of the result, if it is there. It never waits.
    #[must_use]
    pub fn result(&self) -> Option<Result<T, Outcome>> {
        let completion = self.state.source.completion();
        // SAFETY: the result stays where it is until the state is dropped, and `self` keeps the state.
        let result = unsafe { completion.peek() }?;
        self.state.looked_at.set(true);
        Some(match result {
            Ok(value) => Ok(value.clone()),
            Err(outcome) => Err(outcome.clone()),
        })
    }

    /// Calls `callback` on a later turn, once the result is there. See [`Future::add_done_callback`].
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce() + 'static) {
        self.state.source.add_done_callback(callback);
    }

    /// Cancels the future, for everyone who waits. See [`Future::cancel`].
    pub fn cancel(&self) -> bool {
        self.state.source.cancel()
    }

    /// The same result, or the reason why there is none, as a value.
    pub fn outcome(self) -> SharedOutcome<T> {
        SharedOutcome { future: self }
    }

    fn poll_outcome(&self, cx: &mut Context<'_>) -> Poll<Result<T, Outcome>> {
        if let Some(result) = self.result() {
            return Poll::Ready(result);
        }
        self.wait(cx);
        Poll::Pending
    }

    fn wait(&self, cx: &Context<'_>) {
        leave_note(self.state.source.node(), true);
        let state = &self.state;
        let slot = Cell::new(self.ticket.get().and_then(|ticket| state.take_slot(ticket)));
        // Outside of the borrow, since a foreign waker is cloned and the old one dropped.
        waker::wait_in(&slot, cx);
        let ticket = self.ticket.get().unwrap_or_else(|| state.new_ticket());
        self.ticket.set(Some(ticket));
        state.put_waiter(Waiter { ticket, slot });
        if self.done() {
            // By the doing of a waker that was cloned or dropped here.
            Node::schedule(state);
        }
    }
}

impl<T> State<T> {
    fn new_ticket(&self) -> u64 {
        let ticket = self.next_ticket.get();
        self.next_ticket.set(ticket + 1);
        ticket
    }

    /// Takes whom the waiter with this ticket wakes.
    fn take_slot(&self, ticket: u64) -> Option<AnyNode> {
        let waiters = self.waiters.borrow();
        let at = waiters.binary_search_by_key(&ticket, |waiter| waiter.ticket);
        at.ok().and_then(|at| waiters[at].slot.take())
    }

    /// Puts the waiter at its place, which is by ticket.
    fn put_waiter(&self, waiter: Waiter) {
        let mut waiters = self.waiters.borrow_mut();
        match waiters.binary_search_by_key(&waiter.ticket, |waiter| waiter.ticket) {
            // What was there was taken before it, so no destructor runs here.
            Ok(at) => waiters[at] = waiter,
            Err(at) => waiters.insert(at, waiter),
        }
    }

    fn remove_waiter(&self, ticket: u64) -> Option<Waiter> {
        let mut waiters = self.waiters.borrow_mut();
        let at = waiters.binary_search_by_key(&ticket, |waiter| waiter.ticket);
        at.ok().and_then(|at| waiters.remove(at))
    }
}

impl<T> Drop for State<T> {
    fn drop(&mut self) {
        if self.looked_at.get() {
            // So that the future does not report it as a result that nobody looked at.
            drop(self.source.completion().take());
        }
    }
}

// SAFETY: the kind is `Other`.
unsafe impl<T: 'static> Node for State<T> {
    /// The future is done.
    fn schedule(this: &Local<Self>) {
        for waiter in this.waiters.take() {
            if let Some(node) = waiter.slot.take() {
                node.schedule();
            }
        }
    }

    fn run(this: &Local<Self>) {
        Self::schedule(this);
    }

    fn show_waiters(this: &Local<Self>, show: &mut dyn FnMut(&AnyNode)) {
        for waiter in &*this.waiters.borrow() {
            node::show(&waiter.slot, show);
        }
    }
}

impl<T: Clone + 'static> StdFuture for SharedFuture<T> {
    type Output = T;

    /// # Panics
    ///
    /// Panics where there is no result, as for [`Future`].
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match self.poll_outcome(cx) {
            Poll::Ready(Ok(value)) => Poll::Ready(value),
            Poll::Ready(Err(outcome)) => outcome.raise(),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: 'static> Unpin for SharedFuture<T> {}

impl<T: 'static> Clone for SharedFuture<T> {
    fn clone(&self) -> Self {
        self.state.handles.set(self.state.handles.get() + 1);
        Self {
            state: self.state.clone(),
            ticket: Cell::new(None),
        }
    }
}

impl<T: 'static> Drop for SharedFuture<T> {
    fn drop(&mut self) {
        let state = &self.state;
        let handles = state.handles.get() - 1;
        state.handles.set(handles);
        if handles == 0 {
            // Nobody is left, so the future need not keep the state, which keeps the future.
            Group::leave(state.source.completion().waiter());
        }
        let waiter = self
            .ticket
            .get()
            .and_then(|ticket| state.remove_waiter(ticket));
        drop(waiter);
    }
}

impl<T: 'static> fmt::Debug for SharedFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedFuture")
            .field("done", &self.state.source.done())
            .finish_non_exhaustive()
    }
}

/// What [`SharedFuture::outcome`] gives: it yields a `Result<T, Outcome>`.
#[derive(Debug)]
#[must_use = "the outcome is not looked at unless it is yielded"]
pub struct SharedOutcome<T: 'static> {
    future: SharedFuture<T>,
}

impl<T: Clone + 'static> StdFuture for SharedOutcome<T> {
    type Output = Result<T, Outcome>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.future.poll_outcome(cx)
    }
}
