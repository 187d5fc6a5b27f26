use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() -> ! {
    loop {
        yield_!(1);
    }
}

fn main() {}
