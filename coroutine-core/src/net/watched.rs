//! A socket together with what the loop knows of it.

use std::future::{Future as StdFuture, poll_fn};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};

use mio::event::Source;

use crate::budget;
use crate::current;
use crate::loop_core::LoopCore;
use crate::readiness::{Direction, Readiness};

/// A socket that is watched by a loop as long as it lives.
pub(crate) struct Watched<S: Source> {
    socket: S,
    readiness: Rc<Readiness>,
    /// Under which number the poller knows it.
    key: usize,
    io_loop: Rc<LoopCore>,
}

impl<S: Source> Watched<S> {
    /// Has the current loop watch the socket.
    pub(crate) fn new(mut socket: S) -> io::Result<Self> {
        let io_loop = current::core();
        let (key, readiness) = io_loop.poller().watch(&mut socket)?;
        Ok(Self {
            socket,
            readiness,
            key,
            io_loop,
        })
    }

    pub(crate) fn socket(&self) -> &S {
        &self.socket
    }

    pub(crate) fn reader(&self) -> &Direction {
        &self.readiness.reader
    }

    pub(crate) fn writer(&self) -> &Direction {
        &self.readiness.writer
    }

    /// Does `operation` as soon as it does not block.
    #[inline]
    pub(crate) fn poll_with<R>(
        &self,
        direction: &Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            if !direction.is_ready() {
                direction.wait(cx);
                return Poll::Pending;
            }
            if !budget::spend(cx) {
                return Poll::Pending;
            }
            match operation(&self.socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => direction.clear(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
    }

    /// A future of `operation`.
    pub(crate) fn when_ready<R, O>(
        &self,
        direction: &Direction,
        mut operation: O,
    ) -> impl StdFuture<Output = io::Result<R>>
    where
        O: FnMut(&S) -> io::Result<R>,
    {
        poll_fn(move |cx| self.poll_with(direction, cx, &mut operation))
    }
}

impl<S: Source> Drop for Watched<S> {
    fn drop(&mut self) {
        self.io_loop.poller().forget(&mut self.socket, self.key);
    }
}

/// What each type has with a field `watched`: its descriptor, and how it shows itself.
macro_rules! socket {
    ($type:ident) => {
        impl std::os::fd::AsFd for $type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.watched.socket().as_fd()
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($type))
                    .field(self.watched.socket())
                    .finish()
            }
        }
    };
}

pub(super) use socket;
