use coroutine_core as co;

#[co::coroutine]
async fn waits() {
    yield_!(co::moment());
}

fn main() {}
