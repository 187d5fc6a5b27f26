use coroutine_core as co;

#[co::generator(yield = u32)]
#[co::coroutine]
fn numbers() {
    yield_!(1);
}

fn main() {}
