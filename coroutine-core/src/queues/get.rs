//! Getting an item.

use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::order::Storage;
use super::queue::OrderedQueue;
use crate::locks::Wait;

/// The right to one of a queue's items. The item stays in the queue until then, so that one who goes without it changes nothing in the order.
pub(super) struct Claim<T, S: Storage<T>> {
    /// None once it was redeemed.
    queue: Option<OrderedQueue<T, S>>,
}

impl<T, S: Storage<T>> Claim<T, S> {
    pub(super) fn new(queue: OrderedQueue<T, S>) -> Self {
        Self { queue: Some(queue) }
    }

    /// Takes the item that is first now.
    pub(super) fn redeem(mut self) -> Option<T> {
        self.queue.take()?.take_claimed()
    }
}

impl<T, S: Storage<T>> Drop for Claim<T, S> {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.leave_claimed();
        }
    }
}

/// What [`OrderedQueue::get`] gives: it yields an item.
#[must_use = "nothing is got unless it is yielded"]
pub struct Get<T, S: Storage<T>>(Wait<Claim<T, S>>);

impl<T, S: Storage<T>> Get<T, S> {
    pub(super) fn new(wait: Wait<Claim<T, S>>) -> Self {
        Self(wait)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.0.is_ready()
    }
}

impl<T, S: Storage<T>> StdFuture for Get<T, S> {
    type Output = T;

    /// # Panics
    ///
    /// Panics when it is polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(cx).map(|claim| {
            let item = claim.redeem();
            item.expect("there are as many items as claims")
        })
    }
}

impl<T, S: Storage<T>> fmt::Debug for Get<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get")
            .field("is_ready", &self.is_ready())
            .finish_non_exhaustive()
    }
}
