//! A coroutine on a loop: one allocation that holds its state machine, its result, and what the loop needs to know of it.
//!
//! ```text
//!            start                     schedule            run
//!  (a call) ------> running ---------> suspended -----> queued ------> running
//!                    |  yield not ready ^    |  cancel                  |
//!                    |                  +----|--------------------------+
//!                    | return, panic         |   yield not ready
//!                    v                       v
//!                  ended <-------------------+
//! ```
//!
//! The loop's table of live coroutines holds one counted pointer to a task from its first suspension until it ends, the coroutine's
//! `Future` another, and whatever will wake it a third.

use std::any::Any;
use std::cell::Cell;
use std::future::Future as StdFuture;
use std::mem::ManuallyDrop;
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::AtomicPtr;
use std::task::Context as TaskContext;

use crate::ancestors::ancestors;
use crate::completion::{Completion, Taken};
use crate::context_var::Context;
use crate::coroutine::Descriptor;
use crate::current;
use crate::future::Future;
use crate::live::Key;
use crate::log;
use crate::loop_core::LoopCore;
use crate::node::{self, AnyNode, Kind, Local, Node, TaskRef};
use crate::note;
use crate::outcome::{Outcome, Panicked};
use crate::portrait::{Portrait, Status};
use crate::runner::{Runner, Step};
use crate::site::{State, Suspension};
use crate::stamp;
use crate::waker::{self, Remote};

/// It stands in the loop's queue.
pub(crate) const QUEUED: u32 = 1;
/// Its body is on the stack.
const RUNNING: u32 = 1 << 1;
/// It was woken in the queue while its body was on the stack, in a loop that the body started itself.
const AGAIN: u32 = 1 << 2;
/// The body is gone, and the result is known.
pub(crate) const ENDED: u32 = 1 << 3;
/// It was cancelled while its body was on the stack, and ends at the next yield that is not ready.
const CANCELLED: u32 = 1 << 4;
/// Its `Future` was dropped.
const DETACHED: u32 = 1 << 5;
/// It is the loop's own, and no suspended coroutine in the eyes of a user.
const HIDDEN: u32 = 1 << 6;
/// It runs, or will, to show whether it waits still for what it waited for: see [`ask`](crate::asker::ask).
pub(crate) const ASKED: u32 = 1 << 7;
/// Its error or panic is not logged where nobody looks at it.
const QUIET: u32 = 1 << 8;
/// From this bit on the flags hold the task's serial number.
const SERIAL: u32 = 12;

thread_local! {
    /// The serial number of the next task. Not the loop's own, so that one of a loop that is gone is told from one that comes to lie in its place.
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// A coroutine that was started.
#[repr(C)]
pub(crate) struct Task<T, D, F> {
    /// First, so that it is found without knowing the types.
    part: TaskPart,
    completion: Completion<T>,
    /// The state machine. It runs while `RUNNING` is set, and is freed when `ENDED` is.
    runner: Runner<D, F>,
}

/// What all tasks have, whatever their types.
pub(crate) struct TaskPart {
    /// The loop that runs it. Never changes.
    io_loop: Rc<LoopCore>,
    /// What its cloned wakers share, from the first clone on. Owned; may be made from any thread, is taken away on the task's own.
    pub(crate) remote: AtomicPtr<Remote>,
    /// Where it stands in the loop's table of live coroutines.
    pub(crate) key: Cell<Key>,
    /// How often it has run; its end counts too.
    runs: Cell<u32>,
    /// Its variables, while it does not run. Cleared when it ends, and not a second time when it is freed: that is measurable in short coroutines.
    context: ManuallyDrop<Context>,
}

/// A task that was not ended, because something unwound where nothing should, must not be found by its wakers.
impl Drop for TaskPart {
    fn drop(&mut self) {
        waker::release(self);
    }
}

impl TaskPart {
    /// Of a task, or what poses as one, that runs with the variables of `context`.
    pub(crate) fn new(io_loop: Rc<LoopCore>, context: Context) -> Self {
        Self {
            io_loop,
            remote: AtomicPtr::new(ptr::null_mut()),
            key: Cell::new(Key::NONE),
            runs: Cell::new(0),
            context: ManuallyDrop::new(context),
        }
    }

    pub(crate) fn io_loop(&self) -> &Rc<LoopCore> {
        &self.io_loop
    }

    pub(crate) fn runs(&self) -> u32 {
        self.runs.get()
    }

    pub(crate) fn count_run(&self) {
        self.runs.set(self.runs.get().wrapping_add(1));
    }
}

impl TaskRef {
    /// Its number, of which there are 2^20.
    pub(crate) fn number(self) -> u32 {
        self.serial >> SERIAL
    }

    /// Whether it is its loop's own, and not in the table of those that live.
    pub(crate) fn is_hidden(self) -> bool {
        self.serial & HIDDEN != 0
    }
}

/// Whether the task is the loop's own.
pub(crate) fn is_hidden(node: &AnyNode) -> bool {
    part(node).is_some() && node.flags().get() & HIDDEN != 0
}

/// A task's serial number among its thread's, and whether it is the loop's own, which it stays as well.
fn serial_of(flags: &Cell<u32>) -> u32 {
    flags.get() & (u32::MAX << SERIAL | HIDDEN)
}

/// As what others remember the node, which is a task and not a member of one.
pub(crate) fn name_of(node: &AnyNode) -> TaskRef {
    TaskRef {
        address: node.header_ptr().addr(),
        serial: serial_of(node.flags()),
    }
}

/// Sees to it that the task's error or panic is not logged, if it is a task.
pub(crate) fn hush(node: &AnyNode) {
    if part(node).is_some() {
        node.flags().set(node.flags().get() | QUIET);
    }
}

/// The loop that runs the task, if it is one.
pub(crate) fn loop_of(node: &AnyNode) -> Option<&Rc<LoopCore>> {
    part(node).map(TaskPart::io_loop)
}

/// What all tasks have, if the node is one.
pub(crate) fn part(node: &AnyNode) -> Option<&TaskPart> {
    // SAFETY: a task begins with its part.
    (node.kind() == Kind::Task).then(|| unsafe { node.node() })
}

/// Wakes what a timer of `io_loop` was set for.
///
/// A task runs at once, unless it stands in the queue already or is another loop's: then it waits for its turn there.
pub(crate) fn wake_due(node: &AnyNode, io_loop: &Rc<LoopCore>) {
    let at_once = part(node)
        .is_none_or(|part| node.flags().get() & QUEUED == 0 && Rc::ptr_eq(&part.io_loop, io_loop));
    if at_once {
        node.run();
    } else {
        node.schedule();
    }
}

/// Starts a coroutine: runs its body up to the first yield that is not ready.
#[inline]
pub fn start<T, D, F>(describe: D, body: F) -> Future<T>
where
    T: 'static,
    D: Fn() -> Descriptor<T> + Clone + 'static,
    F: StdFuture<Output = T> + 'static,
{
    start_on(current::core(), describe, body, 0)
}

/// Starts a coroutine of the loop's own, which its table of live coroutines leaves out.
pub(crate) fn start_hidden<T, D, F>(io_loop: Rc<LoopCore>, describe: D, body: F) -> Future<T>
where
    T: 'static,
    D: Fn() -> Descriptor<T> + Clone + 'static,
    F: StdFuture<Output = T> + 'static,
{
    start_on(io_loop, describe, body, HIDDEN)
}

#[inline]
pub(crate) fn start_on<T, D, F>(
    io_loop: Rc<LoopCore>,
    describe: D,
    body: F,
    flags: u32,
) -> Future<T>
where
    T: 'static,
    D: Fn() -> Descriptor<T> + Clone + 'static,
    F: StdFuture<Output = T> + 'static,
{
    let task = Local::new(Task {
        part: TaskPart::new(io_loop, Context::inherit()),
        completion: Completion::new(),
        runner: Runner::new(describe, body),
    });
    task.flags()
        .set(flags | NEXT.replace(NEXT.get().wrapping_add(1)) << SERIAL);
    Task::run(&task);
    Future::new(task, |task| &task.completion)
}

impl<T, D, F> Task<T, D, F>
where
    T: 'static,
    D: Fn() -> Descriptor<T> + Clone + 'static,
    F: StdFuture<Output = T> + 'static,
{
    /// Runs the body to its next suspension.
    #[inline]
    fn step(this: &Local<Self>) -> Step<T> {
        this.part.count_run();
        let _context = this.part.context.enter();
        waker::with_running(this, |waker| {
            let mut cx = TaskContext::from_waker(waker);
            // SAFETY: a task stays where it is; `ENDED` and `RUNNING` were clear, and `RUNNING` is set now.
            unsafe { this.runner.step(&mut cx) }
        })
    }

    #[inline]
    fn suspend(this: &Local<Self>) {
        // Before what follows is written: read behind it, the flags were measured to take as long as all the rest of a switch.
        let flags = this.flags().get();
        let is_unusual = this.part.key.get().is_none() || flags & (CANCELLED | AGAIN | ASKED) != 0;
        this.completion.set_note(note::take());
        // SAFETY: neither `RUNNING` nor `ENDED` is set.
        unsafe { this.runner.suspended_at(stamp::now()) };
        if is_unusual {
            Self::suspend_unusually(this, flags);
        }
    }

    /// For the first time, or with flags that tell of something; or it is hidden, or its loop is closed, which has no table then.
    #[inline(never)]
    fn suspend_unusually(this: &Local<Self>, now: u32) {
        if now & CANCELLED != 0 || this.part.io_loop.is_closed() {
            Self::end(this, Err(Outcome::Cancelled));
            return;
        }
        if now & HIDDEN == 0 && this.part.key.get().is_none() {
            this.part.io_loop.live().insert(this.clone().erase());
        }
        // One that was asked may take several turns to come to where it waits.
        let asked = if now & QUEUED == 0 { ASKED } else { 0 };
        this.flags().set(now & !(AGAIN | asked));
        if now & AGAIN != 0 {
            Self::schedule(this);
        }
    }

    /// Frees the body and makes the result known.
    fn end(this: &Local<Self>, result: Result<T, Outcome>) {
        this.flags().set(this.flags().get() | ENDED);
        this.part.count_run();
        // One that something has left which is not waited for any more.
        note::take();
        this.part.context.end(|| {
            // SAFETY: `RUNNING` is clear; `ENDED` was clear and is set now, so this happens once, and nobody uses the frame any more.
            log::catching("a destructor of a coroutine", || unsafe {
                this.runner.free();
            });
        });
        waker::release(&this.part);
        let alive = this.part.io_loop.live().remove(&this.part);
        if this.flags().get() & DETACHED == 0 {
            this.completion.complete(result);
        } else {
            log::catching("a destructor of a coroutine's result", || {
                Self::report(this, result);
            });
            // Callbacks are called also where nobody is left to look at the result.
            this.completion.wake();
        }
        drop(alive);
    }

    #[cold]
    fn end_in_panic(this: &Local<Self>, payload: Box<dyn Any + Send>) {
        let panicked = Panicked::new(this.running(), ancestors(this), payload);
        Self::end(this, Err(Outcome::Panicked(panicked)));
    }

    /// Where the coroutine is while it runs: somewhere in its function.
    fn running(&self) -> Suspension {
        self.runner.descriptor().at(State::Running)
    }

    /// Logs a result that nobody will look at, if it is a failure.
    fn report(this: &Local<Self>, result: Result<T, Outcome>) {
        if this.flags().get() & QUIET != 0 {
            return;
        }
        let descriptor = this.runner.descriptor();
        let place = descriptor.at(State::Returned);
        match result {
            Ok(value) => {
                if let Some(error) = (descriptor.error)(&value) {
                    log::error(format_args!(
                        "nobody looked at the error of coroutine {place}: {error}"
                    ));
                }
            }
            Err(Outcome::Panicked(panicked)) => log::error(format_args!(
                "nobody looked at the panic of coroutine {place}: {}",
                panicked.message()
            )),
            Err(Outcome::Cancelled | Outcome::Broken(_)) => {}
        }
    }
}

// SAFETY: `Task` is `repr(C)` and begins with a `TaskPart`.
unsafe impl<T, D, F> Node for Task<T, D, F>
where
    T: 'static,
    D: Fn() -> Descriptor<T> + Clone + 'static,
    F: StdFuture<Output = T> + 'static,
{
    const KIND: Kind = Kind::Task;

    #[inline]
    fn schedule(this: &Local<Self>) {
        let flags = this.flags();
        if flags.get() & (QUEUED | ENDED) == 0 {
            flags.set(flags.get() | QUEUED);
            this.part.io_loop.enqueue(this.clone().erase());
        }
    }

    #[inline]
    fn run(this: &Local<Self>) {
        let flags = this.flags();
        let now = flags.get() & !QUEUED;
        if now & (ENDED | RUNNING) != 0 {
            flags.set(now | AGAIN);
            return;
        }
        flags.set(now | RUNNING);
        let step = Self::step(this);
        flags.set(flags.get() & !RUNNING);
        match step {
            Step::Suspended => Self::suspend(this),
            Step::Returned(value) => Self::end(this, Ok(value)),
            Step::Panicked(payload) => Self::end_in_panic(this, payload),
        }
    }

    fn cancel(this: &Local<Self>) {
        let flags = this.flags();
        let now = flags.get();
        if now & RUNNING != 0 {
            flags.set(now | CANCELLED);
        } else if now & ENDED == 0 {
            Self::end(this, Err(Outcome::Cancelled));
        }
    }

    fn abandon(this: &Local<Self>) {
        this.flags().set(this.flags().get() | DETACHED);
        if let Taken::Now(result) = this.completion.take() {
            log::catching("a destructor of a coroutine's result", || {
                Self::report(this, result);
            });
        }
    }

    fn portrait(this: &Local<Self>) -> Option<Portrait> {
        let flags = this.flags().get();
        let suspension = Self::suspension(this)?;
        let (status, since) = match flags & (RUNNING | QUEUED) {
            0 => (Status::Suspended, None),
            QUEUED => (Status::Ready, None),
            _ => (Status::Running, Some(stamp::now())),
        };
        Some(Portrait {
            suspension,
            status,
            // SAFETY: where it runs, the time was told above; else neither `RUNNING` nor `ENDED` is set.
            since: since.unwrap_or_else(|| unsafe { this.runner.since() }),
            note: this.completion.note(),
            bytes: size_of::<F>(),
            slot: this.part.key.get(),
        })
    }

    fn owner(this: &Local<Self>) -> Option<TaskRef> {
        Some(TaskRef {
            address: this.header_ptr().addr(),
            serial: serial_of(this.flags()),
        })
    }

    fn show_waiters(this: &Local<Self>, show: &mut dyn FnMut(&AnyNode)) {
        node::show(this.completion.waiter(), show);
    }

    fn suspension(this: &Local<Self>) -> Option<Suspension> {
        let flags = this.flags().get();
        if flags & ENDED != 0 {
            return None;
        }
        if flags & RUNNING != 0 {
            return Some(this.running());
        }
        // SAFETY: neither `RUNNING` nor `ENDED` is set.
        Some(unsafe { this.runner.suspension() })
    }
}
