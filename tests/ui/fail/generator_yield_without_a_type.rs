use coroutine_core as co;

#[co::generator(yield)]
fn numbers() {
    yield_!(1);
}

fn main() {}
