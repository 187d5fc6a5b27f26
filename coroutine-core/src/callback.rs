//! A function that runs once, on a later turn.

use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;

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

// SAFETY: the kind is `Other`.
unsafe impl<F: FnOnce() + 'static> Node for Callback<F> {
    fn schedule(this: &Local<Self>) {
        this.io_loop.enqueue(this.clone().erase());
    }

    fn run(this: &Local<Self>) {
        if let Some(function) = this.function.take() {
            call(this.added_at, function);
        }
    }
}

/// What a function given to [`IoLoop::spawn_callback`](crate::IoLoop::spawn_callback) may give back: nothing, a `Result`, or a coroutine's [`Future`].
pub trait CallbackResult {
    /// The text of the error, if it is one that nobody else reports.
    fn into_error(self) -> Option<String>;
}

impl CallbackResult for () {
    fn into_error(self) -> Option<String> {
        None
    }
}

impl<T, E: Display> CallbackResult for Result<T, E> {
    fn into_error(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// The coroutine is detached, and reports its error by itself.
impl<T> CallbackResult for Future<T> {
    fn into_error(self) -> Option<String> {
        None
    }
}
