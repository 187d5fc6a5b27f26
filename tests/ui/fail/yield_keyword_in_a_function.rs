use coroutine_core as co;

#[co::coroutine]
fn waits() {
    yield co::moment();
}

fn main() {}
