//! Numbers that tell generators apart, also those of different threads.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that no other generator of the process has, has had or will have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Serial(u64);

/// How many numbers a thread takes at a time, as a power of two.
const BLOCK_BITS: u32 = 20;

/// The next block that no thread has.
static NEXT_BLOCK: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The next number of this thread; the first of a block where the thread has to take one.
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

impl Serial {
    #[inline]
    pub(super) fn new() -> Self {
        let mut number = NEXT.get();
        if number & ((1 << BLOCK_BITS) - 1) == 0 {
            number = take_block();
        }
        NEXT.set(number + 1);
        Self(number)
    }
}

/// The first number of a block. It is odd in its last bits, so that a block's end can be told from a block's beginning.
#[cold]
fn take_block() -> u64 {
    let block = NEXT_BLOCK.fetch_add(1, Ordering::Relaxed);
    assert!(
        block < u64::MAX >> BLOCK_BITS,
        "a process makes fewer than 2^63 generators"
    );
    (block << BLOCK_BITS) + 1
}
