//! The connections that a server's handlers are at work on.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Display;
use std::rc::Rc;

use crate::future::{Future, Promise, promise};
use crate::io_stream::Hold;
use crate::log;

/// What a [`TcpServer`](super::TcpServer)'s handler may give: nothing, a `Result` without a value, or a coroutine's [`Future`].
#[diagnostic::on_unimplemented(
    message = "a server's handler cannot give `{Self}`",
    label = "`{Self}` is not what a handler may give",
    note = "a handler gives `()` or `Result<(), E>`, and a handler that is a coroutine the `Future` of one of these"
)]
pub trait ConnectionResult {
    #[doc(hidden)]
    fn into_handling(self) -> Option<Box<dyn Handling>>;
}

/// A handler that is at work on a connection.
pub trait Handling {
    /// Ends it, and says whether there was anything to end.
    fn cancel(&self) -> bool;

    /// Calls `callback` on a later turn, once it has ended.
    fn when_done(&self, callback: Box<dyn FnOnce()>);
}

impl ConnectionResult for () {
    fn into_handling(self) -> Option<Box<dyn Handling>> {
        None
    }
}

impl<E: Display> ConnectionResult for Result<(), E> {
    fn into_handling(self) -> Option<Box<dyn Handling>> {
        if let Err(error) = self {
            log::error(format_args!("the handler of a connection failed: {error}"));
        }
        None
    }
}

/// Its error or panic is logged by the coroutine itself, when the future is dropped.
impl<T: 'static> ConnectionResult for Future<T> {
    fn into_handling(self) -> Option<Box<dyn Handling>> {
        match self.done() {
            true => None,
            false => Some(Box::new(self)),
        }
    }
}

impl<T: 'static> Handling for Future<T> {
    fn cancel(&self) -> bool {
        Self::cancel(self)
    }

    fn when_done(&self, callback: Box<dyn FnOnce()>) {
        self.add_done_callback(callback);
    }
}

/// A handler that is at work, and a hold on the stream that it was given.
struct Working {
    handling: Box<dyn Handling>,
    stream: Hold,
}

/// All handlers of a server that are at work.
#[derive(Default)]
pub(super) struct Handlers {
    /// By a number that is used once. Borrowed for the length of a look: what is taken out is dropped afterwards.
    working: RefCell<HashMap<u64, Working>>,
    next: Cell<u64>,
    /// Fulfilled when the last one is done: one for each that waits for it.
    drained: RefCell<Vec<Promise<()>>>,
}

impl Handlers {
    pub(super) fn len(&self) -> usize {
        self.working.borrow().len()
    }

    /// Keeps a handler until it has ended.
    pub(super) fn add(self: &Rc<Self>, handling: Box<dyn Handling>, stream: Hold) {
        let number = self.next.get();
        self.next.set(number + 1);
        let handlers = Rc::clone(self);
        handling.when_done(Box::new(move || handlers.remove(number)));
        self.working
            .borrow_mut()
            .insert(number, Working { handling, stream });
    }

    fn remove(&self, number: u64) {
        let ended = self.working.borrow_mut().remove(&number);
        // This logs its error.
        drop(ended);
        self.look();
    }

    /// Tells those who wait for it that none is at work, if so it is.
    fn look(&self) {
        if self.len() == 0 {
            let drained = self.drained.take();
            drained
                .into_iter()
                .for_each(|promise| promise.set_result(()));
        }
    }

    /// Waits until none is at work.
    pub(super) fn drain(&self) -> Future<()> {
        let (promise, drained) = promise();
        self.drained.borrow_mut().push(promise);
        self.look();
        drained
    }

    /// Ends all of them on the spot, and says how many there were.
    pub(super) fn cut(&self) -> usize {
        let working = self.working.take();
        let mut count = 0;
        for Working { handling, stream } in working.values() {
            if handling.cancel() {
                count += 1;
                // What it has called on the stream's behalf goes on by itself, but without the stream.
                stream.close();
            }
        }
        self.look();
        count
    }
}
