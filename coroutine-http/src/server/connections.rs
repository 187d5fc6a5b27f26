//! The connections that a server has.

use std::cell::RefCell;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Context;

use coroutine_core as co;
use slab::Slab;

/// All connections of a server.
pub(super) struct Connections {
    /// Borrowed for the length of a look: what is taken out is dropped afterwards.
    open: RefCell<Slab<Entry>>,
    /// Fulfilled when the last one is gone: one for each that waits for it.
    drained: RefCell<Vec<co::Promise<()>>>,
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
    pub(super) fn new() -> Self {
        Self {
            open: RefCell::new(Slab::new()),
            drained: RefCell::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.open.borrow().len()
    }

    /// Makes room for a connection, starts its coroutine there, and keeps that until it has ended.
    pub(super) fn add(self: &Rc<Self>, start: impl FnOnce(Place) -> co::Future<()>) {
        let (promise, last_call) = co::promise();
        let key = self.open.borrow_mut().insert(Entry {
            last_call: Some(promise),
            coroutine: None,
        });
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

    /// Asks all connections to end after the request that they are answering, and waits until they are gone.
    pub(super) fn drain(&self) -> co::Future<()> {
        let (promise, drained) = co::promise();
        let calls: Vec<_> = {
            let mut open = self.open.borrow_mut();
            open.iter_mut()
                .filter_map(|(_, entry)| entry.last_call.take())
                .collect()
        };
        calls.into_iter().for_each(|call| call.set_result(()));
        match self.len() {
            0 => promise.set_result(()),
            _ => self.drained.borrow_mut().push(promise),
        }
        drained
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
    /// Whether the connection is asked to end, for the first time.
    pub(super) fn poll_last_call(&mut self, cx: &mut Context<'_>) -> bool {
        let called = match &mut self.last_call {
            Some(last_call) => Pin::new(last_call).poll(cx).is_ready(),
            None => false,
        };
        if called {
            self.last_call = None;
        }
        called
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
        if left == 0 {
            let drained = self.connections.drained.take();
            drained
                .into_iter()
                .for_each(|promise| promise.set_result(()));
        }
    }
}
