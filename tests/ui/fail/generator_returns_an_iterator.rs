use coroutine_core as co;

#[co::generator(yield = u64)]
fn numbers() -> impl Iterator<Item = u64> {
    yield_!(1);
}

fn main() {}
