use coroutine_core as co;

#[co::generator(yield = u32)]
async fn numbers() -> u32 {
    yield_!(1);
    2
}

fn main() {}
