use coroutine_core as co;

#[co::main]
async fn main() {
    yield_!(co::moment());
}
