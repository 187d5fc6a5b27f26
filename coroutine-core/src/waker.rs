//! Wakers: from the running task, whose own futures need none, to clones that wake it from any thread.
//!
//! A task is polled with a waker that borrows it. Futures of this crate notice that waker and take a counted pointer to the task, on the
//! spot. Everyone else clones it, which makes the task's [`Remote`] (once a task) and counts itself there. A clone
//! never touches the task itself but on the task's own thread.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::task::{Context, RawWaker, RawWakerVTable, Waker};

use crate::budget;
use crate::handle::{Shared, thread_id};
use crate::here::HERE;
use crate::log;
use crate::loop_core::LoopCore;
use crate::node::{AnyNode, Header, Kind, Local, Node, TaskRef, node_of};
use crate::portrait::Portrait;
use crate::task::{self, TaskPart};

/// Calls `run` with the waker that borrows `task`, which is the running one meanwhile.
///
/// `N` is a task, and `run` must not unwind.
#[inline]
pub(crate) fn with_running<N: Node, R>(task: &Local<N>, run: impl FnOnce(&Waker) -> R) -> R {
    debug_assert!(matches!(N::KIND, Kind::Task));
    let header = task.header_ptr();
    // SAFETY: the functions of `BORROWED` ask for a pointer to the header of a live task, which `task` keeps alive for as long as the
    // waker can be used: it is never given away, and it goes before this function returns.
    let waker = ManuallyDrop::new(unsafe { Waker::new(header.cast(), &BORROWED) });
    let outer = HERE.with(|here| here.running.replace(header));
    if outer.is_null() {
        // A coroutine that is started by another one shares its budget, or a chain of short ones would never end.
        budget::refill();
    }
    let result = run(&waker);
    HERE.with(|here| here.running.set(outer));
    result
}

/// The task that is being polled with `cx`, unless somebody between put a waker of their own there.
///
/// Both comparisons are needed: the data alone may be any number in a waker that is not ours, and a waker of ours may be another thread's or
/// another task's. The running task is neither.
#[inline]
fn running(cx: &Context<'_>) -> Option<ManuallyDrop<AnyNode>> {
    let (waker, header) = (cx.waker(), running_header());
    if header.is_null()
        || waker.data() != header.cast()
        || !ptr::eq(waker.vtable(), &raw const BORROWED)
    {
        return None;
    }
    // SAFETY: `Here::running` came from a pointer of this thread, and whoever set it holds that for longer than `cx` is there.
    Some(unsafe { AnyNode::lend(header) })
}

/// Where the running task, or member of one, lies. Null if there is none.
#[inline]
pub(crate) fn running_header() -> *const Header {
    HERE.with(|here| here.running.get())
}

/// Calls `look` with the running task or member, if there is one.
fn with_running_node<R>(look: impl FnOnce(&AnyNode) -> R) -> Option<R> {
    let header = running_header();
    // SAFETY: `Here::running` came from a pointer of this thread, and whoever set it holds that until it is restored, which is after `look` has returned.
    (!header.is_null()).then(|| look(&*unsafe { AnyNode::lend(header) }))
}

/// The running task, or that of which the running member is one.
pub(crate) fn running_task() -> Option<TaskRef> {
    with_running_node(AnyNode::owner).flatten()
}

/// The running task, where it is known that no member of one runs.
#[inline]
pub(crate) fn running_as_task() -> Option<TaskRef> {
    with_running_node(task::name_of)
}

/// Where the loop lies whose task is running.
pub(crate) fn running_loop() -> usize {
    let loop_of = |node: &AnyNode| task::loop_of(node).map_or(0, |of| Rc::as_ptr(of).addr());
    with_running_node(loop_of).unwrap_or(0)
}

/// What the running task tells of itself, for a loop which does not know it yet.
pub(crate) fn running_portrait(io_loop: &Rc<LoopCore>) -> Option<(TaskRef, Portrait)> {
    with_running_node(|node| {
        let is_here = task::loop_of(node).is_some_and(|of| Rc::ptr_eq(of, io_loop));
        let portrait = node
            .portrait()
            .filter(|_| is_here && !task::is_hidden(node))?;
        Some((node.owner()?, portrait))
    })
    .flatten()
}

/// Whom to wake for `cx`.
#[inline]
pub(crate) fn waiter(cx: &Context<'_>) -> AnyNode {
    match running(cx) {
        Some(task) => AnyNode::clone(&task),
        None => foreign_waiter(cx.waker()),
    }
}

/// Has whoever polls with `cx` run again on the next turn.
#[inline]
pub(crate) fn wake(cx: &Context<'_>) {
    match running(cx) {
        Some(task) => task.schedule(),
        None => cx.waker().wake_by_ref(),
    }
}

/// Puts whom to wake for `cx` into `slot`, unless it is there.
#[inline]
pub(crate) fn wait_in(slot: &Cell<Option<AnyNode>>, cx: &Context<'_>) {
    let old = slot.take();
    let keep = old.as_ref().is_some_and(|old| waits_for(old, cx));
    slot.set(if keep { old } else { Some(waiter(cx)) });
}

/// Whether `node` is whom to wake for `cx`.
pub(crate) fn waits_for(node: &AnyNode, cx: &Context<'_>) -> bool {
    match node.kind() {
        Kind::Task => running(cx).is_some_and(|task| *task == *node),
        // SAFETY: of this kind there is one type.
        Kind::ForeignWaker => unsafe { node.node::<ForeignWaker>() }
            .waker
            .will_wake(cx.waker()),
        Kind::Group | Kind::Promise | Kind::Other => false,
    }
}

/// For a waker that is not the running task's; a clone of a task's, or what passes itself on to one, still leads there.
#[cold]
fn foreign_waiter(waker: &Waker) -> AnyNode {
    let waker = waker.clone();
    if ptr::eq(waker.vtable(), &raw const CLONED) {
        // SAFETY: the data of a waker with this vtable is a `Remote`, which it holds.
        let remote = unsafe { &*waker.data().cast::<Remote>() };
        if let Some(task) = remote.task_of_this_thread() {
            return task;
        }
    }
    Local::new(ForeignWaker { waker }).erase()
}

/// A waker that is not the running task's.
pub(crate) struct ForeignWaker {
    waker: Waker,
}

// SAFETY: it is the one type of its kind.
unsafe impl Node for ForeignWaker {
    const KIND: Kind = Kind::ForeignWaker;

    fn schedule(this: &Local<Self>) {
        log::catching("a waker", || this.waker.wake_by_ref());
    }

    fn run(this: &Local<Self>) {
        Self::schedule(this);
    }
}

/// What the clones of a task's waker share, on whatever thread they are.
///
/// The task holds an `Arc` of it, and so do its wakers, but only one for all of them: thus one waker more or less is one step on one atomic.
pub(crate) struct Remote {
    /// The task's loop, as far as other threads see it.
    shared: Arc<Shared>,
    /// The task, until it ends. Dereferenced on the loop's thread only, which is also where it is set to null.
    task: AtomicPtr<Header>,
    /// How many wakers there are, and [`ENDED`] once the task is gone.
    wakers: AtomicUsize,
    /// Whether a wake from another thread is on its way.
    sent: AtomicBool,
}

/// Set in [`Remote::wakers`] when the task has ended.
const ENDED: usize = 1 << (usize::BITS - 1);

impl Remote {
    /// The task, if it has not ended and belongs to this thread.
    fn task_of_this_thread(&self) -> Option<AnyNode> {
        if self.shared.home() != thread_id() {
            return None;
        }
        let task = self.task.load(Ordering::Relaxed);
        // SAFETY: not null, so the task has not ended: it is alive, and this is its thread.
        (!task.is_null()).then(|| unsafe { AnyNode::clone(&AnyNode::lend(task)) })
    }

    /// Wakes the task, if it has not ended. For the loop, which got this from another thread.
    pub(crate) fn receive(&self) {
        // Reading too, so that the task sees what was written before a wake that found this one on its way.
        self.sent.swap(false, Ordering::AcqRel);
        if let Some(task) = self.task_of_this_thread() {
            task.schedule();
        }
    }

    fn wake(this: &Arc<Self>) {
        if this.shared.home() == thread_id() {
            if let Some(task) = this.task_of_this_thread() {
                task.schedule();
            }
        } else if !this.sent.swap(true, Ordering::AcqRel) {
            this.shared.send_wake(Arc::clone(this));
        }
    }

    /// One more waker. That there are any is counted at the loop while the task is alive, since as long as there are the loop can be woken.
    ///
    /// # Safety
    ///
    /// `this` is held by its task or by a waker, until this one is made.
    unsafe fn add_waker(this: *const Self) {
        // SAFETY: the caller's word. The first waker brings what all of them hold, and nobody takes that away before this one is gone.
        unsafe {
            if (*this).wakers.fetch_add(1, Ordering::AcqRel) == 0 {
                Arc::increment_strong_count(this);
                (*this).shared.waker_made();
            }
        }
    }

    /// One waker less.
    ///
    /// # Safety
    ///
    /// `this` is the data of a waker that is not used any more.
    unsafe fn remove_waker(this: *const Self) {
        // SAFETY: the waker was counted, so the wakers hold `this`.
        let before = unsafe { (*this).wakers.fetch_sub(1, Ordering::AcqRel) };
        if before & !ENDED == 1 {
            // SAFETY: this was the last one, so what the wakers held goes with it. A first one that is made meanwhile brings its own.
            let remote = unsafe { Arc::from_raw(this) };
            if before == 1 {
                remote.shared.waker_gone();
            }
        }
    }

    /// The task has ended: what wakers are left can wake nothing.
    fn end(&self) {
        self.task.store(ptr::null_mut(), Ordering::Relaxed);
        if self.wakers.fetch_or(ENDED, Ordering::AcqRel) != 0 {
            self.shared.waker_gone();
        }
    }
}

/// Called when a task ends, on its thread.
#[inline]
pub(crate) fn release(task: &TaskPart) {
    if !task.remote.load(Ordering::Relaxed).is_null() {
        release_remote(task);
    }
}

#[cold]
fn release_remote(task: &TaskPart) {
    let remote = task.remote.swap(ptr::null_mut(), Ordering::AcqRel);
    // SAFETY: the pointer came from `Arc::into_raw`, was not null, and nobody else can have taken it: no body is on the stack, so there is no
    // borrowed waker.
    let remote = unsafe { Arc::from_raw(remote) };
    remote.end();
}

/// The waker that a task is polled with. Its data is the header of the task, which outlives it.
///
/// A `&Waker` may be used on another thread while the task is polled, so these functions read nothing that changes but atomics, unless this is
/// the task's thread.
static BORROWED: RawWakerVTable =
    RawWakerVTable::new(borrowed_clone, borrowed_wake, borrowed_wake, |_| {});

/// A clone. Its data is the task's [`Remote`], which counts it.
static CLONED: RawWakerVTable =
    RawWakerVTable::new(cloned_clone, cloned_wake, cloned_wake_by_ref, cloned_drop);

unsafe fn borrowed_clone(data: *const ()) -> RawWaker {
    // SAFETY: the data is the header of a live task.
    let remote = unsafe { remote_of(data.cast()) };
    // SAFETY: the task holds it.
    unsafe { Remote::add_waker(remote) };
    RawWaker::new(remote.cast(), &CLONED)
}

unsafe fn borrowed_wake(data: *const ()) {
    let header = data.cast::<Header>();
    // SAFETY: the data is the header of a live task.
    let home = unsafe { shared_of(header) }.home();
    if home == thread_id() {
        // SAFETY: the task is alive, and this is its thread.
        unsafe { AnyNode::lend(header) }.schedule();
    } else {
        // SAFETY: the data is the header of a live task, which holds it.
        let remote = ManuallyDrop::new(unsafe { Arc::from_raw(remote_of(header)) });
        Remote::wake(&remote);
    }
}

/// The part of a task that any thread may look at, with care.
///
/// # Safety
///
/// `header` is that of a live task.
unsafe fn part_of(header: *const Header) -> *const TaskPart {
    // SAFETY: the caller's word; a task is `repr(C)` and begins with its part.
    unsafe { node_of(header) }.cast()
}

/// # Safety
///
/// `header` is that of a task which lives for `'a`.
unsafe fn shared_of<'a>(header: *const Header) -> &'a Arc<Shared> {
    // SAFETY: the caller's word. Neither the task's pointer to its loop nor the loop's to its shared part ever changes, and neither count is touched.
    unsafe {
        let io_loop: *const LoopCore = Rc::as_ptr(TaskPart::io_loop(&*part_of(header)));
        &*LoopCore::shared_ptr(io_loop)
    }
}

/// The task's `Remote`, made if there is none. The task holds it for as long as it is polled.
///
/// # Safety
///
/// `header` is that of a live task.
unsafe fn remote_of(header: *const Header) -> *const Remote {
    // SAFETY: the caller's word; the field is an atomic, so any thread may use it.
    let slot = unsafe { &(*part_of(header)).remote };
    let mut remote = slot.load(Ordering::Acquire);
    if remote.is_null() {
        // SAFETY: the caller's word.
        let shared = Arc::clone(unsafe { shared_of(header) });
        let made = Arc::into_raw(Arc::new(Remote {
            shared,
            task: AtomicPtr::new(header.cast_mut()),
            wakers: AtomicUsize::new(0),
            sent: AtomicBool::new(false),
        }))
        .cast_mut();
        remote =
            match slot.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => made,
                Err(first) => {
                    // SAFETY: another thread was first, so this one stays ours.
                    drop(unsafe { Arc::from_raw(made) });
                    first
                }
            };
    }
    remote
}

unsafe fn cloned_clone(data: *const ()) -> RawWaker {
    // SAFETY: the data is a `Remote`, which wakers hold, of whom this is one.
    unsafe { Remote::add_waker(data.cast()) };
    RawWaker::new(data, &CLONED)
}

unsafe fn cloned_wake(data: *const ()) {
    // SAFETY: the data is this waker's, which goes with the second call.
    unsafe {
        cloned_wake_by_ref(data);
        cloned_drop(data);
    }
}

unsafe fn cloned_wake_by_ref(data: *const ()) {
    // SAFETY: the data is a `Remote`, which wakers hold, of whom this is one and stays.
    let remote = ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Remote>()) });
    Remote::wake(&remote);
}

unsafe fn cloned_drop(data: *const ()) {
    // SAFETY: the data is this waker's, which goes.
    unsafe { Remote::remove_waker(data.cast()) };
}
