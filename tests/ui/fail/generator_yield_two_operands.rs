use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() {
    yield_!(1, 2);
}

fn main() {}
