use coroutine_core as co;

#[co::coroutine(crate = "coroutine_core")]
fn waits() {}

fn main() {}
