use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() {
    yield_!(1);
}

fn main() {
    let mut numbers = numbers();
    let _: Option<u32> = numbers.next();
}
