//! Where a response goes that is sent while its handler makes it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use bytes::Bytes;
use coroutine_core as co;
use hyper::body::SizeHint;

/// Shared by the handler, which writes, and the connection, which sends.
pub(super) struct Outlet {
    state: Cell<State>,
    /// What was flushed and the connection has not taken. Chunks are foreign: none is dropped while it is borrowed.
    queue: RefCell<VecDeque<Bytes>>,
    /// The length that the handler has said.
    announced: Option<u64>,
    /// How many bytes were flushed.
    written: Cell<u64>,
    /// How many bytes the connection has taken.
    taken: Cell<u64>,
    /// Fulfilled when there is something new for the connection.
    news: Cell<Option<co::Promise<()>>>,
    /// Fulfilled when the connection has taken everything, or is gone.
    flushes: RefCell<Vec<co::Promise<Result<(), StreamClosedError>>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// There is nothing more to come.
    Complete,
    /// Something is missing that will not come.
    Cut,
    /// The connection takes nothing more.
    Closed,
}

/// What the connection finds.
pub(super) enum Next {
    Chunk(Bytes),
    Nothing,
    End,
    Cut,
}

/// The length of a body is not the one that was announced.
#[derive(Debug)]
pub(super) struct WrongLength {
    announced: u64,
    written: u64,
}

/// On the handler's side.
impl Outlet {
    /// `open` says whether there may be a body at all.
    pub(super) fn new(announced: Option<u64>, open: bool) -> Self {
        Self {
            state: Cell::new(if open { State::Open } else { State::Complete }),
            queue: RefCell::default(),
            announced: announced.filter(|_| open),
            written: Cell::new(0),
            taken: Cell::new(0),
            news: Cell::new(None),
            flushes: RefCell::default(),
        }
    }

    /// Sends a chunk, if there still is somebody to send it to.
    pub(super) fn push(&self, chunk: Bytes) -> Result<(), WrongLength> {
        if chunk.is_empty() {
            return Ok(());
        }
        let written = self.written.get() + chunk.len() as u64;
        if self.announced.is_some_and(|announced| written > announced) {
            self.written.set(written);
            self.end(State::Cut);
            return self.check_length();
        }
        if self.state.get() == State::Open {
            self.written.set(written);
            self.queue.borrow_mut().push_back(chunk);
            self.tell();
        }
        Ok(())
    }

    /// There is nothing more to come.
    pub(super) fn complete(&self) -> Result<(), WrongLength> {
        let checked = match self.state.get() {
            State::Open => self.check_length(),
            State::Complete | State::Cut | State::Closed => Ok(()),
        };
        self.end(match checked {
            Ok(()) => State::Complete,
            Err(_) => State::Cut,
        });
        checked
    }

    /// What is missing will not come.
    pub(super) fn cut(&self) {
        self.end(State::Cut);
    }

    /// Waits until the connection has taken what was flushed.
    pub(super) fn flushed(&self) -> co::Future<Result<(), StreamClosedError>> {
        let (promise, future) = co::promise();
        match self.state.get() {
            State::Closed if !self.is_at_end() => promise.set_exception(StreamClosedError::new()),
            _ if self.queue.borrow().is_empty() => promise.set_result(Ok(())),
            _ => self.flushes.borrow_mut().push(promise),
        }
        future
    }

    fn check_length(&self) -> Result<(), WrongLength> {
        let written = self.written.get();
        match self.announced {
            Some(announced) if announced != written => Err(WrongLength { announced, written }),
            _ => Ok(()),
        }
    }

    fn end(&self, state: State) {
        if self.state.get() == State::Open {
            self.state.set(state);
            self.tell();
        }
    }

    fn tell(&self) {
        if let Some(promise) = self.news.take() {
            promise.set_result(());
        }
    }
}

/// On the connection's side.
impl Outlet {
    pub(super) fn next(&self) -> Next {
        let chunk = self.queue.borrow_mut().pop_front();
        if let Some(chunk) = chunk {
            self.taken.set(self.taken.get() + chunk.len() as u64);
            if self.queue.borrow().is_empty() {
                self.settle_flushes(true);
            }
            return Next::Chunk(chunk);
        }
        match self.state.get() {
            State::Open => Next::Nothing,
            State::Complete | State::Closed => Next::End,
            State::Cut => Next::Cut,
        }
    }

    /// Waits for something new.
    pub(super) fn news(&self) -> co::Future<()> {
        let (promise, future) = co::promise();
        self.news.set(Some(promise));
        future
    }
    /// Whether everything was taken, and nothing will come.
    pub(super) fn is_at_end(&self) -> bool {
        let all = self.announced == Some(self.taken.get());
        all || (self.state.get() == State::Complete && self.queue.borrow().is_empty())
    }

    /// How much is still to come, if the handler has said how much it is.
    pub(super) fn size_hint(&self) -> SizeHint {
        match self.announced {
            Some(announced) => SizeHint::with_exact(announced - self.taken.get()),
            None => SizeHint::new(),
        }
    }

    /// The connection takes nothing more. Says whether it has taken all that there was to take.
    pub(super) fn close(&self) -> bool {
        let complete = self.is_at_end();
        self.state.set(State::Closed);
        // Dropped at the end, outside of any borrow.
        let _unsent = self.queue.take();
        drop(self.news.take());
        self.settle_flushes(complete);
        complete
    }

    fn settle_flushes(&self, taken: bool) {
        for promise in self.flushes.take() {
            match taken {
                true => promise.set_result(Ok(())),
                false => promise.set_exception(StreamClosedError::new()),
            }
        }
    }
}

impl fmt::Display for WrongLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { announced, written } = self;
        write!(
            f,
            "it wrote {written} bytes, having announced {announced} with Content-Length"
        )
    }
}

/// The client has gone, or the response is complete already: what was flushed reaches nobody. Tornado's `StreamClosedError`.
#[derive(Clone, Debug)]
pub struct StreamClosedError {
    _private: (),
}

impl StreamClosedError {
    pub(super) fn new() -> Self {
        Self { _private: () }
    }
}

impl fmt::Display for StreamClosedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client's connection is closed")
    }
}

impl Error for StreamClosedError {}
