use coroutine_core as co;

#[co::coroutine]
fn waits() {
    yield_!(co::moment(), co::moment());
}

fn main() {}
