use coroutine_core as co;

#[co::coroutine]
fn waits() {
    yield_!(let moment = co::moment());
}

fn main() {}
