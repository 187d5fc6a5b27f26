//! Counted, thin pointers to what a loop can wake: tasks, callbacks, foreign wakers, groups of these.
//!
//! An [`AnyNode`] is to a [`Local<N>`] what `Rc<dyn Node>` is to `Rc<N>`, in one word instead of two and with one count instead of two. Run queue,
//! timers, I/O registrations and futures hold one for whoever waits, so its size is most of what waiting costs.
//!
//! Nodes never leave their thread: both pointers are neither `Send` nor `Sync`.

use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, offset_of};
use std::ops::Deref;
use std::panic::Location;
use std::process::abort;
use std::ptr::NonNull;

use crate::log;
use crate::pool;
use crate::portrait::Portrait;
use crate::site::Suspension;

/// Which type a node has, where others need to know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A [`Group`](crate::group::Group), and nothing else.
    Group,
    /// A [`ForeignWaker`](crate::waker::ForeignWaker), and nothing else.
    ForeignWaker,
    /// A [`Task`](crate::task::Task), or a [`Member`](crate::crew::Member) that poses as one. Both begin with a [`TaskPart`](crate::task::TaskPart).
    Task,
    /// The cell of a promise, which is `repr(C)` and begins with the place where it was made, a `&'static Location<'static>`.
    Promise,
    /// Any other.
    Other,
}

/// Something on the heap that can be woken.
///
/// # Safety
///
/// `KIND` is `Group` or `ForeignWaker` for the one type that it names only. It is `Task` only for types that are `repr(C)` and have a `TaskPart` as
/// their first field, and `Promise` for those whose first field is a `&'static Location<'static>`.
pub(crate) unsafe trait Node: Sized + 'static {
    const KIND: Kind = Kind::Other;

    /// Sees to it that the node runs on a later turn of its loop. Runs no user's code but that of a foreign waker. Never unwinds.
    fn schedule(this: &Local<Self>);

    /// Runs the node now. Never unwinds.
    fn run(this: &Local<Self>);

    /// Asks the node to give up what it does. Never unwinds.
    fn cancel(_this: &Local<Self>) {}

    /// Nobody will look at the node's result any more. Never unwinds.
    fn abandon(_this: &Local<Self>) {}

    /// Where the node is suspended, if it is a coroutine.
    fn suspension(_this: &Local<Self>) -> Option<Suspension> {
        None
    }

    /// What a dump tells of the node, if it is a coroutine.
    fn portrait(_this: &Local<Self>) -> Option<Portrait> {
        None
    }

    /// Where the node was added, if it is a callback.
    fn added_at(_this: &Local<Self>) -> Option<&'static Location<'static>> {
        None
    }

    /// The task that the node is, or is a part of.
    fn owner(_this: &Local<Self>) -> Option<TaskRef> {
        None
    }

    /// Shows those whom the node wakes, as far as they wait for it.
    fn show_waiters(_this: &Local<Self>, _show: &mut dyn FnMut(&AnyNode)) {}

    /// Whether a run of the node would help anybody, as far as it is known: it does not where the node is a part of what nobody waits for.
    fn is_waited_for(_this: &Local<Self>) -> bool {
        true
    }
}

/// Shows who waits in `slot`.
pub(crate) fn show(slot: &Cell<Option<AnyNode>>, show: &mut dyn FnMut(&AnyNode)) {
    let waiter = slot.take();
    if let Some(waiter) = &waiter {
        show(waiter);
    }
    // Nothing that is shown something puts anybody there.
    slot.set(waiter);
}

/// What every node begins with.
#[repr(C)]
pub(crate) struct Header {
    /// The node's functions. Never changes, so any thread may read it.
    vtable: &'static VTable,
    /// How many pointers to the node there are.
    references: Cell<u32>,
    /// Whatever the node keeps here; the room would be padding otherwise.
    flags: Cell<u32>,
}

/// A task as others remember it: a number to be compared with those of tasks that are there, and never followed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct TaskRef {
    /// Where it lies.
    pub(crate) address: usize,
    /// Its number among its thread's, so that it is told from one that comes to lie there later.
    pub(crate) serial: u32,
}

/// Whom nodes are shown to.
type Show<'a> = &'a mut dyn FnMut(&AnyNode);

struct VTable {
    kind: Kind,
    /// How far into its block the node lies, in bytes.
    offset: usize,
    schedule: unsafe fn(NonNull<Header>),
    run: unsafe fn(NonNull<Header>),
    cancel: unsafe fn(NonNull<Header>),
    abandon: unsafe fn(NonNull<Header>),
    suspension: unsafe fn(NonNull<Header>) -> Option<Suspension>,
    portrait: unsafe fn(NonNull<Header>) -> Option<Portrait>,
    added_at: unsafe fn(NonNull<Header>) -> Option<&'static Location<'static>>,
    owner: unsafe fn(NonNull<Header>) -> Option<TaskRef>,
    show_waiters: unsafe fn(NonNull<Header>, Show<'_>),
    is_waited_for: unsafe fn(NonNull<Header>) -> bool,
    free: unsafe fn(NonNull<Header>),
}

#[repr(C)]
struct Block<N> {
    header: Header,
    node: N,
}

impl<N: Node> Block<N> {
    const VTABLE: VTable = VTable {
        kind: N::KIND,
        offset: offset_of!(Self, node),
        // SAFETY: whoever calls one of these passes the header of a live `Block<N>`, see `AnyNode`.
        schedule: |header| unsafe { Local::lend(header, N::schedule) },
        // SAFETY: as for `schedule`.
        run: |header| unsafe { Local::lend(header, N::run) },
        // SAFETY: as for `schedule`.
        cancel: |header| unsafe { Local::lend(header, N::cancel) },
        // SAFETY: as for `schedule`.
        abandon: |header| unsafe { Local::lend(header, N::abandon) },
        // SAFETY: as for `schedule`.
        suspension: |header| unsafe { Local::lend(header, N::suspension) },
        // SAFETY: as for `schedule`.
        portrait: |header| unsafe { Local::lend(header, N::portrait) },
        // SAFETY: as for `schedule`.
        added_at: |header| unsafe { Local::lend(header, N::added_at) },
        // SAFETY: as for `schedule`.
        owner: |header| unsafe { Local::lend(header, N::owner) },
        // SAFETY: as for `schedule`.
        show_waiters: |header, show| unsafe {
            Local::lend(header, |this| N::show_waiters(this, show));
        },
        // SAFETY: as for `schedule`.
        is_waited_for: |header| unsafe { Local::lend(header, N::is_waited_for) },
        // SAFETY: the count is zero, so this is the last use of the block.
        free: |header| unsafe { Self::free(header.cast()) },
    };

    /// Drops the block and gives its room back. A panic of a destructor is logged.
    ///
    /// # Safety
    ///
    /// The block came from [`Local::new`], and nobody uses it any more.
    unsafe fn free(block: NonNull<Self>) {
        // Here all nodes end, so here it is seen to that their destructors, which are foreign code, do not unwind into a loop.
        log::catching("a destructor", || {
            // SAFETY: the caller's word.
            unsafe { block.drop_in_place() };
        });
        // SAFETY: the room is the block's, which is dropped by now, or as far as it could be.
        unsafe { pool::free(block) };
    }
}

/// A counted pointer to a node of a known type.
pub(crate) struct Local<N: Node> {
    block: NonNull<Block<N>>,
    /// It owns a share of the block.
    owns: PhantomData<Block<N>>,
}

impl<N: Node> Local<N> {
    #[inline]
    pub(crate) fn new(node: N) -> Self {
        let header = Header {
            vtable: const { &Block::<N>::VTABLE },
            references: Cell::new(1),
            flags: Cell::new(0),
        };
        let block = pool::allocate::<Block<N>>();
        // SAFETY: the room is for such a block, and new.
        unsafe { block.write(Block { header, node }) };
        Self {
            block,
            owns: PhantomData,
        }
    }

    /// Calls `function` with a pointer that does not count.
    ///
    /// # Safety
    ///
    /// `header` is that of a live `Block<N>`, which lives on until this returns.
    #[inline]
    unsafe fn lend<R>(header: NonNull<Header>, function: impl FnOnce(&Self) -> R) -> R {
        let lent = ManuallyDrop::new(Self {
            block: header.cast(),
            owns: PhantomData,
        });
        function(&lent)
    }

    /// The address by which a task is known.
    pub(crate) fn header_ptr(&self) -> *const Header {
        self.block.as_ptr().cast()
    }

    fn header(&self) -> &Header {
        // SAFETY: the block lives as long as a pointer to it does.
        unsafe { &self.block.as_ref().header }
    }

    pub(crate) fn flags(&self) -> &Cell<u32> {
        &self.header().flags
    }

    /// The same node, its type forgotten.
    pub(crate) fn erase(self) -> AnyNode {
        AnyNode {
            header: ManuallyDrop::new(self).block.cast(),
        }
    }
}

impl<N: Node> Deref for Local<N> {
    type Target = N;

    fn deref(&self) -> &N {
        // SAFETY: the block lives as long as a pointer to it does, and nobody takes `&mut` to a node.
        unsafe { &self.block.as_ref().node }
    }
}

impl<N: Node> Clone for Local<N> {
    fn clone(&self) -> Self {
        self.header().count_up();
        Self {
            block: self.block,
            owns: PhantomData,
        }
    }
}

impl<N: Node> Drop for Local<N> {
    fn drop(&mut self) {
        drop(AnyNode {
            header: self.block.cast(),
        });
    }
}

impl Header {
    #[inline]
    fn count_up(&self) {
        let references = self.references.get();
        if references == u32::MAX {
            // Only a program that forgets pointers in a loop gets here; wrapping would free what is in use.
            abort();
        }
        self.references.set(references + 1);
    }
}

/// A counted pointer to a node of any type.
pub(crate) struct AnyNode {
    /// The header of a live block; the vtable in it is the one for the block's type.
    header: NonNull<Header>,
}

impl AnyNode {
    fn as_header(&self) -> &Header {
        // SAFETY: the block lives as long as a pointer to it does.
        unsafe { self.header.as_ref() }
    }

    /// Sees to it that the node runs on a later turn.
    #[inline]
    pub(crate) fn schedule(&self) {
        // SAFETY: header and vtable belong together, here and in the functions below.
        unsafe { (self.as_header().vtable.schedule)(self.header) }
    }

    /// Runs the node now.
    #[inline]
    pub(crate) fn run(&self) {
        // SAFETY: as for `schedule`.
        unsafe { (self.as_header().vtable.run)(self.header) }
    }

    /// Asks the node to give up.
    pub(crate) fn cancel(&self) {
        // SAFETY: as for `schedule`.
        unsafe { (self.as_header().vtable.cancel)(self.header) }
    }

    /// Tells the node that nobody will look at its result any more.
    pub(crate) fn abandon(&self) {
        // SAFETY: as for `schedule`.
        unsafe { (self.as_header().vtable.abandon)(self.header) }
    }

    /// Where the node is suspended, if it is a coroutine.
    pub(crate) fn suspension(&self) -> Option<Suspension> {
        // SAFETY: as for `schedule`.
        unsafe { (self.as_header().vtable.suspension)(self.header) }
    }

    /// What a dump tells of the node, if it is a coroutine.
    pub(crate) fn portrait(&self) -> Option<Portrait> {
        // SAFETY: as for `schedule`.
        unsafe { (self.as_header().vtable.portrait)(self.header) }
    }

    /// Where the node was added, if it is a callback.
    pub(crate) fn added_at(&self) -> Option<&'static Location<'static>> {
        // SAFETY: as for `schedule`.
        unsafe { (self.as_header().vtable.added_at)(self.header) }
    }

    /// The task that the node is, or is a part of.
    pub(crate) fn owner(&self) -> Option<TaskRef> {
        // SAFETY: as for `schedule`.
        unsafe { (self.as_header().vtable.owner)(self.header) }
    }

    /// Shows those whom the node wakes.
    pub(crate) fn show_waiters(&self, show: &mut dyn FnMut(&AnyNode)) {
        // SAFETY: as for `schedule`.
        unsafe { (self.as_header().vtable.show_waiters)(self.header, show) }
    }

    /// The address by which the node is known.
    pub(crate) fn header_ptr(&self) -> *const Header {
        self.header.as_ptr()
    }

    /// Whether a run of the node would help anybody, as far as it is known.
    pub(crate) fn is_waited_for(&self) -> bool {
        // SAFETY: as for `schedule`.
        unsafe { (self.as_header().vtable.is_waited_for)(self.header) }
    }

    pub(crate) fn flags(&self) -> &Cell<u32> {
        &self.as_header().flags
    }

    pub(crate) fn kind(&self) -> Kind {
        self.as_header().vtable.kind
    }

    /// A pointer to the node that `header` belongs to, which does not count.
    ///
    /// # Safety
    ///
    /// `header` came from [`Local::header_ptr`] on this thread, and its block lives longer than the result.
    #[inline]
    pub(crate) unsafe fn lend(header: *const Header) -> ManuallyDrop<Self> {
        // SAFETY: the caller's word; it is not null, then.
        let header = unsafe { NonNull::new_unchecked(header.cast_mut()) };
        ManuallyDrop::new(Self { header })
    }

    /// The node itself, for whoever knows its type.
    ///
    /// # Safety
    ///
    /// The node's type is `N`, or `N` is the first field of its type, which is `repr(C)`.
    pub(crate) unsafe fn node<N>(&self) -> &N {
        // SAFETY: the caller's word; the block lives as long as `self`.
        unsafe { &*node_of(self.header.as_ptr()).cast::<N>() }
    }
}

/// Where the node lies that belongs to `header`. Reads nothing that ever changes, so any thread may ask.
///
/// # Safety
///
/// `header` is that of a live block.
pub(crate) unsafe fn node_of(header: *const Header) -> *const () {
    // SAFETY: the caller's word. `vtable` is read through a raw pointer, since the cells beside it belong to another thread, perhaps.
    unsafe {
        let vtable = (&raw const (*header).vtable).read();
        header.byte_add(vtable.offset).cast()
    }
}

impl Clone for AnyNode {
    #[inline]
    fn clone(&self) -> Self {
        self.as_header().count_up();
        Self {
            header: self.header,
        }
    }
}

impl Drop for AnyNode {
    #[inline]
    fn drop(&mut self) {
        let header = self.as_header();
        let references = header.references.get() - 1;
        header.references.set(references);
        if references == 0 {
            // SAFETY: this was the last pointer, and the vtable is the block's.
            unsafe { (header.vtable.free)(self.header) }
        }
    }
}

impl PartialEq for AnyNode {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header
    }
}
