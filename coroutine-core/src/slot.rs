//! The place of one member of a list: its future, then its result.

use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::failure::{Panic, poll_caught};
use crate::log;

pin_project! {
    /// A member.
    #[project = SlotProjection]
    pub(crate) enum Slot<F: StdFuture> {
        /// It is waited for.
        Pending {
            // What is waited for.
            #[pin]
            future: F,
        },
        /// It has ended.
        Done {
            // Its result, until that is taken.
            result: Option<Result<F::Output, Panic>>,
        },
    }
}

impl<F: StdFuture> Slot<F> {
    pub(crate) fn new(future: F) -> Self {
        Self::Pending { future }
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }

    /// Lets the member go on, if it has not ended. Never unwinds.
    pub(crate) fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let SlotProjection::Pending { future } = self.as_mut().project() else {
            return Poll::Ready(());
        };
        let result = Some(ready!(poll_caught(future, cx)));
        log::catching("a destructor of a member of a list", || {
            self.set(Self::Done { result });
        });
        Poll::Ready(())
    }

    /// Takes the result, if it is there.
    pub(crate) fn take(self: Pin<&mut Self>) -> Option<Result<F::Output, Panic>> {
        match self.project() {
            SlotProjection::Pending { .. } => None,
            SlotProjection::Done { result } => result.take(),
        }
    }
}
