use coroutine_core as co;

#[co::generator(yield = u32)]
async fn numbers() {
    yield_!(1);
}

#[co::coroutine]
fn first() -> Option<u32> {
    let mut numbers = numbers();
    yield_!(co::next(&mut numbers))
}

fn main() {
    first();
}
