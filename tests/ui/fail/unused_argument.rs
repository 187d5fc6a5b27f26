#![deny(unused_variables)]

use coroutine_core as co;

#[co::coroutine]
pub fn waits(times: u32) {
    yield_!(co::moment());
}

fn main() {}
