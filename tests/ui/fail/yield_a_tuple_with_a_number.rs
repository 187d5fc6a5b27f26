use coroutine_core as co;

#[co::coroutine]
fn waits() {
    let (_nothing, _number) = yield_!((co::moment(), 5));
}

fn main() {}
