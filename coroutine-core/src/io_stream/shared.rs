//! What a stream, its reads and its writes share, and how it ends.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::error::{Reason, StreamError};
use super::input::Input;
use super::lent::Lent;
use super::one_way::Ways;
use super::output::Output;
use super::transport::{AnyStream, BoxedTransport};
use crate::budget;
use crate::loop_core::LoopCore;
use crate::node::AnyNode;
use crate::waker;

/// Tornado's limit.
const MAX_BUFFER_SIZE: usize = 100 << 20;

pub(super) struct Shared {
    pub(super) io_loop: Rc<LoopCore>,
    /// What is not among them is refused, and leaves the stream as it is.
    pub(super) ways: Ways,
    /// Missing while it is polled, while TLS is being negotiated, and once the stream is closed.
    pub(super) transport: Cell<Option<BoxedTransport>>,
    /// Touched by the one that has the [`Claim`](super::reader::Claim) alone.
    pub(super) input: Cell<Input>,
    /// Whether a read is under way.
    pub(super) reading: Cell<bool>,
    pub(super) output: Output,
    /// Why nothing more can be read, apart from what is in the buffer.
    read_over: RefCell<Option<Reason>>,
    /// Why nothing more can be written.
    write_over: RefCell<Option<Reason>>,
    /// Whether the transport is given up.
    closed: Cell<bool>,
    /// Scheduled when either direction is over.
    pub(super) close_callback: Cell<Option<AnyNode>>,
    /// Who waits in a read. Like the other two it waits for the transport as well; this is for telling it that the stream was closed.
    pub(super) reader: Cell<Option<AnyNode>>,
    /// The coroutine that writes.
    pub(super) flusher: Cell<Option<AnyNode>>,
    /// The coroutine that waits for the end while nobody reads.
    pub(super) watcher: Cell<Option<AnyNode>>,
    pub(super) max_buffer_size: Cell<usize>,
}

impl Shared {
    pub(super) fn new(io_loop: Rc<LoopCore>, ways: Ways, transport: BoxedTransport) -> Self {
        Self {
            io_loop,
            ways,
            transport: Cell::new(Some(transport)),
            input: Cell::default(),
            reading: Cell::new(false),
            output: Output::new(),
            read_over: RefCell::new(None),
            write_over: RefCell::new(None),
            closed: Cell::new(false),
            close_callback: Cell::new(None),
            reader: Cell::new(None),
            flusher: Cell::new(None),
            watcher: Cell::new(None),
            max_buffer_size: Cell::new(MAX_BUFFER_SIZE),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Whether either direction is over.
    pub(super) fn is_over(&self) -> bool {
        self.read_over.borrow().is_some() || self.write_over.borrow().is_some()
    }

    pub(super) fn read_over(&self) -> Option<Reason> {
        self.read_over.borrow().clone()
    }

    pub(super) fn write_over(&self) -> Option<Reason> {
        self.write_over.borrow().clone()
    }

    /// The failure that ended the stream, if it was one.
    pub(super) fn failure(&self) -> Option<Reason> {
        let failure = |reason: Option<Reason>| reason.filter(Reason::is_failure);
        failure(self.read_over()).or_else(|| failure(self.write_over()))
    }

    /// Polls the transport, in whose code anything may happen, also the end of this stream.
    pub(super) fn poll_transport<R>(
        &self,
        poll: impl FnOnce(Pin<&mut AnyStream>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let mut lent = Lent::new(&self.transport);
        let result = match &mut *lent {
            Some(transport) => poll(transport.as_mut().stream()),
            None => Poll::Ready(Err(io::Error::other(
                "a stream was used from within its own transport",
            ))),
        };
        drop(lent);
        if self.is_closed() {
            drop(self.transport.take());
        }
        result
    }

    /// Reads from the transport. Says how many bytes, or why there will be none.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Reason>> {
        if let Some(reason) = self.read_over() {
            return Poll::Ready(Err(reason));
        }
        let room = buffer.len();
        let read = self.poll_transport(|stream| stream.poll_read(cx, buffer));
        read.map(|read| match read {
            Ok(0) => Err(self.end_reading()),
            Ok(count) if count > room => Err(self.close(&Reason::failed(Self::miscounted()))),
            Ok(count) => Ok(count),
            Err(error) => Err(self.close(&Reason::failed(error))),
        })
    }

    /// For a transport that says it has read or written more bytes than it was given.
    pub(super) fn miscounted() -> io::Error {
        io::Error::other("the transport has miscounted its bytes")
    }

    /// The peer sends nothing more; if it has gone, a failed write may have told why.
    fn end_reading(&self) -> Reason {
        let failed_write = self.write_over().filter(Reason::is_failure);
        let reason = set_first(&self.read_over, &failed_write.unwrap_or(Reason::Ended));
        self.announce();
        reason
    }

    /// Nothing more can be written, but what the peer has sent can still be read.
    pub(super) fn fail_writing(&self, error: io::Error) {
        let reason = set_first(&self.write_over, &Reason::failed(error));
        self.output.fail(&StreamError::over(reason));
        wake(&self.watcher);
        self.announce();
    }

    /// Ends the stream. Whatever is under way ends with `reason`, or with the one that was first. Gives why nothing more can be read.
    pub(super) fn close(&self, reason: &Reason) -> Reason {
        self.closed.set(true);
        let first = set_first(&self.read_over, reason);
        let write_over = set_first(&self.write_over, reason);
        // Unless everything was sent, the peer must not take this for an end in good order.
        let in_good_order = self.output.unsent() == 0 && !write_over.is_failure();
        let transport = self.transport.take();
        self.output.fail(&StreamError::over(write_over));
        for waiting in [&self.reader, &self.flusher, &self.watcher] {
            wake(waiting);
        }
        self.announce();
        // Last, since foreign code may panic there.
        if let Some(mut transport) = transport
            && in_good_order
        {
            budget::aside(|| transport.as_mut().say_goodbye());
        }
        first
    }

    /// Has the close callback called, on a later turn.
    pub(super) fn announce(&self) {
        wake(&self.close_callback);
    }

    /// Has `cx` wait in `slot` for the end of the stream.
    pub(super) fn wait<T>(slot: &Cell<Option<AnyNode>>, cx: &Context<'_>) -> Poll<T> {
        waker::wait_in(slot, cx);
        Poll::Pending
    }
}

/// Keeps the first reason there is, and gives it.
fn set_first(over: &RefCell<Option<Reason>>, reason: &Reason) -> Reason {
    // A reference, since the destructor of a transport's error must not run under the borrow.
    over.borrow_mut()
        .get_or_insert_with(|| reason.clone())
        .clone()
}

pub(super) fn wake(slot: &Cell<Option<AnyNode>>) {
    if let Some(node) = slot.take() {
        node.schedule();
    }
}
