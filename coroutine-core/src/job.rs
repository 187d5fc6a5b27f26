//! Work on another thread whose result arrives on the loop.
//!
//! The two sides share a slot: the executor's side has a [`Ticket`], the loop's side is a future. Whichever comes second finds what the other has left.

use std::future::Future as StdFuture;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use crate::executor::Executor;
use crate::log;
use crate::loop_core::LoopCore;
use crate::note::{self, Note};

/// What the two threads share.
struct Slot<W, T>(Mutex<State<W, T>>);

enum State<W, T> {
    /// The work has not begun.
    Queued(W, Option<Waker>),
    Running(Option<Waker>),
    Done(thread::Result<T>),
    /// The loop's side has taken the result, or wants none.
    Gone,
}

impl<W, T> Slot<W, T> {
    fn lock(&self) -> MutexGuard<'_, State<W, T>> {
        // No foreign code runs while it is locked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the work out, unless it was cancelled.
    fn begin(&self) -> Option<W> {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Running(None)) {
            State::Queued(work, waker) => {
                *state = State::Running(waker);
                Some(work)
            }
            other => {
                *state = other;
                None
            }
        }
    }

    /// Leaves a result there, unless there is one or nobody wants it, and gives back what is to be dropped, and whom to wake.
    fn put(&self, result: thread::Result<T>) -> (impl Sized + use<W, T>, Option<Waker>) {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Gone) {
            State::Queued(work, waker) => {
                *state = State::Done(result);
                ((Some(work), None), waker)
            }
            State::Running(waker) => {
                *state = State::Done(result);
                ((None, None), waker)
            }
            other => {
                *state = other;
                ((None, Some(result)), None)
            }
        }
    }

    fn finish(&self, result: thread::Result<T>) {
        let (rest, waker) = self.put(result);
        log::catching("a destructor of a job", || drop(rest));
        log::catching("a waker", || {
            waker.inspect(Waker::wake_by_ref);
        });
    }
}

/// The executor's side.
struct Ticket<W, T>(Arc<Slot<W, T>>)
where
    W: FnOnce() -> T;

impl<W: FnOnce() -> T, T> Ticket<W, T> {
    fn run(self) {
        if let Some(work) = self.0.begin() {
            self.0.finish(catch_unwind(AssertUnwindSafe(work)));
        }
    }
}

/// Where the executor drops it unused, whoever waits must learn it.
impl<W: FnOnce() -> T, T> Drop for Ticket<W, T> {
    fn drop(&mut self) {
        self.0
            .finish(Err(Box::new("the executor dropped a job unused")));
    }
}

/// The loop's side. When it is dropped, work that has not begun never does. A virtual clock stands still while there is one: the work takes real time.
pub(crate) struct Job<W, T> {
    slot: Arc<Slot<W, T>>,
    io_loop: Rc<LoopCore>,
}

impl<W, T> Job<W, T>
where
    W: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    /// Gives `work` to `executor`, unless the loop is closed.
    pub(crate) fn start(io_loop: Rc<LoopCore>, executor: &dyn Executor, work: W) -> Self {
        io_loop.jobs().set(io_loop.jobs().get() + 1);
        let slot = Arc::new(Slot(Mutex::new(State::Queued(work, None))));
        let job = Self { slot, io_loop };
        if !job.io_loop.is_closed() {
            let ticket = Ticket(Arc::clone(&job.slot));
            executor.execute(Box::new(move || ticket.run()));
        }
        job
    }
}

impl<W, T> Drop for Job<W, T> {
    fn drop(&mut self) {
        let jobs = self.io_loop.jobs();
        jobs.set(jobs.get() - 1);
        let rest = std::mem::replace(&mut *self.slot.lock(), State::Gone);
        drop(rest);
    }
}

impl<W, T> StdFuture for Job<W, T> {
    type Output = T;

    /// # Panics
    ///
    /// Panics when the work did, with its panic.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut waker = Some(cx.waker().clone());
        // What it is exchanged for is dropped after the lock.
        let mut state = self.slot.lock();
        if let State::Queued(_, before) | State::Running(before) = &mut *state {
            std::mem::swap(before, &mut waker);
            note::leave(Note::job());
            return Poll::Pending;
        }
        let before = std::mem::replace(&mut *state, State::Gone);
        drop(state);
        match before {
            State::Done(result) => {
                Poll::Ready(result.unwrap_or_else(|payload| resume_unwind(payload)))
            }
            _ => panic!("a job was polled again after its result had been taken"),
        }
    }
}
