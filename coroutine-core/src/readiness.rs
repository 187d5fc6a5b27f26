//! What the kernel has said of a socket, and who waits for it to say more.

use std::cell::{Cell, RefCell};
use std::task::Context;

use crate::asker::Asker;
use crate::node::AnyNode;
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

    /// Shows who waits, and whether it is to write.
    pub(crate) fn show(&self, mut show: impl FnMut(bool, &AnyNode)) {
        for (writable, direction) in [(false, &self.reader), (true, &self.writer)] {
            let waiters = direction.waiters.borrow();
            waiters
                .iter()
                .for_each(|waiter| show(writable, waiter.node()));
        }
    }

    /// Takes those who wait and are `which`.
    pub(crate) fn take_waiters(&self, which: impl Fn(&Asker) -> bool, taken: &mut Vec<AnyNode>) {
        for direction in [&self.reader, &self.writer] {
            let mut waiters = direction.waiters.borrow_mut();
            let those = waiters.extract_if(.., |waiter| which(waiter));
            taken.extend(those.map(Asker::into_node));
        }
    }
}

/// One direction of a socket.
pub(crate) struct Direction {
    /// Whether trying is worth it: set by an event, cleared when the kernel has nothing more for now.
    ready: Cell<bool>,
    /// Whether the direction is closed, so that it stays ready: the kernel says so once only.
    closed: Cell<bool>,
    /// Who is woken by the next event. Several tasks may read from one socket, or accept; each tries again then.
    waiters: RefCell<Vec<Asker>>,
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

    /// Whether the kernel has said that the direction is closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
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
    pub(crate) fn wait(&self, cx: &Context<'_>) {
        // Outside of the borrow, since a foreign waker is cloned.
        let asker = Asker::new(waker::waiter(cx));
        let mut waiters = self.waiters.borrow_mut();
        let same =
            |waiter: &Asker| waiter.node() == asker.node() || waker::waits_for(waiter.node(), cx);
        if let Some(waiter) = waiters.iter_mut().find(|waiter| same(waiter)) {
            let before = std::mem::replace(waiter, asker);
            drop(waiters);
            drop(before);
            return;
        }
        // Those who have ended would be kept until the next event.
        let ended = remove(&mut waiters, Asker::has_ended);
        waiters.push(asker);
        drop(waiters);
        drop(ended);
    }

    /// Schedules `node` at the next event. The loop does not go on for its sake.
    pub(crate) fn watch(&self, node: AnyNode) {
        self.waiters.borrow_mut().push(Asker::in_background(node));
    }

    /// Takes out those that [`watch`](Self::watch) has added.
    pub(crate) fn unwatch(&self) {
        let mut waiters = self.waiters.borrow_mut();
        let gone = remove(&mut waiters, Asker::is_in_background);
        drop(waiters);
        drop(gone);
    }

    fn is_awaited(&self) -> bool {
        self.waiters.borrow().iter().any(Asker::is_confirmed)
    }

    fn take_waiters(&self, taken: &mut Vec<AnyNode>) {
        let mut waiters = self.waiters.borrow_mut();
        // As a rule there is nobody, or one, which is worth not beginning with a list.
        match waiters.len() {
            0 => {}
            1 => taken.extend(waiters.pop().map(Asker::into_node)),
            _ => taken.extend(waiters.drain(..).map(Asker::into_node)),
        }
    }
}

/// Takes those out that are `which`, for dropping them where nothing is borrowed. As a rule there is one at most, which is worth no list.
fn remove(waiters: &mut Vec<Asker>, which: impl Fn(&Asker) -> bool) -> (Option<Asker>, Vec<Asker>) {
    let mut removed = waiters.extract_if(.., |waiter| which(waiter));
    (removed.next(), removed.collect())
}
