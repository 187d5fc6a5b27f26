use coroutine_core as co;

#[co::generator(yield = 5)]
fn numbers() {
    yield_!(1);
}

fn main() {}
