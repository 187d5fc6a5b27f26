//! How much I/O a coroutine does before the others get their turn.
//!
//! Yields that are ready continue in place. Where a socket is always ready, that would go on for ever, and no timer or other coroutine would run.

use std::task::Context;

use crate::here::HERE;
use crate::waker;

/// Operations on sockets that a coroutine may do in one go.
pub(crate) const OPERATIONS: u32 = 128;

/// A coroutine begins to run.
#[inline]
pub(crate) fn refill() {
    HERE.with(|here| here.operations.set(OPERATIONS));
}

/// Does what is tried once and not again, as if nothing had been spent yet.
pub(crate) fn aside<R>(work: impl FnOnce() -> R) -> R {
    let left = HERE.with(|here| here.operations.replace(OPERATIONS));
    let result = work();
    HERE.with(|here| here.operations.set(left));
    result
}

/// Takes one operation from the budget. When it is spent, whoever polls runs again on the next turn, with a full one.
#[inline]
pub(crate) fn spend(cx: &Context<'_>) -> bool {
    match HERE.with(|here| here.operations.get()) {
        0 => {
            refill();
            waker::wake(cx);
            false
        }
        left => {
            HERE.with(|here| here.operations.set(left - 1));
            true
        }
    }
}
