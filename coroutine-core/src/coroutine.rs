//! The state machine's face: what the macro makes and the runner drives.

use std::cell::Cell;
use std::future::Future as StdFuture;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::scope::{Part, Scope};
use crate::site::{self, Sites, State, StateCode, Suspension};

/// A resumable computation with numbered yield points.
///
/// This is the contract between the macro and the runner: the macro numbers the yield points and emits their table,
/// rustc lays out the locals, and whoever drives the coroutine learns at each suspension which yield point it has reached.
pub trait Coroutine {
    /// What the coroutine gives when it ends.
    type Return;

    /// Runs the body up to the next yield point that is not ready, or to its end.
    ///
    /// # Panics
    ///
    /// Panics when the coroutine has returned already, and when the body panics.
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> CoroutineState<Self::Return>;

    /// Where the coroutine stands.
    fn state(&self) -> State;

    /// The table of its yield points.
    fn sites(&self) -> Sites;
}

/// What a [`Coroutine`] says when it hands control back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoroutineState<T> {
    /// It is suspended, and this tells where.
    Yielded(State),
    /// It has ended, with this result.
    Returned(T),
}

/// What the macro knows of a coroutine whose return type is `T`.
pub struct Descriptor<T: ?Sized> {
    pub(crate) sites: Sites,
    /// A name of its own, where it has one.
    pub(crate) name: Option<Arc<str>>,
    /// The text of the error, where the result is one.
    pub(crate) error: fn(&T) -> Option<String>,
}

impl<T> Descriptor<T> {
    /// Describes a coroutine whose result is an error where `error` finds a text for it.
    pub const fn new(sites: Sites, error: fn(&T) -> Option<String>) -> Self {
        Self {
            sites,
            name: None,
            error,
        }
    }

    /// The same coroutine, with a name of its own.
    fn named(mut self, name: &Arc<str>) -> Self {
        self.name = Some(Arc::clone(name));
        self
    }

    /// Where the coroutine is that stands at `state`.
    pub(crate) fn at(&self, state: State) -> Suspension {
        Suspension::named(self.sites, self.name.clone(), state)
    }

    /// Describes a coroutine of whose result nothing is known.
    #[must_use]
    pub fn plain(sites: &Sites) -> Self {
        Self::new(*sites, |_| None)
    }

    /// Describes what is no coroutine of the macro's but was started as one, at `place`.
    pub(crate) fn made_at(name: &'static str, place: &'static Location<'static>) -> Self {
        let (file, line, column) = (place.file(), place.line(), place.column());
        Self::plain(&Sites::new(name, file, line, column, &[]))
    }
}

/// Makes descriptions of a coroutine that has a name of its own.
pub fn with_name<T, D>(describe: D, name: String) -> impl Fn() -> Descriptor<T> + Clone
where
    D: Fn() -> Descriptor<T> + Clone,
{
    let name = Arc::from(name);
    move || describe().named(&name)
}

pin_project! {
    /// A coroutine's state machine: the body as rustc lowers it, and where it stands.
    ///
    /// `D` makes the description. The macro passes a closure that captures nothing, so that the table costs a coroutine no byte.
    #[must_use = "a lazy coroutine does nothing until it is yielded"]
    pub struct Frame<D, F> {
        describe: D,
        state: Cell<StateCode>,
        // When it was suspended, on its loop's clock. The room would be padding otherwise.
        since: Cell<u32>,
        #[pin]
        body: F,
    }
}

impl<D, F> Frame<D, F> {
    pub(crate) fn new(describe: D, body: F) -> Self {
        Self {
            describe,
            state: Cell::new(StateCode::UNRESUMED),
            since: Cell::new(0),
            body,
        }
    }

    pub(crate) fn since(&self) -> &Cell<u32> {
        &self.since
    }
}

impl<T, D, F> Frame<D, F>
where
    D: Fn() -> Descriptor<T>,
    F: StdFuture<Output = T>,
{
    pub(crate) fn suspension(&self) -> Suspension {
        (self.describe)().at(self.state())
    }
}

impl<T, D, F> Coroutine for Frame<D, F>
where
    D: Fn() -> Descriptor<T>,
    F: StdFuture<Output = T>,
{
    type Return = T;

    #[inline]
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> CoroutineState<T> {
        let frame = self.project();
        frame.state.set(StateCode::RUNNING);
        site::clear_reached();
        match frame.body.poll(cx) {
            Poll::Ready(value) => {
                frame.state.set(StateCode::RETURNED);
                CoroutineState::Returned(value)
            }
            Poll::Pending => {
                let code = site::reached();
                frame.state.set(code);
                CoroutineState::Yielded(code.state())
            }
        }
    }

    fn state(&self) -> State {
        self.state.get().state()
    }

    fn sites(&self) -> Sites {
        (self.describe)().sites
    }
}

pin_project! {
    /// A lazy coroutine: it is polled by whoever yields it.
    #[must_use = "a lazy coroutine does nothing until it is yielded"]
    pub struct Lazy<D, F> {
        scope: Scope,
        #[pin]
        frame: Frame<D, F>,
    }
}

impl<D, F> Lazy<D, F> {
    pub(crate) fn new(describe: D, body: F) -> Self {
        Self {
            scope: Scope::new(),
            frame: Frame::new(describe, body),
        }
    }
}

impl<T, D, F> StdFuture for Lazy<D, F>
where
    D: Fn() -> Descriptor<T>,
    F: StdFuture<Output = T>,
{
    type Output = T;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut this = self.project();
        let entered = this.scope.enter();
        match this.frame.as_mut().resume(cx) {
            CoroutineState::Yielded(_) => {
                let describe = || Part::Coroutine {
                    place: this.frame.suspension(),
                    bytes: size_of::<F>(),
                };
                entered.suspend(this.frame.state.get(), describe);
                Poll::Pending
            }
            CoroutineState::Returned(value) => {
                entered.end();
                Poll::Ready(value)
            }
        }
    }
}
