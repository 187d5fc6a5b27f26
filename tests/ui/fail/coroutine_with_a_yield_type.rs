use coroutine_core as co;

#[co::coroutine(yield = u32)]
fn numbers() {
    yield_!(co::moment());
}

fn main() {}
