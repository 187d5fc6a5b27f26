use coroutine_core as co;

#[co::coroutine(lazy, lazy)]
fn waits() {}

fn main() {}
