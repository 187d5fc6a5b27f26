use std::pin::pin;

use coroutine_core as co;

#[co::generator(yield = u32, resume = u32)]
fn sums() {
    yield_!(1);
}

fn main() {
    let sums = pin!(sums());
    let (mut sums, _) = sums.start();
    let _ = sums.throw("enough");
}
