//! Members of different types: tuples of one to twelve.
//!
//! There are few of them, so all that have not ended are polled whenever one was woken, which is less than to keep account of them.

use std::fmt::Display;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::collection::{Collection, Gather, Members};
use crate::failure::{Failures, Judge};
use crate::note;
use crate::scope::{Part, Scope};
use crate::site::StateCode;
use crate::slot::Slot;
use crate::yieldable::{OfKind, Yieldable, kind};

pin_project! {
    /// A member: its place, and what a dump says of it.
    pub struct Member<F: StdFuture> {
        scope: Scope,
        #[pin]
        slot: Slot<F>,
    }
}

impl<F: StdFuture> Member<F> {
    fn new(future: F) -> Self {
        Self {
            scope: Scope::new(),
            slot: Slot::new(future),
        }
    }

    fn slot(self: Pin<&mut Self>) -> Pin<&mut Slot<F>> {
        self.project().slot
    }

    fn poll(self: Pin<&mut Self>, index: usize, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.slot.is_done() {
            return Poll::Ready(());
        }
        let entered = this.scope.enter();
        note::leave_type::<F>();
        let polled = this.slot.poll(cx);
        match polled {
            Poll::Pending => {
                entered.suspend(StateCode::ELSEWHERE, || Part::Member { index, node: 0 });
            }
            Poll::Ready(()) => entered.end(),
        }
        polled
    }
}

/// `tuple! { Two: a A KA, b B KB }` implements what there is to say of a tuple of two.
macro_rules! tuple {
    ($Name:ident: $($field:ident $Member:ident $Kind:ident),+) => {
        pin_project! {
            /// A tuple's members.
            pub struct $Name<$($Member),+>
            where
                $($Member: StdFuture),+
            {
                $(#[pin] $field: Member<$Member>,)+
            }
        }

        impl<$($Member: StdFuture),+> Members for $Name<$($Member),+> {
            fn poll_all(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                let members = self.project();
                let (mut done, mut index) = (true, 0);
                $(
                    done &= members.$field.poll(index, cx).is_ready();
                    index += 1;
                )+
                let _ = index;
                if done { Poll::Ready(()) } else { Poll::Pending }
            }
        }

        impl<By, Error, $($Member),+> Gather<By> for $Name<$($Member),+>
        where
            Error: Display,
            $($Member: StdFuture, By: Judge<$Member::Output, Error = Error>),+
        {
            type Values = ($(<By as Judge<$Member::Output>>::Value,)+);
            type Error = Error;

            fn gather(self: Pin<&mut Self>, failures: &mut Failures<Error>) -> Option<Self::Values> {
                let members = self.project();
                // All of them are asked before one that is missing ends it.
                $(let $field = members.$field.slot().take().and_then(|result| failures.sift::<By, _>(result));)+
                Some(($($field?,)+))
            }
        }

        impl<$($Member, $Kind),+> OfKind<kind::IsCollection<($($Kind,)+)>> for ($($Member,)+) {}

        impl<$($Member, $Kind),+> Collection<($($Kind,)+)> for ($($Member,)+)
        where
            $($Member: OfKind<$Kind> + Yieldable<$Kind>),+
        {
            type Members = $Name<$($Member::Future),+>;

            fn into_members(self) -> Self::Members {
                let ($($field,)+) = self;
                $Name { $($field: Member::new($field.into_yielded()),)+ }
            }
        }
    };
}

tuple! { One: a A KA }
tuple! { Two: a A KA, b B KB }
tuple! { Three: a A KA, b B KB, c C KC }
tuple! { Four: a A KA, b B KB, c C KC, d D KD }
tuple! { Five: a A KA, b B KB, c C KC, d D KD, e E KE }
tuple! { Six: a A KA, b B KB, c C KC, d D KD, e E KE, f F KF }
tuple! { Seven: a A KA, b B KB, c C KC, d D KD, e E KE, f F KF, g G KG }
tuple! { Eight: a A KA, b B KB, c C KC, d D KD, e E KE, f F KF, g G KG, h H KH }
tuple! { Nine: a A KA, b B KB, c C KC, d D KD, e E KE, f F KF, g G KG, h H KH, i I KI }
tuple! { Ten: a A KA, b B KB, c C KC, d D KD, e E KE, f F KF, g G KG, h H KH, i I KI, j J KJ }
tuple! { Eleven: a A KA, b B KB, c C KC, d D KD, e E KE, f F KF, g G KG, h H KH, i I KI, j J KJ, k K KK }
tuple! { Twelve: a A KA, b B KB, c C KC, d D KD, e E KE, f F KF, g G KG, h H KH, i I KI, j J KJ, k K KK, l L KL }
