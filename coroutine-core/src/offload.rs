//! Work that would block the loop, on a thread of its own.

use std::future::Future as StdFuture;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use crate::current;
use crate::loop_core::LoopCore;

/// Does `work` on a new thread, and gives its result on the loop.
///
/// # Errors
///
/// Fails when no thread can be had, and when the work panics.
pub(crate) fn offload<R: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> R + Send + 'static,
) -> Offloaded<R> {
    let slot = Arc::new(Slot(Mutex::new(State::Waiting(None))));
    let promise = Promise(Arc::clone(&slot));
    let spawned = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || promise.0.finish(Ok(work())));
    if let Err(error) = spawned {
        // In the place of what the thread's side said when it was dropped unused.
        *slot.lock() = State::Done(Err(error));
    }
    Offloaded::new(slot)
}

/// What the two threads share.
struct Slot<R>(Mutex<State<R>>);

enum State<R> {
    Waiting(Option<Waker>),
    Done(io::Result<R>),
    Taken,
}

impl<R> Slot<R> {
    fn lock(&self) -> MutexGuard<'_, State<R>> {
        // No foreign code runs while it is locked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first result counts.
    fn finish(&self, result: io::Result<R>) {
        let waker = {
            let mut state = self.lock();
            let State::Waiting(waker) = &mut *state else {
                return;
            };
            let waker = waker.take();
            *state = State::Done(result);
            waker
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The thread's side. When it goes without a result, the work has panicked.
struct Promise<R>(Arc<Slot<R>>);

impl<R> Drop for Promise<R> {
    fn drop(&mut self) {
        self.0.finish(Err(io::Error::other("the work panicked")));
    }
}

/// The loop's side. A virtual clock stands still while there is one: the thread takes real time.
pub(crate) struct Offloaded<R> {
    slot: Arc<Slot<R>>,
    io_loop: Rc<LoopCore>,
}

impl<R> Offloaded<R> {
    fn new(slot: Arc<Slot<R>>) -> Self {
        let io_loop = current::core();
        let offloaded = io_loop.offloaded();
        offloaded.set(offloaded.get() + 1);
        Self { slot, io_loop }
    }
}

impl<R> Drop for Offloaded<R> {
    fn drop(&mut self) {
        let offloaded = self.io_loop.offloaded();
        offloaded.set(offloaded.get() - 1);
    }
}

impl<R> StdFuture for Offloaded<R> {
    type Output = io::Result<R>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let waker = cx.waker().clone();
        let mut state = self.slot.lock();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Done(result) => Poll::Ready(result),
            State::Waiting(before) => {
                *state = State::Waiting(Some(waker));
                drop(state);
                drop(before);
                Poll::Pending
            }
            State::Taken => panic!("an offloaded result was polled again after it had been taken"),
        }
    }
}
