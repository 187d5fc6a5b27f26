//! What may be yielded, and the yield point itself.

use std::future::{Future as StdFuture, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::site;

/// What a coroutine may yield.
///
/// Every [`std::future::Future`] (and whatever turns into one) is yieldable, so is a `Vec` of yieldables, and every type that
/// implements [`ConvertYielded`]. `Kind` is a marker that the compiler infers; it lets these cases stand side by side.
///
/// Yielding anything else is a `BadYieldError` at compile time.
#[diagnostic::on_unimplemented(
    message = "BadYieldError: yielded unknown object `{Self}`",
    label = "`{Self}` is not a future, and cannot be converted to one",
    note = "yield a future, for example a coroutine's or `sleep(..)`, or a `Vec` of futures; a type of your own can implement `ConvertYielded`",
    note = "a blocking call gives its result at once and holds up the loop meanwhile: call its asynchronous twin, `AsyncHttpClient` for `HttpClient`"
)]
pub trait Yieldable<Kind> {
    /// What the yield point evaluates to.
    type Output;
    /// The future that the coroutine waits for.
    type Future: StdFuture<Output = Self::Output>;

    /// Turns the operand of a yield point into the future that is waited for.
    fn into_yielded(self) -> Self::Future;
}

/// A user's own conversion of a type into a future, so that values of it can be yielded.
///
/// Tornado's `gen.convert_yielded.register`.
///
/// ```
/// use coroutine_core::{self as co, ConvertYielded, IoLoop};
///
/// struct Ticket(u32);
///
/// impl ConvertYielded for Ticket {
///     type Output = u32;
///     type Future = std::future::Ready<u32>;
///     fn convert_yielded(self) -> Self::Future {
///         std::future::ready(self.0)
///     }
/// }
///
/// #[co::coroutine]
/// fn redeem() -> u32 {
///     yield_!(Ticket(7))
/// }
///
/// assert_eq!(IoLoop::current().run_sync(redeem).unwrap(), 7);
/// ```
pub trait ConvertYielded {
    /// What the yield point evaluates to.
    type Output;
    /// The future that is waited for.
    type Future: StdFuture<Output = Self::Output>;

    /// Makes the future.
    fn convert_yielded(self) -> Self::Future;
}

/// Markers that tell the ways apart in which a type is [`Yieldable`].
pub mod kind {
    use std::marker::PhantomData;

    /// It is a future, or turns into one.
    pub struct IsFuture;
    /// It implements [`ConvertYielded`](super::ConvertYielded).
    pub struct IsConverted;
    /// It is a list of yieldables of kind `K`.
    pub struct IsList<K>(PhantomData<K>);
}

// Two blanket implementations, each of them not to be recommended: with a single one rustc would look into it and report
// that the operand is no `Future`, in its own words and twice.
#[diagnostic::do_not_recommend]
impl<F: IntoFuture> Yieldable<kind::IsFuture> for F {
    type Output = F::Output;
    type Future = F::IntoFuture;

    #[inline]
    fn into_yielded(self) -> F::IntoFuture {
        self.into_future()
    }
}

#[diagnostic::do_not_recommend]
impl<C: ConvertYielded> Yieldable<kind::IsConverted> for C {
    type Output = C::Output;
    type Future = C::Future;

    fn into_yielded(self) -> C::Future {
        self.convert_yielded()
    }
}

/// A yield point while it waits. Its number is part of its type, so it takes no room in the coroutine.
pub struct YieldPoint<const SITE: u16, F> {
    /// Pinned where the yield point is.
    future: F,
}

/// The place of a yield point, by its number. The macro writes `At::<3>.yield_point(operand).await`.
pub struct At<const SITE: u16>;

impl<const SITE: u16> At<SITE> {
    /// What the macro puts in the place of a yield point.
    #[inline]
    pub fn yield_point<Y, K>(self, operand: Y) -> YieldPoint<SITE, Y::Future>
    where
        Y: Yieldable<K>,
    {
        YieldPoint {
            future: operand.into_yielded(),
        }
    }
}

impl<const SITE: u16, F: StdFuture> StdFuture for YieldPoint<SITE, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the future is pinned with `self`: it is only reached here, there is no `Drop`, and `Unpin` is as derived.
        let future = unsafe { self.map_unchecked_mut(|this| &mut this.future) };
        let ready = future.poll(cx);
        if ready.is_pending() {
            site::reach(SITE);
        }
        ready
    }
}
