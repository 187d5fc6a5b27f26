use coroutine_core as co;

#[co::generator(yield = u32, resume = u32)]
fn numbers() {
    let _text: String = yield_!(1);
}

fn main() {}
