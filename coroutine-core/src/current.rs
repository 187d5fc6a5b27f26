//! Which loop is this thread's.

use std::cell::{Cell, OnceCell};
use std::mem::ManuallyDrop;
use std::rc::Rc;

use crate::io_loop::IoLoop;
use crate::loop_core::LoopCore;

thread_local! {
    /// The loop that runs, or the thread's own while none does.
    ///
    /// It has no destructor, so that it can be asked from the destructors of other thread-locals; [`INSTANCE`] clears it.
    static CURRENT: Cell<ManuallyDrop<Option<IoLoop>>> = const { Cell::new(ManuallyDrop::new(None)) };

    /// The thread's own loop, made when it is first asked for.
    static INSTANCE: OnceCell<Instance> = const { OnceCell::new() };
}

/// A thread's own loop, which is closed when the thread ends.
struct Instance(IoLoop);

impl Drop for Instance {
    fn drop(&mut self) {
        // Coroutines that are still alive are dropped here. Their destructors may ask for the current loop, and find this one, closed.
        self.0.close();
        drop(replace(None));
    }
}

/// The thread's own loop.
///
/// # Panics
///
/// Panics when the operating system gives no descriptors for a loop.
pub(crate) fn instance() -> IoLoop {
    let instance = INSTANCE.try_with(|cell| {
        let instance = cell.get_or_init(|| Instance(new_loop()));
        instance.0.clone()
    });
    instance.unwrap_or_else(|_| {
        // The thread is ending and its loop is gone: whatever is started now is dropped.
        let io_loop = new_loop();
        io_loop.close();
        io_loop
    })
}

fn new_loop() -> IoLoop {
    IoLoop::new().unwrap_or_else(|error| panic!("cannot make a loop for this thread: {error}"))
}

/// The current loop, as its users hold it.
pub(crate) fn io_loop() -> IoLoop {
    with_current(Clone::clone)
}

/// The current loop, as its tasks hold it.
#[inline]
pub(crate) fn core() -> Rc<LoopCore> {
    with_current(|io_loop| Rc::clone(io_loop.core()))
}

/// The current loop, if there is one.
pub(crate) fn existing() -> Option<IoLoop> {
    with_existing(&Clone::clone)
}

#[inline]
fn with_current<R>(look: impl Fn(&IoLoop) -> R) -> R {
    with_existing(&look).unwrap_or_else(|| look(&enter_instance()))
}

#[inline]
fn with_existing<R>(look: &impl Fn(&IoLoop) -> R) -> Option<R> {
    // Taken out for the moment. Looking is no more than counting up, so nobody finds it missing.
    let current = CURRENT.replace(ManuallyDrop::new(None));
    let found = (*current).as_ref().map(look);
    CURRENT.set(current);
    found
}

/// Makes the thread's own loop the current one, unless the thread is ending: nobody would clear it any more.
#[cold]
fn enter_instance() -> IoLoop {
    let instance = instance();
    if INSTANCE.try_with(|_| ()).is_ok() {
        drop(replace(Some(instance.clone())));
    }
    instance
}

/// Makes `io_loop` the current one and gives back the one before.
pub(crate) fn replace(io_loop: Option<IoLoop>) -> Option<IoLoop> {
    ManuallyDrop::into_inner(CURRENT.replace(ManuallyDrop::new(io_loop)))
}
