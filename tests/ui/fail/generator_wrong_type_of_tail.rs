use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() -> u32 {
    yield_!(1)
}

fn main() {}
