//! A socket together with what the loop knows of it.

use std::future::{Future as StdFuture, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};
use std::panic::Location;
use std::rc::Rc;
use std::task::{Context, Poll};

use mio::event::Source;
use socket2::SockRef;

use crate::budget;
use crate::callback::Callback;
use crate::current;
use crate::loop_core::LoopCore;
use crate::note::{self, Note};
use crate::poller::{Descriptor, Purpose};
use crate::readiness::{Direction, Readiness};

/// A socket that is watched by a loop as long as it lives.
pub(crate) struct Watched<S: Source> {
    socket: S,
    readiness: Rc<Readiness>,
    /// Under which number the poller knows it.
    key: usize,
    io_loop: Rc<LoopCore>,
}

impl<S: Source + AsRawFd> Watched<S> {
    /// Has the current loop watch the socket.
    pub(crate) fn new(socket: S) -> io::Result<Self> {
        Self::with_purpose(socket, Purpose::Stream)
    }

    /// Has the current loop watch what is no mere socket.
    pub(crate) fn with_purpose(mut socket: S, purpose: Purpose) -> io::Result<Self> {
        let io_loop = current::core();
        let descriptor = Descriptor {
            fd: socket.as_raw_fd(),
            purpose,
        };
        let (key, readiness) = io_loop.poller().watch(&mut socket, descriptor)?;
        Ok(Self {
            socket,
            readiness,
            key,
            io_loop,
        })
    }
}

impl<S: Source> Watched<S> {
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
                note::leave(Note::watched(self.key));
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

impl<S: Source + AsFd> Watched<S> {
    /// Has `callback` called when something has come, once.
    #[track_caller]
    pub(super) fn when_touched(&self, callback: impl FnOnce() + 'static) {
        let io_loop = Rc::clone(&self.io_loop);
        if !io_loop.is_closed() {
            let node = Callback::node(io_loop, Location::caller(), callback);
            self.reader().watch(node);
        }
    }

    /// Whether the kernel has bytes, the end, or an error for whoever reads.
    pub(super) fn is_touched(&self) -> bool {
        let peeked = SockRef::from(&self.socket).peek(&mut [MaybeUninit::uninit()]);
        !peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl<S: Source + AsFd> Watched<S> {
    /// Ready when the peer has closed its side, or the connection is broken, and there is nothing to read before that.
    pub(super) fn poll_hang_up(&self, cx: &Context<'_>) -> Poll<()> {
        if self.reader().is_closed() && !self.has_bytes() {
            return Poll::Ready(());
        }
        self.reader().wait(cx);
        note::leave(Note::watched(self.key));
        Poll::Pending
    }

    fn has_bytes(&self) -> bool {
        let peeked = SockRef::from(&self.socket).peek(&mut [MaybeUninit::uninit()]);
        peeked.is_ok_and(|count| count > 0)
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

/// What a connection has that is kept while nobody uses it.
macro_rules! unused {
    ($type:ident) => {
        /// While nobody reads from it, as when it is kept for later use.
        impl $type {
            /// Calls `callback`, once, on the turn after the peer has sent something or has closed. The loop does not go on for its sake: where nothing else is left
            /// to wait for, it ends, or reports that it can never wake.
            #[track_caller]
            pub fn when_touched(&self, callback: impl FnOnce() + 'static) {
                self.watched.when_touched(callback);
            }

            /// Ready when the peer has closed its side, or the connection is broken, and everything that came before was read. For whoever is at work for the peer, and
            /// reads nothing meanwhile. What is unread hides the end; whoever reads it sees that, too.
            ///
            /// ```
            /// use std::future::poll_fn;
            /// use coroutine_core::{self as co, IoLoop, net::UnixStream};
            ///
            /// #[co::coroutine]
            /// fn see_off() -> std::io::Result<()> {
            ///     let (stream, peer) = UnixStream::pair()?;
            ///     drop(peer);
            ///     yield_!(poll_fn(|cx| stream.poll_hang_up(cx)));
            ///     Ok(())
            /// }
            ///
            /// IoLoop::current().run_sync(see_off)??;
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            pub fn poll_hang_up(&self, cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
                self.watched.poll_hang_up(cx)
            }

            /// Drops the callbacks of [`when_touched`](Self::when_touched).
            pub fn forget_when_touched(&self) {
                self.watched.reader().unwatch();
            }

            /// Whether the peer has sent something that was not read, or has closed. Asks the operating system.
            #[must_use]
            pub fn is_touched(&self) -> bool {
                self.watched.is_touched()
            }
        }
    };
}

pub(super) use {socket, unused};
