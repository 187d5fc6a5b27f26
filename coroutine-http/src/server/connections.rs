//! The connections that a server has.

use std::cell::{Cell, RefCell};
use std::future::{Future as StdFuture, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use coroutine_core as co;
use slab::Slab;

/// All connections of a server.
pub(super) struct Connections {
    /// Borrowed for the length of a look: what is taken out is dropped afterwards.
    open: RefCell<Slab<Entry>>,
    /// Fulfilled when the last one is gone: one for each that waits for it.
    drained: RefCell<Vec<co::Promise<()>>>,
    /// How many there may be.
    limit: usize,
    /// Fulfilled when there is room for another one: one for each that waits for it.
    room: RefCell<Vec<co::Promise<()>>>,
    /// Whether there was no room when somebody asked last.
    is_full: Cell<bool>,
    /// Whether all are asked to end, and so is each one that is still to come.
    is_ending: Cell<bool>,
}

struct Entry {
    /// Asks the connection to end after the request that it is answering.
    last_call: Option<co::Promise<()>>,
    /// The connection's coroutine, once it is known.
    coroutine: Option<co::Future<()>>,
}

/// A connection's place among them, given up when it is dropped.
pub(super) struct Place {
    connections: Rc<Connections>,
    key: usize,
    /// Until it has come.
    last_call: Option<co::Future<()>>,
}

impl Connections {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            open: RefCell::new(Slab::new()),
            drained: RefCell::default(),
            limit,
            room: RefCell::default(),
            is_full: Cell::new(false),
            is_ending: Cell::new(false),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.open.borrow().len()
    }

    /// What `accepting` gives, which is not asked while there may be no other connection: there may be several who accept.
    pub(super) async fn within_limit<F: StdFuture>(&self, accepting: F) -> F::Output {
        let mut accepting = pin!(accepting);
        let mut room = None;
        poll_fn(|cx| {
            while self.len() >= self.limit {
                ready!(Pin::new(room.get_or_insert_with(|| self.room())).poll(cx));
                room = None;
            }
            accepting.as_mut().poll(cx)
        })
        .await
    }

    /// Waits until a connection is closed.
    fn room(&self) -> co::Future<()> {
        if !self.is_full.replace(true) {
            let limit = self.limit;
            co::__private::log_warn(format_args!(
                "there are {limit} connections, and others have to wait until one is closed"
            ));
        }
        let (promise, room) = co::promise();
        self.room.borrow_mut().push(promise);
        room
    }

    /// Makes room for a connection, starts its coroutine there, and keeps that until it has ended.
    pub(super) fn add(self: &Rc<Self>, start: impl FnOnce(Place) -> co::Future<()>) {
        let (promise, last_call) = co::promise();
        let key = self.open.borrow_mut().insert(Entry {
            last_call: Some(promise),
            coroutine: None,
        });
        if self.is_ending.get() {
            self.call_last();
        }
        let coroutine = start(Place {
            connections: Rc::clone(self),
            key,
            last_call: Some(last_call),
        });
        if !coroutine.done()
            && let Some(entry) = self.open.borrow_mut().get_mut(key)
        {
            entry.coroutine = Some(coroutine);
        }
    }

    fn tell_of_room(&self, open: usize) {
        if open < self.limit && self.is_full.get() {
            // Half of the room has to be free before it counts as another time that there is none.
            self.is_full.set(open > self.limit / 2);
            let room = self.room.take();
            room.into_iter().for_each(|promise| promise.set_result(()));
        }
    }

    /// Asks all connections to end after the request that they are answering, and those that are still to come as well.
    pub(super) fn end(&self) {
        self.is_ending.set(true);
        self.call_last();
    }

    /// Waits until there is none.
    pub(super) async fn gone(&self) {
        while self.len() > 0 {
            let (promise, drained) = co::promise();
            self.drained.borrow_mut().push(promise);
            // Nobody will break the promise.
            let _ = drained.outcome().await;
        }
    }

    /// Asks those that there are to end after the request that they are answering.
    pub(super) fn call_last(&self) {
        let calls: Vec<_> = {
            let mut open = self.open.borrow_mut();
            open.iter_mut()
                .filter_map(|(_, entry)| entry.last_call.take())
                .collect()
        };
        calls.into_iter().for_each(|call| call.set_result(()));
    }

    /// Ends all connections on the spot, and says how many there were.
    pub(super) fn cut(&self) -> usize {
        let coroutines: Vec<_> = {
            let mut open = self.open.borrow_mut();
            open.iter_mut()
                .filter_map(|(_, entry)| entry.coroutine.take())
                .collect()
        };
        coroutines
            .iter()
            .filter(|coroutine| coroutine.cancel())
            .count()
    }
}

impl Place {
    /// Whether the connection is asked to end.
    pub(super) fn is_called(&self) -> bool {
        self.last_call.as_ref().is_none_or(co::Future::done)
    }

    /// Waits until the connection is asked to end.
    pub(super) fn poll_last_call(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(last_call) = &mut self.last_call {
            ready!(Pin::new(last_call).poll(cx));
            self.last_call = None;
        }
        Poll::Ready(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // First, so that nobody is told that a promise was broken.
        self.last_call = None;
        let (entry, left) = {
            let mut open = self.connections.open.borrow_mut();
            (open.try_remove(self.key), open.len())
        };
        drop(entry);
        self.connections.tell_of_room(left);
        if left == 0 {
            let drained = self.connections.drained.take();
            drained
                .into_iter()
                .for_each(|promise| promise.set_result(()));
        }
    }
}
