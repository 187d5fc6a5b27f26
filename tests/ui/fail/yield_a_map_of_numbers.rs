use coroutine_core as co;

#[co::coroutine]
fn waits() {
    let _map = yield_!(std::collections::HashMap::from([("five", 5)]));
}

fn main() {}
