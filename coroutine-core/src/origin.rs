//! What those who stand in a line wait for: what it is, where it was made, and who has it.
//!
//! A line that somebody waits in has an entry in its thread's table for as long as it exists. Who waits has the entry's number in a [note](crate::note).

use std::cell::{Cell, RefCell};
use std::panic::Location;

use slab::Slab;

use crate::node::TaskRef;

/// The number of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OriginKey(pub(crate) usize);

/// What can be waited for in a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Awaited {
    /// A [`Lock`](crate::locks::Lock).
    Lock,
    /// A permit of a [`Semaphore`](crate::locks::Semaphore).
    Semaphore,
    /// A notification of a [`Condition`](crate::locks::Condition).
    Condition,
    /// An [`Event`](crate::locks::Event).
    Event,
    /// An item of a [queue](crate::queues).
    QueueItem,
    /// Room in a [queue](crate::queues).
    QueueRoom,
    /// That all items of a [queue](crate::queues) are done.
    QueueDone,
    /// A message of a [broadcast](crate::channel).
    Broadcast,
    /// A change of a [`Watch`](crate::channel::Watch).
    Watch,
}

/// An entry of the table, and what makes one.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) kind: Awaited,
    pub(crate) made_at: &'static Location<'static>,
    /// Who has it, where only one can.
    pub(crate) holder: Option<TaskRef>,
}

thread_local! {
    static ORIGINS: RefCell<Slab<Facts>> = const { RefCell::new(Slab::new()) };
}

/// What a line tells of itself.
pub(crate) struct Origin {
    facts: Cell<Facts>,
    key: Cell<Option<OriginKey>>,
}

impl Origin {
    pub(crate) fn new(kind: Awaited, made_at: &'static Location<'static>) -> Self {
        Self {
            facts: Cell::new(Facts {
                kind,
                made_at,
                holder: None,
            }),
            key: Cell::new(None),
        }
    }

    /// The number of its entry, which is made if there is none. None where the thread is ending.
    pub(crate) fn key(&self) -> Option<OriginKey> {
        if self.key.get().is_none() {
            let facts = self.facts.get();
            let made = ORIGINS.try_with(|origins| origins.borrow_mut().insert(facts));
            self.key.set(made.ok().map(OriginKey));
        }
        self.key.get()
    }

    pub(crate) fn set_holder(&self, holder: Option<TaskRef>) {
        let mut facts = self.facts.get();
        facts.holder = holder;
        self.facts.set(facts);
        if let Some(OriginKey(key)) = self.key.get() {
            // Where the thread is ending nobody asks any more.
            let _ = ORIGINS.try_with(|origins| origins.borrow_mut()[key] = facts);
        }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        if let Some(OriginKey(key)) = self.key.get() {
            let _ = ORIGINS.try_with(|origins| origins.borrow_mut().remove(key));
        }
    }
}

/// What stands in the table under this number. A note may be older than what stands there now, but then nobody waits on account of it.
pub(crate) fn facts(key: OriginKey) -> Option<Facts> {
    let found = ORIGINS.try_with(|origins| origins.borrow().get(key.0).copied());
    found.ok().flatten()
}
