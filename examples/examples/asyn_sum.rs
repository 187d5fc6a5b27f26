//! cargo run -p coroutine-examples --example asyn_sum
//!
//! A coroutine that waits for a promise, and a callback that fulfils it.

use coroutine_core::{self as co, IoLoop, LoopError, promise};

#[co::coroutine]
fn asyn_sum(a: i32, b: i32) -> i32 {
    println!("begin calculate:sum {a}+{b}");
    let (promise, future) = promise();
    IoLoop::current().add_callback(move || {
        println!("calculating the sum of {a}+{b}:");
        promise.set_result(a + b);
    });
    let result = yield_!(future);
    println!("after yielded");
    println!("the {a}+{b}={result}");
    result
}

fn main() -> Result<(), LoopError> {
    asyn_sum(2, 3); // runs at once, up to the yield
    println!("haha");
    IoLoop::current().start() // returns when nothing is left to wait for
}
