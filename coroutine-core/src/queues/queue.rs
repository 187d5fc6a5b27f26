//! The queue, whatever its order.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::error::{PutError, TaskDoneError};
use super::get::{Claim, Get};
use super::order::{Heap, Storage};
use super::put::TimedPut;
use crate::locks::{Event, Line, Wait};
use crate::origin::Awaited;
use crate::with_timeout::WithTimeout;

/// First in, first out.
pub type Queue<T> = OrderedQueue<T, VecDeque<T>>;

/// The least item first; of those that are equal, the one that came first. [`Reverse`](std::cmp::Reverse) makes it the greatest.
///
/// ```
/// use coroutine_core::queues::PriorityQueue;
///
/// let queue = PriorityQueue::new(0);
/// queue.put_nowait((1, "medium")).unwrap();
/// queue.put_nowait((0, "high")).unwrap();
/// queue.put_nowait((10, "low")).unwrap();
/// assert_eq!(queue.get_nowait(), Some((0, "high")));
/// ```
///
/// The `Ord` of the items must not use the queue: that panics. When it panics itself, that goes on in whoever put or got just then, and the item that was
/// to be got may be lost, without being dropped.
pub type PriorityQueue<T> = OrderedQueue<T, Heap<T>>;

/// Last in, first out.
pub type LifoQueue<T> = OrderedQueue<T, Vec<T>>;

/// A queue of items between coroutines, in the order of its storage: see [`Queue`], [`PriorityQueue`] and [`LifoQueue`]. A clone is the same queue.
///
/// It counts the items that were put and not reported by [`task_done`](Self::task_done); [`join`](Self::join) waits until there are none.
pub struct OrderedQueue<T, S: Storage<T>> {
    state: Rc<State<T, S>>,
}

struct State<T, S: Storage<T>> {
    /// How many items there is room for; zero is no bound.
    maxsize: usize,
    items: RefCell<S>,
    /// How many of the items are claimed, by those who get one as soon as they run. Never more than there are.
    claimed: Cell<usize>,
    /// Who waits for an item. Nobody does while one is there that is not claimed.
    getters: Line<Claim<T, S>>,
    /// Who waits for room, with their items. Nobody does while there is room.
    putters: Line<(), T>,
    /// How many items were put and are not done.
    unfinished: Cell<usize>,
    /// Set while there are none of those.
    finished: Event,
}

/// Making a queue, and how full it is.
impl<T, S: Storage<T>> OrderedQueue<T, S> {
    /// A queue with room for `maxsize` items. Zero is no bound.
    #[must_use]
    #[track_caller]
    pub fn new(maxsize: usize) -> Self {
        Self {
            state: Rc::new(State {
                maxsize,
                items: RefCell::new(S::default()),
                claimed: Cell::new(0),
                getters: Line::new(Awaited::QueueItem),
                putters: Line::new(Awaited::QueueRoom),
                unfinished: Cell::new(0),
                finished: Event::set_for(Awaited::QueueDone),
            }),
        }
    }

    /// How many items there is room for; zero is no bound.
    #[must_use]
    pub fn maxsize(&self) -> usize {
        self.state.maxsize
    }

    /// How many items there are to be got. Those that coroutines wait for no longer, since they get them on their next turn, do not count.
    #[must_use]
    pub fn qsize(&self) -> usize {
        let items = self.with_items(|items| items.len());
        items - self.state.claimed.get()
    }

    /// Whether there is nothing to be got.
    #[must_use]
    pub fn empty(&self) -> bool {
        self.qsize() == 0
    }

    /// Whether there is no room.
    ///
    /// Where one who was to get an item is dropped before that, the item stays, and the queue may have more than `maxsize` until it is got.
    #[must_use]
    pub fn full(&self) -> bool {
        self.maxsize() != 0 && self.qsize() >= self.maxsize()
    }
}

/// Putting.
impl<T, S: Storage<T>> OrderedQueue<T, S> {
    /// Puts an item, and waits for room if there is none. It is put at once if there is, and else as soon as there is; who waits first is first.
    ///
    /// If what this gives is dropped before there was room, so is the item.
    pub fn put(&self, item: T) -> Wait<(), T> {
        match self.put_nowait(item) {
            Ok(()) => Wait::ready(()),
            Err(error) => self.state.putters.join(error.into_item()),
        }
    }

    /// Puts an item, and waits for room for `timeout` at most.
    ///
    /// # Errors
    ///
    /// What it yields is an error when the time [has passed](PutError::is_timeout). It has the item, which is never put then.
    pub fn put_timeout(&self, item: T, timeout: Duration) -> TimedPut<T> {
        TimedPut::new(self.put(item), timeout)
    }

    /// Puts an item, if there is room for it.
    ///
    /// # Errors
    ///
    /// Fails when the queue [is full](PutError::is_full). The error has the item.
    #[doc(alias = "try_put")]
    pub fn put_nowait(&self, item: T) -> Result<(), PutError<T>> {
        if self.full() {
            return Err(PutError::full(item));
        }
        self.insert(item);
        Ok(())
    }

    fn insert(&self, item: T) {
        let state = &self.state;
        // Woken when the item is in and nothing is borrowed; also where its order panics as it goes in, since it is in by then.
        let mut served = None;
        self.with_items(|items| {
            state.unfinished.set(state.unfinished.get() + 1);
            state.finished.clear();
            served = state.getters.serve(|| self.new_claim());
            items.push(item);
        });
    }

    /// Lets those in who wait for room, as far as there is any.
    fn serve_putters(&self) {
        while !self.full() {
            // Woken when the item is in, as in `insert`.
            let Some(served) = self.state.putters.serve(|| ()) else {
                return;
            };
            if let Some(item) = served.take_brought() {
                self.insert(item);
            }
        }
    }
}

/// Getting.
impl<T, S: Storage<T>> OrderedQueue<T, S> {
    /// Gets the first item, and waits for one if there is none. Who waits first is first.
    ///
    /// Which item is first is decided when it is yielded, or when the coroutine that waits goes on. One that is dropped before leaves the items as they are.
    pub fn get(&self) -> Get<T, S> {
        Get::new(match self.claim() {
            Some(claim) => Wait::ready(claim),
            None => self.state.getters.join(()),
        })
    }

    /// Gets the first item, and waits for one for `timeout` at most.
    ///
    /// # Errors
    ///
    /// What it yields is an error when the time [has passed](crate::TimeoutError::is_timeout).
    pub fn get_timeout(&self, timeout: Duration) -> WithTimeout<Get<T, S>> {
        WithTimeout::new(self.get(), timeout.into())
    }

    /// Gets the first item, if there is one to be got.
    #[doc(alias = "try_get")]
    pub fn get_nowait(&self) -> Option<T> {
        self.claim()?.redeem()
    }

    /// Claims one of the items, if there is one that nobody has claimed. That makes room for another.
    fn claim(&self) -> Option<Claim<T, S>> {
        if self.empty() {
            return None;
        }
        let claim = self.new_claim();
        self.serve_putters();
        Some(claim)
    }

    fn new_claim(&self) -> Claim<T, S> {
        self.state.claimed.set(self.state.claimed.get() + 1);
        Claim::new(self.clone())
    }

    /// Takes the item of a claim.
    pub(super) fn take_claimed(&self) -> Option<T> {
        self.state.claimed.set(self.state.claimed.get() - 1);
        self.with_items(S::pop)
    }

    /// Leaves the item of a claim to whoever waits for one, or comes for it.
    pub(super) fn leave_claimed(&self) {
        self.state.claimed.set(self.state.claimed.get() - 1);
        self.state.getters.serve(|| self.new_claim());
    }

    fn with_items<R>(&self, work: impl FnOnce(&mut S) -> R) -> R {
        match self.state.items.try_borrow_mut() {
            Ok(mut items) => work(&mut items),
            Err(_) => panic!("the ordering of a queue's items uses the queue"),
        }
    }
}

/// Items that are done.
impl<T, S: Storage<T>> OrderedQueue<T, S> {
    /// Says that an item which was got is done. When that was the last, those who [`join`](Self::join) go on.
    ///
    /// # Errors
    ///
    /// Fails when it is called more often than items were put.
    pub fn task_done(&self) -> Result<(), TaskDoneError> {
        let unfinished = &self.state.unfinished;
        let left = unfinished
            .get()
            .checked_sub(1)
            .ok_or_else(TaskDoneError::new)?;
        unfinished.set(left);
        if left == 0 {
            self.state.finished.set();
        }
        Ok(())
    }

    /// Waits until all items that were put are done; not at all if they are.
    pub fn join(&self) -> Wait<()> {
        self.state.finished.wait()
    }

    /// Waits until all items that were put are done, for `timeout` at most.
    ///
    /// # Errors
    ///
    /// What it yields is an error when the time [has passed](crate::TimeoutError::is_timeout).
    pub fn join_timeout(&self, timeout: Duration) -> WithTimeout<Wait<()>> {
        self.state.finished.wait_timeout(timeout)
    }
}

impl<T, S: Storage<T>> Clone for OrderedQueue<T, S> {
    fn clone(&self) -> Self {
        Self {
            state: Rc::clone(&self.state),
        }
    }
}

impl<T, S: Storage<T>> fmt::Debug for OrderedQueue<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderedQueue")
            .field("maxsize", &self.state.maxsize)
            .field("unfinished", &self.state.unfinished.get())
            .field("getters", &self.state.getters.len())
            .field("putters", &self.state.putters.len())
            .finish_non_exhaustive()
    }
}
