use coroutine_core as co;

#[co::main]
fn main<T>() {
    yield_!(co::moment());
}
