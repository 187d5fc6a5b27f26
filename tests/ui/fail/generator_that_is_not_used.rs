#![deny(unused_must_use)]

use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() {
    yield_!(1);
}

fn main() {
    numbers();
}
