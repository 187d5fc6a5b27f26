use coroutine_core as co;

#[co::test(timeout = 0)]
fn waits() {
    yield_!(co::moment());
}

fn main() {}
