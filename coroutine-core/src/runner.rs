//! Drives one state machine. Tornado's `Runner`.

use std::any::Any;
use std::cell::UnsafeCell;
use std::future::Future as StdFuture;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Context;

use crate::coroutine::{Coroutine, CoroutineState, Descriptor, Frame};
use crate::site::Suspension;

/// A state machine at its place, where it stays until it is freed. When that may be, its task knows, which has flags for it.
pub(crate) struct Runner<D, F> {
    /// Tells what the coroutine is, also while its body runs.
    describe: D,
    frame: UnsafeCell<ManuallyDrop<Frame<D, F>>>,
}

/// What came of driving it.
pub(crate) enum Step<T> {
    /// A yield was not ready.
    Suspended,
    Returned(T),
    Panicked(Box<dyn Any + Send>),
}

impl<T, D, F> Runner<D, F>
where
    D: Fn() -> Descriptor<T> + Clone,
    F: StdFuture<Output = T>,
{
    pub(crate) fn new(describe: D, body: F) -> Self {
        Self {
            describe: describe.clone(),
            frame: UnsafeCell::new(ManuallyDrop::new(Frame::new(describe, body))),
        }
    }

    pub(crate) fn descriptor(&self) -> Descriptor<T> {
        (self.describe)()
    }

    /// Runs the body. A yield that is ready goes on in place, so this returns at the first one that is not, or at the end.
    ///
    /// # Safety
    ///
    /// The runner does not move any more, the frame has not been freed, and nobody else uses it until this returns.
    #[inline]
    pub(crate) unsafe fn step(&self, cx: &mut Context<'_>) -> Step<T> {
        // SAFETY: the caller's word; the frame is pinned where it is, since it is only ever dropped in place.
        let frame = unsafe { Pin::new_unchecked(&mut **self.frame.get()) };
        match catch_unwind(AssertUnwindSafe(|| frame.resume(cx))) {
            Ok(CoroutineState::Yielded(_)) => Step::Suspended,
            Ok(CoroutineState::Returned(value)) => Step::Returned(value),
            Err(payload) => Step::Panicked(payload),
        }
    }

    /// Drops the state machine: the locals at its yield point, or what is left of it.
    ///
    /// # Safety
    ///
    /// The frame has not been freed before, nobody uses it, and nobody will.
    pub(crate) unsafe fn free(&self) {
        // SAFETY: the caller's word.
        unsafe { ManuallyDrop::drop(&mut *self.frame.get()) }
    }

    /// Takes down when it was suspended, which is now.
    ///
    /// # Safety
    ///
    /// The frame has not been freed, and the body does not run.
    #[inline]
    pub(crate) unsafe fn suspended_at(&self, now: u32) {
        // SAFETY: the caller's word, so there is no mutable reference.
        unsafe { &*self.frame.get() }.since().set(now);
    }

    /// When it was suspended.
    ///
    /// # Safety
    ///
    /// The frame has not been freed, and the body does not run.
    pub(crate) unsafe fn since(&self) -> u32 {
        // SAFETY: as for `suspended_at`.
        unsafe { &*self.frame.get() }.since().get()
    }

    /// Where it is suspended.
    ///
    /// # Safety
    ///
    /// The frame has not been freed, and the body does not run.
    pub(crate) unsafe fn suspension(&self) -> Suspension {
        // SAFETY: the caller's word, so there is no mutable reference.
        unsafe { &*self.frame.get() }.suspension()
    }
}
