#![deny(dead_code)]

use coroutine_core as co;

#[co::coroutine]
fn waits() {
    yield_!(co::moment());
}

fn main() {}
