use coroutine_core as co;

#[co::coroutine(name = "")]
fn waits() {}

fn main() {}
