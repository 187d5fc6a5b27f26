//! cargo run -p coroutine-examples --example countdown
//!
//! Coroutines that consume async generators: they wait for the next item, and let the loop run meanwhile.

use std::pin::pin;
use std::time::Duration;

use coroutine_core as co;

#[co::generator(yield = u32)]
async fn count_down(from: u32, pause: Duration) {
    for n in (0..from).rev() {
        co::sleep(pause).await;
        yield_!(n);
    }
}

#[co::coroutine]
fn report(name: &'static str, from: u32, pause: Duration) {
    let mut numbers = pin!(count_down(from, pause));
    while let Some(n) = yield_!(co::next(&mut numbers)) {
        println!("{name}: {n}");
    }
}

#[co::main]
fn main() {
    let slow = report("slow", 2, Duration::from_millis(150));
    let fast = report("fast", 4, Duration::from_millis(60));
    yield_!(slow);
    yield_!(fast);
}
