//! Members of one type, however many.

use std::collections::{BTreeMap, HashMap};
use std::future::Future as StdFuture;
use std::hash::{BuildHasher, Hash};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::collection::{Gather, Members};
use crate::crew::Crew;
use crate::failure::{Failures, Judge};
use crate::note;
use crate::slot::Slot;
use crate::yieldable::Yieldable;

/// Members of one type. `S` is the shape into which their values are put.
pub struct List<F: StdFuture, S> {
    /// In one allocation, so that the members stay where they are while the list is moved.
    slots: Pin<Box<[Slot<F>]>>,
    crew: Crew,
    /// How many members have not ended.
    pending: usize,
    /// Taken when the values are put into it.
    shape: Option<S>,
}

impl<F: StdFuture, S> List<F, S> {
    pub(crate) fn new<Y, K>(members: impl IntoIterator<Item = Y>, shape: S) -> Self
    where
        Y: Yieldable<K, Future = F>,
    {
        let members = members.into_iter().map(Y::into_yielded);
        let slots: Box<[Slot<F>]> = members.map(Slot::new).collect();
        Self {
            pending: slots.len(),
            crew: Crew::new(slots.len()),
            slots: Box::into_pin(slots),
            shape: Some(shape),
        }
    }

    fn poll_member(&mut self, index: usize, cx: &mut Context<'_>) {
        let slot = at(self.slots.as_mut(), index);
        if slot.is_done() {
            return;
        }
        let ready = self.crew.poll(index, cx, |cx| {
            note::leave_type::<F>();
            slot.poll(cx)
        });
        if ready.is_ready() {
            self.crew.leave(index);
            self.pending -= 1;
        }
    }
}

fn at<F: StdFuture>(slots: Pin<&mut [Slot<F>]>, index: usize) -> Pin<&mut Slot<F>> {
    // SAFETY: an element of a pinned slice is pinned with it; nothing here moves one.
    unsafe { slots.map_unchecked_mut(|slots| &mut slots[index]) }
}

// The shape and the values are never pinned, only the members are, and these lie on the heap.
impl<F: StdFuture, S> Unpin for List<F, S> {}

impl<F: StdFuture, S> Members for List<F, S> {
    fn poll_all(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.pending != 0 {
            for _ in 0..self.crew.begin(cx) {
                if let Some(index) = self.crew.next() {
                    self.poll_member(index, cx);
                }
            }
        }
        if self.pending != 0 {
            return Poll::Pending;
        }
        self.crew.rest();
        Poll::Ready(())
    }
}

impl<F, S, J> Gather<J> for List<F, S>
where
    F: StdFuture,
    S: Shape,
    J: Judge<F::Output>,
{
    type Values = S::Of<J::Value>;
    type Error = J::Error;

    fn gather(mut self: Pin<&mut Self>, failures: &mut Failures<J::Error>) -> Option<Self::Values> {
        let count = self.slots.len();
        let mut values = Vec::with_capacity(count);
        for index in 0..count {
            let result = at(self.slots.as_mut(), index).take();
            values.extend(result.and_then(|result| failures.sift::<J, _>(result)));
        }
        let whole = values.len() == count;
        self.shape.take().filter(|_| whole)?.fill(values)
    }
}

/// What the values of a list are put into.
pub trait Shape {
    /// The shape, filled with values.
    type Of<T>;

    /// Fills it. The values are as many as the members were, in their order.
    fn fill<T>(self, values: Vec<T>) -> Option<Self::Of<T>>;
}

/// A `Vec`.
pub struct InVec;

impl Shape for InVec {
    type Of<T> = Vec<T>;

    fn fill<T>(self, values: Vec<T>) -> Option<Vec<T>> {
        Some(values)
    }
}

/// An array.
pub struct InArray<const N: usize>;

impl<const N: usize> Shape for InArray<N> {
    type Of<T> = [T; N];

    fn fill<T>(self, values: Vec<T>) -> Option<[T; N]> {
        values.try_into().ok()
    }
}

/// An `Option`.
pub struct InOption;

impl Shape for InOption {
    type Of<T> = Option<T>;

    fn fill<T>(self, values: Vec<T>) -> Option<Option<T>> {
        Some(values.into_iter().next())
    }
}

/// A `HashMap`.
pub struct InHashMap<Q, S> {
    /// In the order of the members.
    pub(crate) keys: Vec<Q>,
    pub(crate) hasher: S,
}

impl<Q: Eq + Hash, S: BuildHasher> Shape for InHashMap<Q, S> {
    type Of<T> = HashMap<Q, T, S>;

    fn fill<T>(self, values: Vec<T>) -> Option<HashMap<Q, T, S>> {
        let mut map = HashMap::with_capacity_and_hasher(values.len(), self.hasher);
        map.extend(self.keys.into_iter().zip(values));
        Some(map)
    }
}

/// A `BTreeMap`.
pub struct InBTreeMap<Q> {
    /// In the order of the members.
    pub(crate) keys: Vec<Q>,
}

impl<Q: Ord> Shape for InBTreeMap<Q> {
    type Of<T> = BTreeMap<Q, T>;

    fn fill<T>(self, values: Vec<T>) -> Option<BTreeMap<Q, T>> {
        Some(self.keys.into_iter().zip(values).collect())
    }
}
