use coroutine_core as co;

#[co::coroutine(lazy name = "waits")]
fn waits() {}

fn main() {}
