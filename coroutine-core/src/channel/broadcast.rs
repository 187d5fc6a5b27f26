//! Items that everybody gets.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::locks::{Line, Wait};
use crate::origin::Awaited;

/// The sending end of a broadcast: each item that is sent, every [`Subscriber`] gets. A clone sends to the same ones.
///
/// So many of the latest items are kept. Sending never waits: who subscribes and then is slower than that misses items, and is told so.
///
/// ```
/// use std::rc::Rc;
///
/// use coroutine_core::channel::{Broadcast, Subscriber};
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn listen(mut news: Subscriber<String>) -> usize {
///     let mut heard = 0;
///     while let Ok(item) = yield_!(news.recv()) {
///         heard += item.len();
///     }
///     heard
/// }
///
/// let news = Broadcast::new(16);
/// let listening = vec![listen(news.subscribe()), listen(news.subscribe())];
/// news.send("rain".to_owned());
/// drop(news);
/// assert_eq!(IoLoop::current().run_sync(|| listening)?, [4, 4]);
/// # Ok::<(), co::LoopError>(())
/// ```
pub struct Broadcast<T> {
    state: Rc<State<T>>,
}

struct State<T> {
    /// How many items are kept.
    capacity: usize,
    /// The latest items.
    items: RefCell<VecDeque<Rc<T>>>,
    /// How many items were sent before those.
    passed: Cell<u64>,
    senders: Cell<usize>,
    /// Subscribers that wait for an item, or for the end.
    line: Line<()>,
}

impl<T> Broadcast<T> {
    /// A broadcast without subscribers, which keeps `capacity` items.
    ///
    /// # Panics
    ///
    /// Panics when the capacity is zero.
    #[must_use]
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity != 0, "a broadcast must keep one item at least");
        Self {
            state: Rc::new(State {
                capacity,
                items: RefCell::new(VecDeque::new()),
                passed: Cell::new(0),
                senders: Cell::new(1),
                line: Line::new(Awaited::Broadcast),
            }),
        }
    }

    /// Sends an item to all who have subscribed by now.
    pub fn send(&self, item: T) {
        let passed = self.state.push(Rc::new(item));
        self.state.line.serve_all(|| ());
        drop(passed);
    }

    /// A subscriber, who gets what is sent from now on.
    #[must_use]
    pub fn subscribe(&self) -> Subscriber<T> {
        Subscriber {
            state: Rc::clone(&self.state),
            next: self.state.sent(),
        }
    }
}

impl<T> State<T> {
    /// How many items were sent.
    fn sent(&self) -> u64 {
        self.passed.get() + self.items.borrow().len() as u64
    }

    /// Adds an item, and takes out the one for which there is no room any more.
    fn push(&self, item: Rc<T>) -> Option<Rc<T>> {
        let mut items = self.items.borrow_mut();
        items.push_back(item);
        if items.len() <= self.capacity {
            return None;
        }
        self.passed.set(self.passed.get() + 1);
        items.pop_front()
    }
}

impl<T> Clone for Broadcast<T> {
    fn clone(&self) -> Self {
        self.state.senders.set(self.state.senders.get() + 1);
        Self {
            state: Rc::clone(&self.state),
        }
    }
}

impl<T> Drop for Broadcast<T> {
    fn drop(&mut self) {
        let left = self.state.senders.get() - 1;
        self.state.senders.set(left);
        if left == 0 {
            self.state.line.serve_all(|| ());
        }
    }
}

impl<T> fmt::Debug for Broadcast<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast")
            .field("capacity", &self.state.capacity)
            .field("sent", &self.state.sent())
            .field("waiting", &self.state.line.len())
            .finish_non_exhaustive()
    }
}

/// One who gets each item of a [`Broadcast`]. A clone gets what this one would get next, and goes on by itself.
pub struct Subscriber<T> {
    state: Rc<State<T>>,
    /// The number of the next item.
    next: u64,
}

impl<T> Subscriber<T> {
    /// Waits for the next item.
    ///
    /// # Errors
    ///
    /// What it yields is an error when this one [has missed](BroadcastError::missed) items, and the next call goes on with the oldest that is kept;
    /// and when all was got and the [`Broadcast`] [is gone](BroadcastError::is_closed).
    pub fn recv(&mut self) -> NextItem<'_, T> {
        let is_known = self.next < self.state.sent() || self.state.senders.get() == 0;
        let wait = match is_known {
            true => Wait::ready(()),
            false => self.state.line.join(()),
        };
        NextItem {
            subscriber: self,
            wait,
        }
    }

    /// Takes the next item, where there is one, or the broadcast is gone.
    fn take(&mut self) -> Result<Rc<T>, BroadcastError> {
        let items = self.state.items.borrow();
        let passed = self.state.passed.get();
        let Some(at) = self.next.checked_sub(passed) else {
            let missed = passed - self.next;
            self.next = passed;
            return Err(BroadcastError(Kind::Missed(missed)));
        };
        let item = usize::try_from(at).ok().and_then(|at| items.get(at));
        let item = item.ok_or(BroadcastError(Kind::Closed))?;
        self.next += 1;
        Ok(Rc::clone(item))
    }
}

impl<T> Clone for Subscriber<T> {
    fn clone(&self) -> Self {
        Self {
            state: Rc::clone(&self.state),
            next: self.next,
        }
    }
}

impl<T> fmt::Debug for Subscriber<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber").finish_non_exhaustive()
    }
}

/// What [`Subscriber::recv`] gives. Dropping it takes no item.
#[must_use = "nothing is waited for unless it is yielded"]
pub struct NextItem<'a, T> {
    subscriber: &'a mut Subscriber<T>,
    wait: Wait<()>,
}

impl<T> StdFuture for NextItem<'_, T> {
    type Output = Result<Rc<T>, BroadcastError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let known = Pin::new(&mut self.wait).poll(cx);
        known.map(|()| self.subscriber.take())
    }
}

impl<T> fmt::Debug for NextItem<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextItem")
            .field("is_ready", &self.wait.is_ready())
            .finish_non_exhaustive()
    }
}

/// Why a [`Subscriber`] got no item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastError(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Missed(u64),
    Closed,
}

impl BroadcastError {
    /// How many items it was too slow for, if that is the reason. There are others to be got.
    #[must_use]
    pub fn missed(&self) -> Option<u64> {
        match self.0 {
            Kind::Missed(count) => Some(count),
            Kind::Closed => None,
        }
    }

    /// Whether there will be no more items.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0 == Kind::Closed
    }
}

impl fmt::Display for BroadcastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Missed(count) => write!(f, "the subscriber has missed {count} items"),
            Kind::Closed => write!(f, "the broadcast is gone"),
        }
    }
}

impl Error for BroadcastError {}
