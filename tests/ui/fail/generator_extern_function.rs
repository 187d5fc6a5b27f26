use coroutine_core as co;

#[co::generator(yield = u32)]
extern "C" fn numbers() {
    yield_!(1);
}

fn main() {}
