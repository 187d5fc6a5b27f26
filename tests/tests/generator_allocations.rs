//! What generators allocate: nothing on the stack, one block on the heap.
//!
//! In a binary of its own, since it counts what the whole process allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;

use coroutine_core::{self as co, GeneratorState};

/// The system's allocator, which counts the blocks that it gives to this thread.
struct Counting;

thread_local! {
    static BLOCKS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BLOCKS.set(BLOCKS.get() + 1);
        // SAFETY: the caller's word.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's word.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn blocks_taken(body: impl FnOnce()) -> usize {
    let before = BLOCKS.get();
    body();
    BLOCKS.get() - before
}

#[co::generator(yield = [u64; 8], resume = u64)]
fn table(start: u64) {
    let mut row = [start; 8];
    loop {
        row[0] += yield_!(row);
    }
}

#[test]
fn a_generator_on_the_stack_allocates_nothing() {
    let blocks = blocks_taken(|| {
        let table = pin!(table(1));
        let (mut table, _) = table.start();
        for n in 0..100 {
            assert!(matches!(table.send(n), Ok(GeneratorState::Yielded(_))));
        }
        table.close();
    });
    assert_eq!(blocks, 0);
}

#[test]
fn a_boxed_generator_allocates_once() {
    let blocks = blocks_taken(|| {
        let (mut table, _) = table(1).boxed().start();
        for n in 0..100 {
            assert!(matches!(table.send(n), Ok(GeneratorState::Yielded(_))));
        }
    });
    assert_eq!(blocks, 1);
}
