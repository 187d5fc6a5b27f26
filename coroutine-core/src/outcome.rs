//! How a coroutine or promise can end other than with a result.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{Location, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::site::Suspension;

/// Why there is no result.
///
/// Yielding a future that ends so is a panic in the coroutine that yields it; yielding its [`outcome`](crate::Future::outcome) gives this value
/// instead.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The coroutine was cancelled, or its loop was closed.
    Cancelled,
    /// The coroutine panicked.
    Panicked(Panicked),
    /// The promise was dropped without a result.
    Broken(Broken),
}

/// A panic that ended a coroutine.
#[derive(Clone)]
pub struct Panicked {
    inner: Arc<PanickedInner>,
}

struct PanickedInner {
    /// Where the coroutine stood.
    place: Suspension,
    message: String,
    /// Who waited for it, and for those in their turn.
    waiters: Vec<Suspension>,
    /// What the panic carried, until somebody takes it.
    payload: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Panicked {
    pub(crate) fn new(
        place: Suspension,
        waiters: Vec<Suspension>,
        payload: Box<dyn Any + Send>,
    ) -> Self {
        let message = panic_message(&*payload).to_owned();
        Self {
            inner: Arc::new(PanickedInner {
                place,
                message,
                waiters,
                payload: Mutex::new(Some(payload)),
            }),
        }
    }

    /// The coroutine that panicked, and where it is declared.
    #[must_use]
    pub fn place(&self) -> Suspension {
        self.inner.place.clone()
    }

    /// The coroutine that waited for it, the one that waited for that, and so on, no more than eight of them; where several wait, the first.
    #[must_use]
    pub fn waiters(&self) -> &[Suspension] {
        &self.inner.waiters
    }

    /// The panic's message, or a stand-in for one that is no text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// Takes what the panic carried. Only the first call, on whichever clone, gets it.
    #[must_use]
    pub fn take_payload(&self) -> Option<Box<dyn Any + Send>> {
        let mut payload = self
            .inner
            .payload
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        payload.take()
    }
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panicked")
            .field("place", &self.inner.place)
            .field("message", &self.inner.message)
            .finish_non_exhaustive()
    }
}

/// A promise that was dropped without a result.
#[derive(Clone, Copy, Debug)]
pub struct Broken {
    made_at: &'static Location<'static>,
}

impl Broken {
    pub(crate) fn new(made_at: &'static Location<'static>) -> Self {
        Self { made_at }
    }

    /// Where the promise was made.
    #[must_use]
    pub fn made_at(&self) -> &'static Location<'static> {
        self.made_at
    }
}

impl Outcome {
    /// Goes on with the panic, or starts one, in the coroutine that waits.
    pub(crate) fn raise(self) -> ! {
        if let Self::Panicked(panicked) = &self
            && let Some(payload) = panicked.take_payload()
        {
            resume_unwind(payload);
        }
        panic!("yielded a future that has no result: {self}")
    }

    /// Whether the coroutine was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// Whether the coroutine panicked.
    #[must_use]
    pub fn is_panicked(&self) -> bool {
        matches!(self, Self::Panicked(_))
    }

    /// Whether the promise was dropped.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::Broken(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => write!(f, "the coroutine was cancelled"),
            Self::Panicked(panicked) => {
                let (place, message) = (panicked.place(), panicked.message());
                write!(f, "the coroutine {place} panicked: {message}")?;
                let waiters = panicked.waiters().iter();
                waiters
                    .into_iter()
                    .try_for_each(|waiter| write!(f, "\n  waited for by {waiter}"))
            }
            Self::Broken(broken) => write!(
                f,
                "the promise made at {} was dropped without a result",
                broken.made_at
            ),
        }
    }
}

impl Error for Outcome {}

/// The text that a panic carried, if it carried text.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "(a panic without a message)"
    }
}
