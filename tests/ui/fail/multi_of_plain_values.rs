use coroutine_core as co;

#[co::coroutine]
fn waits() {
    let _numbers = yield_!(co::multi(vec![co::maybe_future(1)]));
}

fn main() {}
