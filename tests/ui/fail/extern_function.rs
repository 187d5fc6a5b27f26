use coroutine_core as co;

#[co::coroutine]
pub extern "C" fn waits() {
    yield_!(co::moment());
}

fn main() {}
