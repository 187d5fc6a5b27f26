//! What may be yielded, and the yield point itself.

use std::future::{Future as StdFuture, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::collection::Collection;
use crate::multi::All;
use crate::note;
use crate::site;

/// What a coroutine may yield.
///
/// Every [`std::future::Future`] (and whatever turns into one) is yieldable, so is every type that implements [`ConvertYielded`], and so is a
/// [`Collection`] of yieldables: a `Vec`, an array, a tuple, a map or an `Option`. `Kind` is a marker that the compiler infers; it lets these cases
/// stand side by side.
///
/// A collection waits for **all** its members, also after one has failed, and gives their results in their places; an empty one is ready at once. When
/// members panic or are cancelled, the first of these failures, in the order of the collection, goes on in whoever yields it, and the others are
/// logged. [`multi`](crate::multi) does the same for members whose results are errors.
///
/// ```
/// use std::collections::HashMap;
///
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn double(n: u32) -> u32 {
///     yield_!(co::moment());
///     2 * n
/// }
///
/// #[co::coroutine]
/// fn several() -> u32 {
///     let list: Vec<u32> = yield_!(vec![double(1), double(2)]);
///     let (number, text) = yield_!((double(3), async { "text" }));
///     let map: HashMap<&str, u32> = yield_!(HashMap::from([("four", double(4))]));
///     let nothing: Option<u32> = yield_!(None::<co::Future<u32>>);
///     assert!(nothing.is_none() && text == "text");
///     list[0] + list[1] + number + map["four"]
/// }
///
/// assert_eq!(IoLoop::current().run_sync(several).unwrap(), 20);
/// ```
///
/// Yielding anything else is a `BadYieldError` at compile time, which names the member that is no future.
#[diagnostic::on_unimplemented(
    message = "BadYieldError: yielded unknown object `{Self}`",
    label = "`{Self}` is not a future, and cannot be converted to one",
    note = "yield a future, for example a coroutine's or `sleep(..)`, or a `Vec`, array, tuple, map or `Option` of futures; a type of your own can implement `ConvertYielded`",
    note = "a blocking call gives its result at once and holds up the loop meanwhile: call its asynchronous twin, `AsyncHttpClient` for `HttpClient`",
    note = "a generator is iterated, or waited for item by item: `co::next(&mut stream)`; a function that gives values to its caller is one: `#[co::generator(yield = Type)]`"
)]
pub trait Yieldable<Kind>: OfKind<Kind> {
    /// What the yield point evaluates to.
    type Output;
    /// The future that the coroutine waits for.
    type Future: StdFuture<Output = Self::Output>;

    /// Turns the operand of a yield point into the future that is waited for.
    fn into_yielded(self) -> Self::Future;
}

/// Which kind of yieldable a type is, or would be if its members were yieldable.
///
/// The kind is inferred from this trait alone, which collections implement whatever their members are. So when a member is no future, the compiler knows already that
/// the whole is a collection, and reports the member.
#[diagnostic::on_unimplemented(
    message = "BadYieldError: yielded unknown object `{Self}`",
    label = "`{Self}` is not a future, and cannot be converted to one",
    note = "yield a future, for example a coroutine's or `sleep(..)`, or a `Vec`, array, tuple, map or `Option` of futures; a type of your own can implement `ConvertYielded`",
    note = "a blocking call gives its result at once and holds up the loop meanwhile: call its asynchronous twin, `AsyncHttpClient` for `HttpClient`"
)]
pub trait OfKind<Kind> {}

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
    /// It is a [`Collection`](super::Collection) of yieldables of kind `K`; of a tuple, `K` is the tuple of its members' kinds.
    pub struct IsCollection<K>(PhantomData<K>);
}

// Several blanket implementations, so that rustc does not look into one and report that the operand is no `Future`, in its own words and twice. Those where it would are
// not to be recommended; the one for collections is to be, since it leads to the member that is at fault.
#[diagnostic::do_not_recommend]
impl<F: IntoFuture> OfKind<kind::IsFuture> for F {}

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
impl<C: ConvertYielded> OfKind<kind::IsConverted> for C {}

#[diagnostic::do_not_recommend]
impl<C: ConvertYielded> Yieldable<kind::IsConverted> for C {
    type Output = C::Output;
    type Future = C::Future;

    fn into_yielded(self) -> C::Future {
        self.convert_yielded()
    }
}

impl<C, K> Yieldable<kind::IsCollection<K>> for C
where
    C: OfKind<kind::IsCollection<K>> + Collection<K>,
{
    type Output = <All<C::Members> as StdFuture>::Output;
    type Future = All<C::Members>;

    fn into_yielded(self) -> Self::Future {
        All::new(self.into_members())
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
    ///
    /// The kind is inferred by the first bound, and the second is the only place where the future's type is asked for: written in the return type, a member
    /// that is no future would be reported twice.
    #[inline]
    pub fn yield_point<Y, K, F>(self, operand: Y) -> YieldPoint<SITE, F>
    where
        Y: OfKind<K>,
        Y: Yieldable<K, Future = F>,
        F: StdFuture,
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
        note::leave_type::<F>();
        let ready = future.poll(cx);
        if ready.is_pending() {
            site::reach(SITE);
        }
        ready
    }
}
