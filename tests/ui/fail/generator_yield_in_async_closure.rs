use coroutine_core as co;

#[co::generator(yield = u32)]
async fn numbers() {
    let give = async || yield_!(1);
    give().await;
}

fn main() {}
