//! cargo run -p coroutine-examples --example parallel
//!
//! A list or tuple is yielded as one: its members run side by side, and their results come in its order. A `WaitIterator` gives them as they finish.

use std::time::{Duration, Instant};

use coroutine_core::{self as co, WaitIterator};

#[co::coroutine]
fn square(n: u64) -> u64 {
    // The larger ones are done first.
    yield_!(co::sleep(Duration::from_millis(500 - 100 * n)));
    println!("square({n}) is done");
    n * n
}

#[co::main]
fn main() {
    let began = Instant::now();
    let nap = || co::sleep(Duration::from_millis(300));
    yield_!((nap(), nap(), nap()));
    println!(
        "three sleeps of 300 ms took {} ms",
        began.elapsed().as_millis()
    );

    let squares: Vec<u64> = yield_!((1..=4).map(square).collect::<Vec<_>>());
    println!("{squares:?}");

    let (four, text) = yield_!((square(2), async { "and members of a tuple may differ" }));
    println!("{four}, {text}");

    let mut waiter = WaitIterator::new((1..=3).map(square));
    while let Some((index, square)) = yield_!(waiter.next()) {
        println!("number {index} has finished: {square}");
    }
}
