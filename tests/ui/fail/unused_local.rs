#![deny(unused_variables)]

use coroutine_core as co;

#[co::coroutine]
pub fn waits() {
    let times = yield_!(async { 5 });
}

fn main() {}
