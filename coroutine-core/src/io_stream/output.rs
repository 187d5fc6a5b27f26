//! Bytes that were written to a stream and that its transport has not taken yet.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::Location;
use std::rc::Rc;

use super::error::{Reason, StreamError};
use super::flusher;
use super::one_way::Ways;
use super::shared::Shared;
use super::write::Write;
use crate::future::{Promise, promise};

pub(super) struct Output {
    /// What nobody is sending yet.
    pending: RefCell<Vec<u8>>,
    /// How many bytes were ever written to the stream. Its end counts as one.
    pub(super) written: Cell<u64>,
    /// How many of them the transport has taken, and passed on.
    sent: Cell<u64>,
    /// Who waits, in order.
    waiting: RefCell<VecDeque<Waiting>>,
    /// Whether the coroutine runs that sends.
    pub(super) flushing: Cell<bool>,
    /// Whether the direction is to end, or has ended, once everything is sent.
    ending: Cell<bool>,
    /// How many of the bytes may be sent while those behind them are held back, if they are.
    pub(super) held: Cell<Option<u64>>,
    /// How many bytes may wait.
    pub(super) limit: Cell<Option<usize>>,
}

/// Somebody who waits until so many bytes are sent.
struct Waiting {
    end: u64,
    promise: Promise<Result<(), StreamError>>,
}

impl Output {
    pub(super) fn new() -> Self {
        Self {
            pending: RefCell::default(),
            written: Cell::new(0),
            sent: Cell::new(0),
            waiting: RefCell::default(),
            flushing: Cell::new(false),
            ending: Cell::new(false),
            held: Cell::new(None),
            limit: Cell::new(None),
        }
    }

    pub(super) fn unsent(&self) -> u64 {
        self.written.get() - self.sent.get()
    }

    /// How many bytes may be sent now.
    pub(super) fn due(&self) -> u64 {
        let all = self.written.get();
        self.held.get().unwrap_or(all) - self.sent.get()
    }

    /// Whether the end of the direction is all that is left to be sent.
    pub(super) fn is_at_end(&self) -> bool {
        self.ending.get() && self.unsent() == 1
    }

    fn has_room(&self, count: usize) -> Result<(), StreamError> {
        match self.limit.get() {
            Some(limit) if self.unsent() + count as u64 > limit as u64 => {
                Err(StreamError::buffer_full(limit))
            }
            _ => Ok(()),
        }
    }

    fn add(&self, data: &[u8]) {
        self.pending.borrow_mut().extend_from_slice(data);
        self.written.set(self.written.get() + data.len() as u64);
    }

    /// What is to be sent next, which is the caller's now.
    pub(super) fn take_pending(&self) -> Vec<u8> {
        let mut pending = self.pending.borrow_mut();
        let due = usize::try_from(self.due()).map_or(pending.len(), |due| due.min(pending.len()));
        let held = pending.split_off(due);
        std::mem::replace(&mut pending, held)
    }

    /// So many more bytes are sent; whoever waited for them learns it.
    pub(super) fn note_sent(&self, count: usize) {
        let sent = self.sent.get() + count as u64;
        self.sent.set(sent);
        let is_sent = |waiting: &mut Waiting| waiting.end <= sent;
        while let Some(waiting) = self.pop_waiting(is_sent) {
            waiting.promise.set_result(Ok(()));
        }
    }

    fn pop_waiting(&self, which: impl FnOnce(&mut Waiting) -> bool) -> Option<Waiting> {
        self.waiting.borrow_mut().pop_front_if(which)
    }

    /// Nothing more will be sent.
    pub(super) fn fail(&self, error: &StreamError) {
        drop(self.pending.take());
        for waiting in self.waiting.take() {
            waiting.promise.set_exception(error.clone());
        }
    }
}

/// Writing.
impl Shared {
    pub(super) fn write(self: &Rc<Self>, data: &[u8], place: &'static Location<'static>) -> Write {
        match self.may_write(data.len()) {
            Ok(()) => self.output.add(data),
            Err(error) => return Write::ready(Err(error)),
        }
        self.flush(place);
        self.when_sent()
    }

    fn may_write(&self, count: usize) -> Result<(), StreamError> {
        self.ways.check_writing()?;
        let finished = || self.output.ending.get().then_some(Reason::Closed);
        match self.write_over().or_else(finished) {
            Some(reason) => Err(StreamError::over(reason)),
            None => self.output.has_room(count),
        }
    }

    /// Ends the direction when everything is sent.
    pub(super) fn finish(self: &Rc<Self>, place: &'static Location<'static>) -> Write {
        let output = &self.output;
        if !output.ending.get() && self.ways != Ways::Reading {
            if let Some(reason) = self.write_over() {
                return Write::ready(Err(StreamError::over(reason)));
            }
            output.ending.set(true);
            output.written.set(output.written.get() + 1);
            self.flush(place);
        }
        self.when_sent()
    }

    /// Tells when everything that was written up to now is sent.
    pub(super) fn when_sent(&self) -> Write {
        let output = &self.output;
        if output.unsent() == 0 {
            return Write::ready(Ok(()));
        }
        let closed = || self.is_closed().then_some(Reason::Closed);
        if let Some(reason) = self.failure().or_else(closed) {
            return Write::ready(Err(StreamError::over(reason)));
        }
        let (promise, future) = promise();
        let end = output.written.get();
        output
            .waiting
            .borrow_mut()
            .push_back(Waiting { end, promise });
        Write::waiting(future)
    }

    /// Has what is to be sent be sent.
    pub(super) fn flush(self: &Rc<Self>, place: &'static Location<'static>) {
        let output = &self.output;
        if output.due() > 0 && !output.flushing.replace(true) {
            flusher::start(self, place);
        }
    }
}
