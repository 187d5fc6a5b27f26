//! A function that runs once, on a later turn.

use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;

use crate::context_var::Context;
use crate::current;
use crate::future::Future;
use crate::log;
use crate::loop_core::LoopCore;
use crate::node::{AnyNode, Local, Node};
use crate::outcome::panic_message;

/// A callback, and where it was added.
pub(crate) struct Callback<F> {
    function: Cell<Option<F>>,
    added_at: &'static Location<'static>,
    io_loop: Rc<LoopCore>,
    /// The variables of whoever added it.
    context: Context,
}

impl<F: FnOnce() + 'static> Callback<F> {
    #[inline]
    pub(crate) fn node(
        io_loop: Rc<LoopCore>,
        added_at: &'static Location<'static>,
        function: F,
    ) -> AnyNode {
        let function = Cell::new(Some(function));
        Local::new(Self {
            function,
            added_at,
            io_loop,
            context: Context::inherit(),
        })
        .erase()
    }
}

/// Calls `function` and logs a panic of it, with the place where it was added.
pub(crate) fn call(added_at: &'static Location<'static>, function: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(function)) {
        log::error(format_args!(
            "the callback added at {added_at} panicked: {}",
            panic_message(&*payload)
        ));
        log::forget_payload(payload);
    }
}

/// A callback that logs the error which `function` gives, if it gives one.
pub(crate) fn reporting<R: CallbackResult>(
    io_loop: Rc<LoopCore>,
    added_at: &'static Location<'static>,
    function: impl FnOnce() -> R + 'static,
) -> AnyNode {
    Callback::node(io_loop, added_at, move || {
        function().finish(move |error| {
            if let Some(error) = error {
                log_failure(added_at, &error);
            }
        });
    })
}

// SAFETY: the kind is `Other`.
unsafe impl<F: FnOnce() + 'static> Node for Callback<F> {
    fn schedule(this: &Local<Self>) {
        this.io_loop.enqueue(this.clone().erase());
    }

    fn run(this: &Local<Self>) {
        if let Some(function) = this.function.take() {
            let _context = this.context.enter();
            call(this.added_at, function);
        }
    }

    fn added_at(this: &Local<Self>) -> Option<&'static Location<'static>> {
        Some(this.added_at)
    }
}

/// Calls `callback` with the future on a later turn of `io_loop`, once the result is there.
pub(crate) fn call_when_done<T: 'static>(
    future: Future<T>,
    io_loop: Rc<LoopCore>,
    added_at: &'static Location<'static>,
    callback: impl FnOnce(Future<T>) + 'static,
) {
    // The callback has the future, and the future the callback, until it is done.
    let slot = Rc::new(Cell::new(None));
    let for_callback = Rc::clone(&slot);
    let call = move || {
        if let Some(future) = for_callback.take() {
            callback(future);
        }
    };
    future.when_done(Callback::node(io_loop, added_at, call));
    slot.set(Some(future));
}

/// Logs the error of a callback.
pub(crate) fn log_failure(added_at: &'static Location<'static>, error: &str) {
    log::error(format_args!(
        "the callback added at {added_at} failed: {error}"
    ));
}

/// What a function given to [`IoLoop::spawn_callback`](crate::IoLoop::spawn_callback) or [`PeriodicCallback`](crate::PeriodicCallback) may give back: nothing, a
/// `Result`, or a coroutine's [`Future`].
pub trait CallbackResult {
    /// Calls `then` when all of it is done, which may be now, with the text of the error, if it is one that nobody else reports.
    fn finish(self, then: impl FnOnce(Option<String>) + 'static);
}

impl CallbackResult for () {
    fn finish(self, then: impl FnOnce(Option<String>) + 'static) {
        then(None);
    }
}

impl<T, E: Display> CallbackResult for Result<T, E> {
    fn finish(self, then: impl FnOnce(Option<String>) + 'static) {
        then(self.err().map(|error| error.to_string()));
    }
}

/// The coroutine reports its error by itself.
impl<T: 'static> CallbackResult for Future<T> {
    fn finish(self, then: impl FnOnce(Option<String>) + 'static) {
        call_when_done(self, current::core(), Location::caller(), |future| {
            // So that what nobody looked at is reported.
            drop(future);
            then(None);
        });
    }
}
