//! Waiting for all members of a list.

use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::yieldable::{Yieldable, kind};

/// A list of yieldables as one: it waits for all its members, and gives their results in the order of the list.
pub struct Multi<F: StdFuture> {
    /// In one allocation, so that the members stay where they are while the list is moved.
    members: Pin<Box<[Member<F>]>>,
    /// How many members are still waited for.
    pending: usize,
}

enum Member<F: StdFuture> {
    Pending(F),
    Ready(F::Output),
    Taken,
}

impl<F: StdFuture> Multi<F> {
    fn new(members: impl Iterator<Item = F>) -> Self {
        let members: Box<[Member<F>]> = members.map(Member::Pending).collect();
        Self {
            pending: members.len(),
            members: Box::into_pin(members),
        }
    }

    /// Lets every pending member go on, and counts those that end.
    fn poll_members(&mut self, cx: &mut Context<'_>) {
        // SAFETY: the members are not moved: a future is polled where it lies, and dropped in place by the assignment.
        let members = unsafe { self.members.as_mut().get_unchecked_mut() };
        for member in members {
            let Member::Pending(future) = member else {
                continue;
            };
            // SAFETY: as above.
            let future = unsafe { Pin::new_unchecked(future) };
            if let Poll::Ready(output) = future.poll(cx) {
                *member = Member::Ready(output);
                self.pending -= 1;
            }
        }
    }

    fn take_outputs(&mut self) -> Vec<F::Output> {
        // SAFETY: no member is a future any more, so what is moved was never pinned.
        let members = unsafe { self.members.as_mut().get_unchecked_mut() };
        let take = |member: &mut Member<F>| match std::mem::replace(member, Member::Taken) {
            Member::Ready(output) => Some(output),
            Member::Pending(_) | Member::Taken => None,
        };
        members.iter_mut().filter_map(take).collect()
    }
}

impl<F: StdFuture> StdFuture for Multi<F> {
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_members(cx);
        if self.pending != 0 {
            return Poll::Pending;
        }
        Poll::Ready(self.take_outputs())
    }
}

// The results are never pinned, only the futures are, and these lie on the heap.
impl<F: StdFuture> Unpin for Multi<F> {}

#[diagnostic::do_not_recommend]
impl<K, Y: Yieldable<K>> Yieldable<kind::IsList<K>> for Vec<Y> {
    type Output = Vec<Y::Output>;
    type Future = Multi<Y::Future>;

    fn into_yielded(self) -> Self::Future {
        Multi::new(self.into_iter().map(Y::into_yielded))
    }
}
