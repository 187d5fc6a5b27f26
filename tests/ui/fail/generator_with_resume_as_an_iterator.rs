use std::pin::pin;

use coroutine_core as co;

#[co::generator(yield = u32, resume = u32)]
fn numbers() {
    yield_!(1);
}

fn main() {
    for _ in pin!(numbers()) {}
}
