use coroutine_core as co;

#[co::main]
#[co::generator(yield = u32)]
fn main() {
    yield_!(1);
}
