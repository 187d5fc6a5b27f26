//! The operating system's poller, through mio: which descriptors are watched, and who waits for them.
//!
//! Sockets of this crate are watched edge-triggered from their making to their end, and remember what the kernel has said. Handlers of
//! [`IoLoop::add_handler`](crate::IoLoop::add_handler) are level-triggered, as Tornado's are: each is armed anew after it has run.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::rc::Rc;
use std::time::Duration;

use mio::event::{Event, Source};
use mio::unix::SourceFd;
use mio::{Events, Poll, Registry, Token};
use slab::Slab;

use crate::alarm::Alarm;
use crate::asker::{self, Asker};
use crate::handler::{Handler, Interest, Ready};
use crate::node::{AnyNode, Local};
use crate::readiness::Readiness;
use crate::signal::SignalKind;

/// Wakes a loop that waits, from any thread.
pub(crate) struct Notifier(mio::Waker);

impl Notifier {
    pub(crate) fn notify(&self) {
        // It fails where the counter behind it overflows, which mio handles, and where the loop is gone.
        let _ = self.0.wake();
    }
}

const NOTIFIED: Token = Token(usize::MAX);

/// How many events one look at the kernel takes in.
const EVENTS: usize = 1024;

pub(crate) struct Poller {
    /// Borrowed mutably only while the kernel is asked.
    poll: RefCell<Poll>,
    /// The same poll instance, for registering.
    registry: Registry,
    events: RefCell<Events>,
    /// The buffer for those whom the events of one look concern.
    woken: Cell<Vec<AnyNode>>,
    /// What ends a long wait.
    alarm: Alarm,
    watched: RefCell<Slab<Watched>>,
    /// Which descriptors have handlers.
    handlers: RefCell<HashMap<RawFd, usize>>,
}

/// What is watched that is no handler's.
#[derive(Clone, Copy)]
pub(crate) struct Descriptor {
    /// Open until it is [forgotten](Poller::forget).
    pub(crate) fd: RawFd,
    pub(crate) purpose: Purpose,
}

/// What becomes readable or writable.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// A socket or a pipe.
    Stream,
    /// The pipe through which a signal comes.
    Signal(SignalKind),
    /// A process.
    Child,
}

enum Watched {
    Socket(Rc<Readiness>, Descriptor),
    Handler(Local<Handler>),
}

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        Ok(Self {
            poll: RefCell::new(poll),
            registry,
            events: RefCell::new(Events::with_capacity(EVENTS)),
            woken: Cell::default(),
            alarm: Alarm::default(),
            watched: RefCell::new(Slab::new()),
            handlers: RefCell::new(HashMap::new()),
        })
    }

    pub(crate) fn notifier(&self) -> io::Result<Notifier> {
        mio::Waker::new(&self.registry, NOTIFIED).map(Notifier)
    }

    /// Whether an event would wake somebody who is known to wait for it.
    pub(crate) fn is_awaited(&self) -> bool {
        let awaited = |watched: &Watched| match watched {
            Watched::Socket(readiness, _) => readiness.is_awaited(),
            Watched::Handler(handler) => !handler.is_background(),
        };
        self.watched
            .borrow()
            .iter()
            .any(|(_, watched)| awaited(watched))
    }

    /// Asks everyone who waits for a socket whether they still do: they run on the next turn, and whoever does not come back to the socket has
    /// dropped what it waited for. Says whether there is anybody.
    ///
    /// A read through `AsyncRead` can be dropped without a trace, so before the loop waits for ever on account of sockets alone, it makes sure.
    ///
    /// Those for whom nobody waits are asked last: they are many where a coroutine keeps a list of them, and waits for something else meanwhile.
    pub(crate) fn ask(&self) -> bool {
        self.ask_those(AnyNode::is_waited_for) || self.ask_those(|_| true)
    }

    fn ask_those(&self, which: fn(&AnyNode) -> bool) -> bool {
        let mut asked = Vec::new();
        for (_, watched) in &*self.watched.borrow() {
            if let Watched::Socket(readiness, _) = watched {
                let which = |waiter: &Asker| !waiter.is_in_background() && which(waiter.node());
                readiness.take_waiters(which, &mut asked);
            }
        }
        asked.iter().for_each(asker::ask);
        !asked.is_empty()
    }

    /// Whether anything is watched at all.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.watched.borrow().is_empty()
    }

    /// Waits for events for as long as `timeout` says, and schedules whom they concern.
    pub(crate) fn poll(&self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = timeout.and_then(|time| self.alarm.limit(&self.registry, time));
        let mut events = self.events.borrow_mut();
        match self.poll.borrow_mut().poll(&mut events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        // A foreign waker may do anything when it is woken, also register and deregister; so the lists are done with first.
        let mut woken = self.woken.take();
        let watched = self.watched.borrow();
        for event in &*events {
            match watched.get(event.token().0) {
                Some(Watched::Socket(readiness, _)) => update(readiness, event, &mut woken),
                Some(Watched::Handler(handler)) if handler.note(ready(event)) => {
                    woken.push(handler.clone().erase());
                }
                Some(Watched::Handler(_)) | None => {}
            }
        }
        drop(watched);
        drop(events);
        woken.drain(..).for_each(|node| node.schedule());
        self.woken.set(woken);
        Ok(())
    }

    /// Watches a socket until [`forget`](Self::forget).
    pub(crate) fn watch(
        &self,
        socket: &mut impl Source,
        descriptor: Descriptor,
    ) -> io::Result<(usize, Rc<Readiness>)> {
        let readiness = Rc::new(Readiness::new());
        let key = self
            .watched
            .borrow_mut()
            .insert(Watched::Socket(Rc::clone(&readiness), descriptor));
        let both = mio::Interest::READABLE | mio::Interest::WRITABLE;
        match self.registry.register(socket, Token(key), both) {
            Ok(()) => Ok((key, readiness)),
            Err(error) => {
                drop(self.watched.borrow_mut().remove(key));
                Err(error)
            }
        }
    }

    /// Watches a socket no longer.
    pub(crate) fn forget(&self, socket: &mut impl Source, key: usize) {
        // It fails where the descriptor is gone already, and then there is nothing to do.
        let _ = self.registry.deregister(socket);
        let watched = self.watched.borrow_mut().try_remove(key);
        drop(watched);
    }

    pub(crate) fn add_handler(&self, handler: &Local<Handler>) -> io::Result<()> {
        let fd = handler.fd();
        if self.handlers.borrow().contains_key(&fd) {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!(
                    "descriptor {fd} has a handler already; use `update_handler` or remove that one first"
                ),
            ));
        }
        let key = self
            .watched
            .borrow_mut()
            .insert(Watched::Handler(handler.clone()));
        let interest = to_mio(handler.interest());
        if let Err(error) = self
            .registry
            .register(&mut SourceFd(&fd), Token(key), interest)
        {
            drop(self.watched.borrow_mut().remove(key));
            return Err(error);
        }
        self.handlers.borrow_mut().insert(fd, key);
        Ok(())
    }

    pub(crate) fn update_handler(&self, fd: RawFd, interest: Interest) -> io::Result<()> {
        let Some(handler) = self.handler(fd) else {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("descriptor {fd} has no handler; add one with `add_handler`"),
            ));
        };
        handler.set_interest(interest);
        self.arm(&handler)
    }

    /// Asks the kernel to report the descriptor's state anew, as it is now.
    pub(crate) fn arm(&self, handler: &Local<Handler>) -> io::Result<()> {
        let fd = handler.fd();
        let key = self.handlers.borrow().get(&fd).copied();
        let Some(key) = key else { return Ok(()) };
        let interest = to_mio(handler.interest());
        self.registry
            .reregister(&mut SourceFd(&fd), Token(key), interest)
    }

    /// Removes the descriptor's handler, if it has one. The caller drops it when nothing is borrowed.
    pub(crate) fn remove_handler(&self, fd: RawFd) -> Option<Local<Handler>> {
        let key = self.handlers.borrow_mut().remove(&fd)?;
        // It fails where the descriptor was closed first, and then there is nothing to do.
        let _ = self.registry.deregister(&mut SourceFd(&fd));
        match self.watched.borrow_mut().remove(key) {
            Watched::Handler(handler) => Some(handler),
            Watched::Socket(..) => None,
        }
    }

    pub(crate) fn handler(&self, fd: RawFd) -> Option<Local<Handler>> {
        let key = *self.handlers.borrow().get(&fd)?;
        match self.watched.borrow().get(key) {
            Some(Watched::Handler(handler)) => Some(handler.clone()),
            _ => None,
        }
    }

    /// How many descriptors are watched.
    pub(crate) fn count(&self) -> usize {
        self.watched.borrow().len()
    }

    /// Shows who waits for what, and whether it is to be writable.
    pub(crate) fn show(&self, mut show: impl FnMut(usize, Descriptor, bool, &AnyNode)) {
        for (key, watched) in &*self.watched.borrow() {
            if let Watched::Socket(readiness, descriptor) = watched {
                readiness.show(|writable, node| show(key, *descriptor, writable, node));
            }
        }
    }

    /// Removes all handlers, and whoever waits. The caller drops them when nothing is borrowed.
    pub(crate) fn clear(&self) -> (Vec<Local<Handler>>, Vec<AnyNode>) {
        let fds: Vec<RawFd> = self.handlers.borrow().keys().copied().collect();
        let handlers = fds
            .into_iter()
            .filter_map(|fd| self.remove_handler(fd))
            .collect();
        let mut waiters = Vec::new();
        for (_, watched) in &*self.watched.borrow() {
            if let Watched::Socket(readiness, _) = watched {
                readiness.take_waiters(|_| true, &mut waiters);
            }
        }
        (handlers, waiters)
    }
}

fn to_mio(interest: Interest) -> mio::Interest {
    match (interest.is_readable(), interest.is_writable()) {
        (true, false) => mio::Interest::READABLE,
        (false, true) => mio::Interest::WRITABLE,
        _ => mio::Interest::READABLE | mio::Interest::WRITABLE,
    }
}

fn ready(event: &Event) -> Ready {
    Ready {
        readable: event.is_readable(),
        writable: event.is_writable(),
        error: event.is_error(),
        closed: event.is_read_closed() || event.is_write_closed(),
    }
}

/// Notes what the kernel says of a socket.
fn update(readiness: &Readiness, event: &Event, woken: &mut Vec<AnyNode>) {
    let (error, reads, writes) = (
        event.is_error(),
        event.is_read_closed(),
        event.is_write_closed(),
    );
    if event.is_readable() || reads || error {
        readiness.reader.set_ready(reads || error, woken);
    }
    if event.is_writable() || writes || error {
        readiness.writer.set_ready(writes || error, woken);
    }
}

impl AsFd for Poller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        let fd = self.registry.as_raw_fd();
        // SAFETY: the descriptor is the registry's own, which is open as long as `self` is there.
        unsafe { BorrowedFd::borrow_raw(fd) }
    }
}
