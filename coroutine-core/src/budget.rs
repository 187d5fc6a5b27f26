//! How much I/O a coroutine does before the others get their turn.
//!
//! Yields that are ready continue in place. Where a socket is always ready, that would go on for ever, and no timer or other coroutine would run.

use std::cell::Cell;
use std::task::Context;

use crate::waker;

/// Operations on sockets that a coroutine may do in one go.
const OPERATIONS: u32 = 128;

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(OPERATIONS) };
}

/// A coroutine begins to run.
#[inline]
pub(crate) fn refill() {
    LEFT.set(OPERATIONS);
}

/// Does what is tried once and not again, as if nothing had been spent yet.
pub(crate) fn aside<R>(work: impl FnOnce() -> R) -> R {
    let left = LEFT.replace(OPERATIONS);
    let result = work();
    LEFT.set(left);
    result
}

/// Takes one operation from the budget. When it is spent, whoever polls runs again on the next turn, with a full one.
#[inline]
pub(crate) fn spend(cx: &Context<'_>) -> bool {
    match LEFT.get() {
        0 => {
            refill();
            waker::wake(cx);
            false
        }
        left => {
            LEFT.set(left - 1);
            true
        }
    }
}
