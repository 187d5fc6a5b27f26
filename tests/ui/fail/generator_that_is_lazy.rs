use coroutine_core as co;

#[co::generator(yield = u32, lazy)]
fn numbers() {
    yield_!(1);
}

fn main() {}
