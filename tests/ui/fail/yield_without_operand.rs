use coroutine_core as co;

#[co::coroutine]
fn waits() {
    yield_!();
}

fn main() {}
