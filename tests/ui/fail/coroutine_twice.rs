use coroutine_core as co;

#[co::coroutine]
#[co::coroutine]
fn waits() {
    yield_!(co::moment());
}

fn main() {}
