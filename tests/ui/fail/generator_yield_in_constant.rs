use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() {
    const NUMBER: u32 = yield_!(1);
    yield_!(NUMBER);
}

fn main() {}
