//! Functions that are called when a descriptor is ready.

use std::cell::Cell;
use std::fmt;
use std::ops::BitOr;
use std::os::fd::RawFd;
use std::panic::Location;
use std::rc::Rc;

use crate::callback;
use crate::context_var::Context;
use crate::log;
use crate::loop_core::LoopCore;
use crate::node::{Local, Node};

/// What a handler waits for. Tornado's `IOLoop.READ` and `IOLoop.WRITE`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interest {
    read: bool,
    write: bool,
}

impl Interest {
    /// The descriptor can be read, or has reached its end.
    pub const READABLE: Self = Self {
        read: true,
        write: false,
    };
    /// The descriptor can be written.
    pub const WRITABLE: Self = Self {
        read: false,
        write: true,
    };

    /// Whether it waits for reading.
    #[must_use]
    pub fn is_readable(self) -> bool {
        self.read
    }

    /// Whether it waits for writing.
    #[must_use]
    pub fn is_writable(self) -> bool {
        self.write
    }
}

impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            write: self.write || other.write,
        }
    }
}

/// What a descriptor is ready for, when its handler is called.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Ready {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) error: bool,
    pub(crate) closed: bool,
}

impl Ready {
    /// Whether a read gets something: data, the end, or an error.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.readable || self.closed || self.error
    }

    /// Whether a write gets something done, or an error.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.writable || self.error
    }

    /// Whether the descriptor has an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.error
    }

    /// Whether one of the directions was closed by the peer.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }
}

impl BitOr for Ready {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            readable: self.readable || other.readable,
            writable: self.writable || other.writable,
            error: self.error || other.error,
            closed: self.closed || other.closed,
        }
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("readable", &self.is_readable())
            .field("writable", &self.is_writable())
            .field("error", &self.error)
            .field("closed", &self.closed)
            .finish()
    }
}

type Function = Box<dyn FnMut(RawFd, Ready)>;

/// A handler that was added.
pub(crate) struct Handler {
    fd: RawFd,
    interest: Cell<Interest>,
    /// What has been reported since the function was called last; something, while it stands in the loop's queue.
    ready: Cell<Option<Ready>>,
    /// Away while it is called.
    function: Cell<Option<Function>>,
    /// Whether it was removed: then it is not called any more, also where its event has come.
    removed: Cell<bool>,
    /// Whether its loop may end for all that it waits.
    is_background: Cell<bool>,
    added_at: &'static Location<'static>,
    io_loop: Rc<LoopCore>,
    /// The variables of whoever added it, and what the function has set since.
    context: Context,
}

impl Handler {
    pub(crate) fn new(
        io_loop: Rc<LoopCore>,
        fd: RawFd,
        interest: Interest,
        added_at: &'static Location<'static>,
        function: Function,
    ) -> Self {
        Self {
            fd,
            interest: Cell::new(interest),
            ready: Cell::new(None),
            function: Cell::new(Some(function)),
            removed: Cell::new(false),
            is_background: Cell::new(false),
            added_at,
            io_loop,
            context: Context::inherit(),
        }
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.fd
    }

    pub(crate) fn interest(&self) -> Interest {
        self.interest.get()
    }

    /// Changes what is waited for. What has been reported for what was waited for before is forgotten; the kernel reports anew.
    pub(crate) fn set_interest(&self, interest: Interest) {
        self.interest.set(interest);
        self.ready.set(None);
    }

    /// Takes note of an event, and says whether the handler is to be scheduled for it.
    pub(crate) fn note(&self, ready: Ready) -> bool {
        let before = self.ready.get();
        self.ready.set(Some(before.unwrap_or_default() | ready));
        before.is_none()
    }

    /// Has its loop end as if it were not there.
    pub(crate) fn set_background(&self) {
        self.is_background.set(true);
    }

    pub(crate) fn is_background(&self) -> bool {
        self.is_background.get()
    }

    /// Silences the handler. Gives back its function for the caller to drop, unless it is being called.
    pub(crate) fn remove(&self) -> Option<Function> {
        self.removed.set(true);
        self.function.take()
    }
}

// SAFETY: the kind is `Other`.
unsafe impl Node for Handler {
    fn schedule(this: &Local<Self>) {
        this.io_loop.enqueue(this.clone().erase());
    }

    fn run(this: &Local<Self>) {
        // Without news there is nothing to call it for: what had come was for another interest.
        let Some(ready) = this.ready.take() else {
            return;
        };
        let Some(mut function) = this.function.take() else {
            return;
        };
        {
            let _context = this.context.enter();
            callback::call(this.added_at, || function(this.fd, ready));
        }
        if this.removed.get() {
            log::catching("a handler's destructor", || drop(function));
            return;
        }
        this.function.set(Some(function));
        if let Err(error) = this.io_loop.poller().arm(this) {
            log::error(format_args!(
                "cannot watch descriptor {} for the handler added at {}: {error}",
                this.fd, this.added_at
            ));
        }
    }

    fn added_at(this: &Local<Self>) -> Option<&'static Location<'static>> {
        Some(this.added_at)
    }
}
