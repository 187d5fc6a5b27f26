use coroutine_core as co;

#[co::generator(yield = u32)]
fn numbers() {
    fn give() {
        yield_!(1);
    }
    give();
}

fn main() {}
