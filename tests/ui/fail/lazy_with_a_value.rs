use coroutine_core as co;

#[co::coroutine(lazy = true)]
fn waits() {}

fn main() {}
