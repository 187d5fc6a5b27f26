use coroutine_core as co;

#[co::coroutine]
fn waits() {
    yield_!("5".into());
}

fn main() {}
