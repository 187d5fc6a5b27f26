use coroutine_core as co;

#[co::test(timeout = "5 s")]
fn waits() {
    yield_!(co::moment());
}

fn main() {}
