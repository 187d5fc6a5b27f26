use coroutine_core as co;

#[co::main(lazy)]
fn main() {
    yield_!(co::moment());
}
