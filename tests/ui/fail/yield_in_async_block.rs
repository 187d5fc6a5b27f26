use coroutine_core as co;

#[co::coroutine]
fn waits() {
    yield_!(async {
        yield_!(co::moment());
    });
}

fn main() {}
