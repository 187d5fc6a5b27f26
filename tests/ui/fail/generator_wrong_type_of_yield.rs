use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() {
    yield_!("one");
}

fn main() {}
