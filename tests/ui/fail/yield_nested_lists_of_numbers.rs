use coroutine_core as co;

#[co::coroutine]
fn waits() {
    yield_!((co::moment(), vec![[Some(5)]]));
}

fn main() {}
