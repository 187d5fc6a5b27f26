//! Futures in the order in which they finish.

use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use slab::Slab;

use crate::crew::Crew;
use crate::failure::poll_caught;
use crate::log;
use crate::next::{Next, next};
use crate::note;
use crate::yieldable::Yieldable;

/// Several futures, of which it gives the results in the order in which they finish, each with its index or key. Tornado's `gen.WaitIterator`.
///
/// ```
/// use std::time::Duration;
///
/// use coroutine_core::{self as co, IoLoop, WaitIterator};
///
/// #[co::coroutine]
/// fn nap(millis: u64) -> u64 {
///     yield_!(co::sleep(Duration::from_millis(millis)));
///     millis
/// }
///
/// #[co::coroutine]
/// fn race() -> Vec<(usize, u64)> {
///     let mut waiter = WaitIterator::new([nap(20), nap(5)]);
///     let mut finished = Vec::new();
///     while let Some((index, millis)) = yield_!(waiter.next()) {
///         finished.push((index, millis));
///     }
///     finished
/// }
///
/// assert_eq!(IoLoop::current().run_sync(race)?, [(1, 5), (0, 20)]);
/// # Ok::<(), co::LoopError>(())
/// ```
///
/// Those that have not finished yet stay as they are. So it serves as a `select` that keeps the losers: wait for whichever comes first, put another in its place, and wait
/// again. Futures of different types go in as boxed ones of one type.
///
/// ```
/// use std::pin::Pin;
/// use std::time::Duration;
///
/// use coroutine_core::{self as co, IoLoop, WaitIterator};
///
/// enum Event {
///     Tick,
///     Message(&'static str),
/// }
///
/// type Source = Pin<Box<dyn Future<Output = Event>>>;
///
/// fn tick() -> Source {
///     let tick = co::sleep(Duration::from_millis(5));
///     Box::pin(async { tick.await; Event::Tick })
/// }
///
/// fn message(after: u64) -> Source {
///     let arrival = co::sleep(Duration::from_millis(after));
///     Box::pin(async { arrival.await; Event::Message("hello") })
/// }
///
/// #[co::coroutine]
/// fn serve() -> u32 {
///     let mut waiter = WaitIterator::new([tick(), message(12)]);
///     let mut ticks = 0;
///     loop {
///         match yield_!(waiter.next()) {
///             Some((_, Event::Tick)) => {
///                 ticks += 1;
///                 waiter.push(tick());
///             }
///             Some((_, Event::Message(_))) | None => return ticks,
///         }
///     }
/// }
///
/// assert!(IoLoop::current().run_sync(serve)? > 0);
/// # Ok::<(), co::LoopError>(())
/// ```
///
/// A panic of a future goes on in whoever takes its turn; the others stay. Take [outcomes](crate::Future::outcome) to have it as a value. It is a
/// [`Stream`] as well.
#[must_use = "a wait iterator waits for nobody unless what `next` gives is yielded"]
pub struct WaitIterator<F, K = usize> {
    /// Those that have not been given. Their places are known to the crew.
    members: Slab<Member<F, K>>,
    crew: Crew,
    /// How many there have been.
    count: usize,
}

struct Member<F, K> {
    key: K,
    future: Pin<Box<F>>,
}

/// Futures that are known by their indices.
impl<F: StdFuture> WaitIterator<F> {
    /// Waits for `members`, the first of which has the index 0.
    pub fn new<Y, Kind>(members: impl IntoIterator<Item = Y>) -> Self
    where
        Y: Yieldable<Kind, Future = F>,
    {
        Self::with_keys(members.into_iter().enumerate())
    }

    /// Adds one more, and gives its index: the number of those that there were before it.
    pub fn push<Y, Kind>(&mut self, member: Y) -> usize
    where
        Y: Yieldable<Kind, Future = F>,
    {
        let index = self.count;
        self.insert(index, member);
        index
    }
}

/// Futures that are known by keys.
impl<F: StdFuture, K> WaitIterator<F, K> {
    /// Waits for the values of a map, or of whatever gives keys and values. Each value comes with its key.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use coroutine_core::{self as co, IoLoop, WaitIterator};
    ///
    /// #[co::coroutine]
    /// fn first() -> Option<(&'static str, u8)> {
    ///     let map = BTreeMap::from([("a", co::maybe_future(1)), ("b", co::maybe_future(2))]);
    ///     yield_!(WaitIterator::with_keys(map).next())
    /// }
    ///
    /// assert_eq!(IoLoop::current().run_sync(first)?, Some(("a", 1)));
    /// # Ok::<(), co::LoopError>(())
    /// ```
    pub fn with_keys<Y, Kind>(members: impl IntoIterator<Item = (K, Y)>) -> Self
    where
        Y: Yieldable<Kind, Future = F>,
    {
        let mut this = Self {
            members: Slab::new(),
            crew: Crew::new(0),
            count: 0,
        };
        for (key, member) in members {
            this.insert(key, member);
        }
        this
    }

    /// Adds one more. A key may be there already: it only says whose a result is.
    pub fn insert<Y, Kind>(&mut self, key: K, member: Y)
    where
        Y: Yieldable<Kind, Future = F>,
    {
        let future = Box::pin(member.into_yielded());
        let index = self.members.insert(Member { key, future });
        self.crew.join(index);
        self.count += 1;
    }

    /// The next result, with its index or key, of those that have not been given; `None` when there are none.
    ///
    /// What this gives may be dropped before it is ready, and nothing is lost.
    #[expect(
        clippy::should_implement_trait,
        reason = "Tornado's name; an `Iterator` could not wait"
    )]
    pub fn next(&mut self) -> Next<'_, Self> {
        next(self)
    }
}

impl<F, K> WaitIterator<F, K> {
    /// How many results are still to be given.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether all results have been given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether all results have been given. Tornado's name for [`is_empty`](Self::is_empty).
    #[must_use]
    pub fn done(&self) -> bool {
        self.is_empty()
    }
}

// Keys are never pinned, and the futures lie on the heap.
impl<F, K> Unpin for WaitIterator<F, K> {}

impl<F: StdFuture, K> WaitIterator<F, K> {
    /// Polls the member at `index`, and takes it out if it is done.
    fn poll_member(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<(K, F::Output)> {
        let Some(member) = self.members.get_mut(index) else {
            return Poll::Pending;
        };
        let poll = |cx: &mut Context<'_>| {
            note::leave_type::<F>();
            poll_caught(member.future.as_mut(), cx)
        };
        let Poll::Ready(result) = self.crew.poll(index, cx, poll) else {
            return Poll::Pending;
        };
        self.crew.leave(index);
        self.crew.rest();
        let Member { key, future } = self.members.remove(index);
        log::catching("a destructor of a member of a list", || drop(future));
        match result {
            Ok(output) => Poll::Ready((key, output)),
            Err(panic) => panic.raise(),
        }
    }
}

/// One result is taken at a time: those that have finished with it are left as they are, for the next call.
impl<F: StdFuture, K> Stream for WaitIterator<F, K> {
    type Item = (K, F::Output);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.members.is_empty() {
            return Poll::Ready(None);
        }
        for _ in 0..self.crew.begin(cx) {
            if let Some(index) = self.crew.next()
                && let Poll::Ready(item) = self.poll_member(index, cx)
            {
                return Poll::Ready(Some(item));
            }
        }
        Poll::Pending
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<F, K: fmt::Debug> fmt::Debug for WaitIterator<F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.members.iter().map(|(_, member)| &member.key);
        f.debug_list().entries(waiting).finish()
    }
}
