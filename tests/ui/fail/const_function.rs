use coroutine_core as co;

#[co::coroutine]
const fn waits() {
    yield_!(co::moment());
}

fn main() {}
