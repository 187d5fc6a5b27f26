//! Several nodes that are woken by one thing, in the order in which they came.

use std::cell::{Cell, RefCell};
use std::task::Context;

use crate::node::{AnyNode, Kind, Local, Node};
use crate::waker;

/// Who waits for a future that has done-callbacks: they, and at most one that polls it.
pub(crate) struct Group {
    /// In the order of their coming.
    members: RefCell<Vec<AnyNode>>,
    /// Which of the members is the one that polls.
    poller: Cell<Option<usize>>,
}

impl Group {
    /// Adds `callback` to those who wait in `slot`.
    pub(crate) fn add_callback(slot: &Cell<Option<AnyNode>>, callback: AnyNode) {
        let present = slot.take();
        if let Some(group) = present.as_ref().and_then(Self::of) {
            group.members.borrow_mut().push(callback);
            slot.set(present);
            return;
        }
        let poller = present.as_ref().map(|_| 0);
        let members = present.into_iter().chain([callback]).collect();
        let group = Self {
            members: RefCell::new(members),
            poller: Cell::new(poller),
        };
        slot.set(Some(Local::new(group).erase()));
    }

    /// Puts whom to wake for `cx` among those who wait in `slot`, in the place of the one that polled before.
    #[inline]
    pub(crate) fn wait_in(slot: &Cell<Option<AnyNode>>, cx: &Context<'_>) {
        let present = slot.take();
        let grouped = present
            .as_ref()
            .is_some_and(|node| node.kind() == Kind::Group);
        slot.set(present);
        if grouped {
            Self::wait_as(slot, waker::waiter(cx));
        } else {
            waker::wait_in(slot, cx);
        }
    }

    /// Puts `node` among those who wait in `slot`, in the place of the one that polled before.
    pub(crate) fn wait_as(slot: &Cell<Option<AnyNode>>, node: AnyNode) {
        let present = slot.take();
        let Some(group) = present.as_ref().and_then(Self::of) else {
            slot.set(Some(node));
            return;
        };
        let replaced = group.seat(node);
        slot.set(present);
        drop(replaced);
    }

    fn seat(&self, node: AnyNode) -> Option<AnyNode> {
        let mut members = self.members.borrow_mut();
        if let Some(at) = self.poller.get() {
            return Some(std::mem::replace(&mut members[at], node));
        }
        self.poller.set(Some(members.len()));
        members.push(node);
        None
    }

    /// Takes the one that polls from those who wait in `slot`; callbacks stay.
    pub(crate) fn leave(slot: &Cell<Option<AnyNode>>) {
        let present = slot.take();
        let Some(group) = present.as_ref().and_then(Self::of) else {
            return;
        };
        let poller = group
            .poller
            .take()
            .map(|at| group.members.borrow_mut().remove(at));
        slot.set(present);
        drop(poller);
    }

    fn of(node: &AnyNode) -> Option<&Self> {
        // SAFETY: of this kind there is one type.
        (node.kind() == Kind::Group).then(|| unsafe { node.node::<Self>() })
    }
}

// SAFETY: it is the one type of its kind.
unsafe impl Node for Group {
    const KIND: Kind = Kind::Group;

    fn schedule(this: &Local<Self>) {
        for member in this.members.take() {
            member.schedule();
        }
    }

    fn run(this: &Local<Self>) {
        Self::schedule(this);
    }

    fn show_waiters(this: &Local<Self>, show: &mut dyn FnMut(&AnyNode)) {
        this.members.borrow().iter().for_each(show);
    }
}
