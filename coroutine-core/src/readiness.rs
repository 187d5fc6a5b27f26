//! What the kernel has said of a socket, and who waits for it to say more.

use std::cell::{Cell, RefCell};
use std::task::Context;

use crate::node::{AnyNode, Kind};
use crate::waker;

/// Both directions of a socket.
pub(crate) struct Readiness {
    pub(crate) reader: Direction,
    pub(crate) writer: Direction,
}

impl Readiness {
    pub(crate) fn new() -> Self {
        Self {
            reader: Direction::new(),
            writer: Direction::new(),
        }
    }

    /// Whether somebody is known to wait still.
    pub(crate) fn is_awaited(&self) -> bool {
        self.reader.is_awaited() || self.writer.is_awaited()
    }

    /// Takes everyone who waits.
    pub(crate) fn take_waiters(&self, taken: &mut Vec<AnyNode>) {
        self.reader.take_waiters(taken);
        self.writer.take_waiters(taken);
    }
}

/// One direction of a socket.
pub(crate) struct Direction {
    /// Whether trying is worth it: set by an event, cleared when the kernel has nothing more for now.
    ready: Cell<bool>,
    /// Whether the direction is closed, so that it stays ready: the kernel says so once only.
    closed: Cell<bool>,
    /// Who is woken by the next event. Several tasks may read from one socket, or accept; each tries again then.
    waiters: RefCell<Vec<Waiter>>,
}

/// Someone who asked for an event.
struct Waiter {
    node: AnyNode,
    /// Whether it is known to wait still: it has asked again when it was woken for that, see [`Poller::ask`](crate::poller::Poller::ask).
    confirmed: bool,
}

impl Direction {
    fn new() -> Self {
        Self {
            // A fresh socket may have data already, or room to write.
            ready: Cell::new(true),
            closed: Cell::new(false),
            waiters: RefCell::new(Vec::new()),
        }
    }

    /// The kernel has said that there is something to do.
    pub(crate) fn set_ready(&self, closed: bool, woken: &mut Vec<AnyNode>) {
        self.ready.set(true);
        self.closed.set(self.closed.get() || closed);
        self.take_waiters(woken);
    }

    #[inline]
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.get()
    }

    /// Less was done than asked for, so the kernel has nothing more for now; a closed direction stays ready.
    #[inline]
    pub(crate) fn clear_partly(&self) {
        self.ready.set(self.closed.get());
    }

    /// The kernel has said that it would block.
    pub(crate) fn clear(&self) {
        self.closed.set(false);
        self.ready.set(false);
    }

    /// Adds whoever polls with `cx` to those who are woken by the next event.
    pub(crate) fn wait(&self, cx: &Context<'_>, confirmed: bool) {
        let mut known = false;
        for waiter in &mut *self.waiters.borrow_mut() {
            if waker::waits_for(&waiter.node, cx) {
                waiter.confirmed |= confirmed;
                known = true;
            }
        }
        if !known {
            // Outside of the borrow, since a foreign waker is cloned.
            let node = waker::waiter(cx);
            // Nobody can be asked who is no task.
            let confirmed = confirmed || node.kind() != Kind::Task;
            self.waiters.borrow_mut().push(Waiter { node, confirmed });
        }
    }

    fn is_awaited(&self) -> bool {
        self.waiters.borrow().iter().any(|waiter| waiter.confirmed)
    }

    fn take_waiters(&self, taken: &mut Vec<AnyNode>) {
        let mut waiters = self.waiters.borrow_mut();
        taken.extend(waiters.drain(..).map(|waiter| waiter.node));
    }
}
