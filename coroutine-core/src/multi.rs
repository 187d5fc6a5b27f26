//! Waiting for all members of a collection.

use std::convert::Infallible;
use std::fmt::{self, Display};
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::collection::{Collection, Gather, Members};
use crate::failure::{Checked, Failure, Failures, Plain};

const AGAIN: &str = "a list was yielded again after its results had been taken";

pin_project! {
    /// What yielding a [`Collection`] waits with. It gives the members' results as they are, in the shape of the collection.
    #[must_use = "a list waits for nobody unless it is yielded"]
    pub struct All<M> {
        #[pin]
        members: M,
    }
}

impl<M> All<M> {
    pub(crate) fn new(members: M) -> Self {
        Self { members }
    }
}

impl<M: Gather<Plain, Error = Infallible>> StdFuture for All<M> {
    type Output = M::Values;

    /// # Panics
    ///
    /// Panics when a member did, with the panic of the first one in the order of the list, after all have ended.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<M::Values> {
        let mut members = self.project().members;
        ready!(members.as_mut().poll_all(cx));
        let mut failures = Failures::new(false);
        let values = members.gather(&mut failures);
        match failures.take_first() {
            Some(Failure::Panic(panic)) => panic.raise(),
            None => Poll::Ready(values.expect(AGAIN)),
        }
    }
}

impl<M> fmt::Debug for All<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("All").finish_non_exhaustive()
    }
}

/// Waits for all members of a collection, and gives their values or the first failure. Tornado's `gen.multi`.
///
/// It takes a `Vec`, array, tuple, map or `Option` of what gives `Result`s with one type of error, and gives one `Result` of the same shape. It waits for **all** members,
/// also after one has failed. Then the first failure counts, first in the order of the collection and not of time: an error is the result, a panic or a
/// cancellation goes on in whoever yields. The other failures are logged, unless it is told to be [`quiet`](Multi::quiet).
///
/// ```
/// use coroutine_core::{self as co, IoLoop, multi};
///
/// #[co::coroutine]
/// fn half(of: u32) -> Result<u32, String> {
///     yield_!(co::moment());
///     if of % 2 == 0 { Ok(of / 2) } else { Err(format!("{of} is odd")) }
/// }
///
/// #[co::coroutine]
/// fn halves(of: Vec<u32>) -> Result<Vec<u32>, String> {
///     yield_!(multi(of.into_iter().map(half).collect::<Vec<_>>()).quiet())
/// }
///
/// let io_loop = IoLoop::current();
/// assert_eq!(io_loop.run_sync(|| halves(vec![2, 4, 6]))?, Ok(vec![1, 2, 3]));
/// assert_eq!(io_loop.run_sync(|| halves(vec![2, 5, 7]))?, Err("5 is odd".to_owned()));
/// # Ok::<(), co::LoopError>(())
/// ```
///
/// A collection that is yielded directly gives every member's result as it is, errors too, so that none is lost:
///
/// ```
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn both() -> (u8, Result<u8, String>) {
///     yield_!((async { 1 }, async { Err("no".to_owned()) }))
/// }
///
/// assert_eq!(IoLoop::current().run_sync(both)?, (1, Err("no".to_owned())));
/// # Ok::<(), co::LoopError>(())
/// ```
///
/// When the future is dropped before all have ended, the members are dropped: coroutines go on by themselves, and the errors that are there already are logged. (Of a
/// collection that is yielded directly it is not known what is an error; its results are dropped with it, but for panics, which are logged.)
///
/// To have panics and cancellations as errors too, take the [outcomes](crate::Future::outcome) of the members.
pub fn multi<C, K, M, T, E>(collection: C) -> Multi<M, T, E>
where
    C: Collection<K, Members = M>,
    M: Gather<Checked, Values = T, Error = E>,
    E: Display,
{
    Multi {
        members: collection.into_members(),
        gather: M::gather,
        quiet: false,
    }
}

pin_project! {
    /// What [`multi`] gives: a future of a `Result<T, E>`.
    #[must_use = "a list waits for nobody unless it is yielded"]
    pub struct Multi<M, T, E>
    where
        E: Display,
    {
        #[pin]
        members: M,
        // Were it a bound instead, members that give no `Result` would be reported wherever this type is named.
        gather: fn(Pin<&mut M>, &mut Failures<E>) -> Option<T>,
        // Whether failures but the first are kept to itself.
        quiet: bool,
    }

    /// Errors of members that have ended by then are logged, since nobody will see them.
    impl<M, T, E> PinnedDrop for Multi<M, T, E>
    where
        E: Display,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            (this.gather)(this.members, &mut Failures::new(*this.quiet));
        }
    }
}

impl<M, T, E: Display> Multi<M, T, E> {
    /// Does not log the failures that are not the first. Tornado's `quiet_exceptions`.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }
}

impl<M: Members, T, E: Display> StdFuture for Multi<M, T, E> {
    type Output = Result<T, E>;

    /// # Panics
    ///
    /// Panics when the first failure is a panic, after all members have ended.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut members = this.members;
        ready!(members.as_mut().poll_all(cx));
        let mut failures = Failures::new(*this.quiet);
        let values = (this.gather)(members, &mut failures);
        Poll::Ready(match failures.take_first() {
            Some(Failure::Panic(panic)) => panic.raise(),
            Some(Failure::Error(error)) => Err(error),
            None => Ok(values.expect(AGAIN)),
        })
    }
}

impl<M, T, E: Display> fmt::Debug for Multi<M, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multi")
            .field("quiet", &self.quiet)
            .finish_non_exhaustive()
    }
}
