use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() -> co::Generator<u32, (), impl Future> {
    yield_!(1);
}

fn main() {}
