use coroutine_core as co;

#[co::test]
fn waits(times: u32) {
    yield_!(co::moment());
}

fn main() {}
