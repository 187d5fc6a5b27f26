//! A generator where it was made: on the stack, or in another one. It allocates nothing.

use std::fmt;
use std::future::Future as StdFuture;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::pin::Pin;
use std::task::{Poll, Waker};

use super::boxed::BoxedGenerator;
use super::phase::Phase;
use super::serial::Serial;
use super::slot::{Slot, Yielder};
use super::started::{Started, TakesValues};
use super::state::{GeneratorState, SendError};
use crate::coroutine::Descriptor;
use crate::site::Suspension;

/// A generator, none of whose body has run: what a function under [`#[co::generator]`](macro@crate::generator) returns.
///
/// It yields `Y`s, takes an `R` each time it is resumed (`()`, which is nothing, unless `resume = ..` says otherwise), and returns an `F::Output`.
///
/// A generator runs in a home that it does not leave. On the stack that is [`pin!`](std::pin::pin), which allocates nothing; [`boxed`](Self::boxed) puts it
/// on the heap, to be kept and handed on. The methods are the same. Where `R` is `()`, it is an [`Iterator`] over what it yields.
///
/// It stays on its thread. Its types are just what they are: one of `&'static str` is not one of `&'a str`.
///
/// ```
/// use std::pin::pin;
///
/// use coroutine_core as co;
///
/// #[co::generator(yield = u64)]
/// fn squares(count: u64) {
///     for n in 1..=count {
///         yield_!(n * n);
///     }
/// }
///
/// assert_eq!(pin!(squares(4)).collect::<Vec<_>>(), [1, 4, 9, 16]);
/// ```
///
/// What it returns is lost on an iteration, as it is in Python's; [`start`](Self::start) it to get at that.
///
/// ```compile_fail
/// # use coroutine_core as co;
/// #[co::generator(yield = u64)]
/// fn one() {
///     yield_!(1);
/// }
///
/// fn is_send(_: impl Send) {}
/// is_send(one());
/// ```
#[must_use = "a generator does nothing until it is started or iterated"]
pub struct Generator<Y, R, F: StdFuture> {
    serial: Serial,
    phase: Phase,
    /// The table of the yield points.
    describe: fn() -> Descriptor<F::Output>,
    /// There unless the phase is [`Phase::CLOSED`]. Pinned where the generator is.
    body: ManuallyDrop<F>,
    /// Invariant, as [`Yielder`] is.
    types: PhantomData<*mut (Y, R)>,
}

/// How a body has handed control back.
pub(super) enum Step<Y, T> {
    Yielded(Y),
    /// It waits for something that is not ready; an async generator's may.
    Waiting,
    Returned(T),
}

/// Ends a generator whose body panics.
struct Poison<'a>(&'a mut Phase);

impl Drop for Poison<'_> {
    fn drop(&mut self) {
        *self.0 = Phase::PANICKED;
    }
}

impl<Y, R, F: StdFuture> Generator<Y, R, F> {
    #[inline]
    pub(crate) fn new(
        describe: fn() -> Descriptor<F::Output>,
        body: impl FnOnce(Yielder<Y, R>) -> F,
    ) -> Self {
        let serial = Serial::new();
        Self {
            serial,
            phase: Phase::FRESH,
            describe,
            body: ManuallyDrop::new(body(Yielder::new(serial))),
            types: PhantomData,
        }
    }

    #[inline]
    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    #[inline]
    pub(super) fn set_phase(self: Pin<&mut Self>, phase: Phase) {
        // SAFETY: the phase is not pinned, and nothing else is touched.
        unsafe { self.get_unchecked_mut() }.phase = phase;
    }

    /// Runs the body, which is suspended for an argument if there is one, and has not ended.
    #[inline]
    pub(super) fn step(
        self: Pin<&mut Self>,
        argument: Option<R>,
        outer: &Waker,
    ) -> Step<Y, F::Output> {
        // SAFETY: the body is not moved: it is polled where it lies.
        let this = unsafe { self.get_unchecked_mut() };
        let slot = Slot::new(this.serial, outer, argument);
        // SAFETY: the body is pinned where the generator is: it is dropped in place, and never moved.
        let body = unsafe { Pin::new_unchecked(&mut *this.body) };
        let poison = Poison(&mut this.phase);
        let polled = slot.poll(body);
        mem::forget(poison);
        match polled {
            Poll::Ready(value) => {
                this.phase = Phase::RETURNED;
                Step::Returned(value)
            }
            Poll::Pending => match slot.take_value() {
                Some((value, site)) => {
                    this.phase.suspend_at(site);
                    Step::Yielded(value)
                }
                None => Step::Waiting,
            },
        }
    }

    /// As [`step`](Self::step), for a body that does nothing but yield.
    #[inline]
    fn resume(mut self: Pin<&mut Self>, argument: Option<R>) -> GeneratorState<Y, F::Output> {
        match self.as_mut().step(argument, Waker::noop()) {
            Step::Yielded(value) => GeneratorState::Yielded(value),
            Step::Returned(value) => GeneratorState::Returned(value),
            Step::Waiting => {
                self.set_phase(Phase::PANICKED);
                waits()
            }
        }
    }

    #[inline]
    pub(super) fn begin(self: Pin<&mut Self>) -> GeneratorState<Y, F::Output> {
        assert!(
            self.phase == Phase::FRESH,
            "this generator was started before: keep what `start` has returned"
        );
        self.resume(None)
    }

    #[inline]
    pub(super) fn give(
        self: Pin<&mut Self>,
        argument: R,
    ) -> Result<GeneratorState<Y, F::Output>, SendError<R>> {
        if self.phase.is_suspended() {
            Ok(self.resume(Some(argument)))
        } else {
            Err(SendError(argument))
        }
    }

    /// Starts the generator, which then has no use for the argument, or resumes it.
    #[inline]
    pub(super) fn go_on(self: Pin<&mut Self>, argument: R) -> Option<Y> {
        let phase = self.phase;
        if !phase.can_go_on() {
            return None;
        }
        let argument = phase.is_suspended().then_some(argument);
        self.resume(argument).yielded()
    }

    /// Where the generator stands.
    #[must_use]
    pub fn suspension(&self) -> Suspension {
        Suspension::new((self.describe)().sites, self.phase.state())
    }

    /// Moves the generator to the heap, where it can be kept, moved and handed on, and hides what it is made of.
    ///
    /// ```
    /// use coroutine_core::{self as co, BoxedGenerator};
    ///
    /// #[co::generator(yield = u32)]
    /// fn up(to: u32) {
    ///     for n in 1..=to {
    ///         yield_!(n);
    ///     }
    /// }
    ///
    /// #[co::generator(yield = u32)]
    /// fn down(from: u32) {
    ///     for n in (1..=from).rev() {
    ///         yield_!(n);
    ///     }
    /// }
    ///
    /// let both: [BoxedGenerator<u32>; 2] = [up(3).boxed(), down(2).boxed()];
    /// assert_eq!(both.into_iter().flatten().collect::<Vec<_>>(), [1, 2, 3, 2, 1]);
    /// ```
    pub fn boxed<'a>(self) -> BoxedGenerator<'a, Y, R, F::Output>
    where
        Self: 'a,
    {
        BoxedGenerator::new(self)
    }
}

#[cold]
#[inline(never)]
fn waits() -> ! {
    panic!(
        "a generator waits for something that is no yield point of its own: an `async fn` under `#[co::generator]` may do so"
    );
}

/// The home on the stack.
impl<Y, R, F: StdFuture> Generator<Y, R, F> {
    /// Runs the body to its first yield, or to its end.
    ///
    /// The handle that comes with it takes values: Python's `send(None)`, after which `send` may be called.
    ///
    /// ```
    /// use std::pin::pin;
    ///
    /// use coroutine_core::{self as co, GeneratorState};
    ///
    /// #[co::generator(yield = u32, resume = u32)]
    /// fn running_sum() {
    ///     let mut sum = 0;
    ///     loop {
    ///         sum += yield_!(sum);
    ///     }
    /// }
    ///
    /// let sums = pin!(running_sum());
    /// let (mut sums, first) = sums.start();
    /// assert_eq!(first, GeneratorState::Yielded(0));
    /// assert_eq!(sums.send(3), Ok(GeneratorState::Yielded(3)));
    /// assert_eq!(sums.send(4), Ok(GeneratorState::Yielded(7)));
    /// ```
    ///
    /// # Panics
    ///
    /// Panics when the generator was started before, and when the body panics.
    #[inline]
    pub fn start(
        mut self: Pin<&mut Self>,
    ) -> (Started<Pin<&mut Self>>, GeneratorState<Y, F::Output>) {
        let state = self.as_mut().begin();
        (Started::new(self), state)
    }

    /// Ends the generator: the locals of a suspended body are dropped. Closing one that has returned does nothing.
    ///
    /// Dropping the generator does the same.
    pub fn close(self: Pin<&mut Self>) {
        // SAFETY: the body is dropped where it lies.
        let this = unsafe { self.get_unchecked_mut() };
        if this.phase != Phase::RETURNED {
            this.drop_body();
        }
    }

    #[doc(hidden)]
    pub fn send(
        self: Pin<&mut Self>,
        argument: R,
    ) -> Result<GeneratorState<Y, F::Output>, SendError<R>>
    where
        Self: TakesValues,
    {
        self.give(argument)
    }
}

impl<Y, R, F: StdFuture> Generator<Y, R, F> {
    fn drop_body(&mut self) {
        if mem::replace(&mut self.phase, Phase::CLOSED) != Phase::CLOSED {
            // SAFETY: the phase tells that the body is there, and from now on that it is gone.
            unsafe { ManuallyDrop::drop(&mut self.body) };
        }
    }
}

impl<Y, R, F: StdFuture> Drop for Generator<Y, R, F> {
    #[inline]
    fn drop(&mut self) {
        self.drop_body();
    }
}

impl<Y, F: StdFuture> Iterator for Pin<&mut Generator<Y, (), F>> {
    type Item = Y;

    #[inline]
    fn next(&mut self) -> Option<Y> {
        self.as_mut().go_on(())
    }
}

impl<Y, F: StdFuture> FusedIterator for Pin<&mut Generator<Y, (), F>> {}

impl<Y, R, F: StdFuture> fmt::Debug for Generator<Y, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.suspension().debug("Generator", f)
    }
}
