use coroutine_core as co;

#[co::generator(yield = u32)]
async fn numbers() {
    async { yield_!(1) }.await;
}

fn main() {}
