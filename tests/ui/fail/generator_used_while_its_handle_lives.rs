use std::pin::pin;

use coroutine_core as co;

#[co::generator(yield = u32, resume = u32)]
fn one() {
    yield_!(1);
}

fn main() {
    let mut generator = pin!(one());
    let (mut handle, _) = generator.as_mut().start();
    generator.as_mut().close();
    let _state = handle.send(1);
}
