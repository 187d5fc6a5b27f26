use coroutine_core as co;

#[co::generator(yield = u32, timeout = 5)]
fn numbers() {
    yield_!(1);
}

fn main() {}
