#![deny(unused_must_use)]

use coroutine_core as co;

#[co::coroutine]
pub fn waits() {
    yield_!(async { "5".parse::<u32>() });
}

fn main() {}
