use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() {
    println!("{:?}", co::moment().await);
    yield_!(1);
}

fn main() {}
