use coroutine_core as co;

#[co::coroutine(name = waiting)]
fn waits() {}

fn main() {}
