//! cargo run -p coroutine-examples --example parallel
//!
//! A list is yielded as one: its members run side by side, and their results come in the order of the list.

use std::time::{Duration, Instant};

use coroutine_core as co;

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
    let naps: Vec<_> = (0..5)
        .map(|_| co::sleep(Duration::from_millis(300)))
        .collect();
    yield_!(naps);
    println!(
        "five sleeps of 300 ms took {} ms",
        began.elapsed().as_millis()
    );

    let squares: Vec<u64> = yield_!((1..=4).map(square).collect::<Vec<_>>());
    println!("{squares:?}");
}
