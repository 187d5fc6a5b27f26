use coroutine_core as co;

#[co::coroutine(eager)]
fn waits() {}

fn main() {}
