//! What a loop's coroutines are doing: who waits for whom, for what, where, and since when.

mod attribution;
mod build;
mod map;
#[cfg(feature = "serde")]
mod serialize;
mod text;
mod tree;
mod waits;

use std::rc::Rc;
use std::time::Duration;

pub use waits::{Place, WaitsFor};

use crate::io_loop::IoLoop;
use crate::loop_core::LoopCore;
pub use crate::origin::Awaited;
pub use crate::portrait::Status;
use crate::site::Suspension;

/// The coroutines of a loop that are alive, as they were when it was [taken](IoLoop::dump): a tree in which each stands below the one that waits for it.
///
/// It shows itself as text, one coroutine a line.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, promise};
///
/// #[co::coroutine]
/// fn order(paid: co::Future<u32>) -> u32 {
///     yield_!(paid)
/// }
///
/// #[co::coroutine]
/// fn shop(paid: co::Future<u32>) -> u32 {
///     yield_!(order(paid))
/// }
///
/// let (_promise, paid) = promise();
/// let shop = shop(paid);
/// let dump = IoLoop::current().dump();
/// let root = dump.roots().next().unwrap();
/// assert_eq!(root.name(), "shop");
/// let child = root.children().next().unwrap();
/// assert_eq!(child.suspension().unwrap().operand(), Some("paid"));
/// assert!(dump.to_string().contains("-> a promise made at"));
/// # drop(shop);
/// ```
#[derive(Clone, Debug)]
pub struct Dump {
    pub(crate) records: Vec<Record>,
    /// Indices.
    pub(crate) roots: Vec<usize>,
    /// All indices, in the order of the ids.
    pub(crate) by_id: Vec<usize>,
}

/// A coroutine of a [`Dump`], or a part of one.
#[derive(Clone, Copy)]
pub struct DumpNode<'a> {
    dump: &'a Dump,
    index: usize,
}

/// What a dump knows of one coroutine.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: DumpId,
    pub(crate) kind: DumpKind,
    /// Where it is suspended. None for a member of a list or a tuple.
    pub(crate) suspension: Option<Suspension>,
    pub(crate) status: Status,
    pub(crate) waited: Duration,
    pub(crate) bytes: usize,
    pub(crate) waits_for: Vec<WaitsFor>,
    /// Those that stand below it.
    pub(crate) children: Vec<usize>,
    /// The one below which it stands.
    pub(crate) above: Option<usize>,
}

/// What is known by this in one dump is known by it in the next.
///
/// No two that are alive have the same, and what has ended is not confused with what comes later, unless a million coroutines were started between.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DumpId(u64);

/// What a [`DumpNode`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DumpKind {
    /// A coroutine that was started.
    Coroutine,
    /// A lazy coroutine, which is a part of the one that waits for it.
    Lazy,
    /// An async generator, which is a part of the one that iterates it.
    AsyncGenerator,
    /// What waits for the member with this index of a list, a tuple or a `WaitIterator`.
    Member(usize),
}

/// Set in the number of what is a part.
const PART: u64 = 1 << 52;

impl DumpId {
    /// Of a task that stands in the loop's table at `slot`.
    fn task(serial: u32, slot: u32) -> Self {
        Self(u64::from(slot) << 20 | u64::from(serial))
    }

    fn part(serial: u64) -> Self {
        Self(serial | PART)
    }

    /// As a number, which is less than 2^53.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

/// Seeing what goes on.
impl IoLoop {
    /// Takes down what the loop's live coroutines are doing.
    ///
    /// It may be called at any time on the loop's thread: by a coroutine or a callback while the loop runs, or when it does not. It looks, and nothing else: no
    /// coroutine is polled, and no code of a user's is run (but for a [`Clock`](crate::Clock) of the user's, which is asked for the time). It takes less than a microsecond for each
    /// coroutine, and two system calls for each socket that somebody waits for, whose addresses it asks for.
    #[must_use]
    pub fn dump(&self) -> Dump {
        Dump::of(self.core())
    }
}

impl Dump {
    pub(crate) fn of(io_loop: &Rc<LoopCore>) -> Self {
        build::dump(io_loop)
    }

    /// Those whom no coroutine waits for. Where some wait for each other in a circle, one of them is here.
    pub fn roots(&self) -> impl ExactSizeIterator<Item = DumpNode<'_>> {
        self.roots
            .iter()
            .map(|&index| DumpNode { dump: self, index })
    }

    /// All coroutines and their parts, in no particular order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = DumpNode<'_>> {
        (0..self.records.len()).map(|index| DumpNode { dump: self, index })
    }

    /// The one that is known by `id`, if it is in this dump.
    #[must_use]
    pub fn get(&self, id: DumpId) -> Option<DumpNode<'_>> {
        let id_of = |&index: &usize| self.records[index].id;
        let at = self.by_id.binary_search_by_key(&id, id_of).ok()?;
        let index = self.by_id[at];
        Some(DumpNode { dump: self, index })
    }

    /// How many coroutines there are that were started; parts do not count.
    #[must_use]
    pub fn len(&self) -> usize {
        let is_task = |record: &&Record| record.kind == DumpKind::Coroutine;
        self.records.iter().filter(is_task).count()
    }

    /// Whether there are no coroutines.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

impl<'a> DumpNode<'a> {
    fn record(self) -> &'a Record {
        &self.dump.records[self.index]
    }

    /// By what it is known, in this dump and in later ones.
    #[must_use]
    pub fn id(self) -> DumpId {
        self.record().id
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> DumpKind {
        self.record().kind
    }

    /// The coroutine's name, without its module; empty for a member.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.record()
            .suspension
            .as_ref()
            .map_or("", Suspension::name)
    }

    /// Where it is suspended. None for a member.
    #[must_use]
    pub fn suspension(self) -> Option<&'a Suspension> {
        self.record().suspension.as_ref()
    }

    /// Whether it runs, is about to, or waits.
    #[must_use]
    pub fn status(self) -> Status {
        self.record().status
    }

    /// For how long it has been suspended, to the millisecond, or some 64 turns of a loop that is never idle, and up to 48 days. It is counted anew when the coroutine was woken
    /// and has come to wait at the same place.
    #[must_use]
    pub fn waited(self) -> Duration {
        self.record().waited
    }

    /// How large its state machine is, in bytes; those of its parts are within.
    #[must_use]
    pub fn bytes(self) -> usize {
        self.record().bytes
    }

    /// What it waits for, as far as it is known. Nothing of what its parts wait for.
    #[must_use]
    pub fn waits_for(self) -> &'a [WaitsFor] {
        &self.record().waits_for
    }

    /// Its parts, and the coroutines that it waits for, unless they stand below another one who waits for them.
    pub fn children(self) -> impl ExactSizeIterator<Item = Self> + use<'a> {
        let of = self.record().children.iter();
        of.map(move |&index| DumpNode {
            dump: self.dump,
            index,
        })
    }
}
