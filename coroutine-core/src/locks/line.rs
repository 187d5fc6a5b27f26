//! Those who wait for something, in the order of their coming.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future as StdFuture;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::node::{self, AnyNode, TaskRef};
use crate::note::{self, Note};
use crate::origin::{Awaited, Origin};
use crate::waker;

/// A line of those who wait to be given a `G`, each of whom brings a `B`. A clone is the same line.
pub(crate) struct Line<G, B = ()> {
    inner: Rc<Inner<G, B>>,
}

struct Inner<G, B> {
    /// Who waits, by ticket. Whoever has been given something, or has left, is not here any more.
    seats: RefCell<BTreeMap<u64, Rc<Seat<G, B>>>>,
    next_ticket: Cell<u64>,
    /// What is waited for here.
    origin: Origin,
}

/// What the line and one who waits have in common.
struct Seat<G, B> {
    brought: Cell<Option<B>>,
    /// Dropped with the seat when the one who waits goes without having taken it, so a `G` that must not be lost sees to that in its destructor.
    given: Cell<Option<G>>,
    /// Whom to wake.
    waiter: Cell<Option<AnyNode>>,
}

impl<G, B> Line<G, B> {
    /// A line of those who wait for `what`, which the caller of the caller makes.
    #[track_caller]
    pub(crate) fn new(what: Awaited) -> Self {
        Self {
            inner: Rc::new(Inner {
                origin: Origin::new(what, Location::caller()),
                seats: RefCell::new(BTreeMap::new()),
                next_ticket: Cell::new(0),
            }),
        }
    }

    /// Takes down who has what is waited for.
    pub(crate) fn set_holder(&self, holder: Option<TaskRef>) {
        self.inner.origin.set_holder(holder);
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.inner.seats.borrow().len()
    }

    /// The ticket that comes next: all who wait now have earlier ones.
    pub(crate) fn next_ticket(&self) -> u64 {
        self.inner.next_ticket.get()
    }

    /// Goes to the end of the line.
    pub(crate) fn join(&self, brought: B) -> Wait<G, B> {
        let ticket = self.next_ticket();
        self.inner.next_ticket.set(ticket + 1);
        let seat = Rc::new(Seat {
            brought: Cell::new(Some(brought)),
            given: Cell::new(None),
            waiter: Cell::new(None),
        });
        let mut seats = self.inner.seats.borrow_mut();
        seats.insert(ticket, Rc::clone(&seat));
        Wait(Stage::Waiting(Place {
            line: self.clone(),
            ticket,
            seat,
        }))
    }

    /// Gives the first in line what `make` makes. None if nobody waits, and then nothing is made.
    pub(crate) fn serve(&self, make: impl FnOnce() -> G) -> Option<Served<G, B>> {
        self.serve_before(u64::MAX, make)
    }

    /// As [`serve`](Self::serve), if the first has come before `ticket` was given out.
    pub(crate) fn serve_before(
        &self,
        ticket: u64,
        make: impl FnOnce() -> G,
    ) -> Option<Served<G, B>> {
        let seat = self.call_before(ticket)?;
        seat.given.set(Some(make()));
        Some(Served(seat))
    }

    /// Gives what `make` makes to each of those who wait now.
    pub(crate) fn serve_all(&self, mut make: impl FnMut() -> G) {
        let before = self.next_ticket();
        while self.serve_before(before, &mut make).is_some() {}
    }

    fn call_before(&self, ticket: u64) -> Option<Rc<Seat<G, B>>> {
        let mut seats = self.inner.seats.borrow_mut();
        let first = seats.first_entry()?;
        (*first.key() < ticket).then(|| first.remove())
    }

    fn leave(&self, ticket: u64) {
        let seat = self.inner.seats.borrow_mut().remove(&ticket);
        // Its other owner is the one who leaves, so no destructor of what it holds runs here.
        drop(seat);
    }
}

impl<G, B> Clone for Line<G, B> {
    fn clone(&self) -> Self {
        Self {
            inner: Rc::clone(&self.inner),
        }
    }
}

/// One who was served, and is woken when this is dropped. To wake may be to run foreign code.
pub(crate) struct Served<G, B>(Rc<Seat<G, B>>);

impl<G, B> Served<G, B> {
    /// The task of the one who was served.
    pub(crate) fn owner(&self) -> Option<TaskRef> {
        let mut owner = None;
        node::show(&self.0.waiter, &mut |waiter| owner = waiter.owner());
        owner
    }

    /// Takes what the one who waited has brought.
    pub(crate) fn take_brought(&self) -> Option<B> {
        self.0.brought.take()
    }
}

impl<G, B> Drop for Served<G, B> {
    fn drop(&mut self) {
        if let Some(waiter) = self.0.waiter.take() {
            waiter.schedule();
        }
    }
}

/// Waits in line, and yields what it waits for: a guard, for example.
///
/// It stands in line since it was made, not since it was yielded. Dropping it leaves the line, and what it was given but never yielded is passed on.
#[must_use = "nothing is waited for unless it is yielded"]
pub struct Wait<G, B = ()>(Stage<G, B>);

enum Stage<G, B> {
    Ready(G),
    Waiting(Place<G, B>),
    Done,
}

impl<G, B> Wait<G, B> {
    /// One that need not wait.
    pub(crate) fn ready(given: G) -> Self {
        Self(Stage::Ready(given))
    }

    pub(crate) fn is_ready(&self) -> bool {
        match &self.0 {
            Stage::Ready(_) => true,
            Stage::Waiting(place) => place.is_served(),
            Stage::Done => false,
        }
    }

    /// Leaves the line, and gives back what was brought there, unless somebody has taken it.
    pub(crate) fn leave(&mut self) -> Option<B> {
        match std::mem::replace(&mut self.0, Stage::Done) {
            Stage::Waiting(place) => place.seat.brought.take(),
            Stage::Ready(_) | Stage::Done => None,
        }
    }
}

/// It moves as it likes: nothing in it is pinned.
impl<G, B> Unpin for Wait<G, B> {}

impl<G, B> StdFuture for Wait<G, B> {
    type Output = G;

    /// # Panics
    ///
    /// Panics when it is polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G> {
        if let Stage::Waiting(place) = &self.0 {
            let given = place.poll(cx);
            if given.is_ready() {
                self.0 = Stage::Done;
            }
            return given;
        }
        match std::mem::replace(&mut self.0, Stage::Done) {
            Stage::Ready(given) => Poll::Ready(given),
            _ => panic!("what waits in line was yielded again after it had been served"),
        }
    }
}

impl<G, B> fmt::Debug for Wait<G, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("is_ready", &self.is_ready())
            .finish_non_exhaustive()
    }
}

/// A place in a line.
struct Place<G, B> {
    line: Line<G, B>,
    ticket: u64,
    seat: Rc<Seat<G, B>>,
}

impl<G, B> Place<G, B> {
    fn is_served(&self) -> bool {
        let given = self.seat.given.take();
        let served = given.is_some();
        self.seat.given.set(given);
        served
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<G> {
        if !self.is_served() {
            // A foreign waker is cloned there and the old one dropped, by the doing of which it may be served.
            waker::wait_in(&self.seat.waiter, cx);
            if let Some(key) = self.line.inner.origin.key() {
                note::leave(Note::origin(key));
            }
        }
        match self.seat.given.take() {
            Some(given) => Poll::Ready(given),
            None => Poll::Pending,
        }
    }
}

impl<G, B> Drop for Place<G, B> {
    fn drop(&mut self) {
        self.line.leave(self.ticket);
    }
}
