//! Small responses, which are sent together.
//!
//! Sending is the longest part of a request's way through the kernel. Where many connections have something to send in one turn of the loop, it is done for
//! several of them in a row: then the processor fetches what does it once, and not between any two requests. Redis sends its replies so, too.
//!
//! What was put here counts as written, and leaves before the turn ends. Where the client does not take it, the connection is woken to see to the rest.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use coroutine_core as co;
use futures_io::AsyncWrite;

use super::activity::Activity;
use crate::rt::Watch;
use crate::socket::Plain;

/// What is longer goes to the kernel as it is: copying it would cost more than it saves.
const SMALL: usize = 1024;

/// How many connections' responses are sent in a row. The first of them waits for the others.
const TOGETHER: usize = 16;

/// Where fewer callbacks than these run in a turn, nothing is gained.
const CROWD: usize = 4;

thread_local! {
    /// Those that have something to send in this turn.
    static GATHERED: RefCell<Vec<Rc<Outbox>>> = const { RefCell::new(Vec::new()) };
}

/// What a connection has written and the kernel has not taken yet.
pub(crate) struct Outbox {
    socket: Rc<Plain>,
    activity: Rc<Activity>,
    /// Borrowed for the length of a call; no foreign code runs meanwhile.
    bytes: RefCell<Vec<u8>>,
    state: Cell<State>,
    /// The connection's coroutine, which is woken when it has to see to the rest.
    connection: co::__private::Waiter,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Empty,
    /// It will be sent before the turn ends.
    Gathered,
    /// The client does not take it.
    Stuck,
}

impl Outbox {
    pub(super) fn new(socket: Rc<Plain>, activity: Rc<Activity>) -> Rc<Self> {
        Rc::new(Self {
            socket,
            activity,
            bytes: RefCell::default(),
            state: Cell::new(State::Empty),
            connection: co::__private::Waiter::default(),
        })
    }

    /// Takes small parts in, to send them now or before the turn ends, and says how long they are. They are copied together, which costs less than giving the kernel a list.
    pub(crate) fn put(self: &Rc<Self>, parts: &[IoSlice<'_>]) -> Option<usize> {
        let length = parts.iter().map(|part| part.len()).sum();
        let mut bytes = self.bytes.borrow_mut();
        if bytes.len() + length > SMALL {
            return None;
        }
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        drop(bytes);
        if self.state.replace(State::Gathered) == State::Empty {
            match co::__private::callbacks_of_turn() < CROWD {
                true => self.send(),
                false => self.gather(),
            }
        }
        Some(length)
    }

    fn gather(self: &Rc<Self>) {
        let gather = |gathered: &RefCell<Vec<_>>| {
            let mut gathered = gathered.borrow_mut();
            gathered.push(Rc::clone(self));
            gathered.len()
        };
        match GATHERED.try_with(gather) {
            Ok(1) => co::__private::at_end_of_turn(send_all),
            Ok(TOGETHER..) => send_all(),
            Ok(_) => {}
            // The thread comes to its end.
            Err(_) => self.send(),
        }
    }

    /// Sends what was put here, as far as the kernel takes it.
    fn send(&self) {
        if self.state.get() != State::Gathered {
            return;
        }
        let mut bytes = self.bytes.borrow_mut();
        // Where it fails, the connection tries again, and learns why.
        let sent = self.socket.try_write(&bytes).unwrap_or(0);
        bytes.drain(..sent);
        if bytes.is_empty() {
            self.state.set(State::Empty);
            return;
        }
        self.state.set(State::Stuck);
        self.activity.on_stuck();
        self.connection.wake();
    }

    /// Ready when the client is gone. For the connection's coroutine, whenever hyper has been polled.
    pub(super) fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<io::Error> {
        match self.state.get() {
            State::Empty => {}
            State::Gathered => self.connection.wait(cx),
            State::Stuck => {
                if let Poll::Ready(Err(error)) = self.poll_stuck(cx) {
                    return Poll::Ready(error);
                }
            }
        }
        match self.activity.is_answering() {
            true => self
                .socket
                .poll_hang_up(cx)
                .map(|()| io::ErrorKind::UnexpectedEof.into()),
            false => Poll::Pending,
        }
    }

    /// Sends what was put here, and whatever of it the client did not take.
    #[inline]
    pub(crate) fn poll_send(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.send();
        self.poll_sent(cx)
    }

    /// Waits until the client has taken what it did not take when it was sent.
    #[inline]
    pub(crate) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.state.get() {
            State::Empty | State::Gathered => Poll::Ready(Ok(())),
            State::Stuck => self.poll_stuck(cx),
        }
    }

    #[cold]
    fn poll_stuck(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = self.bytes.borrow_mut();
        let mut result = Ok(());
        while !bytes.is_empty() {
            match ready!(Pin::new(&mut &*self.socket).poll_write(cx, &bytes)) {
                Ok(sent) => drop(bytes.drain(..sent)),
                Err(error) => {
                    bytes.clear();
                    result = Err(error);
                }
            }
        }
        self.state.set(State::Empty);
        self.activity.on_flush();
        Poll::Ready(result)
    }

    /// Waits until everything is sent.
    pub(super) async fn sent(&self) -> io::Result<()> {
        poll_fn(|cx| self.poll_send(cx)).await
    }
}

/// Sends what was gathered.
fn send_all() {
    let Ok(mut gathered) = GATHERED.try_with(RefCell::take) else {
        return;
    };
    gathered.iter().for_each(|outbox| outbox.send());
    // Apart, since the last owner of a connection's rest drops what is not ours.
    gathered.clear();
    // Its room is for the next ones.
    let _ = GATHERED.try_with(|room| room.replace(gathered));
}
