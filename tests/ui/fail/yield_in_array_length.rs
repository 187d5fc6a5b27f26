use coroutine_core as co;

#[co::coroutine]
fn waits() -> usize {
    [0; yield_!(async { 3 })].len()
}

fn main() {}
