//! Makes a dump of what the loop's tables and its thread's tables say.
//!
//! The tables know who is woken by what: a timer by its target, a socket by its waiters, a coroutine by whoever waits for its result. Turned round, they tell what
//! each waits for. Of what there is no table, whoever waits has a [note](crate::note).

use std::os::fd::BorrowedFd;
use std::rc::Rc;
use std::time::Duration;

use socket2::SockRef;

use super::map::Map;
use super::{Dump, DumpId, DumpKind, Record, WaitsFor};
use crate::loop_core::LoopCore;
use crate::node::{AnyNode, TaskRef};
use crate::note::Note;
use crate::poller::{Descriptor, Purpose};
use crate::portrait::{Portrait, Status};
use crate::scope::{self, Entry, Parent, Part};
use crate::stamp::{self, Stamp};
use crate::timers::{Nanos, limit_number};
use crate::waker;

pub(super) fn dump(io_loop: &Rc<LoopCore>) -> Dump {
    let mut survey = Survey::new(io_loop);
    survey.tasks(io_loop);
    survey.parts(io_loop);
    survey.timers(io_loop);
    survey.descriptors(io_loop);
    survey.read_notes();
    survey.settle();
    survey.into_dump()
}

/// In milliseconds.
const AHEAD: u32 = 24 * 60 * 60 * 1000;

/// What is known so far.
pub(super) struct Survey {
    pub(super) now: Nanos,
    pub(super) records: Vec<Record>,
    /// Of each record.
    pub(super) facts: Vec<Facts>,
    /// Where the record of what lies at an address stands: of a task, or of a member's node.
    pub(super) by_address: Map<usize, usize>,
    pub(super) by_task: Map<TaskRef, usize>,
    /// Parts by the numbers by which limits know them.
    pub(super) limited: Map<u32, usize>,
    /// What was found in a table, and whom it wakes.
    pub(super) found: Vec<Found>,
}

pub(super) struct Facts {
    pub(super) note: Note,
    /// The index of the one whose part it is.
    pub(super) parent: Option<usize>,
    /// The address of the task or member as which it is polled.
    pub(super) node: usize,
    /// How many parts it has.
    pub(super) parts: usize,
    /// The part that was found last.
    pub(super) last_part: usize,
    /// Its first parts have the smallest.
    pub(super) order: usize,
}

/// Something that wakes somebody, as a table has it.
pub(super) struct Found {
    /// The address of whom it wakes.
    pub(super) node: usize,
    /// What a note of it reads.
    pub(super) noted: (Table, usize),
    pub(super) waits_for: WaitsFor,
    /// The record of the coroutine that is waited for, if it is one.
    pub(super) target: Option<usize>,
    /// Where it belongs, if that is known: to a part, or to whom it wakes itself.
    pub(super) place: Option<Option<usize>>,
    /// Another one with the same number.
    pub(super) like: Option<usize>,
    /// Whether somebody has a note of it.
    pub(super) is_claimed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Table {
    Timers,
    Poller,
    Tasks,
}

impl Survey {
    fn new(io_loop: &LoopCore) -> Self {
        let count = io_loop.live().len();
        Self {
            now: io_loop.elapsed(),
            records: Vec::with_capacity(count),
            facts: Vec::with_capacity(count),
            by_address: Map::default(),
            by_task: Map::default(),
            limited: Map::default(),
            found: Vec::new(),
        }
    }

    fn since(&self, since: Stamp) -> Duration {
        let passed = stamp::at(self.now).wrapping_sub(since);
        // Another loop of the thread may be ahead by as long as it exists. All else is the past, since the numbers go on for 49 days.
        let is_ahead = passed > u32::MAX - AHEAD;
        Duration::from_millis(if is_ahead { 0 } else { passed.into() })
    }

    fn until(&self, deadline: Nanos) -> Duration {
        Duration::from_nanos(deadline.saturating_sub(self.now))
    }

    fn add(&mut self, record: Record, note: Note, node: usize) -> usize {
        let index = self.records.len();
        self.records.push(record);
        self.facts.push(Facts {
            note,
            parent: None,
            node,
            parts: 0,
            last_part: 0,
            order: 0,
        });
        index
    }

    fn tasks(&mut self, io_loop: &Rc<LoopCore>) {
        let mut awaited = Vec::new();
        io_loop.live().show(|task| {
            if let (Some(portrait), Some(name)) = (task.portrait(), task.owner()) {
                let index = self.task(name, portrait);
                show_waiters(task, false, &mut |node, shared| {
                    awaited.push((node, shared, index));
                });
            }
        });
        // One that runs for the first time is not in the table yet.
        if let Some((name, portrait)) = waker::running_portrait(io_loop)
            && !self.by_task.contains_key(&name)
        {
            self.task(name, portrait);
        }
        for (node, shared, index) in awaited {
            let id = self.records[index].id;
            self.found.push(Found {
                node,
                noted: (Table::Tasks, self.facts[index].node),
                waits_for: WaitsFor::Coroutine { id, shared },
                target: Some(index),
                place: None,
                like: None,
                is_claimed: false,
            });
        }
    }

    fn task(&mut self, name: TaskRef, portrait: Portrait) -> usize {
        let record = Record {
            id: DumpId::task(name.number(), portrait.slot.number()),
            kind: DumpKind::Coroutine,
            waited: self.since(portrait.since),
            suspension: Some(portrait.suspension),
            status: portrait.status,
            bytes: portrait.bytes,
            waits_for: Vec::new(),
            children: Vec::new(),
            above: None,
        };
        let index = self.add(record, portrait.note, name.address);
        self.by_address.insert(name.address, index);
        self.by_task.insert(name, index);
        index
    }

    fn parts(&mut self, io_loop: &Rc<LoopCore>) {
        let entries = scope::entries();
        let by_serial: Map<u64, &Entry> =
            entries.iter().map(|entry| (entry.serial, entry)).collect();
        let mut placed = Map::default();
        let mut above = Vec::new();
        for entry in &entries {
            self.part(io_loop, entry, &by_serial, &mut placed, &mut above);
        }
    }

    /// Adds a part, and before it whatever it is a part of, unless that is not this loop's, or nobody's any more.
    ///
    /// No recursion, since there may be as many around each other as memory allows.
    fn part<'a>(
        &mut self,
        io_loop: &Rc<LoopCore>,
        entry: &'a Entry,
        entries: &Map<u64, &'a Entry>,
        placed: &mut Map<u64, Option<usize>>,
        above: &mut Vec<&'a Entry>,
    ) {
        let mut next = Some(entry);
        // Whose parent is looked for has no place meanwhile, so parts that are each other's end this.
        while let Some(entry) = next.filter(|entry| !placed.contains_key(&entry.serial)) {
            placed.insert(entry.serial, None);
            above.push(entry);
            next = match entry.parent {
                Parent::Part(serial) => entries.get(&serial).copied(),
                Parent::Nobody | Parent::Task(_) | Parent::Loop(_) => None,
            };
        }
        while let Some(entry) = above.pop() {
            let parent = match entry.parent {
                Parent::Loop(lies) if lies == Rc::as_ptr(io_loop).addr() => None,
                Parent::Nobody | Parent::Loop(_) => continue,
                Parent::Task(task) => match self.by_task.get(&task) {
                    Some(&task) => Some(task),
                    None => continue,
                },
                Parent::Part(serial) => match placed.get(&serial) {
                    Some(&Some(part)) => Some(part),
                    _ => continue,
                },
            };
            let index = self.add_part(entry, parent);
            placed.insert(entry.serial, Some(index));
        }
    }

    fn add_part(&mut self, entry: &Entry, parent: Option<usize>) -> usize {
        let (kind, place, bytes, order) = match &entry.what {
            Part::Coroutine { place, bytes } => (DumpKind::Lazy, Some(place), *bytes, 0),
            Part::AsyncGenerator { place, bytes } => {
                (DumpKind::AsyncGenerator, Some(place), *bytes, 0)
            }
            Part::Member { index, .. } => (DumpKind::Member(*index), None, 0, *index),
        };
        // A part goes on with whom it is a part of; which members are to be polled then, only their crew knows.
        let status = match parent.map(|parent| self.records[parent].status) {
            Some(status) if !matches!(kind, DumpKind::Member(_)) => status,
            _ => Status::Suspended,
        };
        let record = Record {
            id: DumpId::part(entry.serial),
            kind,
            suspension: place.map(|place| place.moved_to(entry.state.state())),
            status,
            waited: self.since(entry.since),
            bytes,
            waits_for: Vec::new(),
            children: Vec::new(),
            above: None,
        };
        let node = match (&entry.what, parent) {
            (&Part::Member { node, .. }, _) if node != 0 => node,
            (_, Some(parent)) => self.facts[parent].node,
            (_, None) => 0,
        };
        let index = self.add(record, entry.note, node);
        self.limited.insert(limit_number(entry.serial), index);
        self.facts[index].parent = parent;
        self.facts[index].order = order;
        if let Some(parent) = parent {
            self.facts[parent].parts += 1;
            self.facts[parent].last_part = index;
        }
        if matches!(entry.what, Part::Member { node, .. } if node != 0) {
            self.by_address.insert(node, index);
        }
        index
    }

    fn timers(&mut self, io_loop: &LoopCore) {
        io_loop.timers().borrow().show(|timer| {
            let due_in = self.until(timer.deadline);
            self.found.push(Found {
                node: timer.target.header_ptr().addr(),
                noted: (Table::Timers, timer.slot),
                waits_for: match timer.limit_of {
                    Some(_) => WaitsFor::Limit { due_in },
                    None => WaitsFor::Timer { due_in },
                },
                place: timer.limit_of.map(|part| self.limited.get(&part).copied()),
                target: None,
                like: None,
                is_claimed: false,
            });
        });
    }

    fn descriptors(&mut self, io_loop: &LoopCore) {
        io_loop.poller().show(|key, descriptor, writable, node| {
            self.found.push(Found {
                node: node.header_ptr().addr(),
                noted: (Table::Poller, key),
                waits_for: descriptor_waits(descriptor, writable),
                target: None,
                place: None,
                like: None,
                is_claimed: false,
            });
        });
    }
}

impl Record {
    pub(super) fn add_wait(&mut self, waits_for: WaitsFor) {
        // Most have one, and a vector that grows by itself makes room for four.
        if self.waits_for.is_empty() {
            self.waits_for.reserve_exact(1);
        }
        self.waits_for.push(waits_for);
    }
}

/// Shows whom a node wakes, through what many share, and whether it was through that.
fn show_waiters(node: &AnyNode, shared: bool, show: &mut dyn FnMut(usize, bool)) {
    node.show_waiters(&mut |waiter| match waiter.owner() {
        Some(_) => show(waiter.header_ptr().addr(), shared),
        None => show_waiters(waiter, true, show),
    });
}

fn descriptor_waits(descriptor: Descriptor, writable: bool) -> WaitsFor {
    match descriptor.purpose {
        Purpose::Signal(kind) => WaitsFor::Signal(kind),
        Purpose::Child => WaitsFor::Child,
        Purpose::Stream => {
            // SAFETY: the poller knows it as open, since whoever owns it has it forgotten before.
            let fd = unsafe { BorrowedFd::borrow_raw(descriptor.fd) };
            let socket = SockRef::from(&fd);
            let local = socket.local_addr().ok();
            let peer = socket.peer_addr().ok();
            WaitsFor::Io {
                fd: descriptor.fd,
                writable,
                local: local.and_then(|address| address.as_socket()),
                peer: peer.and_then(|address| address.as_socket()),
            }
        }
    }
}
