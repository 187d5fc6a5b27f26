use coroutine_core as co;

#[co::coroutine]
fn waits() -> usize {
    let list = yield_!(vec![1, 2]);
    list.len()
}

fn main() {}
