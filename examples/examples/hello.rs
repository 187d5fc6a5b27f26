//! cargo run -p coroutine-examples --example hello
//!
//! A coroutine that lets the loop run while it waits.

use std::time::Duration;

use coroutine_core as co;

#[co::coroutine]
fn greet(name: &'static str, after: Duration) {
    println!("{name}: here I am");
    yield_!(co::sleep(after));
    println!("{name}: hello, after {after:?}");
}

#[co::main]
fn main() {
    // Both start when they are called. The second one is done first.
    let slow = greet("slow", Duration::from_millis(200));
    let quick = greet("quick", Duration::from_millis(100));
    yield_!(slow);
    yield_!(quick);
}
