//! A client that leaves before it has its response.

use std::cell::{Cell, RefCell};

use coroutine_core::{self as co, IoLoop};

use super::endpoint::caught;

/// What is to be called when the client leaves.
#[derive(Default)]
pub(super) struct Departure {
    /// Foreign code: neither called nor dropped while it is borrowed.
    callbacks: RefCell<Vec<Box<dyn FnOnce()>>>,
    gone: Cell<bool>,
}

impl Departure {
    /// Has `callback` called on a later turn when the client leaves, or has left already.
    pub(super) fn on(&self, callback: Box<dyn FnOnce()>) {
        match self.gone.get() {
            true => IoLoop::current().add_callback(callback),
            false => self.callbacks.borrow_mut().push(callback),
        }
    }

    pub(super) fn has_happened(&self) -> bool {
        self.gone.get()
    }

    /// The client has left.
    pub(super) fn happen(&self) {
        self.gone.set(true);
        for callback in self.callbacks.take() {
            IoLoop::current().add_callback(callback);
        }
    }

    /// The response is complete, so that it does not matter any more whether the client is there.
    #[inline]
    pub(super) fn forget(&self) {
        if !self.callbacks.borrow().is_empty() {
            self.drop_callbacks();
        }
    }

    #[cold]
    fn drop_callbacks(&self) {
        let callbacks = self.callbacks.take();
        if let Err(failure) = caught(move || drop(callbacks)) {
            co::__private::log_error(format_args!(
                "a callback for a client that leaves panicked when it was dropped: {failure}"
            ));
        }
    }
}
