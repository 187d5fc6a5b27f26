use coroutine_core as co;

#[co::coroutine]
fn waits() {
    let _number = yield_!(co::multi(async { Ok::<u8, String>(1) }));
}

fn main() {}
