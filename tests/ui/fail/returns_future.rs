use coroutine_core as co;

#[co::coroutine]
fn number() -> co::Future<u32> {
    yield_!(co::moment());
    5
}

fn main() {}
