use coroutine_core::coroutine;

#[coroutine]
fn waits() {}

fn main() {}
