use std::pin::pin;

use coroutine_core as co;

#[co::generator]
fn numbers() {
    yield_!(1);
}

fn sum() -> u32 {
    pin!(numbers()).sum()
}

fn main() {}
