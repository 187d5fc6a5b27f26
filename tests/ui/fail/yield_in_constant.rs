use coroutine_core as co;

#[co::coroutine]
fn waits() {
    const MOMENT: () = yield_!(co::moment());
    MOMENT
}

fn main() {}
