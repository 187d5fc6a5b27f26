use coroutine_core as co;

#[co::generator(yield = u32)]
async fn numbers() -> impl Stream {
    yield_!(1);
}

fn main() {}
