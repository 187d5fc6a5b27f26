//! What consists of several yieldables and is waited for as one.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fmt::Display;
use std::hash::{BuildHasher, Hash};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::failure::{Failures, Plain};
use crate::list::{InArray, InBTreeMap, InHashMap, InOption, InVec, List};
use crate::yieldable::{OfKind, Yieldable, kind};

/// A `Vec`, an array, a tuple of one to twelve, a `HashMap` or `BTreeMap` (of values), or an `Option` of yieldables, nested as one likes.
///
/// Yielding it waits for all its members, and gives the same with their results in their places; see [`multi`](crate::multi) for failures. The order of a `HashMap` is
/// that of its iteration. `Kind` is inferred.
///
/// However many members there are, only those that were woken are polled; but under wakers of another crate's combinator, `FuturesUnordered` for example, all
/// that have not ended are. (Of a tuple, too: there are few.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of futures",
    label = "a `Vec`, array, tuple, `HashMap`, `BTreeMap` or `Option` of futures is wanted here"
)]
pub trait Collection<Kind> {
    /// The members while they are waited for.
    type Members: Gather<Plain, Error = Infallible>;

    /// Turns the members into futures.
    fn into_members(self) -> Self::Members;
}

/// Several futures that are waited for.
pub trait Members {
    /// Ready when all of them are done. Never unwinds.
    fn poll_all(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;
}

/// Members whose results can be put together, when `J` has told the failures from the values.
pub trait Gather<J>: Members {
    /// The values, in the shape of the collection.
    type Values;
    /// What a failure is.
    type Error: Display;

    /// Takes the results that are there. Gives the values if all are there and none is a failure.
    fn gather(self: Pin<&mut Self>, failures: &mut Failures<Self::Error>) -> Option<Self::Values>;
}

impl<Y, K> OfKind<kind::IsCollection<K>> for Vec<Y> {}

impl<Y, K> Collection<K> for Vec<Y>
where
    Y: OfKind<K> + Yieldable<K>,
{
    type Members = List<Y::Future, InVec>;

    fn into_members(self) -> Self::Members {
        List::new(self, InVec)
    }
}

impl<Y, K, const N: usize> OfKind<kind::IsCollection<K>> for [Y; N] {}

impl<Y, K, const N: usize> Collection<K> for [Y; N]
where
    Y: OfKind<K> + Yieldable<K>,
{
    type Members = List<Y::Future, InArray<N>>;

    fn into_members(self) -> Self::Members {
        List::new(self, InArray)
    }
}

impl<Y, K> OfKind<kind::IsCollection<K>> for Option<Y> {}

/// `None` is ready at once, with `None`.
impl<Y, K> Collection<K> for Option<Y>
where
    Y: OfKind<K> + Yieldable<K>,
{
    type Members = List<Y::Future, InOption>;

    fn into_members(self) -> Self::Members {
        List::new(self, InOption)
    }
}

impl<Q, Y, S, K> OfKind<kind::IsCollection<K>> for HashMap<Q, Y, S> {}

impl<Q, Y, S, K> Collection<K> for HashMap<Q, Y, S>
where
    Q: Eq + Hash,
    S: BuildHasher + Clone,
    Y: OfKind<K> + Yieldable<K>,
{
    type Members = List<Y::Future, InHashMap<Q, S>>;

    fn into_members(self) -> Self::Members {
        let hasher = self.hasher().clone();
        let (keys, members): (Vec<Q>, Vec<Y>) = self.into_iter().unzip();
        List::new(members, InHashMap { keys, hasher })
    }
}

impl<Q, Y, K> OfKind<kind::IsCollection<K>> for BTreeMap<Q, Y> {}

impl<Q, Y, K> Collection<K> for BTreeMap<Q, Y>
where
    Q: Ord,
    Y: OfKind<K> + Yieldable<K>,
{
    type Members = List<Y::Future, InBTreeMap<Q>>;

    fn into_members(self) -> Self::Members {
        let (keys, members): (Vec<Q>, Vec<Y>) = self.into_iter().unzip();
        List::new(members, InBTreeMap { keys })
    }
}
