use coroutine_core as co;

#[co::coroutine]
mod waits {}

fn main() {}
