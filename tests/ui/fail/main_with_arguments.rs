use coroutine_core as co;

#[co::main]
fn main(arguments: Vec<String>) {
    yield_!(co::moment());
}
