use coroutine_core as co;

#[co::coroutine]
#[test]
fn waits() {
    yield_!(co::moment());
}

fn main() {}
