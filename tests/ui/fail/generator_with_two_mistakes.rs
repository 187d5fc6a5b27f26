use coroutine_core as co;

#[co::generator(lazy)]
const fn numbers() -> impl Iterator<Item = u32> {
    (|| yield_!(1))();
    co::moment().await;
}

fn main() {}
