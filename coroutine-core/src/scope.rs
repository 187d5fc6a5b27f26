//! Coroutines that are parts of others: lazy ones, async generators, and the members of lists and tuples.
//!
//! They lie in whatever waits for them, where nobody else may look. So each that is suspended has an entry in its thread's table, which says whose part it is
//! and what it waits for. It is written when the part suspends, and taken out when the part ends or is dropped. A part that is forgotten is
//! suspended for ever, and so its entry says. Nothing here points into a part, so one can be moved, leaked, or polled by another than before. One that is sent to
//! another thread begins anew there, and one that no coroutine polls has no entry, so that another executor may send it around as it likes.

use std::cell::{Cell, RefCell};
use std::ptr;

use slab::Slab;

use crate::handle::thread_id;
use crate::here::HERE;
use crate::node::{Header, TaskRef};
use crate::note::{self, Note};
use crate::site::{StateCode, Suspension};
use crate::stamp::{self, Stamp};
use crate::waker;

/// A part's place in the table.
pub(crate) struct Scope {
    /// A number that no other part of its thread has, or has had. Zero before it was polled.
    serial: Cell<u64>,
    /// Where its entry stands, once it was suspended.
    index: Cell<u32>,
    /// The thread in whose table that is, as far as there is room for its number. Written with the serial number.
    thread: Cell<u32>,
}

const NO_ENTRY: u32 = u32::MAX;

/// What a suspended part tells of itself.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) serial: u64,
    pub(crate) what: Part,
    pub(crate) state: StateCode,
    /// Whose part it is.
    pub(crate) parent: Parent,
    pub(crate) note: Note,
    pub(crate) since: Stamp,
}

/// What a part is. The place of a coroutine is that of its first suspension.
#[derive(Clone)]
pub(crate) enum Part {
    Coroutine {
        place: Suspension,
        bytes: usize,
    },
    AsyncGenerator {
        place: Suspension,
        bytes: usize,
    },
    /// A member with its index, and its node's address if it has a node.
    Member {
        index: usize,
        node: usize,
    },
}

/// Whose part something is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parent {
    /// Nobody's who is known here.
    Nobody,
    Task(TaskRef),
    /// What the loop that lies there runs for itself, which is in no dump.
    Loop(usize),
    /// Another part, known by its serial number.
    Part(u64),
}

/// The innermost part whose body is on the stack, and the task that was running when it was entered; within another task it is nobody's parent.
#[derive(Clone, Copy)]
pub(crate) struct Innermost {
    serial: u64,
    task: *const Header,
}

impl Innermost {
    pub(crate) const NONE: Self = Self {
        serial: 0,
        task: ptr::null(),
    };
}

thread_local! {
    static NEXT: Cell<u64> = const { Cell::new(1) };
    static ENTRIES: RefCell<Slab<Entry>> = const { RefCell::new(Slab::new()) };
}

impl Scope {
    pub(crate) const fn new() -> Self {
        Self {
            serial: Cell::new(0),
            index: Cell::new(NO_ENTRY),
            thread: Cell::new(0),
        }
    }

    /// The part's body runs, until what this gives is asked to suspend, or dropped.
    #[inline]
    pub(crate) fn enter(&self) -> Entered<'_> {
        self.enter_as(waker::running_header())
    }

    /// As [`enter`](Self::enter), for a body that runs as the member `inside`.
    #[inline]
    pub(crate) fn enter_as(&self, inside: *const Header) -> Entered<'_> {
        if self.serial.get() == 0 || !self.is_here() {
            self.begin();
        }
        let inner = Innermost {
            serial: self.serial.get(),
            task: inside,
        };
        Entered {
            scope: self,
            outer: HERE.with(|here| here.innermost.replace(inner)),
            note: note::take(),
        }
    }

    #[cold]
    fn begin(&self) {
        self.serial.set(NEXT.replace(NEXT.get() + 1));
        self.index.set(NO_ENTRY);
        self.thread.set(thread_id() as u32);
    }

    fn is_here(&self) -> bool {
        self.thread.get() == thread_id() as u32
    }

    #[inline]
    fn suspend(
        &self,
        parent: Parent,
        note: Note,
        state: StateCode,
        describe: impl FnOnce() -> Part,
    ) {
        if parent == Parent::Nobody {
            return self.end();
        }
        let since = stamp::now();
        let known = self.with_entry(|entry| {
            entry.parent = parent;
            entry.note = note;
            entry.state = state;
            entry.since = since;
        });
        if known.is_none() {
            self.insert(parent, note, state, describe);
        }
    }

    #[cold]
    #[inline(never)]
    fn insert(
        &self,
        parent: Parent,
        note: Note,
        state: StateCode,
        describe: impl FnOnce() -> Part,
    ) {
        let entry = Entry {
            serial: self.serial.get(),
            what: describe(),
            state,
            parent,
            note,
            since: stamp::now(),
        };
        // Where the thread is ending nobody asks any more.
        let _ = ENTRIES.try_with(|entries| {
            let index = entries.borrow_mut().insert(entry);
            self.index.set(u32::try_from(index).unwrap_or(NO_ENTRY));
        });
    }

    #[inline]
    fn with_entry(&self, change: impl FnOnce(&mut Entry)) -> Option<()> {
        let index = self.index.get();
        if index == NO_ENTRY {
            return None;
        }
        let changed = ENTRIES.try_with(|entries| change(&mut entries.borrow_mut()[index as usize]));
        changed.ok()
    }

    /// The part has ended.
    #[inline]
    pub(crate) fn end(&self) {
        if self.index.get() != NO_ENTRY {
            self.remove();
        }
    }

    #[inline(never)]
    fn remove(&self) {
        let index = self.index.replace(NO_ENTRY);
        if self.is_here() {
            let _ = ENTRIES.try_with(|entries| entries.borrow_mut().remove(index as usize));
        }
    }
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        self.end();
    }
}

/// That a part's body is on the stack. Restores what was there before, also where the body unwinds.
pub(crate) struct Entered<'a> {
    scope: &'a Scope,
    outer: Innermost,
    /// What something else in the same parent has left.
    note: Note,
}

impl Entered<'_> {
    /// The body has suspended at `state`. What it is, is asked for the first time only.
    #[inline]
    pub(crate) fn suspend(self, state: StateCode, describe: impl FnOnce() -> Part) {
        self.scope
            .suspend(self.parent(), note::take(), state, describe);
    }

    /// The body has ended.
    #[inline]
    pub(crate) fn end(self) {
        self.scope.end();
    }

    fn parent(&self) -> Parent {
        let running = waker::running_header();
        if self.outer.serial != 0 && self.outer.task == running && !running.is_null() {
            return Parent::Part(self.outer.serial);
        }
        // A member is a part itself, and was entered before what is in it.
        match waker::running_as_task() {
            Some(task) if task.is_hidden() => Parent::Loop(waker::running_loop()),
            Some(task) => Parent::Task(task),
            None => Parent::Nobody,
        }
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        HERE.with(|here| here.innermost.set(self.outer));
        note::leave(self.note);
    }
}

/// The innermost part of the running task whose body is on the stack, by its serial number. Zero if there is none.
pub(crate) fn innermost() -> u64 {
    let innermost = HERE.with(|here| here.innermost.get());
    match innermost.task == waker::running_header() {
        true => innermost.serial,
        false => 0,
    }
}

/// All entries of this thread.
pub(crate) fn entries() -> Vec<Entry> {
    let entries = ENTRIES.try_with(|entries| {
        let entries = entries.borrow();
        entries.iter().map(|(_, entry)| entry.clone()).collect()
    });
    entries.unwrap_or_default()
}
