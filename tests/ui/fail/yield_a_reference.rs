use coroutine_core as co;

#[co::coroutine]
fn waits() {
    let future = co::moment();
    yield_!(&future);
}

fn main() {}
