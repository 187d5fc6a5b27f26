use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers(_: ...) {
    yield_!(1);
}

fn main() {}
